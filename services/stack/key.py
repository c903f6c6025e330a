"""Is the key there that signs own code, is it closed to others, and do the containers get it? `make status` says so.

The key itself is never printed.
"""

import calendar
import json
import os
import stat
import time
from pathlib import Path

from services.stack.docker import ask_docker, find_docker
from services.stack.env_file import ENV_FILE, read_env

VARIABLE, DEFAULT = "CODE_KEY_FILE", "secrets/code_key"
SUBJECT = "Key for own code"
SHORTEST, LONGEST = 32, 4_096
"""Characters of a key, as in relay/registry/code_key.py."""
MOUNTED = "/run/secrets/code_key"
SERVICES = ("model", "api")
"""Those that get the key and keep running; `train` gets it too, and ends."""
START = "Start the containers again as before (`docker compose up --detach`, `make serve`)"
UNSIGNED = "Without it containers do not sign versions with own code, and serve one only if recipes/ has the same code"
CONTAINER_UID = 10001
"""Of the containers' user where root owns the data folder, as in images/entrypoint.py."""


def tell_key() -> None:
    """Print one line, or one per problem with the command that mends it; none of them is a failure."""
    for line in describe_key(read_env(ENV_FILE), dict(os.environ)):
        print(f"{SUBJECT}: {line}")  # noqa: T201 - the answer of a command


def describe_key(settings: "dict[str, str]", environment: "dict[str, str]") -> "list[str]":
    """What is to be said of the key.

    Args:
        settings: of .env.
        environment: goes before them.
    """
    return find_problems(settings, environment) or [describe_fit(settings, environment)]


def describe_fit(settings: "dict[str, str]", environment: "dict[str, str]") -> str:
    """What is to be said of a key without problems; the arguments are those of `describe_key`."""
    return f"{find_key(settings, environment)[0]}, closed to other users; containers that train and serve get it"


def find_problems(settings: "dict[str, str]", environment: "dict[str, str]") -> "list[str]":
    """What is wrong with the file, else why containers do not have it; the arguments are those of `describe_key`."""
    return describe_flaws(settings, environment) or find_gaps(*find_key(settings, environment))


def describe_flaws(settings: "dict[str, str]", environment: "dict[str, str]") -> "list[str]":
    """What is wrong with the file itself; the arguments are those of `describe_key`."""
    path, given = find_key(settings, environment)
    data = Path(environment.get("HOST_DATA_DIR") or settings.get("HOST_DATA_DIR") or "data")
    return find_flaws(path, given, data)


def find_key(settings: "dict[str, str]", environment: "dict[str, str]") -> "tuple[Path, str]":
    """The file of the key, and the one that containers are given; empty for none."""
    given = environment.get(VARIABLE, settings.get(VARIABLE, ""))  # an empty one of the shell goes before .env too
    path = Path(environment.get(VARIABLE) or DEFAULT)
    # Else this machine trains in containers alone.
    return Path(given) if given and not path.is_file() else path, given


def find_flaws(path: Path, given: str, data: Path) -> "list[str]":
    """What is wrong with the file; a container reads it with the rights of the data folder's owner."""
    if not path.is_file():
        stop = f"Until then compose does not start the containers that train or serve: {VARIABLE} names a missing file"
        return [f"{path} is missing. To make it: `make .env`. {stop if given else UNSIGNED}"]
    file = path.stat()
    if file.st_size == 0:
        return [f"{path} is empty. To make it: `rm {path}`, then `make .env`. {UNSIGNED}"]
    if not SHORTEST <= file.st_size <= LONGEST + 1:
        size = f"has {file.st_size} bytes, expected {SHORTEST} to {LONGEST} characters"
        return [f"{path} {size}. To make another: `rm {path}`, then `make .env`"]
    if open_to := find_others(path):
        close = f"To close its folder: `chmod 700 {path.parent}`"
        if path.parent.name != "secrets":  # others may need to enter that one
            close = f"Move it to a folder of mode 700, and name it there: {VARIABLE}=… in .env"
        return [f"{open_to} {path}. {close}. If others may have used that: `rm` the key, `make .env`, and train again"]
    user = (data.stat().st_uid if data.is_dir() else 0) or CONTAINER_UID
    if not file.st_mode & 0o004 and file.st_uid != user:
        return [
            f"containers cannot read {path}. To open the file, in its closed folder: "
            f"`chmod 700 {path.parent} && chmod 644 {path}`"
        ]
    return []


def find_others(path: Path) -> str:
    """Who else on this machine can do what with the key, as relay/registry/code_key.py sees it; empty for no one."""
    file, mode = path.resolve(), path.stat().st_mode
    for who, bits in (("users of its group", 0o070), ("other users", 0o007)):
        if file.parent.stat().st_mode & bits & 0o111 and mode & bits & 0o666:
            return f"{who} on this machine can {'read' if mode & bits & 0o444 else 'change'}"
        for folder in (path.parent, file.parent):
            found = folder.stat().st_mode
            if found & bits & 0o111 and found & bits & 0o222 and not found & stat.S_ISVTX:
                return f"{who} on this machine can replace"
    return ""


def find_gaps(path: Path, given: str) -> "list[str]":
    """Why containers do not have the key, which itself is as it should be."""
    if not given:
        return [f"containers do not get {path}. Add {VARIABLE}={path} to .env. {START}"]
    if Path(given).resolve() != path.resolve():
        return [
            f"containers get {given}, trainings on this machine use {path}: neither serves what the other signs. "
            f"Name one file for both: {VARIABLE}={path} in .env, or export {VARIABLE}={given}"
        ]
    found = find_containers()
    without = [name for name, (source, _) in found.items() if source != str(path.resolve())]
    older = [name for name, (_, started) in found.items() if name not in without and started < path.stat().st_mtime]
    said = []
    if without:
        said.append(f"{', '.join(without)} started without {path}. {START}")
    if older:
        said.append(f"{path} is newer than what {', '.join(older)} started with: `docker restart {' '.join(older)}`")
    return said


def find_containers() -> "dict[str, tuple[str, float]]":
    """Name of each running container that gets the key -> the file that it got, and the second when it started."""
    if not find_docker():
        return {}
    ids = ask_docker("compose", "--profile", "*", "ps", "--quiet", "--status", "running", *SERVICES).split()
    found = json.loads(ask_docker("inspect", *ids) or "[]") if ids else []
    return {
        one["Name"].lstrip("/"): (find_source(one["Mounts"]), read_time(one["State"]["StartedAt"])) for one in found
    }


def find_source(mounts: "list[dict[str, str]]") -> str:
    """The file that is mounted as the key; empty without one."""
    return next((mount["Source"] for mount in mounts if mount["Destination"] == MOUNTED), "")


def read_time(moment: str) -> float:
    """Seconds since 1970 of a moment that Docker names; the second is taken as over."""
    return calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")) + 1
