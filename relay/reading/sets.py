"""Files that are read as one set: what tells them from each other, and which are copies."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import PurePosixPath

from loguru import logger

from relay.reading.compressed import strip_compression


def distinguish(names: Sequence[str]) -> list[str]:
    """What tells files from each other: the name without ending, with as many folders before it as that takes."""
    paths = [PurePosixPath(strip_compression(name)) for name in names]
    found = [path.stem for path in paths]
    for stem in [stem for stem, count in Counter(found).items() if count > 1]:
        same = [index for index, path in enumerate(paths) if path.stem == stem]
        for index, item in zip(same, _add_folders([paths[index] for index in same]), strict=True):
            found[index] = item
    return found


def _add_folders(paths: list[PurePosixPath]) -> list[str]:
    """The same of files that have one name; that name where nothing tells them apart."""
    whole = [path.with_suffix("").parts for path in paths]
    if len(set(whole)) < len(whole):
        whole = [path.parts for path in paths]  # with their endings
    for count in range(1, max(map(len, whole)) + 1):
        items = [str(PurePosixPath(*parts[-count:])) for parts in whole]
        if len(set(items)) == len(items):
            return items
    return [path.stem for path in paths]


def warn_of_copies(files: Iterable[tuple[str, Hashable]]) -> None:
    """Log which files are copies of each other, from name and fingerprint: their rows count twice."""
    first: dict[Hashable, str] = {}
    for name, fingerprint in files:
        other = first.setdefault(fingerprint, name)
        if other != name:
            logger.warning("{}: the same bytes as {}; their rows are read twice", name, other)
