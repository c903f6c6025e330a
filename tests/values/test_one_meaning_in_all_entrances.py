"""A cell means one thing wherever it comes in, or is refused with one wording: 200 drawn cells of each type.

The entrances: ingest of CSV and of JSON, `/predict`, `/invocations` (CSV, records, split), `predict` and
`predict --csv`, which the page's upload shares, and a field of the page's form.
"""

import csv
import io
import json
import random
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from model.ask.records import read_records
from relay.handoff.column import Column
from relay.handoff.errors import SchemaError
from relay.reading.expected import describe_type
from relay.reading.iso import write_moment
from relay.registry.cells import parse_cell
from relay.registry.contract import LARGEST_FLOAT
from relay.registry.record_table import read_table
from relay.registry.records import check_record
from serve.errors import InvalidRecordsError
from serve.reading import read_invocation, read_predict_request
from serve.schema import make_schema

sys.path.append(str(Path(__file__).resolve().parents[1] / "relay" / "reading"))

from cell_drawing import draw_cell

COLUMNS: dict[str, dict[str, Any]] = {
    "int": {"type": "int", "missing": ["?", "-999"]},
    "float": {"type": "float", "decimal": ",", "thousands": "."},
    "plain": {"type": "float"},
    "whole": {"type": "int"},
    "bool": {"type": "bool"},
    "survey": {"type": "bool", "true_words": ["ja", "1"], "false_words": ["nein", "2"]},
    "category": {"type": "category", "missing": ["n/a"]},
    "text": {"type": "text"},
    "time": {"type": "time"},
    "german": {"type": "time", "time_format": "%d.%m.%Y"},
}

Outcome = tuple[str, Any]
"""`value` with the value, or `refused` with the words."""


