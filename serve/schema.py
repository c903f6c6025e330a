"""The contract's columns as types that msgspec compiles: a second decoder beside the check in `relay.registry`.

The decoder lets only valid records through and stops at the first problem. Then, and only then, the check that the
command line and the page use goes over the records in Python: it reads what no type can express, such as an empty text
that stands for null, and names every problem.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, Any, Literal, Union

import msgspec
import numpy as np
import numpy.typing as npt

from relay.handoff.column import Column
from relay.reading.marks import find_missing
from relay.reading.one_cell import WORDS
from relay.registry.cells import decode_json, find_limits, is_missing
from relay.registry.records import NO_LIMITS, check_record
from relay.registry.records import Flaw as RecordFlaw
from serve.errors import Flaw, InvalidRecordsError, MalformedBodyError
from serve.record_keys import RecordKey

MOST_FLAWS = 50
"""Flaws named in one answer."""

Record = msgspec.Struct
ReadField = Callable[[Record], str | None]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Schema:
    """How the records of one model are read."""

    columns: Mapping[str, Column]
    limits: Mapping[str, float]
    """Column -> how far from zero the model takes a number, where that is less than its type allows."""
    record: type[Record]
    """A field a column, f0, f1, … in the contract's order: columns need not be Python names."""
    loose: type[Record]
    """The same, for bodies that may bring more columns than the model takes."""
    categories: tuple[ReadField, ...] = field(repr=False)
    """Read the categories of a record."""
    decode_one: Any = field(repr=False)
    decode_many: Any = field(repr=False)
    key: RecordKey | None = None
    """What a record may bring beside its columns, for the log alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order in which the model takes them."""
        return tuple(self.columns)

    @property
    def only(self) -> str | None:
        """The one column of a model that takes one."""
        return next(iter(self.columns)) if len(self.columns) == 1 else None

    def read_one(self, body: bytes) -> list[Record]:
        """The record in a JSON body.

        Raises:
            InvalidRecordsError: it does not keep the contract; names all that is wrong.
            msgspec.DecodeError, ValueError: this is not JSON, or an object has one key twice.
        """
        try:
            record: Record = self.decode_one(body)
        except msgspec.ValidationError:
            return self._convert([decode_body(body)], single=True)
        _require_keys_once(body, len(self.columns))
        return [record]

    def read_many(self, body: bytes) -> list[Record]:
        """The records in a JSON list.

        Raises:
            InvalidRecordsError, msgspec.DecodeError, ValueError: as for one.
        """
        try:
            records: list[Record] = self.decode_many(body)
        except msgspec.ValidationError:
            return self._convert(decode_body(body))
        if has_blanks(records, self.categories):
            return self._convert(decode_body(body))
        _require_keys_once(body, len(records) * len(self.columns))
        return records

    def read_values(self, values: Sequence[Any], *, ignore_others: bool = False, single: bool = False) -> list[Record]:
        """The records from values that were decoded already.

        Args:
            values: decoded JSON, whatever it is.
            ignore_others: whether more columns than the model takes may come.
            single: whether problems are named without the record's number.

        Raises:
            InvalidRecordsError: as for one.
        """
        try:
            return [
                msgspec.convert(value, self.loose if ignore_others else self.record, strict=True) for value in values
            ]
        except msgspec.ValidationError:
            return self._convert(values, single=single, ignore_others=ignore_others)

    def _convert(self, values: Sequence[Any], *, single: bool = False, ignore_others: bool = False) -> list[Record]:
        flaws: list[Flaw] = []
        records = []
        for index, value in enumerate(values):
            cells, found = check_record(value, self.columns, self.limits, ignore_others=ignore_others)
            flaws += [name_flaw(flaw, "" if single else f"[{index}].") for flaw in found]
            if not flaws:
                records.append(self.record(*cells.values()))
            if len(flaws) >= MOST_FLAWS:
                break  # enough to correct: the others cost time and are most often of the same kind
        if flaws:
            raise refuse_flaws(flaws)
        return records


def decode_body(body: bytes) -> Any:
    """What a JSON body holds; a number that does not fit 64 bits is infinite, so that the check names its column.

    Raises:
        msgspec.DecodeError, ValueError: it is not JSON, or an object in it has one key twice.
    """
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError:
        return decode_json(body)
    _require_keys_once(body, _count_keys(value))
    return value


def read_json(body: bytes) -> Any:
    """What a JSON body holds, as `decode_body` reads it.

    Raises:
        MalformedBodyError: it cannot be read.
    """
    try:
        return decode_body(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedBodyError(f"the body cannot be read as JSON: {error}") from None


def _require_keys_once(body: bytes, keys: int) -> None:
    """Make sure that no object has one key twice, of which msgspec keeps the last value.

    Args:
        body: the JSON, which has a colon for each key, and those in its texts.
        keys: that were found.

    Raises:
        ValueError: an object has one key twice.
    """
    if body.count(b":") != keys:
        decode_json(body)


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_count_keys(inner) for inner in value.values() if isinstance(inner, dict | list))
    if isinstance(value, list):
        return sum(_count_keys(inner) for inner in value if isinstance(inner, dict | list))
    return 0


