"""The columns of one reading: how their cells are written, and what has been seen of them so far."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from relay.handoff.column import CellKeys, Column, OpenColumns, fill_keys
from relay.handoff.errors import SchemaError
from relay.handoff.receipt import ColumnWarning
from relay.reading.ambiguous import (
    AmbiguousCellError,
    describe_bare,
    describe_blanks,
    describe_dotted,
    describe_grouped_floats,
    describe_mixture,
    describe_orders,
    describe_signs_behind,
    show,
)
from relay.reading.listing import list_names
from relay.reading.moments import SEEN_COMPACT, SEEN_ISO
from relay.reading.numbers import SEEN_BARE, SEEN_FRACTION, SEEN_GROUPED, SEEN_SIGN_BEHIND
from relay.reading.words import SEEN_BLANKS
from relay.reading.written_dates import SEEN_DAY_FIRST, SEEN_DOTTED, SEEN_MONTH_FIRST

DOT_IS_DECIMAL = {b"decimal": b"."}
"""Note on a field of texts that a database wrote from numbers."""

NOTHING: Mapping[str, int] = MappingProxyType({})

COUNTED = {SEEN_BLANKS: describe_blanks, SEEN_SIGN_BEHIND: describe_signs_behind, SEEN_BARE: describe_bare}
"""What was seen -> the warning, by the column's name, the number of cells and an example."""

IS_TEXT = {b"holds": b"text"}
"""Note on a field of bytes that are texts."""


@dataclass(frozen=True)
class Sighting:
    """A cell that shows how a column is written."""

    row: int
    cell: str


def say(sighting: Sighting) -> str:
    """A cell and its row."""
    return f"{show(sighting.cell)} in row {sighting.row:,}"


class ReadColumns(dict[str, Column]):
    """Name -> column with the keys that apply to it, and what its cells have shown so far, in all files."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        super().__init__(columns)
        self.is_open = isinstance(columns, OpenColumns)
        """Whether the source may bring others."""
        self.may_lack = isinstance(columns, OpenColumns) and columns.may_lack
        """Whether it may lack some of them."""
        self.is_set = False
        """Whether the file that is read now is one of several, some of which may lack a column that may be null."""
        self._absent: dict[str, dict[str, str]] = {}
        self._files = 0
        self._seen: dict[str, dict[str, Sighting]] = {name: {} for name in columns}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in columns}

    def note(self, name: str, seen: Mapping[str, Sighting], counts: Mapping[str, int] = NOTHING) -> None:
        """Keep what was seen, and how often.

        Raises:
            AmbiguousCellError: what was seen before says something else.
        """
        self._counts[name].update(counts)
        known = self._seen[name]
        for kind, sighting in seen.items():
            known.setdefault(kind, sighting)
        _require_one_way(name, known)

    def follow(self, later: "ReadColumns", before: int) -> bool:
        """Take in what the cells of the next file have shown, which was read by itself.

        Args:
            later: what they have shown.
            before: rows of the files before it.

        Returns:
            False, with nothing taken in, where it does not go with what was seen before.
        """
        seen = {}
        for name, known in later._seen.items():
            moved = {kind: Sighting(one.row + before, one.cell) for kind, one in known.items()}
            seen[name] = {**moved, **self._seen[name]}
            try:
                _require_one_way(name, seen[name])
            except AmbiguousCellError:
                return False
        self._seen = seen
        for name, counts in later._counts.items():
            self._counts[name].update(counts)
        for name, where in later._absent.items():
            self._absent.setdefault(name, {}).update(where)
        return True

    def note_absent(self, name: str, where: str, message: str) -> None:
        """Keep that a file of the set lacks a column; the message is the one for a set in which all files do."""
        self._absent.setdefault(name, {})[where] = message

    def is_absent(self, name: str) -> bool:
        """Whether a file of the set lacks a column, which is then null in its rows."""
        return name in self._absent

    def end_set(self, files: int) -> None:
        """Take in how many files there were.

        Raises:
            SchemaError: all of them lack a column.
        """
        self._files = files
        for absent in self._absent.values():
            if len(absent) == files:
                raise SchemaError(next(iter(absent.values())))

    def take_notes(self, fields: Mapping[str, pa.Field]) -> None:
        """Read numbers that a database wrote as texts by its marks; name -> field of the source."""
        for name, item in fields.items():
            if name in self and DOT_IS_DECIMAL.items() <= (item.metadata or {}).items():
                self[name] = self[name].model_copy(update={"decimal": ".", "thousands": ""})

    def note_fraction(self, name: str) -> None:
        """Keep that a number was seen whose dot can only be a decimal mark."""
        self._seen[name].setdefault(SEEN_FRACTION, Sighting(0, ""))

    def has_fraction(self, name: str) -> bool:
        """Whether a number was seen whose dot can only be a decimal mark."""
        return SEEN_FRACTION in self._seen[name]

    def warnings(self) -> tuple[ColumnWarning, ...]:
        """What a person should look at, once all rows are read."""
        found = tuple(
            ColumnWarning(column=name, text=text)
            for name, seen in self._seen.items()
            for text in self._warn(name, seen)
        )
        absent = tuple(
            ColumnWarning(
                column=name,
                text=f"column {name} is missing in {len(where)} of {self._files} files and null in their rows: "
                f"{list_names(list(where))}",
            )
            for name, where in self._absent.items()
        )
        return found + absent

    def _warn(self, name: str, seen: Mapping[str, Sighting]) -> Iterator[str]:
        if SEEN_GROUPED in seen and SEEN_FRACTION not in seen:
            yield describe_grouped_floats(name, seen[SEEN_GROUPED].row, seen[SEEN_GROUPED].cell)
        for kind, describe in COUNTED.items():
            if kind in seen:
                yield describe(name, self._counts[name][kind], say(seen[kind]))
        if SEEN_DOTTED in seen and SEEN_DAY_FIRST not in seen:
            yield describe_dotted(name, say(seen[SEEN_DOTTED]))


def _require_one_way(name: str, known: Mapping[str, Sighting]) -> None:
    """Return where all that was seen of a column can be read in one way.

    Raises:
        AmbiguousCellError: it cannot.
    """
    if SEEN_COMPACT in known and SEEN_ISO in known:
        compact, iso = known[SEEN_COMPACT], known[SEEN_ISO]
        what = describe_mixture(compact.cell, f" in row {compact.row:,}", say(iso))
        raise AmbiguousCellError(f"column {name}: {what}")
    month = known.get(SEEN_MONTH_FIRST)
    for day in (known.get(SEEN_DAY_FIRST), known.get(SEEN_DOTTED)):
        if month is not None and day is not None:
            raise AmbiguousCellError(f"column {name}: {describe_orders(say(day), say(month))}")


def open_columns(columns: Mapping[str, Column], keys: CellKeys) -> ReadColumns:
    """The columns with the keys of `[ingest]` where they declare none of their own.

    Raises:
        RecipeError: the keys of a column and of the file do not go together.
    """
    filled = {name: fill_keys(name, column, keys) for name, column in columns.items()}
    if isinstance(columns, OpenColumns):
        return ReadColumns(OpenColumns(filled, may_lack=columns.may_lack))
    return ReadColumns(filled)
