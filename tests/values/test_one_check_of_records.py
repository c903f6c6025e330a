"""The compiled decoder of the API and the check of records give one value, or one message, for the same record."""

import json
import random
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column
from relay.reading.spellings import FALSE_WORDS, MISSING_WORDS, TRUE_WORDS
from relay.registry.cells import decode_json, parse_cell
from relay.registry.contract import LARGEST_FLOAT
from relay.registry.records import check_record
from serve.errors import InvalidRecordsError, MalformedBodyError
from serve.reading import PROTOCOL, read_invocation, read_predict_request
from serve.schema import make_schema

LIMITS = {"reach": 4.1e19, "far": 1000.0}

DECLARED: dict[str, dict[str, Any]] = {
    "age": {"type": "int", "min": 18, "max": 120, "unit": "years"},
    "far": {"type": "int", "null": True},
    "reach": {"type": "float"},
    "share": {"type": "float", "min": 0, "max": 1, "null": True},
    "step": {"type": "float", "allowed": [0.5, 1.0]},
    "code": {"type": "int", "allowed": [0, 1, 7], "null": True},
    "is member?": {"type": "bool", "null": True},
    "agreed": {"type": "bool", "allowed": [True]},
    "town": {"type": "category"},
    "home": {"type": "category", "null": True, "allowed": ["own", "rent", ""]},
    "note": {"type": "text", "null": True},
    "gap": {"type": "float", "null": True, "missing": ["-999", "?"]},
    "hole": {"type": "int", "missing": ["17", "5,0"], "decimal": ","},
    "kind": {"type": "category", "null": True, "missing": ["?", "a"]},
    "grade": {"type": "category", "null": True, "missing": ["?"], "allowed": ["A", "?"]},
    "yes": {"type": "bool", "null": True, "missing": ["-1"]},
}
COLUMNS = {name: Column.model_validate({"role": "input"} | column) for name, column in DECLARED.items()}

GOOD: dict[str, list[Any]] = {
    "age": [18, 120, 40, 40.0],
    "far": [None, 1000, -1000, 5],
    "reach": [4.1e19, -4.1e19, 0, 0.1, 1, 2**60],
    "share": [None, 0, 1, 0.3],
    "step": [0.5, 1, 1.0],
    "code": [None, 0, 7],
    "is member?": [None, True, False],
    "agreed": [True],
    "town": ["Ulm", "é", " "],
    "home": [None, "own", "rent", ""],
    "note": [None, "", "a", "null"],
    "gap": [None, 1, 2.5],
    "hole": [16, 2],
    "kind": [None, "b", "a?"],
    "grade": [None, "A"],
    "yes": [None, True, False],
}
ODD = (
    None,
    "",
    " ",
    "a",
    "?",
    " ?",
    -999,
    -999.0,
    -1,
    "1",
    True,
    False,
    0,
    -1,
    17,
    121,
    5.0,
    5.5,
    1001,
    1e20,
    -1e39,
    1e308,
    2**63,
    10**30,
)
ODD_LISTS: tuple[Any, ...] = ([], [5], {}, {"a": None})


UNSAYABLE = ("step", "agreed")
"""Columns whose rules no type says: with one of them, the check reads every record."""


def draw_record(drawing: random.Random, columns: Iterable[str]) -> Any:
    """A record with one odd cell, as a rule: some have none, or more, or a column too few or too many."""
    if drawing.random() < 0.03:
        return drawing.choice((*ODD, *ODD_LISTS))
    record = {name: drawing.choice(GOOD[name]) for name in columns}
    for _ in range(drawing.choice((0, 0, 0, 1, 1, 2))):
        record[drawing.choice(list(record))] = drawing.choice((*ODD, *ODD_LISTS))
    if drawing.random() < 0.1:
        del record[drawing.choice(list(record))]
    if drawing.random() < 0.1:
        record[drawing.choice(("Age", "colour", "far "))] = 1
    return record


@pytest.mark.parametrize(("seed", "left_out"), [(1, UNSAYABLE), (2, UNSAYABLE), (3, ())])
def test_two_hundred_records_have_one_value_or_one_message(seed: int, left_out: tuple[str, ...]) -> None:
    drawing = random.Random(seed)
    columns = {name: column for name, column in COLUMNS.items() if name not in left_out}
    schema = make_schema(columns, LIMITS)
    decoded, refused = 0, 0
    for record in (draw_record(drawing, columns) for _ in range(200)):
        body = json.dumps(record).encode()
        cells, flaws = check_record(json.loads(body), columns, LIMITS)
        try:
            quick = schema.decode_one(body)
        except msgspec.ValidationError:
            pass
        else:
            decoded += 1
            assert (list(msgspec.structs.astuple(quick)), flaws) == (list(cells.values()), [])
        try:
            read = [list(msgspec.structs.astuple(found)) for found in schema.read_one(body)]
        except InvalidRecordsError as error:
            refused += 1
            said = [flaw.message.replace("the body is", "the record is") for flaw in error.flaws]
            assert said == [flaw.say() for flaw in flaws]
        else:
            assert (read, flaws) == ([list(cells.values())], [])
    assert (decoded > 20 or not left_out, refused > 50) == (True, True)  # both kinds are among them


