"""Profiles: bins from training rows, counts of test rows, JSON and back, rows of every kind."""

import json

import numpy as np
import pytest

from drift.column_profile import LEAST_ROWS, MOST_KNOWN, build_column
from drift.columns import Column, Values
from drift.errors import DriftError
from drift.profile import Profile, build_profile


def words(*values: str | None) -> Values:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def make_columns(rows: int, seed: int) -> list[Column]:
    random = np.random.default_rng(seed)
    income = np.round(random.lognormal(8, 1, rows))
    income[random.random(rows) < 0.2] = np.nan
    region = words(*random.choice(["north", "south", "east"], rows).tolist())
    region[random.random(rows) < 0.1] = None
    return [Column("income", "number", income), Column("region", "category", region)]


def test_a_profile_survives_json() -> None:
    random = np.random.default_rng(1)
    scores = random.random(500)
    points = ((0.1, 0.2), (0.5, 0.6))
    train, test = make_columns(2_000, 1), make_columns(500, 2)
    profile = build_profile(train, test, test_scores=scores, base_rate=0.07, isotonic=points)
    assert Profile.from_json(json.loads(json.dumps(profile.to_json(), allow_nan=False))) == profile


def test_counts_are_of_test_rows_in_bins_of_training_rows() -> None:
    train = Column("x", "number", np.arange(1_000.0))
    column = build_column(train, np.array([-5.0, 3.0, 5_000.0, np.nan]))
    expected = [int((np.array(column.edges) < value).sum()) for value in (-5, 3, 5_000)]
    assert (np.flatnonzero(column.counts).tolist(), column.missing, column.rows) == (expected, 1, 4)


@pytest.mark.parametrize("name", ["income", "region"])
def test_places_and_counts_agree_and_counts_of_looks_add_up(name: str) -> None:
    profile = build_profile(make_columns(2_000, 1), make_columns(500, 2))
    values = next(column.values for column in make_columns(600, 3) if column.name == name)
    column = profile.column(name)
    whole = column.count(values)
    placed = np.bincount(column.place(values), minlength=len(column.counts))
    assert (tuple(placed.tolist()), whole) == (whole.fine, column.count(values[:250]) + column.count(values[250:]))
    assert sum(whole.fine) + whole.missing == sum(whole.coarse) + whole.missing == sum(whole.psi) + whole.missing == 600


def test_rare_categories_are_counted_together_and_unseen_ones_as_new() -> None:
    train = Column("k", "category", words(*["a"] * 600, *["b"] * 390, *["Anna Meier"] * 3, None))
    column = build_column(train, words("a", "b"))
    found = column.count(words("a", "Anna Meier", "zzz", "zzz", None))
    assert (column.values, found.fine, found.new, found.missing) == (("a", "b"), (1, 0, 3), 2, 1)
    assert column.find_new(words("a", None, "Anna Meier", "zzz")).tolist() == [False, False, True]


def test_a_profile_does_not_hold_a_rare_category_itself() -> None:
    train = Column("k", "category", words(*["a"] * 600, "Anna Meier"))
    assert "Anna" not in json.dumps(build_column(train, words("Anna Meier")).to_json())


def test_a_value_needs_rows_to_be_counted_alone() -> None:
    train = Column("k", "category", words(*["a"] * LEAST_ROWS, *["b"] * (LEAST_ROWS - 1)))
    assert build_column(train, words()).values == ("a",)


def test_no_value_of_an_identifier_is_new() -> None:
    train = Column("id", "category", words(*map(str, range(MOST_KNOWN + 1))))
    column = build_column(train, words("x", "y"))
    assert (column.is_open, column.new, column.known, column.count(words("z")).new) == (True, 0, (), 0)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (np.full(50, np.nan), np.full(20, np.nan)),
        (np.full(50, np.nan), np.arange(20.0)),
        (np.ones(50), np.ones(20)),
        (np.empty(0), np.empty(0)),
        (np.arange(50), np.array([True, False])),
        (np.array([1, None, 2], object), np.array([None, 1.5], object)),
        (np.array([np.inf, -np.inf, 1.0]), np.array([np.inf, np.nan])),
    ],
    ids=["empty", "empty only in training", "constant", "no rows", "whole numbers and booleans", "None", "infinite"],
)
def test_numbers_of_every_kind_have_a_profile(train: Values, test: Values) -> None:
    column = build_column(Column("x", "number", train), test)
    assert sum(column.counts) + column.missing == column.rows == len(test)
    json.dumps(column.to_json(), allow_nan=False)


@pytest.mark.parametrize("values", [[None, None], ["a"], [], [1, 2.5, True, None, float("nan")]])
def test_categories_of_every_kind_have_a_profile(values: list[object]) -> None:
    array = np.array([*values], object)
    column = build_column(Column("k", "category", array), array)
    assert sum(column.counts) + column.missing == column.rows == len(values)


def test_rows_that_do_not_fit_the_profile_are_an_error() -> None:
    profile = build_profile(make_columns(100, 1), make_columns(100, 2))
    with pytest.raises(DriftError, match="lack region"):
        profile.count(make_columns(10, 1)[:1])
    with pytest.raises(DriftError, match="no column region of kind category"):
        build_profile(make_columns(100, 1), make_columns(100, 2)[:1])
    with pytest.raises(DriftError, match="no column age; it has income, region"):
        profile.column("age")
    with pytest.raises(DriftError, match="one profile"):
        _ = profile.column("income").test_counts + profile.column("region").test_counts


@pytest.mark.parametrize("data", [{"format": 99}, {}, {"format": 1}, {"format": 1, "columns": [{"name": "x"}]}])
def test_a_profile_of_another_form_is_an_error(data: dict[str, object]) -> None:
    with pytest.raises(DriftError):
        Profile.from_json(data)
