"""The classifier two-sample test: its level without a shift, and broken dependence that no single column shows."""

import numpy as np
import pytest
from scipy import stats

from drift.c2st import classify
from drift.columns import Column
from drift.errors import DriftError


def make_rows(rows: int, random: np.random.Generator) -> list[Column]:
    first = random.normal(size=rows)
    second = first + 0.5 * random.normal(size=rows)
    second[random.random(rows) < 0.1] = np.nan
    words = random.choice(np.array(["a", "b", None], object), rows)
    names = np.array([f"u{number}" for number in random.integers(0, 10**9, rows)], object)
    return [
        Column("first", "number", first),
        Column("second", "number", second),
        Column("word", "category", words),
        Column("identifier", "category", names),
        Column("empty", "number", np.full(rows, np.nan)),
    ]


def test_broken_dependence_is_found() -> None:
    random = np.random.default_rng(1)
    reference, block = make_rows(4_000, random), make_rows(1_000, random)
    block[0] = Column("first", "number", random.permutation(block[0].values))
    found = classify(reference, block, 1)
    assert found.p < 0.002
    assert found.auc > 0.6


def test_without_a_shift_small_p_values_are_rare() -> None:
    random, tries = np.random.default_rng(2), 16
    reference = make_rows(3_000, random)
    low = sum(classify(reference, make_rows(200, random), seed).p <= 0.2 for seed in range(tries))
    assert low <= stats.binom.ppf(0.9999, tries, 0.2)


def test_the_same_seed_gives_the_same_result() -> None:
    random = np.random.default_rng(3)
    reference, block = make_rows(1_000, random), make_rows(400, random)
    assert classify(reference, block, 2**40) == classify(reference, block, 2**40)


@pytest.mark.parametrize("rows", [0, 1, 99])
def test_few_rows_say_nothing(rows: int) -> None:
    random = np.random.default_rng(4)
    assert classify(make_rows(1_000, random), make_rows(rows, random), 1).p == 1.0


@pytest.mark.parametrize("value", [1.0, np.nan, np.inf])
def test_columns_without_anything_to_learn_say_nothing(value: float) -> None:
    column = [Column("x", "number", np.full(300, value))]
    assert (classify(column, column, 1).p, classify([], [], 1).p) == (1.0, 1.0)


def test_columns_that_differ_are_an_error() -> None:
    random = np.random.default_rng(5)
    with pytest.raises(DriftError, match="no column word of kind category"):
        classify(make_rows(200, random), make_rows(200, random)[:2], 1)
