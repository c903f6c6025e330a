"""JSON: a list of records somewhere in a file, read as a stream so that the file may be larger than memory."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from typing import Any

import ijson
import numpy as np
import pyarrow as pa

from ingest.parameters import FormatSection
from ingest.rawfile import RawFile, drop_mark
from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.conform import conform, match_columns
from relay.reading.numbers import GROUPED

BATCH_RECORDS = 4_096
KEYS_SHOWN = 20
TOP_LEVEL = {"start_array": "a list without records"}
TEXTS = ("text", "category")
SCALARS = (str, int, float, bool, type(None))


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
        raise SourceError(f"{file.name}: no record at {_shown(parameters)}; {_describe(file, parameters)}")


def conform_records(
    records: Iterator[Any], parameters: FormatSection, columns: dict[str, Column], first_row: int, where: str
) -> Iterator[Block]:
    """Parsed records in the schema's types, batch by batch; what is no object is rejected.

    Raises:
        SchemaError: no record so far has a field that must be there, or one has a field that is unexpected.
    """
    names: dict[str, None] = {}
    for batch in _batches(records):
        flat = [flatten_record(record) if isinstance(record, dict) else None for record in batch]
        names |= dict.fromkeys(name for record in flat for name in record or ())
        # Without any object there are no names to match: then every record is rejected.
        has_objects = names or any(record is not None for record in flat)
        found = _with_absent(list(names), columns) if has_objects else list(columns)
        matched = match_columns(found, columns, parameters.extra_columns, where)
        yield _conform_batch(batch, flat, matched, columns, first_row)
        first_row += len(batch)


def _conform_batch(
    records: list[Any],
    flat: list[dict[str, Any] | None],
    matched: dict[str, str],
    columns: dict[str, Column],
    first_row: int,
) -> Block:
    numbers = np.arange(first_row, first_row + len(records))
    objects = [record for record in flat if record is not None]
    table = pa.table(
        {
            name: _to_array([record.get(source) for record in objects], columns[name].type)
            for name, source in matched.items()
        }
    )
    block = conform(table, columns, numbers[[record is not None for record in flat]])
    strange = [
        (int(number), "not a record", show_cells({"record": record}))
        for number, record, kept in zip(numbers, records, flat, strict=True)
        if kept is None
    ]
    if not strange:
        return block
    rejected = pa.concat_tables([block.rejected, reject(strange)]).sort_by("row")
    return Block(table=block.table, read=len(records), rejected=rejected)


def flatten_record(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as one level: `{"a": {"b": 1}}` becomes `{"a_b": 1}`. Lists become their JSON text."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= flatten_record(value, f"{prefix}{key}_")
        else:
            flat[f"{prefix}{key}"] = _flatten_value(value)
    return flat


def _flatten_value(value: Any) -> Any:
    if isinstance(value, SCALARS):
        return value
    return float(value) if isinstance(value, Decimal) else _as_json(value)


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
    return value if isinstance(value, str) else _as_json(value)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _with_absent(names: list[str], columns: dict[str, Column]) -> list[str]:
    """The found names, and those of columns that may be null: JSON leaves out what is not there."""
    absent = [
        name
        for name, column in columns.items()
        if column.null and not any(candidate in names for candidate in (name, *column.source_names))
    ]
    return [*names, *absent]


def _stream(file: RawFile, path: str) -> Iterator[Any]:
    reader = _Reader(drop_mark(file.read_blocks()))
    try:
        # Fractions come as Decimal: asked for floats, the parser refuses a file with a whole number beyond 64 bits.
        yield from ijson.items(reader, path)
    except ijson.JSONError as error:
        raise SourceError(
            f"{file.name}: not JSON, or cut: {_first_line(error)} (after {reader.bytes:,} bytes)"
        ) from None
    for _ in reader.rest():
        pass  # read to the end, so that the whole file was hashed


class _Reader:
    """Blocks of bytes as the file that a JSON parser wants."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._pending = b""
        self.bytes = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        if not self._pending:
            self._pending = next(self._blocks, b"")
        piece, self._pending = self._pending[:size], self._pending[size:]
        self.bytes += len(piece)
        return piece

    def rest(self) -> Iterator[bytes]:
        """What was not read yet."""
        return self._blocks


def _batches(records: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(records, BATCH_RECORDS)):
        yield batch


def _describe(file: RawFile, parameters: FormatSection) -> str:
    """What stands at the top of a JSON file, for the message that nothing is at a path."""
    events = ijson.parse(_Reader(drop_mark(file.read_blocks())))
    first = next(events)[1]
    if first != "start_map":
        return f"the file is {TOP_LEVEL.get(first, 'a single value')}; expected a list of objects"
    keys = list(islice(_top_keys(events), KEYS_SHOWN))
    nearest = get_close_matches(parameters.records, keys, n=1) or keys or ["…"]
    return (
        f"the file is an object with the keys {', '.join(keys)}; name the one that holds the list of records, "
        f'such as records = "{nearest[0]}", in [ingest]'
    )


def _top_keys(events: Iterable[tuple[str, str, Any]]) -> Iterator[str]:
    return (value for prefix, event, value in events if (prefix, event) == ("", "map_key"))


def _shown(parameters: FormatSection) -> str:
    return f'records = "{parameters.records}"' if parameters.records else "the top of the file"


def _first_line(error: Exception) -> str:
    message = error.args[0] if error.args else error
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
    return re.split(r"[\r\n]", text.strip())[0][:200]
