"""A folder or an archive of texts: which files are documents, and what tells their label."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from adopt.data.other_encodings import guess_other
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.reading.encodings import MARKS
from relay.reading.listing import list_names
from relay.reading.rawfile import RawFile

LABEL = "label"
PATTERNS = (
    rf"^(?P<{LABEL}>[^_]+)_",
    rf"^(?P<{LABEL}>[^-]+)-",
    rf"^\d+[ _.-]+(?P<{LABEL}>[^\d_-]*[^\d _-])",
    rf"^(?P<{LABEL}>.*?[^\W\d_])[ _.-]*\d+$",
    rf"^(?P<{LABEL}>[^ .]+)[ .]",
)
"""How the name of a file tells a label, the most common one first. Source: the file names of the R package stylo."""
LEAST_SHARED = 0.5
"""Share of the documents whose label another one has, below which a part of the name is no label."""
SHOWN = 4


@dataclass(frozen=True)
class Documents:
    """What the files of a set of texts tell."""

    names: tuple[str, ...]
    item_pattern: str = ""
    encoding: str = ""
    notes: tuple[Note, ...] = ()
    pattern_notes: tuple[Note, ...] = ()
    encoding_notes: tuple[Note, ...] = ()


def find_documents(files: Iterable[RawFile]) -> Documents:
    """The columns that a set of texts has, and where a label is.

    Args:
        files: each is read before the next one is asked for.

    Raises:
        SourceError: the files are of different encodings.
    """
    folders: Counter[str] = Counter()
    items: list[str] = []
    encodings: dict[str, list[str]] = {}
    for file in files:
        folders[PurePosixPath(file.name).parent.name] += 1
        items.append(PurePosixPath(file.item).name)
        encodings.setdefault(find_encoding(b"".join(file.read_blocks())), []).append(file.name)
    encoding, encoding_notes = _choose_encoding(encodings)
    if len(folders) > 1 and len(folders) < len(items):
        text = f"the texts lie in {len(folders)} folders, which may be the labels: {_show(folders)}"
        return Documents(("item", "folder", "text"), "", encoding, (Note(text),), (), encoding_notes)
    for pattern in PATTERNS:
        labels = find_labels(pattern, items)
        if labels:
            where = "begin with" if pattern.startswith("^(?P") else "hold"
            text = f"the names of the files {where} {len(labels)} labels: {_show(labels)}"
            return Documents(("item", LABEL, "text"), pattern, encoding, (), (Note(text),), encoding_notes)
    if len(items) == 1:
        what = "one text, and no table: `document` in [ingest] can split it where lines of a pattern begin a document"
    else:
        what = f"{len(items)} texts, and neither folders nor names of files tell a label"
    return Documents(("item", "text"), "", encoding, (Note(what, len(items) == 1),), (), encoding_notes)


def find_labels(pattern: str, items: Iterable[str]) -> Counter[str]:
    """The labels that names hold by a pattern, with how often; empty where they are none."""
    matches = [re.search(pattern, item) for item in items]
    found = Counter(match[LABEL] for match in matches if match is not None)
    shared = sum(count for count in found.values() if count > 1)
    is_each = all(matches) and len(found) > 1 and shared >= LEAST_SHARED * len(matches)
    is_label = is_each and all(re.search(r"[^\W\d_]", label) for label in found)
    return found if is_label else Counter()


def find_encoding(content: bytes) -> str:
    """The encoding of a text; empty where any will do, or a mark tells it."""
    if content.isascii() or content.startswith(tuple(MARKS)):
        return ""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return guess_other(content) or "cp1252"
    return "utf-8"


def _choose_encoding(encodings: dict[str, list[str]]) -> tuple[str, tuple[Note, ...]]:
    """The encoding that must be declared; empty where it is UTF-8.

    Raises:
        SourceError: there are several.
    """
    found = {encoding: names for encoding, names in encodings.items() if encoding}
    if len(found) > 1:
        shown = "; ".join(f"{encoding}: {list_names(names)}" for encoding, names in found.items())
        raise SourceError(f"the texts are of different encodings: {shown}", next_step="Save all of them in UTF-8.")
    encoding = next(iter(found), "utf-8")
    if encoding == "utf-8":
        return "", ()
    text = f"{len(found[encoding])} files, such as {found[encoding][0]}, are not UTF-8, and look like {encoding}"
    return encoding, (Note(text, encoding != "cp1252", (encoding,), "ingest.encoding"),)


def _show(counts: Counter[str]) -> str:
    shown = ", ".join(f"{label or '(none)'} ({count})" for label, count in counts.most_common(SHOWN))
    return f"{shown} and {len(counts) - SHOWN} more" if len(counts) > SHOWN else shown
