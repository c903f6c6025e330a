"""Which files of a folder are its data, and how a recipe names them."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath

from adopt.data.unreadable import ADVICE, fill, refuse_unreadable, show
from relay.handoff.errors import SourceError, UsageError
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.reading.listing import list_names

DOCUMENT_ENDINGS = (".txt", ".md", ".text")
DATA_ENDINGS = (*ENDINGS, *DOCUMENT_ENDINGS, ".dat", ".data", ".tab", ".psv", ".zip")
ASIDE = ("readme", "licence", "license", "copying", "changelog", "notice", "index", "description", "metadata", "thumbs")
"""Names of files, without ending, that lie beside data."""
GLOB_SIGNS = re.compile(r"[\[\]?*]")
"""Signs in the name of a folder that a pattern would not take as they are."""
MOST_FILES = 100_000
MOST_NAMED = 200
"""Files that a recipe names one by one, where no pattern names just them."""


def find_files(folder: Path) -> list[Path]:
    """The files of a folder that are its data, by name.

    Raises:
        UsageError: it holds none, too many, or several kinds of which one must be chosen.
        SourceError: it holds files that are not read; the message says what to do.
    """
    found = [path for path in _walk(folder) if path.stem.lower() not in ASIDE]
    if not found:
        raise UsageError(f"{show(str(folder))}: the folder holds no file of data")
    kinds: dict[str, list[Path]] = {}
    for path in found:
        kinds.setdefault(_kind(path), []).append(path)
    known = {kind: files for kind, files in kinds.items() if kind}
    if not known:
        _refuse(folder, found)
    if len(known) > 1:
        shown = ", ".join(f"{len(files):,} {kind}" for kind, files in known.items())
        example = max(known, key=lambda kind: len(known[kind]))
        pattern = f"*{_ending(known[example][0])}"
        raise UsageError(
            f"{show(str(folder))}: the folder holds several kinds of files: {shown}",
            next_step=f"Choose some: `python -m adopt {shlex.quote(show(str(folder / pattern)))}`.",
        )
    return next(iter(known.values()))


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for at, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith((".", "__MACOSX"))]
        found += [Path(at) / name for name in files if not name.startswith((".", "~$"))]
        if len(found) > MOST_FILES:
            raise UsageError(f"{show(str(folder))}: the folder holds more than {MOST_FILES:,} files")
    return sorted(path for path in found if path.is_file())


def _kind(path: Path) -> str:
    """What a file is by its name; empty for what is not read."""
    ending = _ending(path)
    return "" if ending not in DATA_ENDINGS else ENDINGS.get(ending, ending if ending == ".zip" else "text")


def _ending(path: Path) -> str:
    return PurePath(strip_compression(path.name)).suffix.lower()


def _refuse(folder: Path, found: Sequence[Path]) -> None:
    refuse_unreadable(found[0])
    ending = _ending(found[0])
    names = list_names([show(path.name) for path in found])
    advice = fill(ADVICE[ending], show(found[0].name), show(found[0].stem)) if ending in ADVICE else ""
    raise SourceError(
        f"{show(str(folder))}: the folder holds no file that Relay reads, only {names}",
        next_step=advice or "Give CSV, Excel (.xlsx), JSON, Parquet or text files.",
    )


def write_pattern(folder: Path, files: Sequence[Path], written: str) -> str | list[str]:
    """How a recipe names some files of a folder: by one pattern where that names no other file, else one by one.

    Args:
        folder: that holds them.
        files: at least one.
        written: the folder as the recipe writes it.

    Raises:
        UsageError: they are too many to be named one by one.
    """
    below = [path.relative_to(folder) for path in files]
    endings = {path.name[len(path.stem) :] for path in files}
    depths = {len(path.parts) for path in below}
    ending = next(iter(endings)) if len(endings) == 1 else ""
    stars = "*/" * (next(iter(depths)) - 1) if len(depths) == 1 else "**/"
    for pattern in (f"{stars}*{ending}", f"**/*{ending}") if not GLOB_SIGNS.search(written) else ():
        if sorted(path for path in folder.glob(pattern) if path.is_file()) == sorted(files):
            return f"{written}/{pattern}"
    if len(files) > MOST_NAMED:
        raise UsageError(
            f"{show(str(folder))}: other files lie between the {len(files):,} files of data",
            next_step="Move them elsewhere, or give a pattern such as 'folder/*.csv'.",
        )
    if star := next((path for path in below if "*" in str(path)), None):
        raise UsageError(f"{show(str(star))}: in a recipe * stands for any signs; rename the file without it")
    return [f"{written}/{path.as_posix()}" for path in below]
