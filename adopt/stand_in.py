"""Simple stand-ins for parts that are not there yet."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from adopt.data.layout import Layout, Shape
from adopt.data.profile import Cells, ColumnProfile, Histogram, TableProfile
from adopt.recipe.types import TypeGuess
from relay.handoff.errors import UsageError


def find_layout(given: str, **_: Any) -> Layout:
    """A CSV file with commas."""
    path = Path(given)
    if not path.is_file():
        raise UsageError(f"there is no file {given}")
    with path.open(newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))
    return Layout(Shape.TABLE, tuple(names), {"source": "file", "path": given}, path.stem.replace("_", " ").title())


def read_rows(layout: Layout, _: Path) -> Iterator[pa.Table]:
    """All rows as texts."""
    with Path(layout.ingest["path"]).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row][1:]
    yield pa.table({str(i): [row[i] for row in rows] for i in range(len(layout.names))}).rename_columns(layout.names)


def profile_rows(tables: Iterator[pa.Table], *, on_progress: Any = None) -> TableProfile:  # noqa: ARG001
    """Counts of one table."""
    table = next(tables)
    columns = tuple(_profile(name, table.column(at).to_pylist()) for at, name in enumerate(table.column_names))
    return TableProfile(table.num_rows, columns, table, table.slice(0, 20))


def _profile(name: str, cells: list[str]) -> ColumnProfile:
    filled = [cell for cell in cells if cell.strip()]
    numbers = sorted(float(cell) for cell in filled if _is(float, cell))
    whole = sum(_is(int, cell) for cell in filled)
    ways = {"int": Cells(whole, len(filled) - whole), "float": Cells(len(numbers), len(filled) - len(numbers))}
    quantiles: tuple[float, ...] = ()
    histogram = None
    if numbers and len(numbers) == len(filled):
        quantiles = tuple(numbers[round(q * (len(numbers) - 1))] for q in (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1))
        low, high = numbers[0], numbers[-1] if numbers[-1] > numbers[0] else numbers[0] + 1
        edges = tuple(low + (high - low) * i / 10 for i in range(11))
        places = Counter(min(9, int((n - low) / (high - low) * 10)) for n in numbers)
        histogram = Histogram(edges, tuple(places[i] for i in range(10)))
    counts = Counter(filled)
    return ColumnProfile(
        name=name, rows=len(cells), empty=len(cells) - len(filled), ways=ways, distinct=len(counts),
        most_frequent=tuple(counts.most_common(20)), quantiles=quantiles, histogram=histogram,
        longest=max(map(len, filled), default=0), mean_words=sum(len(c.split()) for c in filled) / max(1, len(filled)),
    )  # fmt: skip


def _is(kind: Any, cell: str) -> bool:
    try:
        kind(cell)
    except ValueError:
        return False
    return True


def guess_type(column: ColumnProfile, _: Sequence[ColumnProfile]) -> TypeGuess:
    """Number or words."""
    keys = {"null": True} if column.empty else {}
    for kind in ("int", "float"):
        if column.ways[kind].misses == 0:
            return TypeGuess("int" if kind == "int" else "float", keys)
    return TypeGuess("category" if column.distinct <= 20 else "text", keys)
