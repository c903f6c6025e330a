"""A user's function in tasks: its files travel as bytes, so that a worker needs no folder of recipes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from relay.compute.errors import ComputeError, OtherWorkerError
from relay.handoff.own.module import PACKAGE, require_inside

if TYPE_CHECKING:  # reads sources, which only the sender does
    from relay.handoff.own.function import OwnFunction

MOST_BYTES = 1_000_000
"""Of all files of a function: they travel with each task."""


@dataclass(frozen=True)
class OwnSource:
    """The files of a user's function, and the packages that it imports. Small and picklable: a part of a task."""

    shown: str
    """The function as messages name it."""
    files: tuple[tuple[str, str, bytes], ...]
    """Path below the folder of recipes, SHA-256 and bytes of each file."""
    packages: tuple[tuple[str, str], ...]
    """Name and version of each package that it imports beside those of the stage."""


def pack_own(function: "OwnFunction") -> OwnSource:
    """The function with each file that it needs, as its key names them.

    Raises:
        OwnCodeError: a file lies outside the folder.
        ComputeError: a file was changed since the key was made, or there is too much of them.
    """
    shown, folder, reach = function.signature.shown, function.recipe.path.parent, function.reach
    beside = {name: digest for name, digest in reach.code.items() if name.partition(": ")[0] not in reach.files}
    wanted = {**reach.files, **beside}
    paths = {name: folder / name.removeprefix(f"{PACKAGE}/") for name in wanted}
    try:
        size = sum(path.stat().st_size for path in paths.values())
        if size > MOST_BYTES:
            raise ComputeError(
                f"{shown} cannot run on a cluster: its source and what lies beside it have {size:,} bytes, expected at "
                f"most {MOST_BYTES:,}",
                next_step="Move large files below data/ and name them in the arguments, or run without "
                "DASK_SCHEDULER_ADDRESS.",
            )
        contents = {require_inside(path, folder): path.read_bytes() for path in paths.values()}
    except OSError as error:
        raise ComputeError(f"{error.filename}: {error.strerror}, expected a file of {shown}") from None
    for name, digest in wanted.items():
        if sha256(contents[name]).hexdigest() != digest:
            raise ComputeError(f"{name} was changed while the stage ran", next_step="Run it again.")
    files = tuple((name.removeprefix(f"{PACKAGE}/"), wanted[name], contents[name]) for name in sorted(wanted))
    return OwnSource(shown, files, tuple((name, _find_version(name)) for name in sorted(function.code.packages)))


@contextmanager
def unpack_own(source: OwnSource) -> Iterator[Path]:
    """A folder of this machine with the files, until the context is left. Nothing of it is imported here.

    Raises:
        ComputeError: a file did not arrive as it was sent.
        OtherWorkerError: this machine has other packages.
    """
    for name, wanted in source.packages:
        if (found := _find_version(name)) != wanted:
            raise OtherWorkerError(
                f"a worker has {name} {found or 'missing'} instead of {wanted}, which {source.shown} imports",
                next_step="Install the same pinned packages on the workers, and start them again; docs/cluster.md.",
            )
    with TemporaryDirectory(prefix="relay-own-") as temporary:
        folder = Path(temporary).resolve() / PACKAGE
        for name, digest, content in source.files:
            if sha256(content).hexdigest() != digest:
                raise ComputeError(f"{PACKAGE}/{name} did not arrive as it was sent", next_step="Run it again.")
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield folder


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
