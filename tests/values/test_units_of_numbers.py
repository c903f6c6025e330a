"""A declared unit beside numbers is taken away in every entrance, and changes no number."""

import json
from typing import Any

import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relay.handoff.column import Column
from relay.handoff.errors import SchemaError
from relay.reading.cells import read_column
from relay.reading.one_cell import read_text_cell

RECIPE = """
title = "Units"
[ingest]
source = "file"
path = "{folder}/rows.csv"
delimiter = ";"
max_rejected_share = 0.1
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id" }
rate = { type = "float", role = "input", null = true, suffix = "%", decimal = "," }
weight = { type = "int", role = "input", suffix = "kg" }
price = { type = "float", role = "target", prefix = "$", thousands = "," }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


def write_rows() -> str:
    """Forty good rows, one number without its unit, one in another unit."""
    lines = [f"{n};{n},5%;{n % 7} kg;${1000 + 40 * n + n % 7:,}.50" for n in range(40)]
    return "\n".join(["n;rate;weight;price", *lines, "40;7,5;3kg;-$5.00", "41;1,5%;3 lb;$7.00"]) + "\n"


@pytest.mark.slow
def test_ingest_and_requests_read_the_same_numbers(project: Project) -> None:
    project.write("rows.csv", write_rows())
    recipe = project.recipe(RECIPE)
    ran = project.run("ingest", recipe)
    assert ran.exit_code == 0, ran.log
    raw = project.rows("raw/values")
    assert raw[2] == {"n": 2, "rate": 2.5, "weight": 2, "price": 1082.5}
    assert raw[40] == {"n": 40, "rate": 7.5, "weight": 3, "price": -5.0}
    assert len(raw) == 41
    assert "1 number of rate had no unit beside it" in ran.log
    assert [row["reason"] for row in project.rows("rejected/ingest/values")] == [
        'weight: not a whole number with "kg" behind it'
    ]
    for program in ("preprocess", "model"):
        assert project.run(program, recipe, MLFLOW_TRACKING_URI="").exit_code == 0
    records = [
        {"rate": rate, "weight": weight} for rate, weight in ((20.5, 3), ("20,5%", "3 kg"), ("20,5", "3"), (7, 3))
    ]
    asked = project.ask("model", "predict", recipe, "--json", content=json.dumps(records), MLFLOW_TRACKING_URI="")
    assert asked.exit_code == 0, asked.log
    number, united, bare, other = json.loads(asked.output)["predictions"]
    assert number == united == bare != other


KEYS: list[dict[str, Any]] = [
    {"prefix": "$"}, {"suffix": "%"}, {"suffix": "€", "decimal": ",", "thousands": "."},
    {"prefix": "R$", "decimal": ","},
    {"suffix": "km/h", "missing": ["-9", "?"]}, {"prefix": "US$", "suffix": "net"}, {"suffix": "m2", "thousands": " "},
]  # fmt: skip
PARTS = (
    "",
    "-",
    "+",
    "$",
    "US$",
    "R$",
    " ",
    "%",
    "€",
    "km/h",
    "m2",
    "net",
    "1",
    "25",
    "1.5",
    "1,5",
    "1.234,5",
    "?",
    "9",
)


@given(
    st.lists(st.sampled_from(PARTS), max_size=5).map("".join), st.sampled_from(KEYS), st.sampled_from(["int", "float"])
)
def test_one_cell_means_the_same_alone_and_in_a_column(cell: str, keys: dict[str, Any], kind: str) -> None:
    column = Column.model_validate({"type": kind, "role": "input", "null": True, **keys})
    try:
        alone = read_text_cell(cell, column)
    except SchemaError:
        alone = "unreadable"
    if kind == "int" and isinstance(alone, float) and not alone.is_integer():
        alone = "unreadable"  # a record is refused by its type
    try:
        cast = read_column(pa.array([cell, ""]), column)
    except SchemaError:
        assert alone == "unreadable"
        return
    assert (cast.values[0].as_py() if cast.bad is None or not cast.bad[0] else "unreadable") == alone


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("$5", 5),
        ("-$5", -5),
        ("$-5", -5),
        ("$ 1.5", 1.5),
        ("5", 5),
        ("$5-", -5),
        ("$$5", None),
        ("€5", None),
        ("$", None),
    ],
)
def test_signs_and_blanks_around_a_unit(cell: str, number: float | None) -> None:
    column = Column.model_validate({"type": "float", "role": "input", "null": True, "prefix": "$"})
    cast = read_column(pa.array([cell]), column)
    assert cast.values.to_pylist() == [number]
    assert (cast.bad is not None) == (number is None)


@pytest.mark.parametrize("unit", ["5", "-", " kg", "kg ", ".", ",", "+x", "", "x" * 21])
@pytest.mark.parametrize("key", ["prefix", "suffix"])
def test_a_unit_that_may_be_a_part_of_a_number_is_refused(key: str, unit: str) -> None:
    with pytest.raises(ValidationError):
        Column.model_validate({"type": "float", "role": "input", key: unit})


def test_units_need_numbers() -> None:
    with pytest.raises(ValidationError, match="prefix and suffix need the type int or float, not text"):
        Column.model_validate({"type": "text", "role": "input", "suffix": "%"})
    with pytest.raises(ValidationError, match="ends in a digit"):
        Column.model_validate({"type": "int", "role": "input", "prefix": "m2"})


def test_columns_without_units_have_no_such_key() -> None:
    dumped = Column.model_validate({"type": "float", "role": "input"}).model_dump(mode="json")
    assert not {"prefix", "suffix"} & dumped.keys()
