"""JSON in the shapes that pandas and others write, and constants that are no JSON."""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.formats import frames
from relay.reading.formats.json_text import replace_constants

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text"}, "age": {"type": "int", "null": True}, "x": {"type": "float", "null": True}}
FRAME = pd.DataFrame({"name": ["Ada", "Bö", "01"], "age": [36, None, 7], "x": [0.1, 1e-7, None]})
ROWS = [
    {"name": "Ada", "age": 36, "x": 0.1},
    {"name": "Bö", "age": None, "x": 1e-7},
    {"name": "01", "age": 7, "x": None},
]


@pytest.mark.parametrize("orient", ["records", "split", "columns", "lines"])
def test_what_pandas_writes_is_read(read: Read, orient: str) -> None:
    shape: dict[str, Any] = {"orient": "records", "lines": True} if orient == "lines" else {"orient": orient}
    reading = read("x.json", FRAME.to_json(**shape, double_precision=15), PEOPLE)
    assert (reading.rows, reading.rejected) == (ROWS, [])


def test_lists_under_names_are_columns(read: Read) -> None:
    columns = {name: [row[name] for row in ROWS] for name in PEOPLE}
    assert read("x.json", json.dumps(columns), PEOPLE).rows == ROWS


def test_a_list_deep_in_the_file_is_named_by_its_path(read: Read) -> None:
    assert read("x.json", json.dumps({"a": {"b": ROWS}}), PEOPLE, records="a.b").rows == ROWS


def test_the_shape_is_said_in_the_log_and_the_receipt(desk: Any) -> None:
    (desk.data / "x.json").write_text(FRAME.set_index("name", drop=False).to_json(orient="split"))
    recipe = """
    title = "People"
    [ingest]
    source = "file"
    path = "data/x.json"
    [preprocess]
    kind = "table"
    [columns]
    name = { type = "text", role = "input" }
    age = { type = "int", role = "input", null = true }
    x = { type = "float", role = "input", null = true }
    [model]
    kind = "estimator"
    """
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    said = "\n".join(desk.said("ingest"))
    assert "data/x.json: names in columns, rows in data (pandas: orient = split)" in said
    assert 'the labels of the rows (pandas: index), such as "Ada", are not read' in said
    assert desk.receipt("raw/desk").sources[0].found["records"].startswith("names in columns, rows in data")


@pytest.mark.parametrize(("name", "template"), [("x.json", "[{}]"), ("x.jsonl", "{}"), ("x.json", "{}\n{}")])
def test_nan_is_no_value_and_infinity_a_number(read: Read, name: str, template: str) -> None:
    records = [{"x": 1.5, "t": "NaN, and [Infinity]"}, {"x": math.nan, "t": math.nan}, {"x": -math.inf, "t": "\\"}]
    text = (", " if template == "[{}]" else "\n").join(map(json.dumps, records))
    content = template.replace("{}\n{}", "{}").replace("{}", text)
    columns = {"x": {"type": "float", "null": True}, "t": {"type": "text", "null": True}}
    assert read(name, content, columns).rows == [
        {"x": 1.5, "t": "NaN, and [Infinity]"}, {"x": None, "t": None}, {"x": -math.inf, "t": "\\"},
    ]  # fmt: skip


def test_nan_after_many_records_is_read_and_none_comes_twice(read: Read) -> None:
    ages: list[float] = [*range(10_000), math.nan, 1]
    reading = read("x.json", json.dumps([{"age": age} for age in ages]), {"age": {"type": "int", "null": True}})
    assert [row["age"] for row in reading.rows] == [*range(10_000), None, 1]


