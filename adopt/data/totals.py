"""Rows that are no records: totals below or between the others, found by their label or by their sums."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.cell_kinds import Kind, find_kind
from adopt.data.profile import TableProfile
from adopt.notes import Note
from relay.handoff.override import quote_toml
from relay.handoff.wording import count, list_words

WORDS = (
    "total totals sum summe gesamt gesamtsumme insgesamt subtotal zwischensumme endsumme totale totaal totalt somme "
    "suma summa razem zusammen gesamtergebnis average mean durchschnitt mittelwert totaux celkem összesen всего итого "
    "yhteensä totalt 合計 总计"
)
LABELS = frozenset((*WORDS.split(), "grand total", "grand totals", "sub total", "sub totals", "i alt"))
"""First words of the label of a row that sums up others, in the languages of Europe and some more."""

SIGNS = ("*", "**", "***", "Σ", "∑")
"""Whole cells that label such a row, as SAP writes them."""

MOST_WORDS = 3
"""Words of such a label."""

LAST_ROWS = 5
"""Rows at the end among which a total is looked for."""

RARE = 3
"""Rows that have the label of a total in the last rows: as a value of more it is one of theirs."""

MOST_FILLED = 0.8
"""Share of the usual number of filled cells that a row of totals has at most: texts and dates have no total."""

SUM_ERROR = 0.005
"""How far a sum may be off, as a share: its parts may be rounded."""

FEWEST_ROWS = 4
"""Numbers up to which sums come out equal by chance."""

USUALLY_FILLED = 0.9
"""Share of rows with a value from which on an empty cell is unusual."""

MOST_BETWEEN = 0.2
"""Share of rows that may be totals between the others."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Totals:
    """Rows that sum up others."""

    rules: tuple[Mapping[str, str], ...] = ()
    """What `skip_if` says so that they are left out."""
    notes: tuple[Note, ...] = ()
    """Evidence of these rules."""
    suspects: tuple[str, ...] = ()
    """What looks like totals and cannot be told by a cell, in sentences."""
    columns: tuple[str, ...] = field(default=())
    """The columns concerned, by the source's names."""


def find_totals(profile: TableProfile) -> Totals:
    """The rows of a table that sum up others.

    Args:
        profile: of all rows.
    """
    names = profile.sample.column_names
    if profile.rows < 2 or len(names) < 2 or len(set(names)) < len(names):
        return Totals()
    last = profile.last.slice(max(0, profile.last.num_rows - LAST_ROWS)).to_pylist()
    found: dict[tuple[str, str], str] = {}
    for row in last:
        for name, label in _find_labels(row):
            if _is_rare(profile, name, label) and (why := _explain(profile, row, name)):
                found.setdefault((name, label), why)
    for name, label, number in _find_between(profile):
        found.setdefault((name, label), f"{count(number, 'row')} with empty cells where others have values")
    rules = tuple({"column": name, "value": label} for name, label in found)
    notes = tuple(
        Note(f"{name} = {quote_toml(label)} is a total, no record: {why}", is_question=True, key="ingest.skip_if")
        for (name, label), why in found.items()
    )
    suspects = () if found else tuple(_find_unlabelled(profile, last))
    return Totals(rules, notes, suspects, tuple(dict.fromkeys(name for name, _ in found)))


def _find_labels(row: Row) -> Iterator[tuple[str, str]]:
    """The first cell of a row that labels it as a total."""
    for name, cell in row.items():
        if isinstance(cell, str) and (is_label(cell) or cell.strip() in SIGNS):
            yield name, cell.strip()
            return


def is_label(cell: str) -> bool:
    """Whether a cell says that its row sums up others: `Summe`, `Total:`, `Grand total`."""
    words = re.findall(r"[^\W\d_]+", cell.casefold())
    if not words or len(words) > MOST_WORDS:
        return False
    return words[0] in LABELS or " ".join(words[:2]) in LABELS


def _is_rare(profile: TableProfile, name: str, label: str) -> bool:
    """Whether a label stands in few rows."""
    return len(_find_places(profile.sample.column(name), [label])) <= RARE


def _find_places(cells: pa.ChunkedArray, labels: Sequence[str]) -> list[int]:
    """The rows in which a cell is one of the labels, white space around it not counted."""
    wanted = [cell for cell in pc.unique(cells).to_pylist() if isinstance(cell, str) and cell.strip() in labels]
    hit = pc.is_in(cells, pa.array(wanted, cells.type)) if wanted else None
    return [] if hit is None else np.flatnonzero(hit.to_numpy()).tolist()


