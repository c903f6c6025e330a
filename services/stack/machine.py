"""What the machine has: Python, Docker, ports, memory, disk."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.stack.docker import StackError, ask_docker, find_docker, list_versions
from services.stack.findings import Finding, mend, note, ok
from services.stack.ports import check_ports, list_published
from services.stack.switches import is_wanted

PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
OLDEST, NEWEST = (3, 11), (3, 14)
"""Of the Pythons that run stages without a container, as in the Makefile."""
GIGABYTE = 1_000_000_000
LEAST_DISK = 2 * GIGABYTE
"""Below it a build of the images, or a training, may fail."""
WITHOUT_DOCKER = "Without containers everything works that `make` lists first: make run, adopt, page, api, notebook"


def check_machine(settings: "Mapping[str, str]", wanted: "Sequence[str]", problem: str) -> "Iterator[Finding]":
    """What is there, whether containers can be started, and whether their ports are free.

    Args:
        settings: the variables.
        wanted: profiles that `make up` starts.
        problem: why no container can be started; empty where they can.
    """
    yield check_python()
    if not find_docker():
        yield note(f"Docker is not installed: https://docs.docker.com/engine/install. {WITHOUT_DOCKER}")
        yield from check_disk(Path(settings.get("DATA_DIR") or "data"), "datasets")
        return
    if problem:
        yield mend(f"{problem}. {WITHOUT_DOCKER}")
        return
    engine, compose = list_versions()
    yield ok(f"Docker {engine}, compose {compose}")
    yield from list_ports(settings, wanted)
    yield from check_disk(Path(settings.get("HOST_DATA_DIR") or settings.get("RELAY_DATA") or "data"), "datasets")
    if root := ask_docker("info", "--format", "{{.DockerRootDir}}").strip():
        yield from check_disk(Path(root), "images and volumes")


def check_python() -> Finding:
    """The Python for what runs without containers."""
    there = Path(".venv/bin/python")
    if there.exists() or there.is_symlink():
        version = ask_version(str(there))
        if version:
            return ok(f"Python {version} in .venv, for commands without containers")
        return mend(".venv/bin/python does not start, so that no command without containers does: `make clean`")
    for name in PYTHONS:
        version = ask_version(name) if shutil.which(name) else ""
        if version and OLDEST <= tuple(int(part) for part in version.split(".")[:2]) <= NEWEST:
            return ok(f"Python {version}, for commands without containers")
    return note(
        "No Python 3.11 to 3.14, which commands without containers need. Install one, or name it: "
        "`make run PYTHON=/path/to/python3.13`"
    )


def ask_version(python: str) -> str:
    """The version of a Python; empty when it does not start."""
    command = [python, "-c", "import platform; print(platform.python_version())"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a Python of this list
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def list_ports(settings: "Mapping[str, str]", wanted: "Sequence[str]") -> "Iterator[Finding]":
    """The ports that are published: free, our own, or held by another program."""
    try:
        taken = check_ports(settings, wanted)
        ports = sorted(port for _, port, _ in list_published(settings, wanted).values())
    except StackError as error:
        yield mend(str(error))
        return
    yield from map(mend, taken)
    if not taken:
        yield ok(f"Ports are free, or held by our own containers: {', '.join(map(str, ports))}")


def check_disk(folder: Path, what: str) -> "Iterator[Finding]":
    """Whether a folder has room; of one that is not there yet, the folder above it."""
    there = next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), None)
    try:
        free = shutil.disk_usage(there).free if there else None
    except OSError:
        return  # the engine's folder is closed to others on some machines, and elsewhere on Docker Desktop
    if free is None:
        return
    said = f"{free / GIGABYTE:,.1f} GB of disk are free for {what} ({folder})"
    if free >= LEAST_DISK:
        yield ok(said)
    elif what == "datasets":
        yield mend(f"Only {said}: `du -sh {folder}/*` shows what fills it")
    else:
        yield mend(
            f"Only {said}: `docker system df` shows what fills it, `docker builder prune` empties the build cache"
        )


def check_limits(config: "Mapping[str, Any]", wanted: "Sequence[str]") -> "Iterator[Finding]":
    """Whether the machine has the memory that one container may take.

    Args:
        config: what compose makes of its files and .env.
        wanted: profiles that `make up` starts.
    """
    told = ask_docker("info", "--format", "{{.MemTotal}}").strip()
    total = int(told) if told.isdigit() else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = {
        name: int(one["mem_limit"])
        for name, one in config["services"].items()
        if one.get("mem_limit") and is_wanted(one, wanted)
    }
    said = f"{total / GIGABYTE:,.1f} GB of memory for containers"
    over = [name for name, limit in limits.items() if limit > total]
    if over:
        yield note(
            f"{said}, but {', '.join(over)} may take up to {max(limits.values()) / GIGABYTE:,.1f} GB: the system may "
            "stop a large training. Lower PAGE_MEMORY and STAGE_MEMORY in .env, or give Docker more memory"
        )
    else:
        yield ok(said)
