"""Rows and labels as the databases take and give them."""

import json
from collections.abc import Sequence
from typing import Any

from serve.log.record import COLUMNS, JsonScalar, LogRecordError, LogRowError, Row, can_be_stored


def list_values(row: Row) -> tuple[Any, ...]:
    """The values of a row as a database takes them, by COLUMNS.

    Raises:
        LogRowError: a text is none that both databases can hold.
    """
    try:
        texts = row.input.decode(), row.output.decode()
    except UnicodeDecodeError as error:
        raise LogRowError(f"prediction {row.id}: input and output must be JSON in UTF-8: {error}") from error
    named = (row.id, row.model, row.version, row.run_id, row.client, row.idempotency_key, *(row.record_keys or ()))
    if not can_be_stored(*texts, *named):
        raise LogRowError(f"prediction {row.id}: a text with NUL or half of a surrogate pair cannot be logged")
    asked = (row.id, row.at_unix, row.model, row.version, row.run_id)
    return (*asked, *texts, row.latency_us, row.client, row.idempotency_key, row.body_sha256)


def make_row(values: Sequence[Any]) -> Row:
    """The row of the values of COLUMNS."""
    named = dict(zip(COLUMNS, values, strict=True))
    return Row(**named | {"input": named["input"].encode(), "output": named["output"].encode()})


def list_keyed(rows: Sequence[Row]) -> list[tuple[str, int, str, str]]:
    """Prediction id, number, model and key of each record that brought a key."""
    return [
        (row.id, number, row.model, key)
        for row in rows
        if row.record_keys is not None
        for number, key in enumerate(row.record_keys)
        if key is not None
    ]


def write_label_value(value: JsonScalar) -> str:
    """The value as JSON.

    Raises:
        LogRecordError: JSON has no such value.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LogRecordError(f"label {value!r}: expected a text, a number, true, false or null ({error})") from error


def split_record(record: str) -> tuple[str, int]:
    """Prediction id and number of a record.

    Raises:
        LogRecordError: it is not `<prediction id>/<n>`.
    """
    prediction, _, number = record.rpartition("/")
    if not prediction or not (number.isascii() and number.isdigit()):
        raise LogRecordError(f"record {record!r}: expected <prediction id>/<number of the record, from 0>")
    return prediction, int(number)