def _explain(profile: TableProfile, row: Row, label: str) -> str:
    """What else shows that a row is a total; empty where nothing does."""
    if sums := _find_sums(profile, row):
        return f"in {', '.join(sums)} it has the sum of the others"
    empty = [name for name, cell in row.items() if name != label and _is_unusually_empty(profile, name, cell)]
    if empty:
        return f"one of the last rows, with no value in {', '.join(empty[:3])}"
    filled, usual = len(row) - sum(map(_is_empty, row.values())), sum(one.filled for one in profile.columns)
    if filled * profile.rows <= MOST_FILLED * usual:
        return f"one of the last rows, with {count(filled, 'value')} where others have {usual / profile.rows:.0f}"
    others = profile.head.column(label).to_pylist()
    if any(_read_number(cell, ".") is not None for cell in others):
        return "a word among numbers in one of the last rows"
    has_times = any(find_kind(str(cell)) == Kind.TIME for cell in others if cell is not None)
    return "a word among times in one of the last rows" if has_times else ""


def _find_sums(profile: TableProfile, row: Row) -> list[str]:
    """The columns in which a last row has the sum of all rows before it."""
    if profile.rows * len(row) > MOST_SUMMED or profile.sample.num_rows < profile.rows:
        return []
    return [name for name, cell in row.items() if _is_sum(cell, profile.sample.column(name).to_pylist())]


def _is_sum(cell: Any, cells: Sequence[Any]) -> bool:
    """Whether a cell of a column is the sum of the others, by either decimal mark, and the largest of them."""
    for decimal in DECIMALS:
        value = _read_number(cell, decimal)
        known = [number for one in cells if (number := _read_number(one, decimal)) is not None] if value else []
        if value is None or len(known) <= FEWEST_ROWS or max(map(abs, known)) > abs(value):
            continue
        if abs(sum(known) - 2 * value) <= SUM_ERROR * abs(value):
            return True
    return False


def _find_unlabelled(profile: TableProfile, last: Sequence[Row]) -> Iterator[str]:
    """A last row with the sums of two columns, or of one where other cells are empty."""
    if not last:
        return
    row = last[-1]
    sums = _find_sums(profile, row)
    if len(sums) > 1 or (sums and any(_is_unusually_empty(profile, name, cell) for name, cell in row.items())):
        yield (
            f"The last row may be a total: in {list_words(sums)} it has the sum of the others. If it is one, delete "
            "it, or leave it out with skip_if in [ingest]."
        )


def _find_between(profile: TableProfile) -> Iterator[tuple[str, str, int]]:
    """Column, label and rows of totals between the others: labelled rows, each with an unusual empty cell."""
    for name, cells in zip(profile.sample.column_names, profile.sample.columns, strict=True):
        if not pa.types.is_string(cells.type):
            continue
        labels = {
            cell.strip() for cell in pc.unique(cells).to_pylist() if cell and len(cell) <= LONGEST and is_label(cell)
        }
        for label in sorted(labels):
            places = _find_places(cells, [label])
            if len(places) > MOST_BETWEEN * len(cells):
                continue
            rows = profile.sample.take(pa.array(places)).to_pylist()
            if all(any(_is_unusually_empty(profile, key, cell) for key, cell in row.items()) for row in rows):
                yield name, label, len(places)


def _is_unusually_empty(profile: TableProfile, name: str, cell: Any) -> bool:
    if not _is_empty(cell):
        return False
    column = profile.columns[int(profile.sample.schema.get_field_index(name))]
    return bool(column.filled >= USUALLY_FILLED * column.rows - RARE)


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _read_number(cell: Any, decimal: str) -> float | None:
    """A number by its decimal mark; the other mark, blanks and signs of currencies do not count."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    text = NO_DIGITS.sub("", str(cell)).replace("," if decimal == "." else ".", "").replace(decimal, ".")
    return float(text) if NUMBER.fullmatch(text) else None


DECIMALS = (".", ",")
NO_DIGITS = re.compile(r"[\s\u00a0\u202f'€$£%]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")

LONGEST = 40
"""Characters of the longest label."""

MOST_SUMMED = 200_000
"""Cells up to which sums are compared."""
