"""A cell alone, as requests bring it, has the value that it has in a column of ingest, or is refused with its words."""

import math
import random
from typing import Any

import pyarrow as pa
import pytest
from cell_drawing import KINDS, draw_cell, draw_value
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column
from relay.reading.formats.values import to_array
from relay.reading.iso import write_moment
from relay.reading.one_cell import UnreadableCellError, read_text_cell, read_value

DECLARED: dict[str, list[dict[str, Any]]] = {
    "int": [{}, {"thousands": "."}, {"decimal": ",", "missing": ["-999", "?"]}, {"decimal": ".", "thousands": ","}],
    "float": [
        {},
        {"suffix": "%"},
        {"prefix": "$", "thousands": ","},
        {"decimal": ",", "thousands": "."},
        {"missing": ["-", "-999"]},
        {"decimal": ".", "thousands": " "},
    ],
    "bool": [{}, {"true_words": ["ja", "1"], "false_words": ["nein", "2"]}, {"missing": ["-999", "n/a"]}],
    "category": [{}, {"missing": ["?", "-999", "own"]}],
    "text": [{}, {"missing": ["?", "-999"]}],
    "time": [
        {},
        {"time_format": "%d/%m/%Y"},
        {"time_format": "%d%m%Y"},
        {"epoch": "s"},
        {"epoch": "ns"},
        {"epoch": "excel"},
        {"missing": ["-"]},
    ],
}
INFINITE = (math.inf, -math.inf)
CASES = [(kind, keys) for kind in KINDS for keys in DECLARED[kind]]


def declare(kind: str, keys: dict[str, Any]) -> Column:
    return Column.model_validate({"type": kind, "role": "input", "null": True, **keys})


def read_alone(value: Any, column: Column, *, is_csv: bool) -> tuple[str, Any]:
    """The value, or why it is refused."""
    try:
        found = read_text_cell(value, column) if is_csv else read_value(value, column)
    except UnreadableCellError:
        return "bad", None
    except AmbiguousCellError as error:
        return "refused", str(error)
    if found in INFINITE or (column.type == "int" and isinstance(found, int | float) and not is_whole(found)):
        return "bad", None  # such limits are checked with those of the contract
    return "value", float(found) if column.type == "float" and found is not None else found


def is_whole(number: int | float) -> bool:
    if isinstance(number, float):
        return number.is_integer() and abs(number) < 2**53
    return -(2**63) <= number < 2**63


def read_in_ingest(array: pa.Array, column: Column) -> tuple[str, Any]:
    try:
        cast = read_column(array, column)
    except AmbiguousCellError as error:
        return "refused", str(error)
    if cast.bad is not None and cast.bad[0]:
        return "bad", None
    value = cast.values[0].as_py()
    if value in INFINITE:
        return "bad", None  # no model takes it
    return "value", write_moment(value) if column.type == "time" and value is not None else value


@pytest.mark.parametrize(("kind", "keys"), CASES)
def test_two_hundred_cells_have_one_value_in_ingest_and_alone(kind: str, keys: dict[str, Any]) -> None:
    drawing, column = random.Random(16), declare(kind, keys)
    ends = set()
    for _ in range(200):
        text = draw_cell(drawing, kind)
        expected = read_in_ingest(pa.array([text]), column)
        assert read_alone(text, column, is_csv=True) == expected, repr(text)
        ends.add(expected[0])
    assert "value" in ends
    assert kind in ("category", "text") or "bad" in ends


@pytest.mark.parametrize(("kind", "keys"), CASES)
def test_two_hundred_json_values_have_one_value_in_ingest_and_alone(kind: str, keys: dict[str, Any]) -> None:
    drawing, column = random.Random(17), declare(kind, keys)
    for _ in range(200):
        value = draw_value(drawing, kind)
        expected = read_in_ingest(to_array([value], column), column)
        assert read_alone(value, column, is_csv=False) == expected, repr(value)


@pytest.mark.property
@given(st.sampled_from(CASES), st.text(max_size=12) | st.text("0123456789.,+-/: eETZxXamAPM\u00a0'", max_size=16))
def test_any_text_has_one_value_in_ingest_and_alone(case: tuple[str, dict[str, Any]], text: str) -> None:
    column = declare(*case)
    assert read_alone(text, column, is_csv=True) == read_in_ingest(pa.array([text]), column)
