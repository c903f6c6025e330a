"""`missing`, `decimal` and `thousands` mean the same in a request as in the data that the model was trained on."""

import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from asked_models import AskedModel
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from model.__main__ import Model
from model.training.contract import promise_column
from page.predict.form import write_number
from relay.handoff.column import LARGEST_INT, CellKeys, Column, fill_keys, fill_served_keys
from relay.handoff.errors import RecipeError
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column
from relay.reading.iso import write_moment
from relay.registry.cells import parse_cell, validate_cell
from relay.registry.contract import LARGEST_FLOAT
from relay.registry.records import check_record
from serve.schema import make_schema

RECIPE = """
title = "Keys of cells"
[ingest]
source = "file"
path = "{folder}/rows.csv"
delimiter = ";"
missing = ["?", "-999"]
decimal = ","
thousands = "."
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id", thousands = "" }
x = { type = "float", role = "input", null = true }
count = { type = "int", role = "input", null = true, missing = ["-1.000", "none"] }
dot = { type = "float", role = "input", null = true, decimal = ".", thousands = "" }
home = { type = "category", role = "input", null = true }
agreed = { type = "bool", role = "input", null = true, true_words = ["ja", "1"], false_words = ["nein", "2"] }
sold = { type = "time", role = "input", time_format = "%d.%m.%Y" }
price = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""
INPUTS = ("x", "count", "dot", "home", "agreed", "sold")
KNOWN: dict[str, dict[str, Any]] = {
    "x": {"1.000": 1000.0, "1,5": 1.5, "-2.345,25": -2345.25, "-999": None, "-999,0": None, "?": None, "7": 7.0},
    "count": {"1.000": 1000, "12": 12, "-1.000": None, "-1000": None, "none": None, "": None},
    "dot": {"1.5": 1.5, "-999.00": None, "2.000": 2.0, "?": None},
    "home": {"own": "own", "?": None, " ? ": None, "-999": None, "rent": "rent", "rent ": "rent", "NA": "NA"},
    "agreed": {"ja": True, "JA": True, "1": True, "Nein": False, "2": False, "?": None},
    "sold": {"05.03.2024": "2024-03-05T00:00:00Z", "3.12.2025": "2025-12-03T00:00:00Z"},
}
"""Column -> cell of the CSV file -> what the recipe says that it means, by hand."""

SENT: dict[str, dict[str, Any]] = {
    "x": {"-999": -999, "-999,0": -999.0, "?": "?"},
    "count": {"-1.000": -1000, "-1000": -1000.0, "none": "none"},
    "dot": {"-999.00": -999, "?": " ?"},
    "home": {"?": "?", " ? ": " ? ", "-999": "-999", "rent": " rent"},
    "agreed": {"ja": "ja", "JA": 1, "1": "1", "2": 2.0, "?": -999},
    "sold": {"05.03.2024": "05.03.2024", "3.12.2025": "2025-12-03T01:00:00+01:00"},
}
"""Cells that mean no value -> how a program sends them in JSON, where they do not become null first."""


def draw_rows() -> list[dict[str, str]]:
    """Rows whose target depends on each input, and on whether it is missing."""
    drawing, rows = random.Random(11), []
    for number in range(90):
        cells = {name: drawing.choice(list(known)) for name, known in KNOWN.items()}
        values = {name: KNOWN[name][cell] for name, cell in cells.items()}
        price = sum((500 if values[name] is None else values[name]) for name in ("x", "count", "dot"))
        price += {True: 40, False: 900, None: 70}[values["agreed"]] + (300 if "2024" in values["sold"] else 0)
        price += {"own": 10, "rent": 3000, "NA": 700, None: -4000}[values["home"]] + drawing.random()
        rows.append({"n": str(number), **cells, "price": f"{price:.3f}".replace(".", ",")})
    return rows


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AskedModel]:
    model = AskedModel(Project(Path(tmp_path_factory.mktemp("asked"))))
    rows = draw_rows()
    lines = [";".join(rows[0]), *(";".join(row.values()) for row in rows)]
    model.project.write("rows.csv", "\n".join(lines) + "\n")
    ran = model._run_stages(RECIPE)
    assert ran.exit_code == 0, ran.log
    model.serve()
    yield model
    model.stop()


def write_csv(rows: list[dict[str, str]]) -> str:
    """The inputs of the rows as CSV in commas."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([INPUTS, *([row[name] for name in INPUTS] for row in rows)])
    return written.getvalue()


