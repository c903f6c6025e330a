"""How much memory this process may still use, by the limits that the system sets."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Room:
    """Bytes that the process may still use, and what limits them."""

    bytes: int
    limit: str


def find_room(proc: Path = PROC, cgroups: Path = CGROUPS) -> Room | None:
    """The smallest of all limits; None where the system names none.

    Args:
        proc: of Linux, with the memory of the machine and of this process.
        cgroups: the control groups of Linux, version 2 or 1.
    """
    found = [*_read_address_space(proc), *_read_groups(proc, cgroups), *_read_machine(proc)]
    return min(found, key=lambda room: room.bytes, default=None)


def _read_address_space(proc: Path) -> Iterator[Room]:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return
    pages = int((_read(proc / "self" / "statm") or "0").split()[0])
    yield Room(max(0, soft - pages * os.sysconf("SC_PAGE_SIZE")), "ulimit -v")


def _read_machine(proc: Path) -> Iterator[Room]:
    """What the machine can still give, swap included."""
    lines = (line.partition(":") for line in (_read(proc / "meminfo") or "").splitlines())
    kilobytes = {name: int(value.split()[0]) for name, _, value in lines if value.split()}
    if "MemAvailable" in kilobytes:
        yield Room(1024 * (kilobytes["MemAvailable"] + kilobytes.get("SwapFree", 0)), "available memory of the machine")


def _read_groups(proc: Path, cgroups: Path) -> Iterator[Room]:
    """The limits of the process's control group and of those above it. A container sees its own as the topmost one."""
    for line in (_read(proc / "self" / "cgroup") or "").splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds == "":
            top, names = cgroups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            top, names = cgroups / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            if group.is_relative_to(top):
                yield from _read_group(group, *names)


def _read_group(group: Path, limit: str, usage: str, inactive: str) -> Iterator[Room]:
    most, used = _read(group / limit), _read(group / usage)
    if most is None or used is None or not most.strip().isdigit():  # "max": no limit
        return
    facts = dict(line.split(" ", 1) for line in (_read(group / "memory.stat") or "").splitlines() if " " in line)
    # Files that were read lately count as used, and are given up as soon as a process needs the memory.
    yield Room(max(0, int(most) - int(used) + int(facts.get(inactive, 0))), "memory limit of the container or service")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
