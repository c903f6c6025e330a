"""`make doctor`: one line for each thing that was looked at, with the command that mends what is wrong.

It changes nothing, and shows no value that may be a secret.
"""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from relay.handoff.renamed_variables import NEW_NAMES, list_warnings
from services.stack.cluster import check_cluster
from services.stack.docker import find_problem, inspect, list_containers, read_config
from services.stack.env_file import ENV_FILE, list_profiles, read_env, read_settings
from services.stack.findings import MEND, NOTE, Finding, mend, note, ok
from services.stack.images import check_images
from services.stack.key import SUBJECT, describe_fit, describe_flaws, find_problems
from services.stack.machine import check_limits, check_machine
from services.stack.running import check_running
from services.stack.secret_files import check_folder, check_secrets
from services.stack.switches import POSTGRES, add_store, is_on

EXAMPLE = Path(".env.example")
OF_COMPOSE = re.compile("(COMPOSE|DOCKER|BUILDKIT)_")
"""Variables that compose and Docker read themselves."""


def examine() -> int:
    """Print the findings; 1 when something must be mended, else 0."""
    levels = []
    for finding in list_findings():
        print(finding, flush=True)  # noqa: T201 - the output of a command
        levels.append(finding.level)
    to_mend = levels.count(MEND)
    said = f"{to_mend} to mend" if to_mend else "Nothing to mend"
    print(f"{said}, {levels.count(NOTE)} to note")  # noqa: T201
    return 1 if to_mend else 0


def list_findings() -> "Iterator[Finding]":
    """What is found: the machine, the settings, the secrets, the images, the containers."""
    settings = read_settings()
    wanted = add_store(settings, list_profiles(settings))
    problem = find_problem()
    yield from check_machine(settings, wanted, problem)
    yield from check_env(settings)
    yield from check_cluster(settings, wanted)
    if problem:
        yield from check_folder(settings)
        yield from check_key(settings, is_compose_there=False)
        return
    config, reason = read_config()
    if config is None:
        yield mend(f"Compose cannot read the settings: {reason}. Correct .env")
        return
    yield from check_limits(config, wanted)
    yield from check_secrets(config, settings, wanted)
    yield from check_key(settings, is_compose_there=True)
    containers = list_containers()
    inspected = inspect([one.name for one in containers])
    yield from check_images(config, settings, wanted, inspected)
    yield from check_running(config, wanted, containers, inspected)


def check_env(settings: "Mapping[str, str]") -> "Iterator[Finding]":
    """Variables with an old name, with no meaning, or that contradict each other."""
    if not ENV_FILE.exists():
        yield note("No .env: every setting has its default. `make .env` makes it, as `make up` does")
    for line in list_warnings(settings):
        yield note(f"{line} Correct it in .env or in the shell")
    yield from check_names(read_env(ENV_FILE))
    if POSTGRES in list_profiles(settings) and not is_on(settings):
        yield mend(
            "COMPOSE_PROFILES names postgres, but USE_POSTGRES is not true, so that nothing starts. "
            "Set USE_POSTGRES=true in .env, or take postgres out of COMPOSE_PROFILES"
        )


def check_names(written: "Iterable[str]") -> "Iterator[Finding]":
    """Variables of .env that nothing reads: most are slips of the pen."""
    if not EXAMPLE.exists():
        return
    known = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text(encoding="utf-8"), re.M))
    for name in written:
        if name not in known and name not in NEW_NAMES and not OF_COMPOSE.match(name):
            near = difflib.get_close_matches(name, known, 1)
            yield note(
                f"Nothing reads {name} of .env. "
                + (f"Did you mean {near[0]}?" if near else "Remove it; .env.example lists all variables")
            )


def check_key(settings: "dict[str, str]", *, is_compose_there: bool) -> "Iterator[Finding]":
    """The key that signs own code. Without an .env nothing uses one yet."""
    level, environment = mend if ENV_FILE.exists() else note, dict(os.environ)
    problems = (find_problems if is_compose_there else describe_flaws)(settings, environment)
    yield from (level(f"{SUBJECT}: {line}") for line in problems)
    if is_compose_there and not problems:
        yield ok(f"{SUBJECT}: {describe_fit(settings, environment)}")
