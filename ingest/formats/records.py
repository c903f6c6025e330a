"""JSON: a list of records somewhere in a file, read as a stream so that the file may be larger than memory."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import ijson
import numpy as np
import pyarrow as pa

from ingest.cast import conform, match_columns
from ingest.formats.flatten import TWICE, Fields, Record, RepeatedKeyError, as_json
from ingest.formats.halves import require_pairs
from ingest.formats.lists import Reader, describe, looks_like_lines
from ingest.parameters import FormatSection
from ingest.rawfile import RawFile, drop_mark
from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.numbers import GROUPED

BATCH_RECORDS = 4_096
TEXTS = ("text", "category")
NO_JSON = re.compile(r"[\[:,]\s*-?(NaN|Infinity)\b")


def read_file(file: RawFile, parameters: FormatSection, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The records of a JSON file.

    Raises:
        SourceError: not JSON, or no list at the path that the recipe names.
        SchemaError: fields are missing or unexpected.
    """
    path = f"{parameters.records}.item" if parameters.records else "item"
    found = False
    for block in conform_records(_stream(file, path), parameters, columns, first_row, file.name):
        found = True
        yield block
    if not found:
        raise SourceError(f"{file.name}: no record at {_shown(parameters)}; {describe(file, parameters.records)}")


def conform_records(
    records: Iterator[Any], parameters: FormatSection, columns: dict[str, Column], first_row: int, where: str
) -> Iterator[Block]:
    """Parsed records in the schema's types, batch by batch; what is no object is rejected.

    Raises:
        SchemaError: no record so far has a field that must be there, one has a field that is unexpected, or two fields
            have one name.
    """
    fields = Fields(columns)
    for batch in _batches(records):
        flat = [_flatten(record, fields) for record in batch]
        # Without any object there are no names to match: then every record is rejected.
        has_objects = fields.names or any(isinstance(record, dict) for record in flat)
        found = _with_absent(fields.names, columns) if has_objects else list(columns)
        matched = match_columns(found, columns, parameters.extra_columns, where)
        fields.require_one_path(matched.values(), where)
        yield _conform_batch(batch, flat, matched, columns, first_row)
        first_row += len(batch)


def _conform_batch(
    records: list[Any],
    flat: list[dict[str, Any] | str],
    matched: dict[str, str],
    columns: dict[str, Column],
    first_row: int,
) -> Block:
    numbers = np.arange(first_row, first_row + len(records))
    objects = [record for record in flat if isinstance(record, dict)]
    table = pa.table(
        {
            name: _to_array([record.get(source) for record in objects], columns[name].type)
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


def _to_array(values: list[Any], kind: str) -> pa.Array:
    """Values as they came when they are of one type, else their texts; always these for a column of text.

    True and false are no numbers in JSON, whether they stand alone or among some.
    """
    kinds = {type(value) for value in values} - {type(None)}
    as_text = kind in TEXTS or (kinds == {bool} and kind != "bool")
    if kinds <= {str} or (len(kinds) == 1 and not as_text):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
            pass  # a number beyond 64 bits, a lone surrogate: as text, so that only its row is rejected
    write = _as_text if kind in TEXTS else _as_cell
    return pa.array([None if value is None else write(value).encode("utf-8", "surrogatepass") for value in values])


def _as_cell(value: Any) -> str:
    """As text, in which the dot of a number is not taken for a mark of thousands: 1.125 becomes `1.1250`."""
    text = _as_text(value)
    return f"{text}0" if type(value) is float and re.fullmatch(GROUPED, text) else text


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def _with_absent(names: list[str], columns: dict[str, Column]) -> list[str]:
    """The found names, and those of columns that may be null: JSON leaves out what is not there."""
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


def _shown(parameters: FormatSection) -> str:
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