def test_a_cell_means_one_thing_in_ingest_predict_and_the_api(asked: AskedModel) -> None:
    rows = draw_rows()
    known = [{name: KNOWN[name][row[name]] for name in INPUTS} for row in rows]
    ingested = [
        {name: row[name] for name in INPUTS} | {"sold": write_moment(row["sold"])}
        for row in asked.project.rows("raw/asked")
    ]
    assert ingested == known
    status, answer = asked.ask("POST", "/predict", json.dumps(known))
    assert status == 200, answer
    expected = pytest.approx(answer["predictions"], rel=1e-12)

    sent = [
        {name: SENT[name].get(row[name], value[name]) for name in INPUTS}
        for row, value in zip(rows, known, strict=True)
    ]
    assert sent != known
    assert asked.ask("POST", "/predict", json.dumps(sent))[1]["predictions"] == expected
    each = [asked.ask("POST", "/predict", json.dumps(record))[1]["prediction"] for record in sent]
    assert each == expected
    as_split = {"columns": INPUTS, "data": [list(record.values()) for record in sent]}
    for body in ({"dataframe_records": sent}, {"dataframe_split": as_split}):
        assert asked.ask("POST", "/invocations", json.dumps(body))[1]["predictions"] == expected
    table = write_csv(rows)
    assert asked.ask("POST", "/invocations", table, "text/csv")[1]["predictions"] == expected
    ran = asked.predict(table, "--csv")
    assert [float(row["prediction"]) for row in csv.DictReader(io.StringIO(ran.output))] == expected, ran.log
    ran = asked.predict(json.dumps(sent), "--json")
    assert json.loads(ran.output)["predictions"] == expected, ran.log


def test_a_mark_at_a_wrong_place_is_refused_in_each(asked: AskedModel) -> None:
    table = 'x,count,dot,home,agreed,sold\n1.00,5,1.5,own,ja,5.3.2024\n7,1,"1,5",own,yes,2024-03-05\n'
    assert asked.ask("POST", "/invocations", table, "text/csv")[0] == 422
    ran = asked.predict(table, "--csv")
    assert 'x is "1.00", expected a number' in ran.log
    assert 'dot is "1,5", expected a number' in ran.log
    assert 'agreed is "yes", expected true or false (written as "ja" or "nein")' in ran.log
    assert 'sold is "2024-03-05", expected a time in the format "%d.%m.%Y"' in ran.log


DECLARED: list[dict[str, Any]] = [
    {"missing": ["-999"]},
    {"missing": ["?", "-1", "1.5", "0"]},
    {"missing": []},
    {"missing": ["9007199254740993", "-9223372036854775808", "1e3"]},
    {"decimal": ","},
    {"thousands": "."},
    {"decimal": ".", "thousands": ""},
    {"decimal": ",", "thousands": " ", "missing": ["-1,5", "1 000"]},
    {"decimal": ".", "thousands": "'", "missing": ["-1'000", "NA"]},
]
TEXTS = st.text("0159.,+- 'e?\u202f", max_size=7) | st.sampled_from(
    ["-999", "-999.0", "-1.5", "-1,5", "1.000", "1 000", "1\u202f000", "-1'000", "NA", "nan", "NaN", "9007199254740993",
     "9007199254740992", "-9223372036854775808", "1e3", "1000", "true", "0", "1", "?", " ? ", "", " "]
)  # fmt: skip


def is_beyond(value: Any) -> bool:
    """Whether it is a number that ingest reads and no model takes."""
    if type(value) is int:
        return not -LARGEST_INT - 1 <= value <= LARGEST_INT
    return type(value) is float and abs(value) > LARGEST_FLOAT


