"""Train or test: a row never changes sides."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.sides import hash_column, mark_split, mix

COUNT = 20_000


def sides(table: pa.Table, id_column: str | None = None, test_share: float = 0.5, seed: int = 42) -> list[str]:
    """The side of each row."""
    marked: list[str] = mark_split(
        table, [id_column] if id_column else table.column_names, test_share, seed
    ).to_pylist()
    return marked


@pytest.mark.parametrize("test_share", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    "ids",
    [
        pa.array(range(COUNT)),
        pa.array([str(number) for number in range(COUNT)]),
        pa.array(np.arange(COUNT) / 7),
        pa.array(range(COUNT), pa.timestamp("us", tz="UTC")),
    ],
    ids=["numbers", "texts", "fractions", "times"],
)
def test_the_share_is_within_sampling_error_whatever_the_id_is(ids: pa.Array, test_share: float) -> None:
    found = sides(pa.table({"id": ids}), "id", test_share).count("test") / COUNT
    # 4 standard errors: one share in 16,000 would lie outside by chance, and the seed is fixed.
    assert abs(found - test_share) < 4 * (test_share * (1 - test_share) / COUNT) ** 0.5


def test_no_row_changes_sides_when_the_rows_are_reordered() -> None:
    table = pa.table({"id": range(50), "x": [str(number % 7) for number in range(50)]})
    order = np.random.default_rng(0).permutation(50)
    for id_column in ("id", None):
        before = sides(table, id_column)
        assert sides(table.take(pa.array(order)), id_column) == [before[index] for index in order]


def test_no_row_changes_sides_when_the_file_grows() -> None:
    table = pa.table({"id": range(100), "x": [number / 3 for number in range(100)]})
    for id_column in ("id", None):
        assert sides(table, id_column)[:60] == sides(table.slice(0, 60), id_column)


def test_no_row_with_an_id_changes_sides_when_its_other_columns_change() -> None:
    before, after = ({"id": list(range(50)), "x": [factor * n for n in range(50)]} for factor in (1, 2))
    assert sides(pa.table(before), "id") == sides(pa.table(after | {"new": ["?"] * 50}), "id")


def test_without_an_id_the_whole_content_decides() -> None:
    table = pa.table({"x": list(range(50)), "y": [0] * 50})
    changed = pa.table({"x": list(range(50)), "y": [1] * 50})
    assert sides(table) != sides(changed)
    twice = sides(pa.concat_tables([table, table]))
    assert twice[:50] == twice[50:]


def test_a_larger_share_only_adds_to_the_test_rows() -> None:
    table = pa.table({"id": range(200)})
    small, large = (sides(table, "id", share) for share in (0.2, 0.4))
    assert [side for side, before in zip(large, small, strict=True) if before == "test" and side != "test"] == []


def test_another_seed_gives_another_split() -> None:
    table = pa.table({"id": range(1000)})
    same = sum(one == other for one, other in zip(sides(table, "id", seed=1), sides(table, "id", seed=2), strict=True))
    assert 400 < same < 600


def test_columns_of_equal_values_do_not_cancel_each_other() -> None:
    table = pa.table({"x": range(1000), "y": range(1000)})
    assert 400 < sides(table).count("test") < 600


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.0, -0.0], pa.float64()),
        ([None, None], pa.float64()),
        ([None, None], pa.int64()),
        ([None, None], pa.string()),
        (["é", "é"], pa.string()),
        ([True, True], pa.bool_()),
        ([datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC")),
    ],
)
def test_equal_values_have_equal_hashes(values: list[Any], kind: pa.DataType) -> None:
    first, second = hash_column(pa.chunked_array([pa.array(values, kind)]))
    assert first == second


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1, -1, None], pa.int64()),
        ([0.0, 1.0, 0.1, -1.0, None, 5e-324], pa.float64()),
        (["", "a", "b", "ab", None], pa.string()),
        ([True, False, None], pa.bool_()),
        ([0, 1, None], pa.timestamp("us", tz="UTC")),
    ],
)
def test_other_values_have_other_hashes_and_null_its_own(values: list[Any], kind: pa.DataType) -> None:
    assert len(set(hash_column(pa.chunked_array([pa.array(values, kind)])))) == len(values)


def test_the_hash_of_a_value_does_not_depend_on_the_chunks_it_comes_in() -> None:
    texts = pa.chunked_array([["a", None], [], ["b", "a"]], pa.string())
    whole = pa.chunked_array([["a", None, "b", "a"]])
    assert list(hash_column(texts)) == list(hash_column(whole))


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string(), pa.bool_()])
def test_a_table_without_rows_has_no_sides(kind: pa.DataType) -> None:
    assert sides(pa.table({"x": pa.array([], kind)})) == []


def test_mixing_is_that_of_splitmix64() -> None:
    # The first outputs of the generator for seed 0. Source: Vigna, splitmix64.c; JDK's SplittableRandom gives the same.
    states = np.array([0, 0x9E3779B97F4A7C15, 0x3C6EF372FE94F82A], np.uint64)
    assert [hex(value) for value in mix(states)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]


def test_the_split_of_these_rows_is_the_same_on_every_machine() -> None:
    table = pa.table({"id": ["a", "b", "c", None], "x": [0.5, -0.0, None, 1e300], "n": [1, 2, None, -3]})
    assert [sides(table), sides(table, "id"), sides(table, seed=7)] == EXPECTED


EXPECTED = [["test", "train", "test", "test"], ["train", "train", "train", "test"], ["train"] * 4]


@pytest.mark.property
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=20))
def test_mixing_loses_no_value(values: list[int]) -> None:
    assert len(set(mix(np.array(values, np.int64).view(np.uint64)))) == len(values)
