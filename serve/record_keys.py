"""The caller's own key of a record: it is logged beside the answer, a label may name it, and no model ever gets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.handoff.column import Column
from relay.reading.one_cell import UnreadableCellError
from relay.registry.cells import describe, show_value, validate_cell
from serve.errors import Flaw

LONGEST_KEY = 200
"""Characters of a key."""


@dataclass(frozen=True)
class RecordKey:
    """The column of a contract that names a record."""

    name: str
    column: Column

    def may_be_in(self, body: bytes) -> bool:
        """Whether a record in this JSON may bring it; an escaped letter of the name is not looked at."""
        return f'"{self.name}"'.encode() in body or b"\\" in body

    def read(self, value: Any) -> str | None:
        """A key as a text, the same however its cell was written; None where a record brings none.

        Raises:
            UnreadableCellError: it is no value of the column, or too long.
        """
        cell, is_kept = validate_cell(value, self.column)
        if cell is None:
            return None
        found = write_key(cell)
        if not is_kept or len(found) > LONGEST_KEY:
            raise UnreadableCellError
        return found

    def take(self, rows: Sequence[Any]) -> tuple[list[Any], list[str | None], list[Flaw | None]]:
        """Records without their keys, the keys, and what is wrong with each.

        Args:
            rows: decoded JSON, whatever it is.
        """
        left: list[Any] = []
        keys: list[str | None] = []
        flaws: list[Flaw | None] = []
        for row in rows:
            flaw, key = None, None
            if isinstance(row, Mapping) and self.name in row:
                try:
                    key = self.read(row[self.name])
                except UnreadableCellError:
                    flaw = self._describe(row[self.name])
                row = {name: cell for name, cell in row.items() if name != self.name}
            left.append(row)
            keys.append(key)
            flaws.append(flaw)
        return left, keys, flaws

    def find(self, rows: Sequence[Any]) -> list[str | None]:
        """The keys of records that may bring anything; what is no key is passed over, as other columns are."""
        found: list[str | None] = []
        for row in rows:
            try:
                found.append(self.read(row.get(self.name)) if isinstance(row, Mapping) else None)
            except UnreadableCellError:
                found.append(None)
        return found

    def _describe(self, value: Any) -> Flaw:
        shown = show_value(value)
        expected = f"{describe(self.column)}, at most {LONGEST_KEY} characters, or null"
        return Flaw(self.name, shown, expected, f"{self.name} is {shown}, expected {expected}")


def write_key(value: Any) -> str:
    """A key as the log keeps it: numbers without a needless point, truth values in JSON's words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return str(value)


def find_record_key(columns: Mapping[str, Column]) -> RecordKey | None:
    """The key of a contract's records; None where its recipe has no id column."""
    return next((RecordKey(name, column) for name, column in columns.items()), None)