@pytest.mark.property
@given(st.sampled_from(["int", "float", "bool", "category", "text"]), st.sampled_from(DECLARED), TEXTS)
def test_any_cell_of_a_csv_request_means_what_it_means_in_ingest(kind: str, keys: dict[str, Any], text: str) -> None:
    own = keys if kind in ("int", "float") else {name: value for name, value in keys.items() if name == "missing"}
    column = Column.model_validate({"type": kind, "role": "input", "null": True, **own})
    cells, flaws = check_record({"x": parse_cell(text, column)}, {"x": column})
    try:
        read = read_column(pa.array([text]), column)
    except AmbiguousCellError:
        assert flaws
        return
    value = read.values[0].as_py()
    is_bad = (read.bad is not None and bool(read.bad[0])) or is_beyond(value)
    assert (bool(flaws), None if flaws else cells["x"]) == (is_bad, None if is_bad else value)


NUMBERS = st.sampled_from([-999, -999.0, -1, 0, 1.5, 1000, 2**53, 2**53 + 1, 2.0**53, -(2**63), 7]) | st.integers(-5, 5)


@pytest.mark.property
@given(st.sampled_from(["int", "float"]), st.sampled_from(DECLARED), NUMBERS)
def test_any_number_of_a_json_request_means_what_it_means_in_ingest(
    kind: str, keys: dict[str, Any], number: Any
) -> None:
    column = Column.model_validate({"type": kind, "role": "input", "null": True, **keys})
    cell, fits = validate_cell(number, column)
    read = read_column(pa.array([number]), column)
    value = read.values[0].as_py()
    is_bad = (read.bad is not None and bool(read.bad[0])) or is_beyond(value)
    assert (fits, cell if fits else None) == (not is_bad, None if is_bad else value)
    schema = make_schema({"x": column})
    if fits:
        (record,) = schema.read_one(json.dumps({"x": number}).encode())
        assert record.f0 == cell  # type: ignore[attr-defined]  # a field of a type that is made while running


def test_a_missing_value_that_is_required_is_refused_by_its_word() -> None:
    column = Column(type="float", role="input", missing=["-999"])
    (flaw,) = check_record({"x": -999}, {"x": column})[1]
    assert flaw.say() == "x is -999, which means no value, and is required, expected a number"


def test_the_page_shows_a_number_as_it_reads_it() -> None:
    column = Column(type="float", role="input", thousands=".")
    shown = [write_number(number, column) for number in (1.5, 1000.0, 12345.678, -0.001, 1e300)]
    assert shown[:3] == ["1,5", "1000", "12345,678"]
    assert [parse_cell(text, column) for text in shown] == [1.5, 1000, 12345.678, -0.001, 1e300]


def test_a_contract_has_the_keys_of_the_file_and_no_word_of_them_where_none_is_declared() -> None:
    plain = Column(type="float", role="input")
    own = Column.model_validate({"type": "float", "role": "input", "missing": ["x"], "from": "X"})
    filled = fill_served_keys({"plain": plain, "own": own}, {"missing": ["?"], "source": "file"})
    assert {name: promise_column(column).missing for name, column in filled.items()} == {"plain": ["?"], "own": ["x"]}
    assert not {"missing", "decimal", "thousands"} & set(promise_column(plain).model_dump(mode="json"))
    with pytest.raises(RecipeError, match="both"):
        fill_keys("own", Column(type="float", role="input", decimal=","), CellKeys(thousands=","))
    with pytest.raises(RecipeError, match="missing"):
        fill_served_keys({"plain": plain}, {"missing": "?"})


def test_the_keys_of_inputs_are_part_of_the_models_key_where_they_are_declared() -> None:
    columns = {
        name: Column.model_validate({"type": "float", "role": role, "from": name, "decimal": decimal})
        for name, role, decimal in (("a", "input", ","), ("b", "input", None), ("c", "target", ","))
    }

    def schema_of(ingest: dict[str, Any]) -> dict[str, Any]:
        run: Any = SimpleNamespace(recipe=SimpleNamespace(columns=columns, sections={"ingest": ingest}))
        return Model().schema(run)

    plain = {"type", "role", "null", "min", "max", "allowed", "unit", "description"}
    found = schema_of({"source": "file"})
    assert {name: set(keys) - plain for name, keys in found.items()} == {"a": {"decimal"}, "b": set(), "c": set()}
    found = schema_of({"missing": ["?"]})
    assert {name: set(keys) - plain for name, keys in found.items()} == {
        "a": {"decimal", "missing"}, "b": {"missing"}, "c": set(),
    }  # fmt: skip
