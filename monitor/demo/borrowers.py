"""Made-up borrowers: what the demonstration trains on and asks about."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

RECIPE = "borrowers"
RECIPE_TEXT = """\
title = "Made-up borrowers"
seed = 42

[ingest]
source = "file"
path = "{path}"

[preprocess]
kind = "table"

[columns]
age = {{ type = "int", role = "input", min = 18, max = 120, unit = "years" }}
income = {{ type = "float", role = "input", null = true, min = 0, unit = "USD per month" }}
loans = {{ type = "int", role = "input", min = 0 }}
late = {{ type = "int", role = "target", allowed = [0, 1] }}

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
options = {{ max_iter = 1000 }}

[monitor]
label_delay = "0m"  # of the demonstration, where labels are final at once
"""

Record = dict[str, Any]


def draw(rows: int, seed: int, *, young: float = 0.0) -> tuple[list[Record], list[int]]:
    """Borrowers, and who was late: one in seven, and one in two of the young.

    Args:
        rows: how many.
        seed: of what is drawn.
        young: share of borrowers from 18 to 27 beyond the usual ones; they earn less and are late more often.
    """
    random = np.random.default_rng([21, seed])
    is_young = random.random(rows) < young
    age = np.where(is_young, random.integers(18, 28, rows), np.clip(np.round(random.normal(48, 12, rows)), 21, 90))
    income = np.round(random.lognormal(8.4, 0.45, rows) * np.where(is_young, 0.7, 1.0))
    loans = random.poisson(2.0, rows)
    is_missing = random.random(rows) < 0.05
    odds = -1.9 - 0.03 * (age - 48) - 0.5 * (np.log(income) - 8.4) + 0.25 * (loans - 2) + 1.2 * is_young
    late = random.random(rows) < 1 / (1 + np.exp(-odds))
    records: list[Record] = [
        {"age": int(age[row]), "income": None if is_missing[row] else float(income[row]), "loans": int(loans[row])}
        for row in range(rows)
    ]
    return records, late.astype(int).tolist()


def break_incomes(records: list[Record], share: float, factor: float) -> list[Record]:
    """The records with some incomes by the year instead of the month.

    Args:
        records: unchanged.
        share: of the records.
        factor: of these incomes.
    """
    random = np.random.default_rng(22)
    return [
        {**one, "income": one["income"] * factor} if one["income"] is not None and random.random() < share else one
        for one in records
    ]


def write_table(path: Path, records: list[Record], late: list[int]) -> None:
    """The records with what turned out to be true, as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["age", "income", "loans", "late"])
        for record, label in zip(records, late, strict=True):
            rows.writerow([record["age"], "" if record["income"] is None else record["income"], record["loans"], label])
