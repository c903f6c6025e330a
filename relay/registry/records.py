"""Records that people type or send, held against the inputs that a contract names; all flaws are named at once."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from relay.handoff.column import Column
from relay.handoff.wording import list_words
from relay.registry.cells import NAMES, cut, describe_range, validate_cell
from relay.registry.contract import Cell, Contract

TRUTH = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with a record."""

    column: str
    found: str
    expected: str

    def say(self) -> str:
        """The flaw in words."""
        return f"{self.column} is {self.found}, expected {self.expected}"


def check_record(record: Mapping[str, Any], inputs: Mapping[str, Column]) -> tuple[dict[str, Cell], list[Flaw]]:
    """The record as the model takes it, in the contract's order, and what is wrong with it."""
    flaws = [
        Flaw(name, "an input that the model does not take", suggest(name, inputs))
        for name in record
        if name not in inputs
    ]
    cells: dict[str, Cell] = {}
    for name, column in inputs.items():
        if name not in record:
            flaws.append(Flaw(name, "missing", "null where it is not known" if column.null else describe(column)))
            continue
        cells[name], expected = check_cell(record[name], column)
        if expected:
            flaws.append(Flaw(name, show_cell(record[name]), expected))
    return cells, flaws


def suggest(name: str, known: Mapping[str, object]) -> str:
    """The nearest known name, or all of them."""
    folded = {other.casefold(): other for other in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else list_words(known)


def check_cell(value: Any, column: Column) -> tuple[Any, str]:
    """The cell in its column's type, and what it should have been; that is empty when it is right."""
    cell, fits = validate_cell(value, column)
    if fits:
        return cell, ""
    return cell, describe(column) if value is not None else f"{describe(column)}; it must be known"


def parse_cell(text: str, column: Column) -> Cell:
    """A cell of a text file by its column's type; the text itself where it is none, so that the check says so."""
    if text == "":
        return None if column.null or column.type in ("int", "float", "bool") else text
    if column.type == "bool":
        return TRUTH.get(text.strip().lower(), text)
    if column.type not in ("int", "float"):
        return text
    try:
        # Whole numbers not by way of a float: beyond 2**53 that would be another number.
        return int(text) if text.strip().lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


def describe(column: Column) -> str:
    """What a column takes, in words: `a whole number from 18 to 120 (years)`."""
    if column.allowed is not None:
        return f"one of {', '.join(map(show_cell, column.allowed))}"
    return NAMES[column.type] + describe_range(column) + (f" ({column.unit})" if column.unit else "")


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
