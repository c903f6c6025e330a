"""How a set of files is written: a table in several files, or documents."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from adopt.data.choice import ChoiceError
from adopt.data.documents import find_documents
from adopt.data.looked import Looked
from adopt.data.looking import file_keys
from adopt.data.one_file import DOCUMENTS, MARKUP, look
from adopt.data.remarks import add_rules
from adopt.notes import Note
from relay.handoff.errors import SourceError, UsageError
from relay.reading.formats.packing import find_workbook
from relay.reading.formats.parts import open_parts
from relay.reading.listing import list_names
from relay.reading.packed import ZIP
from relay.reading.rawfile import RawFile
from relay.reading.zipped import list_members

FOUND_FOR_EACH = ("delimiter", "quote", "encoding", "skip_rows")
"""Keys that the reading library finds for each file, where files differ in them and have names of columns."""
LEAST_SHARED = 0.5
"""Share of the smaller set of names that two files of one table have in common."""
MOST_LOOKED_AT = 1_000
"""Files of a set that are looked at; the rest is compared when all rows are read."""


def look_at_all(files: Sequence[RawFile], decided: Mapping[str, Any], scratch: Path | None) -> Looked:
    """How all files are written, as one table or as documents.

    Raises:
        ChoiceError: they lie in one archive, and are no table together.
        UsageError: they are different tables.
        SourceError: one cannot be read, or they cannot be read as one table.
    """
    try:
        return _look_at_all(files, decided, scratch)
    except ChoiceError:
        raise
    except (SourceError, UsageError) as error:
        names = [] if "member" in decided else _list_choices(files)
        if len(names) < 2:
            raise
        step = f"Choose one: `--member {shlex.quote(names[0])}`."
        raise ChoiceError(error.message, key="member", choices=names, next_step=step) from None


def _list_choices(files: Sequence[RawFile]) -> list[str]:
    """The files in an archive, where one alone is given."""
    if len(files) != 1 or not ZIP.match(files[0].sniff()) or find_workbook(files[0]) is not None:
        return []
    with suppress(SourceError):
        return list_members(files[0])
    return []


def _look_at_all(files: Sequence[RawFile], decided: Mapping[str, Any], scratch: Path | None) -> Looked:
    first: Looked | None = None
    others: list[tuple[str, Looked]] = []
    first_name = ""
    for part in open_all(files, decided, scratch):
        found = look(part, decided)
        if first is None:
            first, first_name = found, part.name
        else:
            others.append((part.name, found))
        if found.format in DOCUMENTS or first.format not in ("csv", "text") or len(others) == MOST_LOOKED_AT:
            break  # sources with types are compared as they are read
    assert first is not None  # noqa: S101 - a file has at least one part
    if {found.format for _, found in [("", first), *others]} & {*DOCUMENTS}:
        return _look_at_documents(files, first, decided, scratch)
    return _join(first_name, first, others) if others else first


def open_all(files: Sequence[RawFile], decided: Mapping[str, Any], scratch: Path | None) -> Iterator[RawFile]:
    """What all files hold, each part read before the next one is asked for."""
    keys = file_keys({key: value for key, value in decided.items() if key in ("member", "max_unpacked_bytes")})
    for file in files:
        yield from open_parts(file, keys, scratch=scratch, is_alone=len(files) == 1)


def _look_at_documents(
    files: Sequence[RawFile], first: Looked, decided: Mapping[str, Any], scratch: Path | None
) -> Looked:
    found = find_documents(open_all(files, decided, scratch))
    keys = dict(first.keys) if first.format in DOCUMENTS else {}
    notes: dict[str, tuple[Note, ...]] = {}
    if found.item_pattern:
        keys["item_pattern"], notes["item_pattern"] = found.item_pattern, found.pattern_notes
    if found.encoding and "encoding" not in decided and first.format not in MARKUP:
        keys["encoding"], notes["encoding"] = found.encoding, found.encoding_notes
    keys |= {key: decided[key] for key in ("encoding", "item_pattern") if key in decided}
    return Looked(first.format if first.format in MARKUP else "text", keys, found.names, notes, found.notes)


def _join(first_name: str, first: Looked, others: Sequence[tuple[str, Looked]]) -> Looked:
    """The keys and names of a table in several files.

    Raises:
        UsageError: they are different tables.
        SourceError: some have names of columns and others do not.
    """
    names, keys, notes = list(first.names), dict(first.keys), dict(first.key_notes)
    lacking: list[str] = []
    for name, found in others:
        if found.has_names != first.has_names or (not found.has_names and len(found.names) != len(first.names)):
            raise SourceError(
                f"{first_name} has {_describe(first)}, and {name} has {_describe(found)}",
                next_step="Give only files of one table, such as 'folder/orders_*.csv'.",
            )
        _require_one_table((first_name, first), (name, found))
        if first.has_names and set(found.names) != set(first.names):
            lacking.append(name)
            names = _merge(names, found.names)
        for key in {*keys, *found.keys}:
            if keys.get(key) != found.keys.get(key) and key in FOUND_FOR_EACH and first.has_names:
                keys.pop(key, None)
                text = f"the files differ in {key}, such as {first_name} and {name}: found for each of them"
                notes[key] = (Note(text),)
        if "skip_if" in found.keys:
            keys["skip_if"] = add_rules(keys.get("skip_if"), found.keys["skip_if"])
            notes["skip_if"] = (*notes.get("skip_if", ()), *found.key_notes.get("skip_if", ()))
    said = list(first.notes)
    if lacking:
        said.append(Note(f"not all files have the same columns, such as {first_name} and {list_names(lacking)}"))
    return Looked(first.format, keys, tuple(names), notes, tuple(said), first.has_names)


def _merge(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """All names, each new one behind the name that it follows in its file."""
    merged, known = list(names), set(names)
    for at, name in enumerate(others):
        if name not in known:
            known.add(name)
            merged.insert(merged.index(others[at - 1]) + 1 if at else 0, name)
    return merged


def _describe(found: Looked) -> str:
    return f"{len(found.names)} columns {'with' if found.has_names else 'without'} names"


def _require_one_table(first: tuple[str, Looked], other: tuple[str, Looked]) -> None:
    names, others = set(first[1].names), set(other[1].names)
    if first[1].has_names and len(names & others) < LEAST_SHARED * min(len(names), len(others)):
        raise UsageError(
            f"{first[0]} and {other[0]} are different tables: the first has {list_names(first[1].names)}, and the "
            f"second {list_names(other[1].names)}",
            next_step="Give one of them, or a pattern such as 'folder/orders_*.csv'.",
        )
