"""Are the files with passwords there, closed to other users, and open to the containers that read them?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.stack.certificates import FILES as CERTIFICATES
from services.stack.env_file import ENV_FILE
from services.stack.findings import Finding, mend, note, ok
from services.stack.key import CONTAINER_UID, find_others
from services.stack.switches import is_wanted

PLACEHOLDERS = (Path("services/postgres"), Path("services/dask/no_tls"))
"""Where what stands for a file that is not needed lies."""
KEY = "code_key"
"""Looked at by key.py, which knows more of it."""
OWN_USER = (
    "relay-ingest",
    "relay-preprocess",
    "relay-model",
    "relay-serve",
    "relay-mlflow",
    "relay-airflow",
    "relay-worker",
)
"""Images that become the data folder's owner; others have a user of their own."""


def check_secrets(
    config: "Mapping[str, Any]", settings: "Mapping[str, str]", wanted: "Sequence[str]"
) -> "Iterator[Finding]":
    """A line for each kind of problem, with the files that have it.

    Args:
        config: what compose makes of its files and .env.
        settings: the variables.
        wanted: profiles that `make up` starts.
    """
    files = list_files(config)
    needed = {
        path
        for path, services in files.items()
        if any(is_wanted(config["services"][name], wanted) for name in services)
    }
    # Those of the cluster are made by another command: cluster.py says what is missing.
    missing = [path for path in files if not path.is_file() and path.name not in CERTIFICATES]
    problems = [*find_missing(missing, needed)]
    there = [path for path in files if path.is_file()]
    problems += [
        mend(f"{name(path)} is empty. `rm {name(path)}`, then `make .env` makes another")
        for path in there
        if path.stat().st_size == 0
    ]
    problems += find_open(there)
    data = Path(settings.get("HOST_DATA_DIR") or settings.get("RELAY_DATA") or "data")
    owner = (data.stat().st_uid if data.is_dir() else 0) or CONTAINER_UID
    closed = [path for path in there if not is_readable(path, [config["services"][one] for one in files[path]], owner)]
    if closed:
        said = " ".join(map(name, closed))
        problems.append(mend(f"Containers cannot read {said}: `chmod 644 {said}`; their folder stays closed to others"))
    yield from problems or [ok(f"{len(there)} files with passwords, closed to other users")]


def check_folder(settings: "Mapping[str, str]") -> "Iterator[Finding]":
    """The same without compose: whether others can read what is there."""
    folder = Path(settings.get("RELAY_SECRETS") or "secrets")
    there = [path for path in sorted(folder.iterdir()) if path.is_file()] if folder.is_dir() else []
    yield from find_open([path for path in there if path.name != KEY])


def list_files(config: "Mapping[str, Any]") -> "dict[Path, list[str]]":
    """File -> services that get it, without those that stand for a file that is not needed."""
    found: dict[Path, list[str]] = {}
    for secret, one in config.get("secrets", {}).items():
        path = Path(one.get("file", ""))
        if secret == KEY or not one.get("file") or path.parent in [folder.absolute() for folder in PLACEHOLDERS]:
            continue
        users = [
            name
            for name, service in config["services"].items()
            if secret in map(read_source, service.get("secrets", []))
        ]
        found.setdefault(path, []).extend(users)
    return found


def read_source(secret: Any) -> str:
    """The name of a secret that a service gets, written short or long."""
    return str(secret["source"] if isinstance(secret, dict) else secret)


def find_missing(missing: "Sequence[Path]", needed: "set[Path]") -> "Iterator[Finding]":
    """Files that are not there: a container that needs one does not start."""
    makes: tuple[tuple[Callable[[str], Finding], list[Path], str], ...] = (
        (mend if ENV_FILE.exists() else note, [one for one in missing if one in needed], ""),
        (note, [one for one in missing if one not in needed], ", which nothing that is switched on needs"),
    )
    for level, paths, why in makes:
        if paths:
            yield level(f"Missing: {', '.join(map(name, paths))}{why}. `make .env` makes passwords that are missing")


def find_open(there: "Sequence[Path]") -> "Iterator[Finding]":
    """Files that others on this machine can read or replace."""
    for folder in dict.fromkeys(path.parent for path in there):
        inside = {path: find_others(path) for path in there if path.parent == folder}
        open_to = {path: who for path, who in inside.items() if who}
        if open_to:
            who = next(iter(open_to.values()))
            yield mend(f"{who} {' '.join(map(name, open_to))}: `chmod 700 {name(folder)}`")


def is_readable(path: Path, services: "Sequence[Mapping[str, Any]]", owner: int) -> bool:
    """Whether the users of the containers that get a file can read it."""
    file = path.stat()
    mine = all(str(one.get("image", "")).partition(":")[0] in OWN_USER for one in services)
    return bool(file.st_mode & 0o004) or (mine and file.st_uid == owner)


def name(path: Path) -> str:
    """The path as one types it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
