"""The population of the drift measurements: credit rows with a model's scores, and ways to shift them.

6,000 rows train the model and choose the bins; the others are the population, from which test rows and later rows are
drawn with replacement. So "no shift" is exactly true. `RELAY_REAL_DATA` names the folder with cs-training.csv.
"""

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drift.columns import Column, Floats

TRAIN_ROWS = 6_000
INPUTS = (
    *("RevolvingUtilizationOfUnsecuredLines", "age", "NumberOfTime30-59DaysPastDueNotWorse", "DebtRatio"),
    *("MonthlyIncome", "NumberOfOpenCreditLinesAndLoans", "NumberOfTimes90DaysLate", "NumberRealEstateLoansOrLines"),
    *("NumberOfTime60-89DaysPastDueNotWorse", "NumberOfDependents"),
)
TARGET = "SeriousDlqin2yrs"
AGE, INCOME, LINES = INPUTS.index("age"), INPUTS.index("MonthlyIncome"), 5
YOUNG = 30


@dataclass(frozen=True)
class Population:
    """Rows that the model has not seen, and the rows that trained it.

    Attributes:
        train: Inputs of the training rows (6,000, 10), NaN for missing.
        train_scores: The model's probabilities of them.
        inputs: Inputs of the other rows (n, 10).
        labels: 0 or 1 (n,).
        scores: The model's probabilities (n,).
        predict: The model: inputs -> probabilities.
    """

    train: Floats
    train_scores: Floats
    inputs: Floats
    labels: Floats
    scores: Floats
    predict: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Rows:
    """Rows drawn from the population.

    Attributes:
        inputs: (n, 10).
        labels: 0 or 1 (n,).
        scores: The model's probabilities (n,).
    """

    inputs: Floats
    labels: Floats
    scores: Floats

    def columns(self) -> list[Column]:
        """The inputs as the drift library takes them."""
        return to_columns(self.inputs)


def find_rows() -> Path | None:
    """The file of credit rows, if `RELAY_REAL_DATA` names a folder that has it."""
    folder = os.environ.get("RELAY_REAL_DATA")
    path = Path(folder or "") / "cs-training.csv"
    return path if folder and path.is_file() else None


def load_population(path: Path) -> Population:
    """Read the rows and train the model, as the recipe `credit` has it.

    Args:
        path: cs-training.csv.
    """
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    inputs = np.array([[_read(row[name]) for name in INPUTS] for row in rows])
    return make_population(inputs, np.array([float(row[TARGET]) for row in rows]))