@pytest.mark.parametrize("twice", ['"a": 1, "a": 2', '"a": 1, "\\u0061": 1', '"a": null, "b": "x:y", "a": 1'])
@pytest.mark.parametrize("shape", ["%s", "[%s]", *(f'{{"{key}": [%s]}}' for key in PROTOCOL if "split" not in key)])
def test_a_key_that_comes_twice_in_a_record_is_refused_in_every_form(twice: str, shape: str) -> None:
    columns = {"a": Column(type="int", role="input", null=True), "b": Column(type="text", role="input", null=True)}
    schema = make_schema(columns)
    rest = "" if '"b"' in twice else ', "b": null'
    body = (shape % f"{{{twice}{rest}}}").encode()
    read = partial(read_invocation, media_type="application/json") if ": [" in shape else read_predict_request
    with pytest.raises(MalformedBodyError, match='the key "a" comes twice in one object; send it once'):
        read(body, schema=schema, max_rows=10)
    with pytest.raises(ValueError, match='the key "a" comes twice'):
        decode_json(body)


def test_colons_in_texts_and_escaped_keys_are_no_keys_that_come_twice() -> None:
    schema = make_schema({"a:b": Column(type="text", role="input"), "c": Column(type="text", role="input")})
    body = rb'[{"a:b": "x:y::", "\u0063": "\":\""}, {"c": "d", "a:b": ":"}]'
    read = read_predict_request(body, schema, 10)
    assert [msgspec.structs.astuple(record) for record in read.records] == [("x:y::", '":"'), (":", "d")]


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("age", " 25", 25),
        ("age", "25.0", 25.0),
        ("age", "9007199254740993", 9007199254740993),
        ("age", "1_000", "1_000"),  # Python's own reading of numbers would make 1000 of it
        ("age", "٢٥", "٢٥"),  # digits of another script are no number in ingest either
        ("share", "NA", None),
        ("share", "inf", "inf"),
        ("share", "1e-3", 0.001),
        ("share", ".5", 0.5),
        ("share", "1,5", "1,5"),
        ("is member?", "TRUE", True),
        ("is member?", "0", False),
        ("is member?", "perhaps", "perhaps"),
        ("town", "", None),
        ("town", "NA", "NA"),
        ("town", " ", None),
        ("town", " Ulm ", "Ulm"),
        ("note", " ", " "),
    ],
)
def test_a_cell_of_a_csv_file_is_read_as_ingest_reads_it(column: str, text: str, expected: Any) -> None:
    found = parse_cell(text, COLUMNS[column])
    assert (found, type(found)) == (expected, type(expected))


WORDS = (*MISSING_WORDS, *TRUE_WORDS, *FALSE_WORDS, "tRUE", "YES", "inf", "-", ".", "1e5", "1.000", "1.000.000", "own")

CELLS = st.text("0159.,+- eE_", max_size=6) | st.sampled_from(WORDS)


@pytest.mark.property
@given(
    st.sampled_from(["int", "float", "bool", "category"]), st.text("0159.,+- eE_", max_size=6) | st.sampled_from(WORDS)
)
def test_a_cell_of_a_csv_request_means_what_it_means_in_ingest(kind: Any, text: str) -> None:
    column = Column(type=kind, role="input", null=True)
    cells, flaws = check_record({"x": parse_cell(text, column)}, {"x": column})
    try:
        read = read_column(pa.array([text]), column)
    except AmbiguousCellError:
        assert flaws  # 1.000 in a column of whole numbers: both refuse it
        return
    value = read.values[0].as_py()
    is_bad = (read.bad is not None and bool(read.bad[0])) or (isinstance(value, float) and abs(value) > LARGEST_FLOAT)
    assert bool(flaws) == is_bad
    assert flaws or cells["x"] == value


def test_a_whole_number_that_a_float_cannot_hold_is_not_rounded() -> None:
    # 2**53 + 1, written with a point, is 2**53 for every reader of JSON.
    columns = {"n": Column(type="int", role="input")}
    results = {text: check_record(json.loads(f'{{"n": {text}}}'), columns) for text in ("9007199254740993", "5.0")}
    assert {text: cells["n"] for text, (cells, _) in results.items()} == {"9007199254740993": 2**53 + 1, "5.0": 5}
    (flaw,) = check_record({"n": 9007199254740993.0}, columns)[1]
    assert flaw.say() == "n is 9007199254740992.0, expected a whole number"
