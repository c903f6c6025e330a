"""Raw cells become typed columns by the schema, or cost their row."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.reading.cells import read_column
from relay.reading.conform import conform, match_columns
from relay.reading.iso import EXPECTED


def cast(values: list[Any] | pa.Array, kind: str, **column: Any) -> list[Any]:
    """The values after the cast, "bad" where one could not be cast."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    found = read_column(pa.chunked_array([array]), Column(type=kind, role="input", **column))
    marks = np.zeros(len(array), bool) if found.bad is None else found.bad
    return ["bad" if is_bad else value for value, is_bad in zip(found.values.to_pylist(), marks, strict=True)]


def moment(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def match(found: list[str], extra_columns: str = "refuse", **source_names: str | list[str] | None) -> dict[str, str]:
    """Schema name -> found name, for columns that say where they come from."""
    columns = {
        name: Column.model_validate({"type": "int", "role": "input", "from": source})
        for name, source in source_names.items()
    }
    return match_columns(found, columns, extra_columns, "x.csv")


def test_columns_are_found_under_their_own_or_another_name_in_any_order() -> None:
    found = match(["c", "", "b"], a=["Unnamed: 0", ""], b=None, c="C")
    assert found == {"a": "", "b": "b", "c": "c"}


@pytest.mark.parametrize("name", ["NumberOfTime30-59Days", "NumberOfTime30_59Days"])
def test_hyphen_and_underscore_names_become_one_column(name: str) -> None:
    assert match([name], NumberOfTime30_59Days="NumberOfTime30-59Days") == {"NumberOfTime30_59Days": name}


def test_both_names_of_one_column_are_one_too_many() -> None:
    with pytest.raises(SchemaError, match='column a_b comes more than once: "a_b", "a-b" in "a_b", "a-b"'):
        match(["a_b", "a-b"], a_b="a-b")


def test_a_column_twice_in_the_file_is_one_too_many() -> None:
    with pytest.raises(SchemaError, match='column a comes more than once: "a" in "a", "a"'):
        match(["a", "a"], a=None)


def test_a_column_may_name_itself_as_its_source() -> None:
    assert match(["a"], a=["a", "A"]) == {"a": "a"}


def test_two_columns_may_come_from_one() -> None:
    assert match(["item"], book="item", part="item") == {"book": "item", "part": "item"}


def test_a_missing_column_is_told_with_the_nearest_and_all_found() -> None:
    with pytest.raises(SchemaError) as caught:
        match(["ages", "name"], name=None, age=None)
    assert str(caught.value) == (
        'x.csv: column age is missing (is it "ages"? then say from = "ages" in [columns]); found "ages", "name"'
    )


def test_an_unexpected_column_is_refused_with_both_ways_out() -> None:
    with pytest.raises(SchemaError) as caught:
        match(["age", "shoe"], age=None)
    assert str(caught.value) == (
        'x.csv: unexpected column "shoe"; declare it in [columns] (role = "ignore" keeps it out of the model), '
        'or drop what is not declared with extra_columns = "drop" in [ingest]'
    )


def test_an_unexpected_column_is_dropped_where_the_recipe_says_so() -> None:
    assert match(["age", "shoe"], "drop", age=None) == {"age": "age"}


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        ("int", ["3", " -4 ", "2.0", "1e3", ""], [3, -4, 2, 1000, None]),
        ("int", ["2.5", "x", "12 years", "9223372036854775807"], ["bad", "bad", "bad", 2**63 - 1]),
        ("int", ["9223372036854775808", "9007199254740993.0", "inf"], ["bad", "bad", "bad"]),
        ("float", ["3", " 2.5", "-1e-3", "NaN"], [3.0, 2.5, -0.001, None]),
        ("float", ["1,5", "x", "1.5.2", "7"], ["bad", "bad", "bad", 7.0]),
        ("bool", ["true", "False", "1", "0.0", " yes ", "f", "NA"], [True, False, True, False, True, False, None]),
        ("bool", ["2", "maybe", "TRUE"], ["bad", "bad", True]),
        ("text", ["Ada", " x ", "", "NA", "null"], ["Ada", " x ", None, "NA", "null"]),
        ("category", ["A", "", "None"], ["A", None, "None"]),
    ],
)
def test_texts_become_the_declared_type_or_are_marked(kind: str, texts: list[str], expected: list[Any]) -> None:
    assert cast(texts, kind) == expected


