"""The shape of a JSON file whose records stand in no list of objects, by its first values."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import ijson

from relay.handoff.errors import SourceError
from relay.reading.columns import ReadColumns
from relay.reading.formats.json_text import NotJsonError, Reader, parse
from relay.reading.formats.lists import MOST_EVENTS, looks_like_lines
from relay.reading.rawfile import UTF8_MARK, RawFile

Shape = Literal["list", "lines", "split", "columns"]

KEYS_LOOKED_AT = 20
SPLIT_KEYS = {"columns", "data"}
SPLIT_EXTRA = {"index", "index_names", "column_names"}
NESTED = ("start_map", "start_array")


@dataclass
class Value:
    """What stands at a key of the file."""

    event: str
    """With which it begins."""
    keys: list[str] = field(default_factory=list)
    """The first keys of an object."""
    first: str = ""
    """The event with which its first value begins."""


def find_shape(file: RawFile, columns: ReadColumns) -> Shape:
    """How the records stand in a file for which the recipe names no path.

    Raises:
        SourceError: they stand under the labels of their rows, or may stand so.
    """
    head = file.sniff().removeprefix(UTF8_MARK).lstrip()
    if not head.startswith(b"{"):
        return "list"
    if looks_like_lines(file):
        return "lines"
    try:
        values = look_at_values(file)
    except NotJsonError:
        return "list"  # which says what is wrong with the file
    if is_split(values):
        return "split"
    known = {name for own, column in columns.items() for name in (own, *column.source_names)}
    return "columns" if _has_columns(values, known, file.name) else "list"


def is_split(values: dict[str, Value]) -> bool:
    """Whether the names of the columns stand apart from the rows, as pandas writes it."""
    return SPLIT_KEYS <= values.keys() <= SPLIT_KEYS | SPLIT_EXTRA and _holds_table(values)


def _holds_table(values: dict[str, Value]) -> bool:
    return values["columns"].event == values["data"].event == "start_array" and values["data"].first != "start_map"


def _has_columns(values: dict[str, Value], known: set[str], name: str) -> bool:
    """Whether the file is an object of columns.

    Raises:
        SourceError: it is an object of rows, or may be one.
    """
    if {value.event for value in values.values()} == {"start_array"}:
        return bool(known & values.keys()) and all(value.first not in NESTED for value in values.values())
    if {value.event for value in values.values()} != {"start_map"}:
        return False
    inner = {key for value in values.values() for key in value.keys}
    outer_known, inner_known = known & values.keys(), known & inner
    if inner_known and (outer_known or all(value.event == "start_map" for value in values.values())):
        label = json.dumps(next(iter(values)))
        other = f", or of columns ({', '.join(sorted(outer_known))})" if outer_known else ""
        raise SourceError(
            f"{name}: the file is an object of rows under their labels, such as {label}{other}; "
            'write the rows as a list (pandas: orient="records"), with the label as a field if it is needed'
        )
    return bool(outer_known)


def look_at_values(file: RawFile) -> dict[str, Value]:
    """The keys of the file's object, as far as a message may take, with what stands there.

    Raises:
        NotJsonError: not JSON.
    """
    values: dict[str, Value] = {}
    current: Value | None = None
    depth = 0
    for event, value in islice(parse(file, _basic), MOST_EVENTS):
        if event.startswith("end_"):
            depth -= 1
            continue
        if event == "map_key":
            if depth == 1:
                current = values.setdefault(str(value), Value(""))
            elif depth == 2 and current is not None and len(current.keys) < KEYS_LOOKED_AT:
                current.keys.append(str(value))
            continue
        if current is not None:
            if depth == 1 and not current.event:
                current.event = event
            elif depth == 2 and not current.first:
                current.first = event
        depth += event in NESTED
    return values


def _basic(reader: Reader) -> Iterator[tuple[str, Any]]:
    events: Iterator[tuple[str, Any]] = ijson.basic_parse(reader)
    return events
