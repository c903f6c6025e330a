"""Columns held against a contract: the same values and the same refusals as record by record."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from model.ask.files.check import Checked, check_rows, to_value
from relay.handoff.column import Column
from relay.registry.cells import parse_cell
from relay.registry.moments import MISSING, make_moments
from relay.registry.records import check_record

TEXTS = [
    *(
        "",
        " ",
        "5",
        "5.0",
        " 5 ",
        "-0",
        "+7",
        "1e3",
        "1.000",
        "1,5",
        "1.234,5",
        "0x10",
        "nan",
        "inf",
        "1_0",
        "abc",
        "9" * 30,
    ),
    *(
        "9007199254740993",
        "7-",
        "12 %",
        "$5",
        "-999",
        "N/A",
        "null",
        "true",
        "No",
        "1",
        "0",
        "Ulm",
        " Ulm ",
        "Köln",
        "Rom",
    ),
    *(
        "2024-02-30",
        "2024-02-28",
        "2024-02-28T13:00+02:00",
        "20240228",
        "28/02/2024",
        "28.02.2024",
        "1709125200",
        "45350.5",
    ),
]
COLUMNS = {
    "int": Column(type="int", role="input", min=0, max=2**53),
    "int?": Column(type="int", role="input", null=True, missing=["-999", "N/A"]),
    "int of a few": Column(type="int", role="input", allowed=[0, 1, 5]),
    "float": Column(type="float", role="input", min=-1, max=1e6),
    "float?": Column(type="float", role="input", null=True),
    "float of Europe": Column(type="float", role="input", decimal=",", thousands=".", null=True),
    "float of a unit": Column(type="float", role="input", prefix="$", suffix="%"),
    "float of a few": Column(type="float", role="input", allowed=[0.5, 5], null=True),
    "bool": Column(type="bool", role="input"),
    "bool?": Column(type="bool", role="input", null=True, true_words=["Ulm"], false_words=["Rom"]),
    "category": Column(type="category", role="input"),
    "category?": Column(type="category", role="input", null=True, missing=["Rom"]),
    "category of a few": Column(type="category", role="input", allowed=["Ulm", "Köln", "5"], null=True),
    "text?": Column(type="text", role="input", null=True),
    "time": Column(type="time", role="input"),
    "time?": Column(type="time", role="input", null=True, time_format="%d/%m/%Y"),
    "time since 1970": Column(type="time", role="input", null=True, epoch="s"),
}
VALUES: dict[str, list[Any]] = {
    "text": [None, *TEXTS],
    "float": [
        None,
        math.nan,
        math.inf,
        0.0,
        -0.0,
        5.0,
        5.5,
        0.5,
        -1.0,
        -999.0,
        1e6,
        1.1e6,
        2.0**53,
        1e300,
        1709125200.0,
    ],
    "int": [None, 0, 1, 5, -1, 7, -999, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 1709125200, 20240228],
    "bool": [None, True, False],
    "none": [None, None],
}


def as_records(checked: Checked, columns: dict[str, Column], rows: int) -> list[dict[str, Any] | str]:
    """Per row its cells as numbers and texts, or what is wrong with it."""
    cells = {
        name: array.to_pylist() if isinstance(array, pa.Array) else array.tolist()
        for name, array in checked.cells.items()
    }
    return [
        "; ".join(flaw.say() for flaw in checked.flaws[row])
        if row in checked.flaws
        else {name: None if _is_missing(cells[name][row]) else cells[name][row] for name in columns}
        for row in range(rows)
    ]


def _is_missing(cell: Any) -> bool:
    return cell is None or (type(cell) is int and cell == MISSING) or (type(cell) is float and math.isnan(cell))


def expect(values: list[Any], name: str, column: Column, limit: float, *, is_csv: bool) -> list[dict[str, Any] | str]:
    """The same by the check of records."""
    found: list[dict[str, Any] | str] = []
    for value in values:
        cell = parse_cell(value, column) if is_csv else to_value(value)
        record, flaws = check_record({name: cell}, {name: column}, {name: limit})
        if flaws:
            found.append("; ".join(flaw.say() for flaw in flaws))
        elif column.type == "time" and record[name] is not None:
            found.append({name: int(make_moments([record[name]]).astype("int64")[0])})
        else:
            is_number = column.type in ("int", "float", "bool") and record[name] is not None
            found.append({name: float(record[name]) if is_number else record[name]})  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("kind", VALUES)
def test_a_column_of_a_file_means_what_its_cells_mean_in_records(name: str, kind: str) -> None:
    values, column = VALUES[kind], COLUMNS[name]
    together, alone = [(values, math.inf), (values, 1e5)], [([value], 1e5) for value in values]
    for cells, limit in (*together, *alone):
        checked = check_rows(pa.table({name: pa.array(cells)}), {name: column}, {name: limit})
        expected = expect(cells, name, column, limit, is_csv=False)
        assert as_records(checked, {name: column}, len(cells)) == expected


@pytest.mark.parametrize("name", COLUMNS)
def test_a_cell_of_a_csv_file_means_what_it_means_in_a_request(name: str) -> None:
    column = COLUMNS[name]
    for cells in (TEXTS, *([text] for text in TEXTS)):
        checked = check_rows(pa.table({name: pa.array(cells)}), {name: column}, {name: 1e5}, is_csv=True)
        assert as_records(checked, {name: column}, len(cells)) == expect(cells, name, column, 1e5, is_csv=True)


def test_types_that_json_lacks_mean_what_they_mean_in_ingest() -> None:
    columns = {name: COLUMNS[name] for name in ("float", "time", "category")}
    table = pa.table(
        {
            "float": pa.array([Decimal("5.25")]),
            "time": pa.array([date(2024, 2, 28)]),
            "category": pa.array(["Ulm"]).dictionary_encode(),
        }
    )
    moment = datetime(2024, 2, 28, tzinfo=UTC)
    assert as_records(check_rows(table, columns, {}), columns, 1) == [
        {"float": 5.25, "time": int(moment.timestamp() * 1e6), "category": "Ulm"}
    ]


def test_the_smallest_whole_number_of_64_bits_is_taken_as_ingest_takes_it() -> None:
    column = COLUMNS["int?"]
    assert check_record({"n": -(2**63)}, {"n": column}) == ({"n": -(2**63)}, [])
    assert check_record({"n": -(2**63) - 1}, {"n": column})[1]
    checked = check_rows(pa.table({"n": [-(2**63), 7]}), {"n": column}, {})
    assert (checked.cells["n"].tolist(), checked.flaws) == ([-(2.0**63), 7.0], {})


def test_each_row_that_is_refused_names_all_that_is_wrong_with_it() -> None:
    columns = {"a": COLUMNS["int"], "b": COLUMNS["category of a few"]}
    table = pa.table({"a": [1, -1, 2, None], "b": ["Ulm", "Oslo", "Rom", "5"]})
    flaws = check_rows(table, columns, {}).flaws
    assert {row: [flaw.column for flaw in found] for row, found in flaws.items()} == {1: ["a", "b"], 2: ["b"], 3: ["a"]}


def test_a_list_in_a_column_of_numbers_is_a_refused_row_and_no_failure() -> None:
    table = pa.table({"int": pa.array([[1, 2], None])})
    assert sorted(check_rows(table, {"int": COLUMNS["int"]}, {}).flaws) == [0, 1]


def test_a_row_that_only_the_record_check_reads_stays_in_its_place() -> None:
    column = COLUMNS["time"]
    table = pa.table({"time": ["2024-02-28", "20240228", "2024-02-29"]})
    checked = check_rows(table, {"time": column}, {})
    days = [np.datetime64(day, "us").astype(np.int64) for day in ("2024-02-28", "2024-02-28", "2024-02-29")]
    assert (checked.flaws, checked.cells["time"].tolist()) == ({}, days)
