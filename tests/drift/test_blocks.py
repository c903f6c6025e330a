"""The test of a block: its level without a shift, its power, and columns in which there is nothing to test."""

import numpy as np
import pytest
from scipy import stats

from drift import blocks
from drift.columns import Column, Values
from drift.errors import DriftError
from drift.profile import Profile, build_profile


def make_rows(rows: int, random: np.random.Generator) -> list[Column]:
    """Columns of every kind: whole numbers, fractions, ties, a rare flag, constant, empty, categories."""
    income = np.round(random.lognormal(8, 0.7, rows))
    income[random.random(rows) < 0.2] = np.nan
    shares = 1 / np.arange(1, 31)
    words = np.array([f"v{place}" for place in range(30)], object)[random.choice(30, rows, p=shares / shares.sum())]
    words[random.random(rows) < 0.05] = None
    return [
        Column("age", "number", np.round(random.normal(50, 15, rows))),
        Column("income", "number", income),
        Column("fraction", "number", random.normal(size=rows)),
        Column("halves", "number", np.round(random.normal(size=rows) * 2) / 2),
        Column("flag", "number", (random.random(rows) < 0.01) * 1.0),
        Column("constant", "number", np.ones(rows)),
        Column("empty", "number", np.full(rows, np.nan)),
        Column("word", "category", words),
    ]


def make_profile(seed: int, rows: int = 4_000) -> Profile:
    random = np.random.default_rng(seed)
    return build_profile(make_rows(4_000, random), make_rows(rows, random), test_scores=random.random(rows))


def run_test(profile: Profile, rows: list[Column], random: np.random.Generator) -> blocks.BlockResult:
    assert profile.score is not None
    scores = profile.score.count(random.random(len(rows[0].values)))
    return blocks.test_block(profile, profile.count(rows), scores, alpha=0.01)


def replace(rows: list[Column], name: str, values: Values) -> list[Column]:
    return [Column(*column[:2], values) if column.name == name else column for column in rows]


@pytest.mark.parametrize("rows", [100, 1_000])
def test_a_block_without_a_shift_rarely_differs(rows: int) -> None:
    batches, alarms = 300, 0
    for place in range(batches):
        if place % 30 == 0:
            profile = make_profile(place)
        random = np.random.default_rng([7, rows, place])
        alarms += run_test(profile, make_rows(rows, random), random).has_moved
    # A true level of 1 % gives more than this many once in 10,000 times.
    assert alarms <= stats.binom.ppf(0.9999, batches, 0.01)


@pytest.mark.parametrize("name", ["age", "income", "missing", "new", "word", "flag", "constant", "empty"])
def test_a_shift_is_found_and_its_column_is_first(name: str) -> None:
    profile, rows, right = make_profile(1), 1_000, 0
    for place in range(10):
        random = np.random.default_rng([8, place])
        block = make_rows(rows, random)
        values = {column.name: column.values.copy() for column in block}
        if name == "missing":
            values["income"][random.random(rows) < 0.15] = np.nan
        elif name == "income":
            values["income"][random.random(rows) < 0.05] *= 12
        elif name == "new":
            values["word"][random.random(rows) < 0.03] = "unseen"
        elif name == "word":
            values["word"][random.random(rows) < 0.15] = "v3"
        elif name == "flag":
            values["flag"] = (random.random(rows) < 0.05) * 1.0
        elif name == "age":
            values["age"] += 5
        else:
            values[name][:20] = 7.0
        result = run_test(profile, [Column(*column[:2], values[column.name]) for column in block], random)
        first, what = {"missing": ("income", "missing"), "new": ("word", "new")}.get(name, (name, None))
        right += result.has_moved and result.columns[0].name == first and what in (None, result.columns[0].what)
    assert right >= 9


def test_the_share_that_moved_is_told_for_both_sides() -> None:
    profile, random = make_profile(1), np.random.default_rng(1)
    block = make_rows(1_000, random)
    gone = replace(block, "income", np.full(1_000, np.nan))
    first = run_test(profile, gone, random).columns[0]
    assert (first.name, first.what, first.block_share) == ("income", "missing", 1.0)
    assert first.reference_share == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_tiny_block_has_p_values_and_says_that_it_is_too_small(rows: int) -> None:
    random = np.random.default_rng(1)
    result = run_test(make_profile(1), make_rows(rows, random), random)
    every = [value for test in result.columns for value in (test.p, test.ad, test.chi2, test.missing, test.new)]
    assert all(0 <= value <= 1 for value in [*every, result.p])
    assert result.is_too_small


@pytest.mark.parametrize("name", ["constant", "empty"])
def test_a_column_without_anything_to_compare_has_a_p_of_one(name: str) -> None:
    random = np.random.default_rng(2)
    result = run_test(make_profile(1), make_rows(500, random), random)
    assert next(test.p for test in result.columns if test.name == name) == 1.0


def test_a_profile_without_test_rows_finds_nothing() -> None:
    random = np.random.default_rng(3)
    assert run_test(make_profile(1, rows=0), make_rows(500, random), random).p == 1.0


def test_the_p_of_a_block_is_the_smallest_times_three_per_column_and_one() -> None:
    random = np.random.default_rng(4)
    result = run_test(make_profile(1), replace(make_rows(500, random), "age", np.full(500, 51.0)), random)
    assert (result.tests, result.rows) == (25, 500)
    assert result.p == min(1.0, 25 * min(test.p for test in result.columns))


def test_a_block_lacking_a_column_is_an_error() -> None:
    profile = make_profile(1)
    with pytest.raises(DriftError, match="no counts of age"):
        blocks.test_block(profile, {}, None, alpha=0.01)
