"""`epoch = "excel"` reads the days that spreadsheets count, as openpyxl does."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import from_excel

from relay.handoff.column import Column
from relay.reading.cells import read_column
from relay.reading.iso import write_moment
from relay.reading.one_cell import UnreadableCellError, read_text_cell

COLUMN = Column.model_validate({"type": "time", "role": "input", "null": True, "epoch": "excel"})

RECIPE = """
title = "Days"
[ingest]
source = "file"
path = "{folder}/rows.csv"
delimiter = ";"
[preprocess]
kind = "table"
[columns]
sold = { type = "time", role = "time", epoch = "excel", decimal = "," }
price = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


def test_ingest_reads_days_and_fractions_of_days(project: Project) -> None:
    project.write("rows.csv", "sold;price\n45292;1\n45292,5;2\n2024-03-05;3\n")
    ran = project.run("ingest", project.recipe(RECIPE))
    assert ran.exit_code == 0, ran.log
    assert [row["sold"] for row in project.rows("raw/values")] == [
        datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 3, 5, tzinfo=UTC),
    ]  # fmt: skip


@given(st.floats(61, 2_900_000))
def test_a_day_is_the_moment_that_openpyxl_reads(day: float) -> None:
    cast = read_column(pa.array([repr(day), None]), COLUMN)
    moment = cast.values[0].as_py()
    assert abs(moment - from_excel(day).replace(tzinfo=UTC)) <= timedelta(milliseconds=1)
    assert read_text_cell(repr(day), COLUMN) == write_moment(moment)


@pytest.mark.parametrize("day", ["0", "60", "-1", "2958466", "2958465.9999999", "1e300"])
def test_days_that_no_calendar_shows_are_rejected(day: str) -> None:
    cast = read_column(pa.array([day]), COLUMN)
    assert cast.values.null_count == 1
    assert cast.bad is not None
    with pytest.raises(UnreadableCellError):
        read_text_cell(day, COLUMN)
