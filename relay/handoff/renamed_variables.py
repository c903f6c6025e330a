"""Environment variables with a new name: the old one is accepted for one release, with one line that says so.

Needs nothing but Python: `make` asks it on the host before a container starts.
"""

from collections.abc import Callable, Iterable, Mapping

NEW_NAMES = {
    "LOG_FAILURE": "PREDICTION_LOG_ON_FAILURE",
    "FOLLOW_SECONDS": "REGISTRY_POLL_SECONDS",
    "API_MAX_BODY": "API_MAX_BODY_BYTES",
    "RELAY_DATA": "HOST_DATA_DIR",
    "RELAY_LOGS": "HOST_LOG_DIR",
    "RELAY_VERSION": "IMAGE_TAG",
    "RELAY_REVISION": "GIT_COMMIT",
}
"""Old name -> new name."""

_warned: set[str] = set()
"""What this process has warned of: settings are read more than once."""


def rename_variables(
    environment: Mapping[str, str], names: Iterable[str], warn: Callable[[str], None]
) -> dict[str, str]:
    """The environment with the new names in place of the old ones; a new name goes before its old one.

    Args:
        environment: what to read; an empty variable counts as not set.
        names: the variables that the program reads, by their new names.
        warn: gets one line per old variable, once per process.
    """
    renamed, known = dict(environment), set(names)
    for old, new in NEW_NAMES.items():
        value = renamed.pop(old, "") if new in known else ""
        if not value:
            continue
        if renamed.get(new) != value and old not in _warned:  # equal values: the parent process has warned already
            _warned.add(old)
            warn(describe(old, is_used=not renamed.get(new)))
        renamed[new] = renamed.get(new) or value
    return renamed


def list_warnings(environment: Mapping[str, str]) -> list[str]:
    """One line per old variable that is set."""
    return [describe(old, is_used=not environment.get(new)) for old, new in NEW_NAMES.items() if environment.get(old)]


def describe(old: str, *, is_used: bool) -> str:
    """The line that names the new variable."""
    if is_used:
        return f"The variable {old} is now called {NEW_NAMES[old]}. The old name works in this release only."
    return f"The variable {old} is ignored because {NEW_NAMES[old]} is set. Remove {old}."
