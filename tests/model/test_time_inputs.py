"""Inputs of type time: parts of the calendar and days in the pipeline, one meaning wherever a record is asked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from projects import Project, mark_split

from model.training.estimator.contract import list_records
from model.training.estimator.rows import make_frame
from relay.handoff.column import Column
from relay.handoff.errors import ModelError
from relay.reading.moment_text import read_moment
from relay.reading.moments import read_moment as read_as_ingest
from relay.registry import predictions
from relay.registry.calendar_parts import PARTS, CalendarParts
from relay.registry.cells import parse_cell
from relay.registry.contract import MODEL_FILE, Contract
from relay.registry.model_file import read_model
from relay.registry.records import check_record
from serve.errors import InvalidRecordsError
from serve.schema import make_schema

SALES = """
title = "Sales by time"
[columns]
sold_at = { type = "time", role = "input" }
paid_at = { type = "time", role = "input", null = true }
size = { type = "float", role = "input" }
price = { type = "float", role = "target" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

Make = Callable[..., Project]

START = datetime(2024, 2, 28, 13, tzinfo=UTC)
SOLD = Column(type="time", role="input")
PAID = Column(type="time", role="input", null=True)


def sale_columns(rows: int = 200) -> dict[str, Any]:
    """The price rises by 2 per day and by 5 from each month to the next; every fourth sale is not paid yet."""
    draw = np.random.default_rng(8)
    sold = [START + timedelta(days=int(day), hours=int(hour)) for day, hour in draw.integers(0, [300, 24], (rows, 2))]
    size = draw.normal(0, 1, rows)
    price = [2 * (at - min(sold)) / timedelta(days=1) + 5 * at.month + x for at, x in zip(sold, size, strict=True)]
    paid = [None if row % 4 == 0 else at + timedelta(days=3) for row, at in enumerate(sold)]
    return {"sold_at": sold, "paid_at": paid, "size": size, "price": price, "split": mark_split(rows)}


def test_times_become_the_calendars_parts_and_days_since_the_first_training_row() -> None:
    moments = [START, START + timedelta(days=2, hours=15), None, datetime(1969, 12, 31, 23, tzinfo=UTC)]
    frame = pd.DataFrame({"at": pd.Series(moments[:2], dtype="datetime64[us, UTC]")})
    parts = CalendarParts(indicate=True).fit(frame)
    found = parts.transform(pd.DataFrame({"at": pd.Series(moments, dtype="datetime64[us, UTC]")}))
    assert found[:, :5].tolist()[:2] == [[0, 2, 28, 3, 13], [2.625, 3, 2, 6, 4]]
    assert np.isnan(found[2, :5]).all()
    assert found[3].tolist() == [-(START - moments[3]) / timedelta(days=1), 12, 31, 3, 23, 0]  # type: ignore[operator]
    assert found[:, 5].tolist() == [0, 0, 1, 0]
    assert parts.name_terms(["at"]) == [*(f"at: {part}" for part in PARTS), "at is missing"]


def test_the_calendar_agrees_with_pythons_on_any_day() -> None:
    draw = np.random.default_rng(9)
    counts = draw.integers(-62_135_596_800_000_000, 253_402_300_799_999_999, 500)
    frame = pd.DataFrame({"at": pd.Series(counts.view("datetime64[us]")).dt.tz_localize("UTC")})
    found = CalendarParts().fit_transform(frame)
    moments = [at.to_pydatetime() for at in frame["at"]]
    assert found[:, 1:].tolist() == [[at.month, at.day, at.isoweekday(), at.hour] for at in moments]


def test_a_model_learns_from_times_and_its_file_answers_records(project: Make) -> None:
    results = project(SALES, sale_columns()).train()
    assert results.metrics["test"]["r2"] > 0.999
    assert results.onnx is None
    assert results.contract is not None
    assert results.model is not None
    contract = Contract.from_json(results.contract.to_json())
    example = contract.example.records[0]["sold_at"]
    assert isinstance(example, str)
    assert example.endswith("Z")
    assert {"sold_at", "paid_at", "size"} == set(contract.usual or {})
    slopes = dict(zip(*results.tables["coefficients"].to_pydict().values(), strict=True))
    assert slopes["sold_at: days since the first training row"] == pytest.approx(2, abs=0.5)
    model = read_model(results.model, contract.files[MODEL_FILE])
    found = predictions.predict_with_model(contract, model, contract.example.records)
    assert predictions.find_difference(contract, found) == ""


def test_segments_by_time_are_refused(project: Make) -> None:
    with pytest.raises(ModelError, match="segments: sold_at is a time"):
        project(SALES, sale_columns()).train('model.segments=["sold_at"]')


def test_an_input_that_is_the_target_as_a_time_is_a_leak(project: Make) -> None:
    columns = sale_columns(400)
    columns["price"] = [(at - START) / timedelta(hours=1) for at in columns["sold_at"]]
    leaks = project(SALES, columns).train().contract.leaks  # type: ignore[union-attr]
    assert [leak.column for leak in leaks if leak.by == "values"] == ["sold_at", "paid_at"]


def test_records_and_the_processed_table_make_the_same_frame() -> None:
    columns = {"sold_at": SOLD, "paid_at": PAID}
    moments = [START, None, START + timedelta(microseconds=1)]
    kind = pa.timestamp("us", tz="UTC")
    table = pa.table({"sold_at": pa.array([START] * 3, kind), "paid_at": pa.array(moments, kind)})
    frame = make_frame(table, columns)
    pd.testing.assert_frame_equal(predictions.make_frame(columns, list_records(frame, columns)), frame)


TEXTS = [
    *(
        "2024-05-31",
        "2024-05-31T12:30:00Z",
        "2024-05-31 12:30",
        " 2024-05-31T12:30:00.25 ",
        "2024-05-31T12:30:00+02:00",
    ),
    *("2024-05-31T12:30:00-0930", "2024-05-31T12:30:00.1234567Z", "2024-05-31 12", "1969-12-31T23:59:59Z"),
    *("2024-02-30", "2024-13-01", "31.5.2024", "yesterday", "2024-05-31T25:00", "2024-05-31T12:60", "12:30"),
    *("2024-W01-1", "2024-05", "20 24-05-31"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_says_the_same_moment_in_a_record_as_in_ingest(text: str) -> None:
    ingested = read_as_ingest(pa.array([text]), SOLD).values[0].as_py()
    assert read_moment(text.strip(), SOLD) == ingested


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-05-31", "2024-05-31T00:00:00Z"),
        ("2024-05-31T14:30:00+02:00", "2024-05-31T12:30:00Z"),
        ("2024-05-31 12:30:00.5", "2024-05-31T12:30:00.500000Z"),
    ],
)
def test_command_line_page_and_api_write_one_moment_in_one_way(cell: str, expected: str) -> None:
    columns = {"sold_at": SOLD, "paid_at": PAID}
    checked, flaws = check_record({"sold_at": cell, "paid_at": None}, columns)
    assert (checked, flaws) == ({"sold_at": expected, "paid_at": None}, [])
    (record,) = make_schema(columns).read_one(f'{{"sold_at": "{cell}", "paid_at": ""}}'.encode())
    assert (record.f0, record.f1) == (expected, None)  # type: ignore[attr-defined]
    assert parse_cell(f" {cell} ", SOLD) == expected
    assert parse_cell("", PAID) is None


@pytest.mark.parametrize("cell", [1717156800, 1.5, True, "2024-06-31", "soon", None, ""])
def test_what_is_no_moment_is_refused_with_what_is_expected(cell: Any) -> None:
    _, flaws = check_record({"sold_at": cell}, {"sold_at": SOLD})
    assert "expected a date, or a date and time, such as 2024-05-31 or 2024-05-31T12:30:00Z" in flaws[0].say()
    with pytest.raises(InvalidRecordsError, match="sold_at is"):
        make_schema({"sold_at": SOLD}).read_values([{"sold_at": cell}])
