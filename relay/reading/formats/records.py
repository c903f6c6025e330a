"""JSON: a list of records somewhere in a file, read as a stream so that the file may be larger than memory."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import ijson
import numpy as np
import pyarrow as pa

from relay.handoff.errors import SourceError
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.flatten import TWICE, Fields, Record, RepeatedKeyError
from relay.reading.formats.halves import require_pairs
from relay.reading.formats.lists import Reader, describe, looks_like_lines
from relay.reading.formats.values import find_types, to_array, to_open_array
from relay.reading.rawfile import RawFile, drop_mark

BATCH_RECORDS = 4_096
NO_JSON = re.compile(r"[\[:,]\s*-?(NaN|Infinity)\b")


def read_file(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The records of a JSON file.

    Raises:
        SourceError: not JSON, or no list at the path that the recipe names.
        SchemaError: fields are missing or unexpected.
    """
    path = f"{parameters.records}.item" if parameters.records else "item"
    found = False
    for block in conform_records(lambda: _stream(file, path), parameters, columns, first_row, file.name):
        found = True
        yield block
    if not found:
        raise SourceError(f"{file.name}: no record at {_shown(parameters)}; {describe(file, parameters.records)}")


def conform_records(
    read: Callable[[], Iterator[Any]], parameters: FormatKeys, columns: ReadColumns, first_row: int, where: str
) -> Iterator[Block]:
    """Parsed records in the schema's types, batch by batch; what is no object is rejected.

    Args:
        read: gives the records. They are read twice where fields may come that the schema does not declare: their types
            follow from all values.
        parameters: of the format.
        columns: the schema.
        first_row: number of the first record.
        where: name of the source, for the messages.

    Raises:
        SchemaError: no record so far has a field that must be there, one has a field that is unexpected, or two fields
            have one name.
    """
    fields = Fields(columns)
    types = find_types(_flatten(record, fields) for record in read()) if columns.is_open else {}
    for batch in _batches(read()):
        flat = [_flatten(record, fields) for record in batch]
        # Without any object there are no names to match: then every record is rejected.
        has_objects = fields.names or any(isinstance(record, dict) for record in flat)
        found = _with_absent(fields.names, columns) if has_objects else list(columns)
        matched = match_columns(found, columns, parameters.extra_columns, where)
        fields.require_one_path(matched.values(), where)
        yield _conform_batch(batch, flat, matched, (columns, types), first_row)
        first_row += len(batch)


def _conform_batch(
    records: list[Any],
    flat: list[dict[str, Any] | str],
    matched: dict[str, str],
    schema: tuple[ReadColumns, Mapping[str, pa.DataType]],
    first_row: int,
) -> Block:
    columns, types = schema
    numbers = np.arange(first_row, first_row + len(records))
    objects = [record for record in flat if isinstance(record, dict)]
    table = pa.table(
        {
            name: to_array([record.get(source) for record in objects], columns[name].type)
            if name in columns
            else to_open_array([record.get(source) for record in objects], types[source])
            for name, source in matched.items()
        }
    )
    block = conform(table, columns, numbers[[isinstance(record, dict) for record in flat]])
    strange = [
        (int(number), kept, show_cells({"record": _show(record)}))
        for number, record, kept in zip(numbers, records, flat, strict=True)
        if isinstance(kept, str)
    ]
    if not strange:
        return block
    rejected = pa.concat_tables([block.rejected, reject(strange)]).sort_by("row")
    return Block(table=block.table, read=len(records), rejected=rejected)


def _flatten(record: Any, fields: Fields) -> dict[str, Any] | str:
    """The record as one level, or why it is rejected."""
    if not isinstance(record, dict):
        return "not a record"
    try:
        return fields.flatten(record)
    except RepeatedKeyError as error:
        return f"the key {error} comes twice"


def _show(record: Any) -> Any:
    if isinstance(record, dict):
        return {key: _show(value) for key, value in record.items() if key != TWICE}
    return [_show(value) for value in record] if isinstance(record, list) else record


def _with_absent(names: list[str], columns: ReadColumns) -> list[str]:
    """The found names, and those of columns that may be null: JSON leaves out what is not there."""
    if columns.may_lack:
        return names
    absent = [
        name
        for name, column in columns.items()
        if column.null and not any(candidate in names for candidate in (name, *column.source_names))
    ]
    return [*names, *absent]


def _stream(file: RawFile, path: str) -> Iterator[Any]:
    reader = Reader(require_pairs(drop_mark(file.read_blocks()), file.name))
    try:
        # Fractions come as Decimal: asked for floats, the parser refuses a file with a whole number beyond 64 bits.
        yield from ijson.items(reader, path, map_type=Record)
    except ijson.JSONError as error:
        found = f"{_first_line(error)} (after {reader.bytes:,} bytes)"
        if looks_like_lines(file):
            raise SourceError(
                f'{file.name}: a record per line, not one JSON text: {found}; say format = "jsonl" in [ingest]'
            ) from None
        raise SourceError(f"{file.name}: not JSON, or cut: {found}{_advise_null(error)}") from None
    for _ in reader.rest():
        pass  # read to the end, so that the whole file was hashed


def _batches(records: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(records, BATCH_RECORDS)):
        yield batch


def _shown(parameters: FormatKeys) -> str:
    return f'records = "{parameters.records}"' if parameters.records else "the top of the file"


def _first_line(error: Exception) -> str:
    return re.split(r"[\r\n]", _message(error))[0][:200]


def _advise_null(error: Exception) -> str:
    """What to do about a NaN, where the parser shows one at the place of the error."""
    found = NO_JSON.search(_message(error))
    return f"; JSON has no {found[1]}: write null, as pandas' to_json does" if found else ""


def _message(error: Exception) -> str:
    message = error.args[0] if error.args else error
    return (message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)).strip()
