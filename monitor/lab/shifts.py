"""The changes that the lab makes, for the columns of any recipe."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from drift.columns import Column, Floats, Integers, Values, drop_missing, find_missing
from monitor.lab.population import Population

Kind: TypeAlias = Literal["add", "factor", "missing", "new", "mix", "label", "permute"]

STEPS = (0.1, 0.25, 0.5)
"""Standard deviations that are added to a number."""
FACTOR, FACTOR_SHARE = 12.0, 0.05
MISSING_SHARE, NEW_SHARE = 0.05, 0.05
MIX_SHARES = (0.1, 0.3)
LABEL_FACTOR = 2.0
SEGMENT = 0.15
"""Share of the rows with the lowest values, of which there are more after a mix; as near as the values allow."""
LEAST_SEGMENT, MOST_SEGMENT = 0.02, 0.4
MOST_PAIRED = 5_000
NEW_VALUE = "never seen before"


@dataclass(frozen=True)
class Shift:
    """A change of the rows."""

    kind: Kind
    column: str
    """Empty for the label."""
    size: float
    text: str
    """Such as `age + 0.25 sd`."""
    border: float | str | None = None
    """Mix: values up to it, or the category, are the segment."""

    @property
    def changes_column(self) -> bool:
        """Whether only the values of the column change, and not which rows there are."""
        return self.kind in ("add", "factor", "missing", "new", "permute")


def list_shifts(population: Population, columns: list[str], mixed: int) -> list[Shift]:
    """All changes of some columns.

    Args:
        population: has the columns.
        columns: their names.
        mixed: of so many of them the share of a segment is changed.
    """
    found: list[Shift] = []
    for name in columns:
        found += _list_column(population.rows.find(name))
    segments = [one for name in columns if (one := find_segment_border(population.rows.find(name))) is not None]
    for name, border, words in segments[:mixed]:
        for share in MIX_SHARES:
            found.append(Shift("mix", name, share, f"{share:.0%} of rows become ones with {words}", border))
    positive = population.is_positive
    if positive is not None and 0 < positive.mean() * LABEL_FACTOR < 1:
        found.append(Shift("label", "", LABEL_FACTOR, "twice as many rows of the positive class"))
    paired = find_paired(population, columns)
    if paired:
        found.append(Shift("permute", paired, 1.0, f"{paired} permuted"))
    return found


def _list_column(column: Column) -> list[Shift]:
    name, found = column.name, list[Shift]()
    if column.kind == "number":
        spread = measure_spread(column.values)
        if spread > 0:
            found += [Shift("add", name, step, f"{name} + {step:g} sd") for step in STEPS]
        if (drop_missing("number", column.values) > 0).mean() > 0.5:
            found.append(Shift("factor", name, FACTOR_SHARE, f"{name} ×{FACTOR:g} in {FACTOR_SHARE:.0%}"))
    else:
        found.append(Shift("new", name, NEW_SHARE, f"a new value of {name} in {NEW_SHARE:.0%}"))
    if find_missing(column.kind, column.values).mean() <= 0.9:
        found.append(Shift("missing", name, MISSING_SHARE, f"{name} missing in 5 points more"))
    return found


def measure_spread(values: Floats) -> float:
    """Standard deviation of the values, those beyond the first and last percentile moved there; 0 without values."""
    present = drop_missing("number", values)
    if not len(present):
        return 0.0
    return float(np.std(np.clip(present, *np.quantile(present, [0.01, 0.99]))))


def find_spread(population: Population, shift: Shift) -> float:
    """Standard deviation of the column to whose values something is added; 0 for other changes."""
    return measure_spread(population.rows.find(shift.column).values) if shift.kind == "add" else 0.0


def find_segment_border(column: Column) -> tuple[str, float | str, str] | None:
    """Name, border and words of a segment of the column; None where no part of it has a useful size."""
    present = drop_missing(column.kind, column.values)
    if len(present) < 1:
        return None
    if column.kind == "number":
        border = float(np.quantile(present, SEGMENT, method="inverted_cdf"))
        share = float((present <= border).mean())
        words = f"{column.name} <= {border:.6g}"
        return (column.name, border, words) if share <= MOST_SEGMENT else None
    values, counts = np.unique(present.astype(str), return_counts=True)
    shares = counts / len(present)
    usable = np.flatnonzero((shares >= LEAST_SEGMENT) & (shares <= MOST_SEGMENT))
    if not len(usable):
        return None
    place = usable[int(np.argmin(shares[usable]))]
    return column.name, str(values[place]), f"{column.name} = {values[place]}"


def find_paired(population: Population, columns: list[str]) -> str:
    """The number that the other numbers tell best, by the largest rank correlation; empty with fewer than two."""
    from scipy.stats import rankdata

    ranks = {}
    for name in columns:
        column = population.rows.find(name)
        if column.kind == "number" and measure_spread(column.values) > 0:
            values = column.values[:MOST_PAIRED]
            ranks[name] = rankdata(np.where(np.isnan(values), np.inf, values))
    if len(ranks) < 2:
        return ""
    matrix = np.abs(np.nan_to_num(np.corrcoef(np.stack(list(ranks.values())))))
    np.fill_diagonal(matrix, 0)
    return list(ranks)[int(matrix.max(axis=1).argmax())]


def change_values(shift: Shift, column: Column, spread: float, random: np.random.Generator) -> Column:
    """The column after a change of its values.

    Args:
        shift: one that changes a column.
        column: its drawn values.
        spread: standard deviation of the column.
        random: draws what is changed.
    """
    values: Values = column.values.copy()
    if shift.kind == "add":
        values = values + _round_like(column.values, shift.size * spread, random)
    elif shift.kind == "permute":
        values = random.permutation(values)
    elif shift.kind == "missing":
        # Of the rows with a value, so that five more of a hundred rows have none.
        present = ~find_missing(column.kind, values)
        share = min(1.0, shift.size / max(float(present.mean()), shift.size))
        values[present & (random.random(len(values)) < share)] = np.nan if column.kind == "number" else None
    elif shift.kind == "factor":
        values = np.where(random.random(len(values)) < shift.size, values * FACTOR, values)
    else:
        values[random.random(len(values)) < shift.size] = NEW_VALUE
    return Column(column.name, column.kind, values)


def _round_like(values: Floats, step: float, random: np.random.Generator) -> Floats:
    """The step for each value; a whole number at random where all values are whole, so that they stay so (rows,)."""
    present = drop_missing("number", values)
    if not (present == np.round(present)).all():
        return np.full(len(values), step)
    whole = np.floor(step)
    found: Floats = whole + (random.random(len(values)) < step - whole)
    return found


def change_rows(shift: Shift, population: Population, chosen: Integers, random: np.random.Generator) -> Integers:
    """Numbers of the rows after a change of which rows there are.

    Args:
        shift: a mix, or the label.
        population: of which.
        chosen: numbers without a change (rows,).
        random: draws what is changed.
    """
    if shift.kind == "label" and population.is_positive is not None:
        positive, rate = np.flatnonzero(population.is_positive), float(population.is_positive.mean())
        others = np.flatnonzero(~population.is_positive)
        is_positive = random.random(len(chosen)) < rate * shift.size
        return np.where(is_positive, random.choice(positive, len(chosen)), random.choice(others, len(chosen)))
    values = population.rows.find(shift.column).values
    segment = np.flatnonzero(values <= shift.border if isinstance(shift.border, float) else values == shift.border)
    return np.where(random.random(len(chosen)) < shift.size, random.choice(segment, len(chosen)), chosen)