def write_csv(cell: str) -> bytes:
    """A CSV file with the cell in the column x."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["n", "x"], ["1", cell]])
    return written.getvalue().encode()


def ingest(read: Callable[..., Any], name: str, content: bytes, column: dict[str, Any]) -> Outcome:
    """What ingest makes of a file with one row."""
    try:
        reading = read(name, content, {"n": {"type": "int"}, "x": {"null": True, **column}})
    except SchemaError as error:
        return "refused", str(error)
    if reading.rejected:
        return "refused", reading.rejected[0][1]
    value = reading.rows[0]["x"]
    if isinstance(value, float) and abs(value) > LARGEST_FLOAT:
        return "refused", "training refuses it"
    return "value", write_moment(value) if isinstance(value, datetime) else value


def ask(entrance: Callable[[], Any]) -> Outcome:
    """What a request makes of a record."""
    try:
        found = entrance()
    except (InvalidRecordsError, SchemaError) as error:
        return "refused", str(error)
    return "value", found


def from_struct(records: list[Any]) -> Any:
    return msgspec.structs.astuple(records[0])[0]


def from_table(content: bytes, columns: dict[str, Column]) -> Any:
    table = read_table(content, columns)
    if table.bad:
        raise SchemaError(table.bad[0].flaws[0].say())
    return table.records[0]["x"]


def from_form(text: str, column: Column) -> Any:
    """As `page.predict.form` reads a field: a number is parsed first, any other text is checked as it stands."""
    typed = parse_cell(text.strip(), column) if column.type in ("int", "float") else text
    record, flaws = check_record({"x": typed}, {"x": column})
    if flaws:
        raise SchemaError(flaws[0].say())
    return record["x"]


def find_entrances(cell: str, column: Column) -> dict[str, Callable[[], Any]]:
    """Name -> what reads a record with the cell as text."""
    columns = {"x": column}
    schema = make_schema(columns)
    production: Any = SimpleNamespace(contract=SimpleNamespace(inputs=columns, limits={}))
    record = json.dumps({"x": cell}).encode()
    split = json.dumps({"dataframe_split": {"columns": ["n", "x"], "data": [[1, cell]]}}).encode()
    many = json.dumps({"dataframe_records": [{"n": 1, "x": cell}]}).encode()
    table = write_csv(cell)

    def invoke(body: bytes, media_type: str = "application/json") -> Callable[[], Any]:
        return lambda: from_struct(read_invocation(body, media_type, schema, 10).records)

    return {
        "/predict": lambda: from_struct(read_predict_request(record, schema, 10).records),
        "/predict, a list": lambda: from_struct(read_predict_request(b"[%s]" % record, schema, 10).records),
        "/invocations, records": invoke(many),
        "/invocations, split": invoke(split),
        "/invocations, CSV": invoke(table, "text/csv"),
        "predict": lambda: read_records(record, production)[0]["x"],
        "predict --csv, upload": lambda: from_table(table, columns),
        "form": lambda: from_form(cell, column),
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_two_hundred_cells_of_each_type_have_one_value_or_are_refused_in_one_wording(
    read: Callable[..., Any], name: str
) -> None:
    drawing, declared = random.Random(name), COLUMNS[name]
    column = Column.model_validate({"role": "input", "null": True, **declared})
    outcomes = set()
    for _ in range(200):
        cell = draw_cell(drawing, column.type)
        kind, found = ingest(read, "x.csv", write_csv(cell), declared)
        outcomes.add(kind)
        by_json = ingest(read, "x.json", json.dumps([{"n": 1, "x": cell}]).encode(), declared)
        asked = {entrance: ask(one) for entrance, one in find_entrances(cell, column).items()}
        assert {one: (end[0], end[1] if kind == "value" else "") for one, end in asked.items()} == dict.fromkeys(
            asked, (kind, found if kind == "value" else "")
        ), repr(cell)
        assert by_json == (kind, found) or kind == "refused" == by_json[0], repr(cell)
        if kind == "refused" and found != "training refuses it":
            is_double = "column x, row 1: " in found
            words = found.partition("column x, row 1: ")[2] if is_double else describe_type(column)
            said = {"ingest of CSV": found, "ingest of JSON": by_json[1]} | {one: end[1] for one, end in asked.items()}
            assert [one for one, text in said.items() if words not in text] == [], (cell, words, said)
    assert "value" in outcomes


NUMBERS = (1, 0, 2, 1.0, 2.5, -999, 2**53, 1e16, True, False, 20240531, 45292, None)


@pytest.mark.parametrize("name", COLUMNS)
def test_numbers_and_truth_values_of_json_have_one_value(read: Callable[..., Any], name: str) -> None:
    declared = COLUMNS[name]
    column = Column.model_validate({"role": "input", "null": True, **declared})
    schema = make_schema({"x": column})
    for number in NUMBERS:
        expected = ingest(read, "x.json", json.dumps([{"n": 1, "x": number}]).encode(), declared)
        body = json.dumps({"x": number}).encode()
        found = ask(lambda body=body: from_struct(read_predict_request(body, schema, 10).records))  # type: ignore[misc]
        assert found[0] == expected[0], number
        assert expected[0] == "refused" or found[1] == expected[1], number


SPELLED: dict[str, dict[str, Any]] = {
    "whole": {
        "1_0": None, "\uff11\uff10": None, "\u0663": None, "\u00b2": None, "\u22121": None, "0x10": None, "0b1": None,
        "0o7": None, "1L": None, "1,000": None, "1 000": None, "Infinity": None, "-inf": None, "1e400": None,
        "1.5": None, "--1": None, "+": None, "e5": None, "1\u200b": None, "true": None, "9" * 30: None,
        "+1": 1, " 1\t": 1, "\u20031": 1, "1e2": 100, "1E2": 100, "2.0": 2, "-0": 0, "007": 7, "1-": -1,
        "9223372036854775807": 2**63 - 1,
    },
    "plain": {
        "1_0": None, "1_0.5": None, "\uff11.\uff15": None, "\u0663": None, "\u00bd": None, "0x1p3": None, "1f": None,
        "1,5": None, "10%": None, "Infinity": None, "-inf": None, "inf": None, "1e400": None, "1e": None, "e5": None,
        "+1": 1.0, " 1.5 ": 1.5, ".5": 0.5, "1.": 1.0, "1e5": 1e5, "1E-5": 1e-5, "-0.0": 0.0, "1.5-": -1.5,
    },
}  # fmt: skip
"""Column -> cell -> its value; None where each entrance refuses it."""


@pytest.mark.parametrize("name", SPELLED)
def test_a_number_of_other_signs_or_forms_is_refused_by_each_entrance_and_ingest(
    read: Callable[..., Any], name: str
) -> None:
    declared = COLUMNS[name]
    column = Column.model_validate({"role": "input", "null": False, **declared})
    for cell, value in SPELLED[name].items():
        expected = ("refused", "") if value is None else ("value", value)
        found = {entrance: ask(one) for entrance, one in find_entrances(cell, column).items()}
        found["ingest"] = ingest(read, "x.csv", write_csv(cell), declared)
        assert {one: (end[0], "" if end[0] == "refused" else end[1]) for one, end in found.items()} == dict.fromkeys(
            found, expected
        ), repr(cell)