@given(
    st.recursive(st.sampled_from([math.nan, math.inf, -math.inf, "NaN", '"', "\\", 'a"b\\', 1.5]), st.lists), st.data()
)
def test_constants_are_replaced_outside_of_texts_however_the_bytes_come(value: Any, data: Any) -> None:
    text = json.dumps([value, {"-Infinity": value}]).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    patched = b"".join(replace_constants(iter(pieces))).decode()
    expected = json.loads(text, parse_constant={"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}.get)
    assert json.loads(patched, parse_constant=lambda name: pytest.fail(name)) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"columns": ["age", "age"], "data": [[1, 2]]}', 'the name "age" comes twice in columns'),
        ('{"columns": [["age", "x"]], "data": [[1]]}', "a name in columns is .*; expected texts"),
        ('{"age": {"0": 1}, "x": {"0": 1, "1": 2}}', '"age" has 1 values, and "x" has 2'),
        ('{"age": {"0": 1, "1": 3}, "x": {"1": 1, "0": 2}}', 'the rows of the column "x" have other labels'),
        ('{"age": [1], "age": [2]}', 'the column "age" comes twice'),
        ('{"Ada": {"age": 1}, "Bo": {"age": 2}}', 'rows under their labels, such as "Ada"; write the rows as a list'),
        ('{"age": {"x": 1}, "name": {"x": 2}}', 'rows under their labels, such as "age", or of columns'),
        ('{"error": "no such table"}', "the file is an object with the keys error"),
        ('{"age": {"0": 1}, "x": {"0"', "not JSON, or cut"),
    ],
)
def test_what_is_no_table_or_may_be_two_is_refused(read: Read, content: str, message: str) -> None:
    columns = {"age": {"type": "int"}, "x": {"type": "float", "null": True}}
    with pytest.raises((SourceError, SchemaError), match=message):
        read("x.json", content, columns)


def test_columns_are_matched_as_in_every_format(read: Read) -> None:
    content = FRAME.to_json()
    with pytest.raises(SchemaError, match='unexpected column "x"'):
        read("x.json", content, {"name": PEOPLE["name"], "age": PEOPLE["age"]})
    dropped = read("x.json", content, {"label": {"type": "text", "from": "name"}}, extra_columns="drop")
    assert [row["label"] for row in dropped.rows] == ["Ada", "Bö", "01"]


def test_a_row_of_split_with_another_number_of_cells_costs_itself_only(read: Read) -> None:
    reading = read("x.json", '{"columns": ["age"], "data": [[1], [2, 3], [4]]}', {"age": {"type": "int"}})
    assert [row["age"] for row in reading.rows] == [1, 4]
    assert reading.rejected == [(2, "not a record", {"record": "[2, 3]"})]


def test_columns_come_in_pieces(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "CHUNK_VALUES", 7)
    draw = random.Random(3)
    ages = [draw.choice([None, 1, 2.0, "3", [1], {"a": 1}]) for _ in range(50)]
    content = json.dumps({"age": dict(enumerate(ages)), "kind": dict(enumerate(ages))})
    reading = read("x.json", content, {"age": {"type": "int", "null": True}, "kind": {"type": "text", "null": True}})
    sound = [age for age in ages if not isinstance(age, list | dict)]
    assert [row["age"] for row in reading.rows] == [None if age is None else int(age) for age in sound]
    assert reading.read == 50
    assert {cells["kind"] for *_, cells in reading.rejected} == {"[1]", '{"a": 1}'}


def test_columns_that_are_kept_have_the_type_of_all_their_values(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "CHUNK_VALUES", 2)
    (desk.data / "x.json").write_text('{"age": [1, 2, 3], "y": [1, 2, 2.5], "z": [null, null, "a"]}')
    recipe = """
    title = "People"
    [ingest]
    source = "file"
    path = "data/x.json"
    extra_columns = "keep"
    [preprocess]
    kind = "table"
    [columns]
    age = { type = "int", role = "input" }
    [model]
    kind = "estimator"
    """
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    assert desk.rows("raw/desk")[2] == {"age": 3, "y": 2.5, "z": "a"}


def test_numbers_among_texts_are_numbers_whatever_the_marks_of_the_texts(read: Read) -> None:
    content = json.dumps([{"x": value} for value in (1234.5, "1.250,00", 1.125, 7)])
    reading = read("x.json", content, {"x": {"type": "float", "decimal": ",", "thousands": "."}})
    assert [row["x"] for row in reading.rows] == [1234.5, 1250.0, 1.125, 7.0]
