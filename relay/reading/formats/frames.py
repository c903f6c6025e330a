"""JSON of tables as pandas writes them: `split` (names, then rows) and by columns (each name with its values)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import ijson
import numpy as np
import pyarrow as pa
from ijson.common import ObjectBuilder
from loguru import logger

from relay.handoff.errors import SchemaError, SourceError
from relay.handoff.writer import Block
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.flatten import Record, flatten_value
from relay.reading.formats.json_text import Reader, parse
from relay.reading.formats.values import find_types, to_array, to_open_array
from relay.reading.rawfile import RawFile
from relay.reading.skipping import find_sources, leave_out

CHUNK_VALUES = 16_384
LABELS_LOOKED_AT = 1_000
NESTED = ("start_map", "start_array")

Event = tuple[str, Any]


def read_split(file: RawFile) -> Iterator[Any]:
    """The rows of a table whose names stand apart, as objects; a row with another number of cells comes as its list.

    Raises:
        SchemaError: a name is no text, or comes twice.
    """
    names: list[str] | None = None

    def read_rows(reader: Reader) -> Iterator[Any]:
        rows: Iterator[Any] = ijson.items(reader, "data.item", map_type=Record)
        return rows

    for row in parse(file, read_rows):
        names = _find_names(file) if names is None else names
        yield dict(zip(names, row, strict=True)) if isinstance(row, list) and len(row) == len(names) else row


def _find_names(file: RawFile) -> list[str]:
    names: list[Any] = []
    labels: list[Any] = []
    for prefix, event, value in parse(file, lambda reader: iter(ijson.parse(reader))):
        if prefix == "columns.item" and event != "end_array":
            names.append(value if event == "string" else event)
            if event != "string":
                raise SchemaError(f"{file.name}: a name in columns is {value!r}; expected texts")
        elif prefix == "index.item" and len(labels) < LABELS_LOOKED_AT:
            labels.append(value)
        elif (prefix, event) == ("data", "start_array") and names:
            break
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SchemaError(f'{file.name}: the name "{repeated}" comes twice in columns; name each column once')
    _say_labels(labels, file.name)
    return names


def _say_labels(labels: list[Any], name: str) -> None:
    """Log that labels of rows are not read, where they are more than the rows' numbers."""
    other = next((label for number, label in enumerate(labels) if str(label) != str(number)), None)
    if other is not None:
        logger.info(
            "{}: the labels of the rows (pandas: index), such as {}, are not read", name, json.dumps(other, default=str)
        )


@dataclass
class _Column:
    """A column of the file while its values come in."""

    name: str
    readers: list[str]
    """The columns of the schema that may read it."""
    schema: ReadColumns
    labels: Any = field(default_factory=sha256)
    """Digest of the labels of its rows."""
    first_labels: list[str] = field(default_factory=list)
    rows: int = 0
    chunks: dict[str, list[pa.Array]] = field(default_factory=dict)
    """Column of the schema -> its values in pieces of `CHUNK_VALUES`; under the name of the file where it is kept."""
    _values: list[Any] = field(default_factory=list)

    def add(self, label: str | None, value: Any) -> None:
        """Take a value, with the label of its row where it has one."""
        if label is not None:
            self.labels.update(label.encode("utf-8", "surrogatepass") + b"\0")
            if self.rows < LABELS_LOOKED_AT:
                self.first_labels.append(label)
        self.rows += 1
        self._values.append(flatten_value(value))
        if self.readers and len(self._values) == CHUNK_VALUES:
            self._store()

    def end(self) -> None:
        """Put the last values into arrays."""
        if self.readers:
            self._store()
        elif self.schema.is_open:  # its type follows from all values
            kind = find_types({self.name: value} for value in self._values)[self.name]
            array = to_open_array(self._values, kind)
            self.chunks[self.name] = [array[at : at + CHUNK_VALUES] for at in range(0, len(array), CHUNK_VALUES)]
        self._values = []

    def _store(self) -> None:
        for own in self.readers if self._values else ():
            self.chunks.setdefault(own, []).append(to_array(self._values, self.schema[own]))
        self._values = []


def read_columns(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The rows of a file that is an object of columns, each with its values in a list or under the labels of the rows.

    Raises:
        SourceError: the columns have other rows, or one comes twice.
        SchemaError: columns are missing or unexpected.
    """
    found: dict[str, _Column] = {}
    for column in _gather(parse(file, lambda reader: iter(ijson.basic_parse(reader))), columns):
        if column.name in found:
            raise SourceError(f'{file.name}: the column "{column.name}" comes twice; write it once')
        found[column.name] = column
        _require_same_rows(next(iter(found.values())), column, file.name)
    matched = match_columns(list(found), columns, parameters.extra_columns, file.name)
    first = next(iter(found.values()))
    _say_labels(first.first_labels, file.name)
    owners = {source: own for own, source in matched.items()}
    rules = find_sources(parameters.skip_if, list(owners), matched, file.name)
    for index in range(-(-first.rows // CHUNK_VALUES)):
        table = pa.table({own: found[source].chunks[own][index] for own, source in matched.items()})
        numbers, count = np.arange(first_row, first_row + table.num_rows), table.num_rows
        kept, numbers, left_out = leave_out(table, [(rule, owners[source]) for rule, source in rules], numbers)
        yield replace(conform(kept, columns, numbers), read=count, left_out=left_out)
        first_row += count


def _require_same_rows(first: _Column, other: _Column, name: str) -> None:
    if first.rows != other.rows:
        raise SourceError(
            f'{name}: the column "{first.name}" has {first.rows:,} values, and "{other.name}" has {other.rows:,}; '
            'write the rows as a list (pandas: orient="records")'
        )
    if first.labels.digest() != other.labels.digest():
        raise SourceError(
            f'{name}: the rows of the column "{other.name}" have other labels than those of "{first.name}", or come in '
            'another order; write the rows as a list (pandas: orient="records")'
        )


def _gather(events: Iterator[Event], schema: ReadColumns) -> Iterator[_Column]:
    """The columns of an object of columns, one after the other."""
    column: _Column | None = None
    label: str | None = None
    builder: ObjectBuilder | None = None
    depth = 0
    for event, value in events:
        is_nested, is_end = event in NESTED, event.startswith("end_")
        if builder is not None:
            builder.event(event, value)
        elif event == "map_key" and depth == 1:
            column = _Column(value, [own for own, one in schema.items() if value in (own, *one.source_names)], schema)
            label = None
        elif event == "map_key":
            label = value
        elif depth == 2 and column is not None and is_nested:
            builder = ObjectBuilder(map_type=Record)
            builder.event(event, value)
        elif depth == 2 and column is not None and not is_end:
            column.add(label, value)
        depth += is_nested - is_end
        if builder is not None and depth == 2 and column is not None:
            column.add(label, builder.value)
            builder = None
        elif is_end and depth == 1 and column is not None:
            column.end()
            yield column
