"""The bodies that are understood: ours, and those of MLflow's scoring protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from relay.handoff.errors import SchemaError
from relay.reading.csv_text import split_rows
from relay.registry.cells import cut, parse_cell, show_value
from relay.registry.record_table import check_names, resolve_names
from serve.errors import Flaw, InvalidRecordsError, MalformedBodyError, TooManyRowsError, WrongMediaTypeError
from serve.exchange import read_media_type
from serve.record_keys import RecordKey
from serve.schema import Record, Schema, decode_body, read_json, refuse_flaws

Shape = Literal["one", "many", "values"]

PROTOCOL = ("dataframe_split", "dataframe_records", "instances", "inputs")


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """The records of a request, and the shape in which its answer is expected."""

    records: list[Record]
    shape: Shape
    keys: list[str | None] | None = None
    """The callers' own, one a record; None where none came."""


def read_predict_request(body: bytes, schema: Schema, max_rows: int) -> PredictRequest:
    """One flat record, a list of records, or `{"values": […]}` for a model of one column.

    Raises:
        MalformedBodyError: the body is not JSON.
        InvalidRecordsError: the records do not keep the contract.
        TooManyRowsError: there are more than allowed.
    """
    try:
        body = body.lstrip()
        if schema.key is not None and schema.key.may_be_in(body):
            return _read_keyed(decode_body(body), schema.key, schema, max_rows)
        if body[:1] == b"{" and not _asks_by_values(body, schema):
            return PredictRequest(schema.read_one(body), "one")
        if body[:1] == b"[":
            return PredictRequest(_limit(schema.read_many(body), max_rows), "many")
        value = decode_body(body)
        if _brings_values(value, schema):
            return PredictRequest(_read_column(value["values"], schema, max_rows), "values")
        return PredictRequest(schema.read_one(body), "one")
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedBodyError(f"the body cannot be read as JSON: {error}") from None


def _read_keyed(value: Any, key: RecordKey, schema: Schema, max_rows: int) -> PredictRequest:
    """The records of a body that names the key, wherever it does."""
    if _brings_values(value, schema):
        return PredictRequest(_read_column(value["values"], schema, max_rows), "values")
    shape: Shape = "many" if isinstance(value, list) else "one"
    rows, keys, wrong = key.take(_limit(value, max_rows) if isinstance(value, list) else [value])
    flaws = [
        Flaw(f"{where}{flaw.field}", flaw.found, flaw.allowed, f"{where}{flaw.message}")
        for where, flaw in ((f"[{index}]." if shape == "many" else "", flaw) for index, flaw in enumerate(wrong))
        if flaw is not None
    ]
    try:
        records = schema.read_values(rows, single=shape == "one")
    except InvalidRecordsError as error:
        raise refuse_flaws([*error.flaws, *flaws]) from None
    if flaws:
        raise refuse_flaws(flaws)
    return PredictRequest(records, shape, keys if any(one is not None for one in keys) else None)


def _brings_values(value: Any, schema: Schema) -> bool:
    return isinstance(value, dict) and schema.only not in (None, "values") and value.keys() == {"values"}


def _asks_by_values(body: bytes, schema: Schema) -> bool:
    return schema.only is not None and b'"values"' in body and schema.only != "values"


def _read_column(values: Any, schema: Schema, max_rows: int) -> list[Record]:
    if not isinstance(values, list):
        raise _wrong_form("values", values, "a list")
    return schema.read_values([{schema.only: value} for value in _limit(values, max_rows)])


def _limit(rows: list[Any], max_rows: int) -> list[Any]:
    if not rows:
        raise InvalidRecordsError("found no record, expected one at least")
    if len(rows) > max_rows:
        raise TooManyRowsError(f"found {len(rows):,} records, a request may hold {max_rows:,}: send them in parts")
    return rows


def read_invocation(body: bytes, media_type: str, schema: Schema, max_rows: int) -> PredictRequest:
    """The records of a body of MLflow's scoring protocol, with their keys.

    Columns that the model does not take are passed over, as the protocol does: callers send their whole tables.

    Raises:
        WrongMediaTypeError: neither JSON nor CSV.
        MalformedBodyError, InvalidRecordsError, TooManyRowsError: as for `read_predict_request`.
    """
    kind = read_media_type(media_type)
    if kind == "text/csv":
        rows = _read_csv(body, schema)
    elif kind == "application/json":
        rows = _read_protocol(body, schema)
    else:
        raise WrongMediaTypeError(f"found Content-Type {cut(kind) or '(none)'}, expected application/json or text/csv")
    records = schema.read_values(_limit(rows, max_rows), ignore_others=True)
    keys = schema.key.find(rows) if schema.key is not None else []
    return PredictRequest(records, "many", keys if any(key is not None for key in keys) else None)


