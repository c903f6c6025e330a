"""Borrowers for the benchmark of blocks: the real ones where RELAY_REAL_DATA names them, else made-up ones.

Beside the inputs they have columns of every other kind. Batches are drawn with replacement from rows that the model has
not seen, so that without a shift nothing has moved.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.drift_rows import (
    TRAIN_ROWS,
    Population,
    Rows,
    find_rows,
    load_population,
    make_population,
    to_columns,
)
from drift.columns import Column, Floats, Values

MADE_UP_ROWS = 20_000


@dataclass(frozen=True)
class World:
    """The population, and further columns of its rows.

    Attributes:
        population: Rows with the scores of a model.
        train_others: Constant, empty, fractions, ties, categories of the training rows (6,000,).
        others: The same of the other rows.
        is_real: Whether the rows are those of RELAY_REAL_DATA.
    """

    population: Population
    train_others: tuple[Column, ...]
    others: tuple[Column, ...]
    is_real: bool

    def draw(self, rows: int, random: np.random.Generator) -> tuple[Rows, list[Column]]:
        """Rows that the model has not seen, with replacement, and all their columns."""
        known = self.population
        chosen = random.integers(0, len(known.labels), rows)
        drawn = Rows(known.inputs[chosen], known.labels[chosen], known.scores[chosen])
        others = [Column(name, kind, values[chosen]) for name, kind, values in self.others]
        return drawn, [*drawn.columns(), *others]

    def list_training(self) -> list[Column]:
        """All columns of the training rows."""
        return [*to_columns(self.population.train), *self.train_others]


@cache
def load_world() -> World:
    """The borrowers, and a model that 6,000 of them have trained."""
    path = find_rows()
    population = make_population(*make_borrowers(MADE_UP_ROWS)) if path is None else load_population(path)
    others = _make_others(TRAIN_ROWS + len(population.labels))
    train = tuple(Column(name, kind, values[:TRAIN_ROWS]) for name, kind, values in others)
    rest = tuple(Column(name, kind, values[TRAIN_ROWS:]) for name, kind, values in others)
    return World(population, train, rest, is_real=path is not None)


def make_borrowers(rows: int) -> tuple[Floats, Floats]:
    """Inputs (rows, 10) and labels (rows,) of made-up borrowers, with ties, heavy tails and missing values."""
    random = np.random.default_rng(1)
    age = np.clip(np.round(random.normal(52, 15, rows)), 21, 100)
    income = np.round(np.exp(random.normal(8.4 + 0.005 * (age - 52), 0.7, rows)))
    lines = random.poisson(4 + age / 12)
    late = [random.poisson(mean * random.gamma(0.3, 3, rows)) for mean in (0.3, 0.1, 0.1)]
    used = np.clip(random.beta(0.6, 1.2, rows) + 0.05 * late[0], 0, 3)
    debt = np.exp(random.normal(-1.2, 0.8, rows)) * np.where(random.random(rows) < 0.02, 1_000, 1)
    odds = -5.3 + 3.5 * used + 1.5 * np.minimum(late[1], 4) + 0.8 * np.minimum(late[0], 4) - 0.03 * (age - 52)
    labels = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    income[random.random(rows) < 0.2] = np.nan
    dependents = random.poisson(0.8, rows).astype(np.float64)
    dependents[random.random(rows) < 0.03] = np.nan
    estate = random.poisson(1, rows)
    return np.column_stack([used, age, late[0], debt, income, lines, late[1], estate, late[2], dependents]), labels


def _make_others(rows: int) -> tuple[Column, ...]:
    random = np.random.default_rng(2)

    def draw(number: int, missing: float = 0.0) -> Values:
        shares = 1 / np.arange(1, number + 1)
        values = np.array([f"v{place}" for place in range(number)], object)
        drawn: Values = values[random.choice(number, rows, p=shares / shares.sum())]
        drawn[random.random(rows) < missing] = None
        return drawn

    return (
        Column("constant", "number", np.ones(rows)),
        Column("empty", "number", np.full(rows, np.nan)),
        Column("fraction", "number", random.normal(size=rows)),
        Column("halves", "number", np.round(random.normal(size=rows) * 2) / 2),
        Column("rare flag", "number", (random.random(rows) < 0.01) * 1.0),
        Column("three", "category", draw(3)),
        Column("fifty", "category", draw(50, missing=0.02)),
        Column("thousand", "category", draw(1_000)),
        Column("identifier", "category", np.array([f"u{place}" for place in range(rows)], object)),
    )
