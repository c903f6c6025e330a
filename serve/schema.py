"""The contract's columns as types: what decodes a record at once, and what says in words why one is refused.

The decoder (msgspec, compiled) lets only what is right through and stops at the first thing that is not. Then, and
only then, `explain` goes over the records again in Python and names everything that is wrong with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Literal, Union

import msgspec
import numpy as np
import numpy.typing as npt

from relay.handoff.column import Column
from relay.registry.cells import NAMES, cut, describe_range, find_limits, validate_cell
from serve.errors import Flaw, InvalidRecordsError

MOST_FLAWS = 50
"""Flaws named in one answer."""

Record = msgspec.Struct
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Schema:
    """How the records of one model are read."""

    columns: Mapping[str, Column]
    record: type[Record]
    """A field a column, f0, f1, … in the contract's order: columns need not be Python names."""
    loose: type[Record]
    """The same, for bodies that may bring more columns than the model takes."""
    decode_one: Any = field(repr=False)
    decode_many: Any = field(repr=False)

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
            msgspec.DecodeError: this is no JSON.
        """
        try:
            return [self.decode_one(body)]
        except msgspec.ValidationError:
            return self._convert([msgspec.json.decode(body)], single=True)

    def read_many(self, body: bytes) -> list[Record]:
        """The records in a JSON list.

        Raises:
            InvalidRecordsError, msgspec.DecodeError: as for one.
        """
        try:
            records: list[Record] = self.decode_many(body)
        except msgspec.ValidationError:
            return self._convert(msgspec.json.decode(body))
        return records

    def read_values(self, values: Sequence[Any], *, ignore_others: bool = False) -> list[Record]:
        """The records from values that were decoded already.

        Raises:
            InvalidRecordsError: as for one.
        """
        try:
            return [
                msgspec.convert(value, self.loose if ignore_others else self.record, strict=True) for value in values
            ]
        except msgspec.ValidationError:
            return self._convert(values, ignore_others=ignore_others)

    def _convert(self, values: Sequence[Any], *, single: bool = False, ignore_others: bool = False) -> list[Record]:
        flaws: list[Flaw] = []
        records = []
        for index, value in enumerate(values):
            cells, found = self.check(value, ignore_others=ignore_others)
            where = "" if single else f"[{index}]."
            flaws += [Flaw(f"{where}{flaw.field}".rstrip("."), flaw.found, flaw.allowed) for flaw in found]
            if not flaws:
                records.append(self.record(*cells))
            if len(flaws) >= MOST_FLAWS:
                break  # enough to mend: the others cost time and are most often of the same kind
        if flaws:
            raise InvalidRecordsError(f"{_count(len(flaws))} to mend: {_say(flaws[0])}", tuple(flaws[:MOST_FLAWS]))
        return records

    def check(self, value: Any, *, ignore_others: bool = False) -> tuple[list[Any], list[Flaw]]:
        """A record's cells in the contract's order, and what is wrong with it."""
        if not isinstance(value, dict):
            return [], [Flaw("", show(value), f"an object with {', '.join(self.columns)}")]
        unknown = () if ignore_others else islice((name for name in value if name not in self.columns), MOST_FLAWS)
        flaws = [self._unknown(name) for name in unknown]
        cells = []
        for name, column in self.columns.items():
            if name not in value:
                missing = "null where it is not known" if column.null else describe(column)
                flaws.append(Flaw(name, "nothing", missing))
                continue
            cell, allowed = check_cell(value[name], column)
            if allowed:
                flaws.append(Flaw(name, show(value[name]), allowed))
            cells.append(cell)
        return cells, flaws

    def _unknown(self, name: str) -> Flaw:
        name = cut(name)
        near = get_close_matches(name, self.columns, n=1)
        return Flaw(name, "a field that the model does not take", near[0] if near else ", ".join(self.columns))


def make_schema(columns: Mapping[str, Column]) -> Schema:
    """The types that a contract's inputs make."""
    fields = [
        (f"f{index}", find_type(column), msgspec.field(name=name))
        for index, (name, column) in enumerate(columns.items())
    ]
    strict = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, frozen=True, gc=False)
    loose = msgspec.defstruct("LooseRecord", fields, frozen=True, gc=False)
    return Schema(
        columns=dict(columns),
        record=strict,
        loose=loose,
        decode_one=msgspec.json.Decoder(strict).decode,
        decode_many=msgspec.json.Decoder(list[strict]).decode,  # type: ignore[valid-type]  # made just now
    )


def find_type(column: Column) -> Any:
    """The type whose values keep a column's rules, all of them."""
    kind: Any
    if column.allowed is not None and column.type in ("int", "text", "category"):
        kind = Literal[tuple(column.allowed)]
    elif column.type == "bool":
        kind = bool if column.allowed is None or len(set(column.allowed)) == 2 else msgspec.UnsetType  # checked slowly
    elif column.type == "float" and column.allowed is not None:
        kind = msgspec.UnsetType  # no type says "one of these fractions": nothing decodes, and every record is checked
    elif column.type in ("int", "float"):
        low, high = find_limits(column)
        kind = Annotated[int if column.type == "int" else float, msgspec.Meta(ge=low, le=high)]
    else:
        kind = str
    return Union[kind, None] if column.null else kind  # noqa: UP007 - made while running


def check_cell(value: Any, column: Column) -> tuple[Any, str]:
    """The cell as the model takes it, and what it should have been; that is empty when it is right."""
    cell, fits = validate_cell(value, column)
    if fits:
        return cell, ""
    return cell, describe(column) if value is not None else f"{describe(column)}, not null"


def describe(column: Column) -> str:
    """What a column takes, in words."""
    if column.allowed is not None:
        return f"one of {', '.join(show(value) for value in column.allowed)}"
    words = NAMES[column.type] + describe_range(column)
    if column.type in ("int", "float") and column.min is None and column.max is None:
        words += f" within {find_limits(column)[1]:.3g} of zero"
    return words + (f" ({column.unit})" if column.unit else "")


def show(value: Any) -> str:
    """A value as it stood in the JSON, cut where it is long."""
    return cut(msgspec.json.encode(value).decode())


def make_matrix(records: Sequence[Record], columns: int) -> Matrix:
    """Records of numbers as an ONNX model takes them, unknown ones as NaN (records, columns)."""
    rows = [msgspec.structs.astuple(record) for record in records]  # None becomes NaN in an array of floats
    return np.array(rows, dtype=np.float32).reshape(len(rows), columns)


def _say(flaw: Flaw) -> str:
    return f"{flaw.field or 'the body'} is {flaw.found}, expected {flaw.allowed}"


def _count(flaws: int) -> str:
    if flaws == 1:
        return "1 thing"
    return f"{flaws} things" if flaws < MOST_FLAWS else f"{MOST_FLAWS} things or more"
