"""The one check of records that people type or send, for the command line, the page and the API.

A record is held against the inputs that a contract names, and every problem is named at once.
"""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from types import MappingProxyType
from typing import Any

from relay.handoff.column import Column
from relay.handoff.wording import list_words
from relay.reading.expected import describe_type
from relay.registry.cells import (
    cut,
    describe,
    explain_cell,
    find_limits,
    is_missing,
    make_printable,
    parse_cell,
    show_number,
    show_value,
    validate_cell,
)
from relay.registry.contract import Cell, Contract

MOST_UNKNOWN = 50
"""Unknown names of one record that are listed."""

NO_LIMITS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a record."""

    column: str
    """Empty where the record as a whole is wrong."""
    found: str
    expected: str
    about: str
    """The sentence without its subject, the column."""

    def say(self) -> str:
        """The flaw as a sentence."""
        return f"{self.column or 'the record'} {self.about}"


def check_record(
    record: Any,
    inputs: Mapping[str, Column],
    limits: Mapping[str, float] = NO_LIMITS,
    *,
    ignore_others: bool = False,
) -> tuple[dict[str, Cell], list[Flaw]]:
    """The record as the model takes it, in the contract's order, and what is wrong with it.

    Args:
        record: as it was decoded, whatever it is.
        inputs: the contract's.
        limits: the contract's: how far from zero the model takes a number.
        ignore_others: whether more columns than the inputs may come.
    """
    if not isinstance(record, Mapping):
        expected = f"an object with {list_words(inputs)}"
        return {}, [Flaw("", show_value(record), expected, f"is {show_value(record)}, expected {expected}")]
    unknown = () if ignore_others else islice((name for name in record if name not in inputs), MOST_UNKNOWN)
    flaws = [_describe_unknown(name, inputs) for name in unknown]
    cells: dict[str, Cell] = {}
    for name, column in inputs.items():
        if name not in record:
            flaws.append(_describe_absent(name, column))
            continue
        limit = limits.get(name, math.inf)
        cells[name], fits = validate_cell(record[name], column, limit)
        if not fits:
            flaws.append(_describe_misfit(name, record[name], column, limit))
    return cells, flaws


def _describe_unknown(name: str, inputs: Mapping[str, Column]) -> Flaw:
    shown = cut(make_printable(name))
    nearest = suggest(shown, inputs)
    about = "is not an input of this model"
    hint = f"did you mean {nearest}?" if nearest in inputs else f"its inputs are {nearest}"
    return Flaw(shown, "a field that the model does not take", nearest, f"{about}: {hint}")


def _describe_absent(name: str, column: Column) -> Flaw:
    if column.null:
        return Flaw(name, "nothing", f"{describe(column)}, or null", "is missing: send null if it is not known")
    return Flaw(name, "nothing", describe(column), f"is missing, expected {describe(column)}")


def _describe_misfit(name: str, value: Any, column: Column, limit: float) -> Flaw:
    found, expected = show_value(value), describe(column)
    if is_missing(value, column):
        word = "is required" if value in (None, "") else f"is {found}, which means no value, and is required"
        return Flaw(name, found, f"{expected}, not null", f"{word}, expected {expected}")
    number: Any = parse_cell(value, column) if isinstance(value, str) else value
    if column.allowed is None and column.type in ("int", "float") and type(number) in (int, float):
        kind, (low, high) = describe_type(column), find_limits(column, limit)
        if number > high and (column.max is None or number <= column.max):
            expected = f"{kind} of at most {show_number(high)}, the largest number that the model takes"
        elif number < low and (column.min is None or number >= column.min):
            expected = f"{kind} of at least {show_number(low)}, the smallest number that the model takes"
    why = explain_cell(value, column)
    return Flaw(name, found, expected, f"is {found}, expected {expected}{f': {why}' if why else ''}")


def find_infinite(predictions: Sequence[Cell], probabilities: Sequence[float] | None) -> int | None:
    """The index of the first record whose answer is not a finite number; None where all are."""
    # One by one: a list of 1 to 10,000 numbers is looked through faster than an array that small is asked.
    for values in (predictions, probabilities or ()):
        for value in values:
            if type(value) is float and not -math.inf < value < math.inf:
                return values.index(value)  # the same object: this finds a NaN too
    return None


def explain_infinite(cells: Sequence[Cell], inputs: Mapping[str, Column]) -> Flaw:
    """Why a record has no finite answer: the number that lies furthest from zero.

    Args:
        cells: of the record, in the contract's order.
        inputs: the contract's.
    """
    numbers = {
        name: float(cell)
        for (name, column), cell in zip(inputs.items(), cells, strict=True)
        if column.type in ("int", "float") and isinstance(cell, int | float)
    }
    name = max(numbers, key=lambda name: abs(numbers[name]), default="")
    found = show_number(numbers[name]) if name else "a record without numbers"
    about = f"is {found}, and the model's answer is not a finite number"
    return Flaw(name, found, "a number nearer to zero", f"{about}: expected a number nearer to zero" if name else about)


def suggest(name: str, known: Mapping[str, object]) -> str:
    """The nearest known name, or all of them."""
    folded = {other.casefold(): other for other in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else list_words(known)


def find_usual(contract: Contract) -> dict[str, Cell]:
    """Input -> its usual value: of the training rows, or of the example rows where an older contract has no others.

    Example rows: the median of the numbers that are known, the lower one of two, so that it is a value which occurs.
    Words and truth values: the most frequent, the first of level ones.
    """
    if contract.usual is not None:
        return contract.usual
    return {
        name: find_middle([record.get(name) for record in contract.example.records], column)
        for name, column in contract.inputs.items()
    }


def find_middle(cells: Sequence[Cell], column: Column) -> Cell:
    """The usual one of some cells; None when none is known."""
    known = [cell for cell in cells if cell is not None]
    if not known:
        return None
    if column.type in ("int", "float"):
        return statistics.median_low([cell for cell in known if isinstance(cell, int | float)])
    return Counter(known).most_common(1)[0][0]


def show_cell(value: Any) -> str:
    """A value as people read it, cut where it is long."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    return cut(str(value) if isinstance(value, int) else f'"{value}"')
