"""The factor by which values look multiplied: named where it is one, and not for other shifts."""

import numpy as np
import pytest

from drift.column_profile import build_column
from drift.columns import Column, Floats, Values
from drift.factor import MEANINGS, Factor, find_factor


def draw_incomes(rows: int, random: np.random.Generator) -> Floats:
    """As people give them: round numbers, heavy tails, some 0 and some missing."""
    incomes = np.round(random.lognormal(8.5, 0.6, rows), -1)
    incomes[random.random(rows) < 0.02] = 0
    incomes[random.random(rows) < 0.1] = np.nan
    return incomes


def search(block: Floats, *, seed: int, keep_rows: bool = True) -> Factor | None:
    random = np.random.default_rng([seed, 9])
    before = draw_incomes(8_000, random)
    column = build_column(Column("income", "number", draw_incomes(6_000, random)), before)
    return find_factor(column, before if keep_rows else None, block)


CASES = [(factor, True) for factor in MEANINGS] + [(factor, False) for factor in (12.0, 100.0, 1000.0)]


@pytest.mark.parametrize(("factor", "keep_rows"), [case for case in CASES if not 1 / 3 < case[0] < 3])
def test_a_far_factor_in_one_row_of_twenty_is_named(factor: float, keep_rows: bool) -> None:
    for seed in range(4):
        random = np.random.default_rng([seed, 10])
        block = draw_incomes(1_000, random)
        is_wrong = (random.random(1_000) < 0.05) & ~np.isnan(block)
        block[is_wrong] *= factor
        found = search(block, seed=seed, keep_rows=keep_rows)
        assert found is not None
        assert found.factor == factor
        assert found.low < is_wrong.sum() / (~np.isnan(block)).sum() < found.high


@pytest.mark.parametrize(("factor", "keep_rows"), CASES)
def test_a_unit_that_changed_in_all_rows_is_named(factor: float, keep_rows: bool) -> None:
    block = draw_incomes(1_000, np.random.default_rng(1)) * factor
    found = search(block, seed=1, keep_rows=keep_rows)
    assert found is not None
    assert (found.factor, found.share > 0.9, found.high) == (factor, True, 1.0)


@pytest.mark.parametrize("used", [2.2, 0.4536, 1.609])
def test_a_unit_that_changed_by_a_rounded_factor_is_named(used: float) -> None:
    found = search(np.round(draw_incomes(3_000, np.random.default_rng(2)) * used), seed=1)
    assert found is not None
    assert found.factor == pytest.approx(used, rel=0.003)


def test_a_near_factor_in_half_of_the_rows_is_named() -> None:
    random = np.random.default_rng(4)
    block = draw_incomes(2_000, random)
    block[:1_000] *= 2.2046
    found = search(block, seed=1)
    assert found is not None
    assert found.low < 0.5 < found.high


@pytest.mark.parametrize("keep_rows", [True, False], ids=["rows", "bins only"])
@pytest.mark.parametrize("shift", ["nothing", "more", "wider", "lower half", "noise", "a quarter more", "constant"])
def test_another_shift_has_no_factor(shift: str, keep_rows: bool) -> None:
    for seed in range(4):
        random = np.random.default_rng([seed, 11])
        block = draw_incomes(1_000, random)
        changed = {
            "nothing": block,
            "more": block + 1_000,
            "wider": block * random.lognormal(0, 0.5, 1_000),
            "lower half": np.where(block > 5_000, block / random.uniform(1, 2, 1_000), block),
            "noise": random.uniform(0, 1e6, 1_000),
            "a quarter more": block * 1.25,
            "constant": np.full(1_000, 4_910.0),
        }[shift]
        assert search(changed, seed=seed, keep_rows=keep_rows) is None


def test_the_text_says_share_factor_and_how_it_comes_about() -> None:
    random = np.random.default_rng(3)
    block = draw_incomes(5_000, random)
    block[:250] *= 12
    many = search(draw_incomes(1_000, random) / 12, seed=1)
    found = search(block, seed=2)
    assert found is not None
    assert found.text == "5% of rows look ×12 (per year instead of per month)"
    assert many is not None
    assert many.text == "100% of rows look ÷12 (per month instead of per year)"


@pytest.mark.parametrize(
    "values",
    [np.empty(0), np.full(500, np.nan), np.zeros(500), np.full(500, np.inf), np.ones(500), np.arange(10.0)],
    ids=["no rows", "missing", "zero", "infinite", "constant", "few"],
)
def test_values_that_have_no_factor_are_no_error(values: Floats) -> None:
    column = build_column(Column("x", "number", values), values)
    for reference in (values, None):
        for block in (values, np.full(300, np.nan), np.arange(300.0)):
            assert find_factor(column, reference, block) is None


def test_a_category_has_no_factor() -> None:
    words: Values = np.array(["a"] * 100, object)
    assert find_factor(build_column(Column("k", "category", words), words), words, words) is None