@pytest.mark.parametrize("word", ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A", "  "])
@pytest.mark.parametrize("kind", ["int", "float", "bool", "time"])
def test_words_that_mean_no_value_are_null_in_all_but_texts(kind: str, word: str) -> None:
    assert cast([word, word], kind) == [None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-06-30T12:34:56Z", moment(2020, 6, 30, 12, 34, 56)),
        ("2020-06-30 12:34:56", moment(2020, 6, 30, 12, 34, 56)),
        ("2020-06-30T12:34", moment(2020, 6, 30, 12, 34)),
        ("2020-06-30", moment(2020, 6, 30)),
        ("2020-06-30T12:34:56+02:00", moment(2020, 6, 30, 10, 34, 56)),
        ("2020-06-30T12:34:56-0530", moment(2020, 6, 30, 18, 4, 56)),
        ("2020-06-30 12:34:56.5+00", moment(2020, 6, 30, 12, 34, 56, 500_000)),
        ("2020-06-30T12:34:56.123456789Z", moment(2020, 6, 30, 12, 34, 56, 123_456)),
        ("30.06.2020", moment(2020, 6, 30)),
        ("30.13.2020", "bad"),
        ("2020-13-01", "bad"),
        ("noon", "bad"),
    ],
)
def test_an_iso_time_is_a_moment_in_utc_and_without_a_zone_counts_as_utc(text: str, expected: Any) -> None:
    assert cast([text, "", text], "time") == [expected, None, expected]


@pytest.mark.parametrize(
    ("epoch", "number"),
    [("s", "1500000000.25"), ("ms", "1500000000250"), ("us", 1500000000250000), ("ns", 1500000000250000000)],
)
def test_a_number_since_1970_has_the_unit_that_the_column_says(epoch: str, number: Any) -> None:
    assert cast([number], "time", epoch=epoch) == [moment(2017, 7, 14, 2, 40, 0, 250_000)]


@pytest.mark.parametrize("number", ["inf", "-inf", "NAN", "1e300", "1500000000000", "-99999999999999"])
def test_a_number_beyond_the_calendar_is_no_time(number: str) -> None:
    assert cast([number, "0"], "time", epoch="s") == ["bad", moment(1970, 1, 1)]


def test_numbers_and_iso_times_may_stand_in_one_column_that_declares_the_unit() -> None:
    assert cast(["0", "1970-01-02", "x", "1e99"], "time", epoch="s") == [
        moment(1970, 1, 1),
        moment(1970, 1, 2),
        "bad",
        "bad",
    ]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array([1, None], pa.int32()), "int", [1, None]),
        (pa.array([1.0, 2.5, float("nan")]), "int", [1, "bad", None]),
        (pa.array([1, 2]), "float", [1.0, 2.0]),
        (pa.array([1, 2]), "text", ["1", "2"]),
        (pa.array([True, None]), "bool", [True, None]),
        (pa.array([1, 0, 2]), "bool", [True, False, "bad"]),
        (pa.array([2**63], pa.uint64()), "int", ["bad"]),
        (pa.array(["a", "", None]).dictionary_encode(), "category", ["a", None, None]),
        (pa.array(["a"], pa.large_string()), "text", ["a"]),
        (pa.array([b"a", b"\xff"]), "text", ["a", "bad"]),
        (pa.array([b"7", b"\xff"], pa.large_binary()), "int", [7, "bad"]),
        (pa.array([None, None], pa.null()), "float", [None, None]),
        (pa.array([], pa.string()), "float", []),
        (pa.array([18_000], pa.date32()), "time", [moment(2019, 4, 14)]),
        (pa.array([1_999], pa.timestamp("ns")), "time", [moment(1970, 1, 1, 0, 0, 0, 1)]),
        (pa.array([7], pa.timestamp("s", tz="Asia/Tokyo")), "time", [moment(1970, 1, 1, 0, 0, 7)]),
    ],
)
def test_values_that_have_a_type_already_keep_their_meaning(values: pa.Array, kind: str, expected: list[Any]) -> None:
    assert cast(values, kind) == expected


def test_one_bad_cell_among_many_costs_itself_only() -> None:
    texts = [str(number) for number in range(1000)]
    texts[617] = "x"
    assert cast(texts, "int") == [*range(617), "bad", *range(618, 1000)]


def test_a_bad_cell_costs_its_row_which_is_kept_with_number_reason_and_cells(declare: Callable[..., Any]) -> None:
    columns = declare(age={"type": "int"}, name={"type": "text"})
    table = pa.table({"age": ["3", "x", "5"], "name": ["Ada", "Bo", ""]})
    block = conform(table, columns, np.array([11, 12, 13]))
    assert block.table.to_pylist() == [{"age": 3, "name": "Ada"}, {"age": 5, "name": None}]
    assert (block.read, block.rejected.to_pylist()) == (
        3, [{"row": 12, "reason": "age: not a whole number", "cells": json.dumps({"age": "x", "name": "Bo"})}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("int", "not a whole number"),
        ("float", "not a number"),
        ("bool", "not true or false"),
        ("time", f"not {EXPECTED}"),
    ],
)
def test_the_reason_says_what_was_expected(declare: Callable[..., Any], kind: str, reason: str) -> None:
    block = conform(pa.table({"a": ["?"]}), declare(a={"type": kind}), np.array([1]))
    assert block.rejected.column("reason").to_pylist() == [f"a: {reason}"]


def test_a_row_with_two_bad_cells_is_rejected_once_for_the_first(declare: Callable[..., Any]) -> None:
    columns = declare(a={"type": "int"}, b={"type": "float"})
    block = conform(pa.table({"a": ["x"], "b": ["y"]}), columns, np.array([1]))
    assert block.rejected.column("reason").to_pylist() == ["a: not a whole number"]