def make_population(inputs: Floats, labels: Floats) -> Population:
    """Train the model on 6,000 of the rows.

    Args:
        inputs: (n, 10), NaN for missing.
        labels: 0 or 1 (n,).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    order = np.random.default_rng(0).permutation(len(labels))
    train, others = order[:TRAIN_ROWS], order[TRAIN_ROWS:]
    settings: dict[str, Any] = {
        "max_iter": 200,
        "max_leaf_nodes": 8,
        "min_samples_leaf": 100,
        "l2_regularization": 10.0,
    }
    model = HistGradientBoostingClassifier(learning_rate=0.03, early_stopping=False, random_state=0, **settings)
    with threadpool_limits(1):
        model.fit(inputs[train], labels[train])

    def predict(rows: Floats) -> Floats:
        with threadpool_limits(1):  # more threads than free cores make it ten times slower
            probabilities: Floats = model.predict_proba(rows)[:, 1]
        return probabilities

    return Population(
        *(inputs[train], predict(inputs[train]), inputs[others], labels[others]), predict(inputs[others]), predict
    )


def to_columns(inputs: Floats) -> list[Column]:
    """A matrix of inputs as columns.

    Args:
        inputs: (n, 10).
    """
    return [Column(name, "number", np.ascontiguousarray(inputs[:, place])) for place, name in enumerate(INPUTS)]


def draw(population: Population, rows: int, random: np.random.Generator) -> Rows:
    """Rows without a shift, drawn with replacement.

    Args:
        population: Of which.
        rows: How many.
        random: Draws them.
    """
    chosen = random.integers(0, len(population.labels), rows)
    return Rows(population.inputs[chosen], population.labels[chosen], population.scores[chosen])


def shift(population: Population, rows: Rows, name: str, random: np.random.Generator) -> Rows:
    """The rows after a shift.

    Args:
        population: From which further rows are drawn.
        rows: Without a shift.
        name: Kind and size: "age:0.25" and "income:0.25" (standard deviations), "mix:0.1" (share of rows that are
            replaced by borrowers under 30), "missing:0.05" (further share of incomes), "x12:0.05" (share of incomes by
            the year), "label:2" (factor of the rate), "copula:1" (share of rows whose number of lines is permuted),
            "flip:0.05" (share of labels that are wrong), "none".
        random: Draws what is changed.
    """
    kind, _, size = name.partition(":")
    if kind == "none":
        return rows
    if kind == "flip":
        is_wrong = random.random(len(rows.labels)) < float(size)
        return Rows(rows.inputs, np.where(is_wrong, 1 - rows.labels, rows.labels), rows.scores)
    inputs, labels = SHIFTS[kind](
        population, Rows(rows.inputs.copy(), rows.labels.copy(), rows.scores), float(size), random
    )
    return Rows(inputs, labels, population.predict(inputs))


Changed = tuple[Floats, Floats]


def _shift_age(population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    years = size * float(np.std(population.inputs[:, AGE]))
    whole = np.floor(years)
    rows.inputs[:, AGE] += whole + (random.random(len(rows.labels)) < years - whole)
    return rows.inputs, rows.labels


def _shift_income(population: Population, rows: Rows, size: float, _random: np.random.Generator) -> Changed:
    low, high = np.nanquantile(population.inputs[:, INCOME], [0.25, 0.75])
    rows.inputs[:, INCOME] += np.round(size * (high - low) / 1.349)  # robust standard deviation
    return rows.inputs, rows.labels


def _mix(population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    replaced = np.flatnonzero(random.random(len(rows.labels)) < size)
    young = random.choice(np.flatnonzero(population.inputs[:, AGE] < YOUNG), len(replaced))
    rows.inputs[replaced], rows.labels[replaced] = population.inputs[young], population.labels[young]
    return rows.inputs, rows.labels


def _lose(_population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    present = np.flatnonzero(~np.isnan(rows.inputs[:, INCOME]))
    lost = min(round(size * len(rows.labels)), len(present))
    rows.inputs[random.choice(present, lost, replace=False), INCOME] = np.nan
    return rows.inputs, rows.labels


def _take_years(_population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    rows.inputs[random.random(len(rows.labels)) < size, INCOME] *= 12
    return rows.inputs, rows.labels


def _change_rate(population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    is_positive = random.random(len(rows.labels)) < size * float(np.mean(population.labels))
    places = [random.choice(np.flatnonzero(population.labels == label), len(rows.labels)) for label in (0, 1)]
    chosen = np.where(is_positive, places[1], places[0])
    return population.inputs[chosen], population.labels[chosen]


def _permute(_population: Population, rows: Rows, size: float, random: np.random.Generator) -> Changed:
    moved = np.flatnonzero(random.random(len(rows.labels)) < size)
    rows.inputs[moved, LINES] = rows.inputs[random.permutation(moved), LINES]
    return rows.inputs, rows.labels


SHIFTS: dict[str, Callable[[Population, Rows, float, np.random.Generator], Changed]] = {
    "age": _shift_age,
    "income": _shift_income,
    "mix": _mix,
    "missing": _lose,
    "x12": _take_years,
    "label": _change_rate,
    "copula": _permute,
}


def _read(text: str) -> float:
    return float(text) if text not in ("", "NA") else np.nan
