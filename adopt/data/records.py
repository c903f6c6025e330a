"""Records in a file of JSON, found by looking: where the list is, and which fields they have."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import ijson

from adopt.data.choice import ChoiceError
from adopt.notes import Note
from relay.handoff.column import OpenColumns
from relay.handoff.errors import SourceError
from relay.reading.columns import ReadColumns
from relay.reading.formats.json_text import NotJsonError, Reader, parse
from relay.reading.formats.lists import MOST_EVENTS, looks_like_lines
from relay.reading.formats.shapes import NESTED, is_split, look_at_values
from relay.reading.rawfile import UTF8_MARK, RawFile

MOST_DEPTH = 64
EVENTS_TRIED = 1_000
CLEARLY_LONGEST = 10
"""How many times as many records the longest list has as the second one, from which on nothing is asked."""
PANDAS_TABLE = {"schema.fields", "data"}


@dataclass(frozen=True)
class FoundList:
    """A list of objects in a file."""

    path: str
    """Dotted; empty for the file itself."""
    records: int
    """Objects in it, as far as was looked."""


@dataclass(frozen=True)
class JsonTable:
    """How a file of JSON is read."""

    format: Literal["json", "jsonl"]
    shape: Literal["list", "lines", "split", "columns"]
    records: str = ""
    notes: tuple[Note, ...] = ()


def looks_like_json(head: bytes) -> bool:
    """Whether a file begins as JSON does."""
    start = head.removeprefix(UTF8_MARK).lstrip()
    if start[:1] == b"{":
        return start[1:].lstrip()[:1] in (b'"', b"}", b"")
    return start[:1] == b"[" and start[1:].lstrip()[:1] in (b"{", b"[", b"]", b'"')


def is_json(part: RawFile) -> bool:
    """Whether the first values of a file are JSON: it begins as JSON does, and its name says CSV."""
    try:
        return looks_like_lines(part) or bool(list(islice(parse(part, _basic), EVENTS_TRIED)))
    except NotJsonError:
        return False


def _basic(reader: Reader) -> Iterator[tuple[str, Any]]:
    events: Iterator[tuple[str, Any]] = ijson.basic_parse(reader)
    return events


def find_json_table(part: RawFile, decided: Mapping[str, Any]) -> JsonTable:
    """How a file of JSON is read.

    Raises:
        ChoiceError: several lists hold records, and one must be chosen.
        SourceError: none does, or the file is no JSON.
    """
    if looks_like_lines(part):
        return JsonTable("jsonl", "lines")
    if "records" in decided:
        return JsonTable("json", "list", str(decided["records"]))
    try:
        lists = find_lists(islice(parse(part, _basic), MOST_EVENTS), part.name)
        first = next(parse(part, _basic), ("", None))[0]
        if first == "start_map" and (shape := _find_pandas(part)):
            return JsonTable("json", shape, notes=(Note(f"the table is an object of {shape}, as pandas writes it"),))
    except NotJsonError as error:
        raise SourceError(f"{part.name}: not JSON, or cut: {error}") from None
    return _choose(part, lists)


def _choose(part: RawFile, lists: list[FoundList]) -> JsonTable:
    filled = sorted((one for one in lists if one.records), key=lambda one: -one.records)
    if not filled:
        raise SourceError(
            f"{part.name}: no list of objects was found in it",
            next_step="Write the records as a list, such as [{…}, {…}].",
        )
    best = filled[0]
    if not best.path or len(filled) == 1:
        notes = () if not best.path else (Note(f"the only list of objects in the file, {best.records:,} of them"),)
        return JsonTable("json", "list", best.path, notes)
    if {one.path for one in filled} == PANDAS_TABLE:
        note = Note("the table lies in data, beside its schema, as pandas writes it (orient = table)")
        return JsonTable("json", "list", "data", (note,))
    if best.records < 2 * filled[1].records:
        listed = ", ".join(f"{one.path} ({one.records:,} records)" for one in filled[:5])
        raise ChoiceError(
            f"{part.name}: several lists hold records: {listed}",
            key="records",
            choices=[one.path for one in filled],
            next_step=f"Choose one: `--records {shlex.quote(best.path)}`.",
        )
    others = ", ".join(f"{one.path} has {one.records:,}" for one in filled[1:4])
    text = f"the longest list of objects in the file: {best.records:,} records; {others}"
    is_asked = best.records < CLEARLY_LONGEST * filled[1].records
    note = Note(text, is_asked, tuple(one.path for one in filled) if is_asked else (), "ingest.records")
    return JsonTable("json", "list", best.path, (note,))


def find_lists(events: Iterator[tuple[str, Any]], name: str) -> list[FoundList]:
    """The lists of objects that lie in no other list, with the number of their objects.

    Args:
        events: of the file, without paths: those of a deeply nested file would fill the memory.
        name: of the file, for messages.

    Raises:
        SourceError: values lie deeper than any record does.
    """
    counts: dict[str, int] = {}
    keys: list[str | None] = []  # the key of each open object, None for a list
    for event, value in events:
        if event == "map_key":
            keys[-1] = str(value)
        elif event in NESTED:
            if event == "start_map" and keys and keys[-1] is None and None not in keys[:-1]:
                path = ".".join(str(key) for key in keys[:-1])
                counts[path] = counts.get(path, 0) + 1
            keys.append("" if event == "start_map" else None)
            if len(keys) > MOST_DEPTH:
                raise SourceError(
                    f"{name}: values lie in more than {MOST_DEPTH} objects and lists, one in the other",
                    next_step="Write the records as a list, such as [{…}, {…}].",
                )
        elif event.startswith("end_"):
            keys.pop()
    return [FoundList(path, count) for path, count in counts.items()]


def _find_pandas(part: RawFile) -> Literal["split", "columns"] | None:
    """The shape of a table that pandas wrote as one object; None where the file is none.

    Raises:
        SourceError: its rows stand under their labels.
    """
    values = look_at_values(part)
    if is_split(values):
        return "split"
    kinds = {value.event for value in values.values()}
    if len(values) < 2 or len(kinds) != 1 or any(value.first in NESTED for value in values.values()):
        return None
    if kinds == {"start_array"}:
        return "columns"
    if kinds != {"start_map"} or len({tuple(value.keys) for value in values.values()}) != 1:
        return None
    inner, outer = next(iter(values.values())).keys, list(values)
    if all(map(str.isdecimal, inner)) and not all(map(str.isdecimal, outer)):
        return "columns"
    raise SourceError(
        f"{part.name}: an object of objects: {outer[0]!r} and {len(outer) - 1} others each have {', '.join(inner[:5])}",
        next_step='Write the rows as a list (pandas: `to_json(…, orient="records")`), with the label as a field.',
    )


def open_columns() -> ReadColumns:
    """Columns of which none is declared."""
    return ReadColumns(OpenColumns({}))
