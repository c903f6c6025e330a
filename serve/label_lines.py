"""Bodies of many labels, line by line: one that cannot be read costs no other one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from relay.handoff.errors import SchemaError
from relay.reading.csv_text import split_rows
from relay.registry.cells import cut, make_printable
from serve.errors import MalformedBodyError, TooManyRowsError, WrongMediaTypeError
from serve.exchange import read_media_type
from serve.log.record import JsonScalar
from serve.schema import decode_body, read_json

JSON_TYPES = (
    "application/json",
    "application/jsonl",
    "application/x-ndjson",
    "application/x-jsonlines",
    "application/jsonlines",
)
"""All are read alike: as a list where the body begins with [, else as an object a line."""

LONGEST_PROBLEM = 300


class LabelFields(msgspec.Struct, forbid_unknown_fields=True):
    """A label as it comes: the record by prediction id and number, or by the caller's own key of it."""

    value: JsonScalar
    prediction_id: str | None = None
    record: float | None = None
    """A whole number, however it is written: number of the record in its request, from 0."""
    key: JsonScalar = None
    model: str | None = None
    """Whose records bear the key; without it, the model that answers `/predict`."""
    source: str | None = None
    """Who says so."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the body: a label, or why it cannot be read."""

    number: int
    """From 1, as an editor counts; in a list, the place of the object."""
    label: LabelFields | None
    problem: str = ""


def read_lines(body: bytes, media_type: str, most: int) -> list[Line]:
    """The labels of a body.

    Raises:
        WrongMediaTypeError: neither JSON nor CSV.
        MalformedBodyError: there is no label in it, or it is not CSV.
        TooManyRowsError: there are more than allowed.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    kind = read_media_type(media_type) or JSON_TYPES[0]
    if kind == "text/csv":
        found = _read_csv(body)
    elif kind in JSON_TYPES:
        found = _read_list(body) if body.lstrip()[:1] == b"[" else _read_json_lines(body)
    else:
        raise WrongMediaTypeError(f"found Content-Type {cut(kind)}, expected {JSON_TYPES[2]}, JSON or text/csv")
    lines = []
    for line in found:
        lines.append(line)
        if len(lines) > most:
            raise TooManyRowsError(f"found more than {most:,} labels, which a request may hold: send them in parts")
    if not lines:
        raise MalformedBodyError("found no label, expected one at least")
    return lines


def _read_json_lines(body: bytes) -> Iterator[Line]:
    for number, text in enumerate(body.split(b"\n"), start=1):
        if text.strip():
            try:
                value = decode_body(text)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                yield Line(number, None, f"it cannot be read as JSON: {error}"[:LONGEST_PROBLEM])
            else:
                yield _read_fields(number, value)


def _read_list(body: bytes) -> Iterator[Line]:
    return (_read_fields(number, value) for number, value in enumerate(read_json(body), start=1))


def _read_fields(number: int, value: Any) -> Line:
    try:
        return Line(number, msgspec.convert(value, LabelFields))
    except msgspec.ValidationError as error:
        example = '{"prediction_id": "…", "record": 0, "value": …} or {"key": "…", "value": …}'
        return Line(number, None, f"{make_printable(str(error))[:LONGEST_PROBLEM]}: expected {example}")


def _read_csv(body: bytes) -> Iterator[Line]:
    try:
        rows = split_rows(body)
    except SchemaError as error:
        raise MalformedBodyError(str(error)) from None
    names = [name.strip() for name in rows[0]] if rows else []
    wrong = [name for name in names if name not in LabelFields.__struct_fields__]
    if wrong or len(set(names)) < len(names) or "value" not in names:
        shown = cut(", ".join(map(make_printable, names))) or "nothing"
        raise MalformedBodyError(
            f"the first line is {shown}; expected the names value and prediction_id or key, and, if need be, "
            "record, model and source, each once"
        )
    return (_read_cells(number, names, row) for number, row in enumerate(rows[1:], start=2))


def _read_cells(number: int, names: Sequence[str], row: Sequence[str]) -> Line:
    """A label of CSV; an empty one says nothing, but for the value, which may be missing."""
    if len(row) != len(names):
        return Line(number, None, f"found {len(row)} cells, expected {len(names)}: {', '.join(names)}")
    cells: dict[str, Any] = {name: cell for name, cell in zip(names, row, strict=True) if cell or name == "value"}
    if "record" in cells:
        try:
            cells["record"] = float(cells["record"])
        except ValueError:
            return Line(number, None, f"record is {cut(make_printable(cells['record']))}, expected a whole number")
    return Line(number, LabelFields(**cells))