def name_flaw(flaw: RecordFlaw, where: str) -> Flaw:
    """A problem as the API tells it.

    Args:
        flaw: from the check of one record.
        where: the record in its request, such as `[3].`; empty where there is one.
    """
    field = f"{where}{flaw.column}" if flaw.column else where.rstrip(".")
    return Flaw(field, flaw.found, flaw.expected, f"{field or 'the body'} {flaw.about}")


def make_schema(
    columns: Mapping[str, Column], limits: Mapping[str, float] = NO_LIMITS, key: RecordKey | None = None
) -> Schema:
    """The types that a contract's inputs and limits make, with the key that a record may bring."""
    fields = [
        (f"f{index}", find_type(column, limits.get(name, math.inf)), msgspec.field(name=name))
        for index, (name, column) in enumerate(columns.items())
    ]
    categories = [
        attrgetter(f"f{index}")
        for index, column in enumerate(columns.values())
        if column.type == "category" and column.allowed is None
    ]
    methods, in_list = make_methods(columns, categories), make_methods(columns, ())
    strict = msgspec.defstruct("Record", fields, namespace=methods, forbid_unknown_fields=True, frozen=True, gc=False)
    loose = msgspec.defstruct("LooseRecord", fields, namespace=methods, frozen=True, gc=False)
    many = msgspec.defstruct("Record", fields, namespace=in_list, forbid_unknown_fields=True, frozen=True, gc=False)
    return Schema(
        columns=dict(columns),
        limits=dict(limits),
        record=strict,
        loose=loose,
        categories=tuple(categories),
        decode_one=msgspec.json.Decoder(strict).decode,
        decode_many=msgspec.json.Decoder(list[many]).decode,  # type: ignore[valid-type]  # made just now
        key=key,
    )


def make_methods(columns: Mapping[str, Column], categories: Sequence[ReadField]) -> dict[str, Any] | None:
    """What refuses a record of which no type can say that the check must read it; None where types say all.

    A number may mean "no value", and a category loses white space around it.

    Args:
        columns: the contract's inputs.
        categories: read the categories of a record.
    """
    declared = [
        (f"f{index}", find_missing(column).numbers)
        for index, column in enumerate(columns.values())
        if column.type in ("int", "float") and find_missing(column).numbers
    ]

    def refuse(record: Record) -> None:
        for name, numbers in declared:
            if getattr(record, name) in numbers:
                raise ValueError("a number that means no value")
        for read in categories:
            word = read(record)
            if word is not None and word.strip() != word:
                raise ValueError("white space around a category")

    return {"__post_init__": refuse} if declared or categories else None


def has_blanks(records: Sequence[Record], categories: Sequence[ReadField]) -> bool:
    """Whether a category of one of the records has white space around it."""
    # Each value once: the categories of many records are few.
    return any(word is not None and word.strip() != word for read in categories for word in set(map(read, records)))


def find_type(column: Column, limit: float = math.inf) -> Any:
    """The type whose values keep a column's rules, all of them.

    Args:
        column: gives the rules.
        limit: how far from zero the model takes a number of this column.
    """
    kind: Any
    allowed = None if column.allowed is None else [value for value in column.allowed if not is_missing(value, column)]
    if allowed and column.type in ("int", *WORDS):
        kind = Literal[tuple(allowed)]
    elif column.type == "bool" and (allowed is None or len(set(allowed)) == 2):
        kind = bool
    elif allowed is not None:
        kind = msgspec.UnsetType  # no type says "one of these fractions": nothing decodes, and every record is checked
    elif column.type == "time":
        kind = msgspec.UnsetType  # many texts say one moment: every record is checked, which writes it in one way
    elif column.type in ("int", "float"):
        low, high = find_limits(column, limit)
        kind = Annotated[int if column.type == "int" else float, msgspec.Meta(ge=low, le=high)]
    else:
        # An empty text and a declared word are missing values: the check says which.
        pattern = rf"^(?!\s*(?:{'|'.join(map(re.escape, column.missing))})\s*\Z)" if column.missing else None
        kind = Annotated[str, msgspec.Meta(min_length=1, pattern=pattern)]
    return Union[kind, None] if column.null else kind  # noqa: UP007 - made while running


def make_matrix(records: Sequence[Record], columns: int) -> Matrix:
    """Records of numbers as an ONNX model takes them, unknown ones as NaN (records, columns)."""
    rows = [msgspec.structs.astuple(record) for record in records]  # None becomes NaN in an array of floats
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns)


def refuse_flaws(flaws: Sequence[Flaw]) -> InvalidRecordsError:
    """The answer that names all these problems, at least one."""
    more = "" if len(flaws) == 1 else f" ({_count(len(flaws))} in all)"
    return InvalidRecordsError(f"{flaws[0].message}{more}", tuple(flaws[:MOST_FLAWS]))


def _count(flaws: int) -> str:
    return f"{flaws} problems" if flaws < MOST_FLAWS else f"{MOST_FLAWS} problems or more"
