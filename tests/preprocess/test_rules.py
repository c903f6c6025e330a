"""The schema's rules: a row that breaks one is rejected for the first that it breaks."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.rules import find_broken, split_by_rules
from relay.handoff.recipe import Column

Declare = Callable[..., Any]

NAN, INFINITE = float("nan"), float("inf")


def broken(values: list[Any], **column: Any) -> dict[str, list[int]]:
    """Rule in words -> indices of the values that break it."""
    schema = {"x": Column.model_validate({"role": "input"} | column)}
    kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string(), "category": pa.string()}
    found = find_broken(pa.table({"x": pa.array(values, kinds[column["type"]])}), schema)
    return {rule: [index for index, hit in enumerate(mask) if hit] for rule, mask in found.items()}


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ([1, None, 3], {"type": "int"}, {"x: null": [1]}),
        ([1, None, 3], {"type": "int", "null": True}, {}),
        ([17, 18, 19, None], {"type": "int", "min": 18, "null": True}, {"x: below 18": [0]}),
        ([119, 120, 121, None], {"type": "int", "max": 120, "null": True}, {"x: above 120": [2]}),
        ([0.0, -0.5, 1.5], {"type": "float", "min": 0, "max": 1}, {"x: below 0": [1], "x: above 1": [2]}),
        ([0, 2, 1, None], {"type": "int", "allowed": [0, 1], "null": True}, {"x: not one of [0, 1]": [1]}),
        (["a", "b", None], {"type": "category", "allowed": ["a"]}, {"x: null": [2], "x: not one of ['a']": [1]}),
        ([True, False], {"type": "bool", "allowed": [True]}, {"x: not one of [True]": [1]}),
        ([0.5, 1.0, 2.0], {"type": "float", "allowed": [0.5, 1]}, {"x: not one of [0.5, 1]": [2]}),
        ([1.0, NAN, INFINITE, -INFINITE, None], {"type": "float", "null": True}, {"x: not a finite number": [1, 2, 3]}),
        ([INFINITE, -INFINITE], {"type": "float"}, {"x: not a finite number": [0, 1]}),
        ([1e308, 1e308, None], {"type": "float", "null": True}, {}),
        ([None, None], {"type": "float", "null": True, "min": 0, "max": 1}, {}),
        ([], {"type": "float", "min": 0}, {}),
        (["", "x"], {"type": "text"}, {}),
    ],
)
def test_a_rule_marks_the_values_that_break_it_and_no_other(
    values: list[Any], column: dict[str, Any], expected: dict[str, list[int]]
) -> None:
    assert broken(values, **column) == expected


def test_a_not_a_number_hides_no_value_that_is_out_of_range() -> None:
    assert broken([NAN, -1.0, 2.0], type="float", min=0, max=1) == {
        "x: not a finite number": [0], "x: below 0": [1], "x: above 1": [2],
    }  # fmt: skip


def test_rejected_rows_have_their_number_their_first_reason_and_all_cells(declare: Declare) -> None:
    columns = declare(age={"type": "int", "min": 18}, debt={"type": "float"})
    table = pa.table({"age": [20, 3, 40], "debt": [0.5, NAN, None]})
    kept, rejected = split_by_rules(table, columns, first_row=101)
    assert kept.to_pylist() == [{"age": 20, "debt": 0.5}]
    assert rejected.to_pylist() == [
        {"row": 102, "reason": "age: below 18", "cells": '{"age": "3", "debt": "nan"}'},
        {"row": 103, "reason": "debt: null", "cells": '{"age": "40", "debt": null}'},
    ]


def test_a_table_that_keeps_every_rule_is_passed_on_as_it_is(declare: Declare) -> None:
    table = pa.table({"age": [20, 30, 40]})
    kept, rejected = split_by_rules(table, declare(age={"type": "int", "min": 18}), 1)
    assert (kept is table, rejected.num_rows) == (True, 0)


values = st.none() | st.integers(-3, 3).map(float) | st.sampled_from([NAN, INFINITE, -INFINITE])


@pytest.mark.property
@given(values=st.lists(values, max_size=12), may_be_null=st.booleans(), low=st.integers(-3, 0), high=st.integers(0, 3))
def test_every_row_is_kept_or_rejected_as_the_rules_say_one_by_one(
    values: list[float | None], may_be_null: bool, low: int, high: int
) -> None:
    def keeps(value: float | None) -> bool:
        return may_be_null if value is None else low <= value <= high

    column = Column(type="float", role="input", null=may_be_null, min=low, max=high)
    table = pa.table({"x": pa.array(values, pa.float64())})
    kept, rejected = split_by_rules(table, {"x": column}, 1)
    assert kept.column("x").to_pylist() == [value for value in values if keeps(value)]
    assert rejected.column("row").to_pylist() == [row for row, value in enumerate(values, 1) if not keeps(value)]


def test_a_whole_number_beyond_the_floats_is_compared_exactly() -> None:
    import pyarrow as pa

    from preprocess.rules import find_broken
    from relay.handoff.recipe import Column

    column = Column(type="int", role="id", min=0, max=2.0**62)
    table = pa.table({"row": pa.array([1152921504606846977, -5, 2**62 + 1], pa.int64())})
    found = {rule: mask.tolist() for rule, mask in find_broken(table, {"row": column}).items()}
    assert found == {"row: below 0": [False, True, False], "row: above 4.61169e+18": [False, False, True]}
