"""The segment whose share has changed: named with its border where there is one, and rarely where nothing has moved."""

import numpy as np
import pytest
from scipy import stats

from drift.columns import Column
from drift.errors import DriftError
from drift.segment import Condition, find_interval, find_segment, shorten_border


def make_rows(rows: int, random: np.random.Generator) -> list[Column]:
    income = np.round(random.lognormal(8, 0.7, rows))
    income[random.random(rows) < 0.1] = np.nan
    words = random.choice(np.array(["north", "south", "east", None], object), rows)
    age = np.round(random.uniform(18, 80, rows))
    return [Column("age", "number", age), Column("income", "number", income), Column("region", "category", words)]


def mix(block: list[Column], is_inside: np.ndarray, share: float, random: np.random.Generator) -> list[Column]:
    """A share of the rows replaced by rows of a segment."""
    chosen, rows = np.flatnonzero(is_inside), len(is_inside)
    source = np.where(random.random(rows) < share, random.choice(chosen, rows), np.arange(rows))
    return [Column(name, kind, values[source]) for name, kind, values in block]


@pytest.mark.parametrize("seed", range(4))
def test_young_rows_are_named_with_their_border_and_share(seed: int) -> None:
    random = np.random.default_rng([seed, 1])
    reference, block = make_rows(8_000, random), make_rows(1_500, random)
    now = mix(block, block[0].values < 30, 0.3, random)
    segment = find_segment(reference, now, seed)
    assert segment is not None
    condition = segment.conditions[0]
    assert (condition.column, condition.relation) == ("age", "<=")
    assert isinstance(condition.border, float)
    assert 28 <= condition.border <= 32
    assert segment.before_low < segment.before < segment.before_high < segment.low < segment.now < segment.high
    assert segment.now == pytest.approx(0.44, abs=0.07)


def test_a_category_is_named() -> None:
    random = np.random.default_rng(2)
    reference, block = make_rows(8_000, random), make_rows(1_500, random)
    segment = find_segment(reference, mix(block, block[2].values == "south", 0.3, random), 1)
    assert segment is not None
    assert segment.conditions == (Condition("region", "is", "south"),)
    assert segment.text == "region is south"


@pytest.mark.parametrize("place", [1, 2], ids=["number", "category"])
def test_missing_values_are_named(place: int) -> None:
    random = np.random.default_rng(3)
    reference, block = make_rows(8_000, random), make_rows(1_500, random)
    gone = random.random(1_500) < 0.4
    values = block[place].values.copy()
    values[gone] = np.nan if place == 1 else None
    block[place] = Column(block[place].name, block[place].kind, values)
    segment = find_segment(reference, block, 1)
    assert segment is not None
    assert segment.text == f"{block[place].name} is missing"


def test_two_conditions_are_named_and_the_text_is_true_of_the_rows() -> None:
    random = np.random.default_rng(4)
    reference, block = make_rows(20_000, random), make_rows(4_000, random)
    inside = (block[0].values < 40) & (block[1].values > 6_000)
    now = mix(block, inside, 0.3, random)
    segment = find_segment(reference, now, 1)
    assert segment is not None
    assert {condition.column for condition in segment.conditions} == {"age", "income"}
    values = {column.name: column.values for column in now}
    holds = np.all([condition.holds(values[condition.column]) for condition in segment.conditions], axis=0)
    assert segment.low < holds.mean() < segment.high


def test_no_segment_is_named_where_nothing_has_moved() -> None:
    random, named, tries = np.random.default_rng(5), 0, 60
    reference = make_rows(8_000, random)
    for seed in range(tries):
        named += find_segment(reference, make_rows(500, random), seed) is not None
    # A true 0.5 % names more than this many once in 10,000 times.
    assert named <= stats.binom.ppf(0.9999, tries, 0.005)


def test_the_same_seed_names_the_same_segment() -> None:
    random = np.random.default_rng(6)
    reference, block = make_rows(3_000, random), make_rows(600, random)
    block = mix(block, block[0].values < 30, 0.3, random)
    assert find_segment(reference, block, 5) == find_segment(reference, block, 5) is not None


@pytest.mark.parametrize("rows", [0, 1, 99, 200])
def test_few_rows_or_columns_without_values_are_no_error(rows: int) -> None:
    empty = [
        Column("a", "number", np.full(rows, np.nan)),
        Column("b", "category", np.full(rows, None)),
        Column("c", "number", np.ones(rows)),
        Column("d", "number", np.full(rows, np.inf)),
    ]
    assert find_segment(empty, empty, 1) is None
    assert find_segment([], [], 1) is None


def test_an_identifier_makes_no_segment() -> None:
    ours = np.array([f"u{place}" for place in range(2_000)], object)
    theirs = np.array([f"w{place}" for place in range(2_000)], object)
    assert find_segment([Column("id", "category", ours)], [Column("id", "category", theirs)], 1) is None


def test_columns_that_differ_are_an_error() -> None:
    random = np.random.default_rng(7)
    with pytest.raises(DriftError, match="no column region of kind category"):
        find_segment(make_rows(200, random), make_rows(200, random)[:2], 1)


@pytest.mark.parametrize(
    ("below", "threshold", "above", "border"),
    [(0.4123, 0.4377, 0.461, 0.44), (3e4, 31_250.0, 32_500, 30_000), (1.1, 1.5, 1.9, 1.5)],
)
def test_a_border_is_the_shortest_number_between_the_values(
    below: float, threshold: float, above: float, border: float
) -> None:
    assert shorten_border(threshold, np.array([below, above, np.nan])) == border


@pytest.mark.parametrize(("hits", "rows"), [(0, 10), (3, 10), (10, 10), (40, 1_000)])
def test_the_interval_of_a_share_is_that_of_scipy(hits: int, rows: int) -> None:
    expected = stats.binomtest(hits, rows).proportion_ci(method="wilson")
    assert find_interval(hits, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("age", "<=", 29.0), "age <= 29"),
        (Condition("income", ">", 0.25, or_missing=True), "(income > 0.25 or missing)"),
        (Condition("region", "is not", "south"), "region is not south"),
        (Condition("income", "is present"), "income is present"),
    ],
)
def test_a_condition_has_its_words(condition: Condition, text: str) -> None:
    assert condition.text == text


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        (Condition("x", "<=", 2.0), [1, 2, 3, np.nan], [1, 1, 0, 0]),
        (Condition("x", ">", 2.0, or_missing=True), [1, 2, 3, np.nan], [0, 0, 1, 1]),
        (Condition("x", "is missing"), [1.0, np.nan], [0, 1]),
        (Condition("x", "is", "a"), ["a", "b", None], [1, 0, 0]),
        (Condition("x", "is not", "a"), ["a", "b", None], [0, 1, 1]),
        (Condition("x", "is present"), ["a", None], [1, 0]),
    ],
)
def test_a_condition_holds_for_its_values(condition: Condition, values: list[object], holds: list[int]) -> None:
    assert condition.holds(np.array(values)).tolist() == [bool(one) for one in holds]
