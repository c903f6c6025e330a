"""Borrowers for the benchmarks of drift: the real ones where RELAY_REAL_DATA names them, else made-up ones, and shifts.

Batches are drawn with replacement from rows that the model has not seen, so that without a shift nothing has moved.
"""

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from drift.columns import Column, Floats, Integers, Values

NAMES = (
    "RevolvingUtilizationOfUnsecuredLines",
    "age",
    "NumberOfTime30-59DaysPastDueNotWorse",
    "DebtRatio",
    "MonthlyIncome",
    "NumberOfOpenCreditLinesAndLoans",
    "NumberOfTimes90DaysLate",
    "NumberRealEstateLoansOrLines",
    "NumberOfTime60-89DaysPastDueNotWorse",
    "NumberOfDependents",
)
TARGET = "SeriousDlqin2yrs"
AGE, INCOME, LINES = 1, 4, 5
TRAIN_ROWS = 6_000
MADE_UP_ROWS = 20_000


@dataclass(frozen=True)
class Borrowers:
    """Rows of borrowers.

    Attributes:
        numbers: (rows, 10) in the order of NAMES; NaN for missing.
        others: Further columns of every other kind (rows,): constant, empty, fractions, ties, categories.
        labels: (rows,) 1 for late.
        scores: (rows,) probability of being late, by the model.
    """

    numbers: Floats
    others: tuple[Column, ...]
    labels: Integers
    scores: Floats

    def take(self, rows: Integers) -> "Borrowers":
        """Some of the rows, in the order of the indexes (n,)."""
        others = tuple(Column(name, kind, values[rows]) for name, kind, values in self.others)
        return Borrowers(self.numbers[rows], others, self.labels[rows], self.scores[rows])

    def columns(self, *, with_others: bool = False) -> list[Column]:
        """The inputs as columns, and the further ones."""
        inputs = [Column(name, "number", self.numbers[:, place]) for place, name in enumerate(NAMES)]
        return [*inputs, *(self.others if with_others else ())]


@dataclass(frozen=True)
class World:
    """Rows that trained the model, and all others."""

    train: Borrowers
    rest: Borrowers
    is_real: bool

    def draw(self, rows: int, random: np.random.Generator) -> Borrowers:
        """Rows that the model has not seen, with replacement."""
        return self.rest.take(random.integers(0, len(self.rest.labels), rows))


@cache
def load_world() -> World:
    """The borrowers and the scores of a boosting that 6,000 of them have trained."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    folder = os.environ.get("RELAY_REAL_DATA")
    path = Path(folder, "cs-training.csv") if folder else None
    is_real = path is not None and path.is_file()
    numbers, labels = read_borrowers(path) if path is not None and is_real else make_borrowers(MADE_UP_ROWS)
    order = np.random.default_rng(0).permutation(len(labels))
    numbers, labels = numbers[order], labels[order]
    model = HistGradientBoostingClassifier(
        learning_rate=0.03, max_iter=200, max_leaf_nodes=8, min_samples_leaf=100, early_stopping=False, random_state=0
    )
    model.fit(numbers[:TRAIN_ROWS], labels[:TRAIN_ROWS])
    scores = model.predict_proba(numbers)[:, 1]
    every = Borrowers(numbers, _make_others(len(labels)), labels, scores)
    rows = np.arange(len(labels))
    return World(every.take(rows[:TRAIN_ROWS]), every.take(rows[TRAIN_ROWS:]), is_real)


def read_borrowers(path: Path) -> tuple[Floats, Integers]:
    """Inputs (rows, 10) and labels (rows,) of Kaggle's file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = [[float(row[name]) if row[name] not in ("", "NA") else np.nan for name in NAMES] for row in rows]
    return np.array(values), np.array([int(row[TARGET]) for row in rows])


def make_borrowers(rows: int) -> tuple[Floats, Integers]:
    """Inputs (rows, 10) and labels (rows,) of made-up borrowers, with ties, heavy tails and missing values."""
    random = np.random.default_rng(1)
    age = np.clip(np.round(random.normal(52, 15, rows)), 21, 100)
    income = np.round(np.exp(random.normal(8.4 + 0.005 * (age - 52), 0.7, rows)))
    lines = random.poisson(4 + age / 12)
    late = [random.poisson(mean * random.gamma(0.3, 3, rows)) for mean in (0.3, 0.1, 0.1)]
    used = np.clip(random.beta(0.6, 1.2, rows) + 0.05 * late[0], 0, 3)
    debt = np.exp(random.normal(-1.2, 0.8, rows)) * np.where(random.random(rows) < 0.02, 1_000, 1)
    odds = -5.3 + 3.5 * used + 1.5 * np.minimum(late[1], 4) + 0.8 * np.minimum(late[0], 4) - 0.03 * (age - 52)
    labels = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
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


def shift(name: str, batch: Borrowers, rest: Borrowers, random: np.random.Generator) -> Borrowers:
    """A batch with a shift.

    Args:
        name: "age .25" (standard deviations), "income .25" (robust ones), "mix .1" (share of rows replaced by borrowers
            under 30), "missing .05" (further share), "x12 .05" (share of incomes), "late 2" (times as many),
            "dependence" (a column permuted) or "none".
        batch: Rows as they were drawn; all but "late" keep their scores.
        rest: Rows to draw others from.
        random: Where the draws come from.
    """
    kind, _, size = name.partition(" ")
    numbers, rows = batch.numbers.copy(), len(batch.labels)
    if kind == "age":
        by = float(size) * float(np.std(rest.numbers[:, AGE]))
        numbers[:, AGE] += np.floor(by) + (random.random(rows) < by - np.floor(by))
    elif kind == "income":
        low, high = np.nanquantile(rest.numbers[:, INCOME], [0.25, 0.75])
        numbers[:, INCOME] += np.round(float(size) * (high - low) / 1.349)
    elif kind == "mix":
        is_young = random.random(rows) < float(size)
        young = np.flatnonzero(rest.numbers[:, AGE] < 30)
        numbers[is_young] = rest.numbers[random.choice(young, int(is_young.sum()))]
    elif kind == "missing":
        present = np.flatnonzero(~np.isnan(numbers[:, INCOME]))
        numbers[random.choice(present, round(float(size) * rows), replace=False), INCOME] = np.nan
    elif kind == "x12":
        numbers[random.random(rows) < float(size), INCOME] *= 12
    elif kind == "late":
        is_late = random.random(rows) < rest.labels.mean() * float(size)
        late, fine = np.flatnonzero(rest.labels == 1), np.flatnonzero(rest.labels == 0)
        return rest.take(np.where(is_late, random.choice(late, rows), random.choice(fine, rows)))
    elif kind == "dependence":
        numbers[:, LINES] = numbers[random.permutation(rows), LINES]
    return Borrowers(numbers, batch.others, batch.labels, batch.scores)
