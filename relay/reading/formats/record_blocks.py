"""Parsed records of JSON as blocks in the schema's types."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relay.handoff.writer import Block, reject, show_cells
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.format_keys import FormatKeys, SkipRule
from relay.reading.formats.flatten import TWICE, Fields, RepeatedKeyError
from relay.reading.formats.values import find_types, to_array, to_open_array, write_text
from relay.reading.skipping import describe_rule, find_sources, matches

BATCH_RECORDS = 4_096


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
        left_out = _find_left_out(flat, find_sources(parameters.skip_if, found, matched, where))
        numbers = np.arange(first_row, first_row + len(batch))
        if not left_out:
            yield _conform_batch(batch, flat, matched, (columns, types), numbers)
        else:
            kept = [index for index in range(len(batch)) if index not in left_out]
            records, parts = [batch[index] for index in kept], [flat[index] for index in kept]
            block = _conform_batch(records, parts, matched, (columns, types), numbers[kept])
            shown = [
                (int(numbers[index]), reason, show_cells(_show(batch[index]))) for index, reason in left_out.items()
            ]
            yield replace(block, read=len(batch), left_out=reject(shown))
        first_row += len(batch)


def _conform_batch(
    records: list[Any],
    flat: list[dict[str, Any] | str],
    matched: dict[str, str],
    schema: tuple[ReadColumns, Mapping[str, pa.DataType]],
    numbers: NDArray[np.int64],
) -> Block:
    columns, types = schema
    objects = [record for record in flat if isinstance(record, dict)]
    table = pa.table(
        {
            name: to_array([record.get(source) for record in objects], columns[name])
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


def _find_left_out(flat: list[dict[str, Any] | str], rules: list[tuple[SkipRule, str]]) -> dict[int, str]:
    """Index of an object that is no record -> the reason."""
    found: dict[int, str] = {}
    for index, record in enumerate(flat if rules else ()):
        for rule, source in rules if isinstance(record, dict) else ():
            value = record.get(source) if isinstance(record, dict) else None
            if matches(rule, "" if value is None else write_text(value)):
                found.setdefault(index, describe_rule(rule))
    return found


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


def _batches(records: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(records, BATCH_RECORDS)):
        yield batch
