"""Which code decides the bytes of a result: modules of ours, and the pinned packages that these import.

A stage names both in full (`Stage.code`), so that a change of a help text, the page or a setting runs nothing again. A
test holds the names against what is imported while a stage works.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay.handoff.errors import RelayError
from relay.handoff.files import hash_file
from relay.handoff.settings import ROOT

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\\]+)")
_NEEDED_BY = re.compile(r" +# (?:via | +)(?P<name>[A-Za-z0-9._-]+)$")


class LockError(RelayError):
    """A package that decides results is not pinned."""

    kind = "lock"


@dataclass(frozen=True)
class Code:
    """What decides the bytes of a result, beside parameters and inputs."""

    modules: tuple[str, ...]
    """Dotted names; a package stands for all its modules."""
    packages: tuple[str, ...] = ()
    """Distributions in the stage's lock; what they require counts too."""
    own: Mapping[str, str] = field(default_factory=dict)
    """A user's own code: `recipes/churn.py: clean` -> SHA-256."""

    def __add__(self, other: "Code") -> "Code":
        packages = dict.fromkeys((*self.packages, *other.packages))
        return Code((*self.modules, *other.modules), tuple(packages), {**self.own, **other.own})


HANDOFF = Code(
    modules=(
        "relay.handoff.block",
        "relay.handoff.column",
        "relay.handoff.dataset",
        "relay.handoff.open_file",
        "relay.handoff.part_writer",
        "relay.handoff.parts",
        "relay.handoff.parts_dataset",
        "relay.handoff.row_groups",
        "relay.handoff.run",
        "relay.handoff.schema",
        "relay.handoff.writer",
    ),
    packages=("pyarrow",),
)
"""How a dataset is read and written, the same for every stage."""


def digest_modules(modules: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """The SHA-256 of each file of the modules, by its path below the project.

    Args:
        modules: dotted names.
        root: folder in which they lie.

    Raises:
        OSError: a module is not there, or cannot be read.
    """
    files = {path for name in modules for path in _find_files(name, root)}
    return {path.relative_to(root).as_posix(): hash_file(path) for path in sorted(files)}


def _find_files(module: str, root: Path) -> list[Path]:
    """The file of a module, or all files of a package."""
    path = root / module.replace(".", "/")
    return [*path.rglob("*.py")] if path.is_dir() else [path.with_suffix(".py")]


def read_pins(lock: Path, packages: Iterable[str]) -> dict[str, str]:
    """The pinned version of each package and of all that it requires, by name.

    A package that is pinned differently for different Pythons has all its versions in one text, so that the key is the
    same on each of them.

    Args:
        lock: a `requirements.txt` that names for each package what requires it (`# via`).
        packages: names of distributions.

    Raises:
        LockError: one of the packages is not in the lock.
    """
    versions: dict[str, list[str]] = {}
    requires: dict[str, set[str]] = {}
    for name, version, needed_by in _read_lock(lock):
        versions.setdefault(name, []).append(version)
        for other in needed_by:
            requires.setdefault(other, set()).add(name)
    found: dict[str, str] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        if name not in versions:
            raise LockError(f"{lock} does not pin {name}", next_step="Run `make lock`.")
        if name not in found:
            found[name] = " | ".join(versions[name])
            waiting += requires.get(name, ())
    return dict(sorted(found.items()))


def list_pinned(lock: Path) -> frozenset[str]:
    """The names of all packages in a lock."""
    return frozenset(name for name, _, _ in _read_lock(lock))


def _read_lock(lock: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version with its marker, and the names of what requires it, for each pin."""
    name, version, needed_by = "", "", list[str]()
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith("    --hash"):
            continue
        if pin := _PIN.match(line):
            if name:
                yield name, version, needed_by
            name, version, needed_by = pin["name"], pin["version"].strip(), []
        elif other := _NEEDED_BY.match(line):
            needed_by.append(other["name"])
    if name:
        yield name, version, needed_by