def _read_protocol(body: bytes, schema: Schema) -> list[Any]:
    value = read_json(body)
    named = [name for name in PROTOCOL if name in value] if isinstance(value, dict) else []
    if len(named) != 1:
        raise _wrong_form("the body", value, f"an object with one of {', '.join(PROTOCOL)}")
    if value.get("params"):
        raise _wrong_form("params", value["params"], "no parameters: the model takes none")
    data = value[named[0]]
    if named[0] == "dataframe_split":
        return _read_split(data, schema)
    if named[0] == "dataframe_records":
        return _require_list(data, named[0])
    return _read_tensor(data, named[0], schema)


def _read_split(data: Any, schema: Schema) -> list[Any]:
    where = "dataframe_split"
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("columns"), list)
        or not isinstance(data.get("data"), list)
    ):
        raise _wrong_form(where, data, "an object with the lists columns and data")
    columns, rows = data["columns"], data["data"]
    if not all(isinstance(name, str) for name in columns):
        raise _wrong_form(f"{where}.columns", columns, "a list of names")
    _check_names(columns, schema)
    return [_name_cells(columns, row, f"{where}.data[{index}]") for index, row in enumerate(rows)]


def _read_tensor(data: Any, where: str, schema: Schema) -> list[Any]:
    """Columns by name, rows by name or in order, or plain cells for a model of one column."""
    if isinstance(data, dict):
        columns = {name: cells if isinstance(cells, list) else [cells] for name, cells in data.items()}
        lengths = {len(cells) for cells in columns.values()}
        if len(lengths) > 1:
            raise _wrong_form(where, sorted(lengths), "columns of one length")
        return [dict(zip(columns, _unwrap(row), strict=True)) for row in zip(*columns.values(), strict=True)]
    rows = _require_list(data, where)
    if rows and not isinstance(rows[0], dict | list) and schema.only is not None:
        return [{schema.only: cell} for cell in rows]
    return [
        row if isinstance(row, dict) else _name_cells(schema.names, row, f"{where}[{index}]")
        for index, row in enumerate(rows)
    ]


def _unwrap(cells: tuple[Any, ...]) -> list[Any]:
    """Cells of a column of shape (n, 1), as tensor clients send them, without their brackets."""
    return [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in cells]


def _name_cells(names: Any, row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, list) or len(row) != len(names):
        raise _wrong_form(where, row, f"a list of {len(names)} cells: {', '.join(names)}")
    return dict(zip(names, row, strict=True))


def _require_list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong_form(where, value, "a list")
    return value


def _wrong_form(where: str, found: Any, allowed: str) -> InvalidRecordsError:
    message = f"{where} is {show_value(found)}, expected {allowed}"
    return InvalidRecordsError(message, (Flaw(where, show_value(found), allowed, message),))


def _read_csv(body: bytes, schema: Schema) -> list[Any]:
    try:
        lines = split_rows(body)
    except SchemaError as error:
        raise MalformedBodyError(str(error)) from None
    if not lines:
        raise MalformedBodyError("the body is empty: expected a line of column names, then a line for each record")
    header, *rows = lines
    names = resolve_names([name.strip() for name in header], schema.columns)
    _check_names(names, schema)
    columns = {**schema.columns, **({schema.key.name: schema.key.column} if schema.key is not None else {})}
    return [
        {
            name: parse_cell(cell, columns[name])
            for name, cell in _name_cells(names, row, f"line {index}").items()
            if name in columns
        }
        for index, row in enumerate(rows, start=2)
    ]


def _check_names(names: Sequence[str], schema: Schema) -> None:
    """Make sure that a table has each column that the model takes, once.

    Raises:
        InvalidRecordsError: it has not.
    """
    try:
        check_names(names, schema.columns)
    except SchemaError as error:
        raise InvalidRecordsError(str(error)) from None
