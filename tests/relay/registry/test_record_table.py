"""A file with answers, as programs and as spreadsheets read it."""

import csv
import io

import pytest

from relay.handoff.column import Column
from relay.handoff.errors import SchemaError
from relay.handoff.spreadsheet import neutralise
from relay.registry.record_table import (
    BadRow,
    RecordTable,
    RowAnswer,
    read_table,
    resolve_names,
    write_table,
)
from relay.registry.records import Flaw

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    "-",
    "+",
    "=",
    "-2+3+cmd",
    "- 5",
    "+49 170",
)
NUMBERS = ("-5", "+5", "-5.25", "-1,5", "-1.234,5", "+1e-7", "-.5", "-5%", "-5 %")
TEXTS = ("", "5", "a=b", " =1", "'=1", "x-1")


def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe_and_numbers_stay() -> None:
    assert [neutralise(cell) for cell in FORMULAS] == [f"'{cell}" for cell in FORMULAS]
    assert [neutralise(cell) for cell in (*NUMBERS, *TEXTS, -5, None, 1.5)] == [*NUMBERS, *TEXTS, -5, None, 1.5]


def test_the_download_of_answers_is_neutralised_and_the_answer_of_the_command_is_not() -> None:
    columns, rows = ("=name", "size"), (("=1+1", "-5"), ("@x", "7"))
    table = RecordTable(columns, rows, {0: {}}, (BadRow(3, (Flaw("=name", "bad", "", "=x"),)),), ())
    answers = {0: RowAnswer("-yes", 0.25, "1", "abc/0")}
    raw = list(csv.reader(io.StringIO(write_table(table, answers).decode())))
    safe = list(csv.reader(io.StringIO(write_table(table, answers, for_spreadsheets=True).decode())))
    assert safe == [[neutralise(cell) for cell in row] for row in raw]
    assert (safe[0][:2], safe[1][:4], safe[2][:2]) == (
        ["'=name", "size"],
        ["'=1+1", "-5", "'-yes", "0.25"],
        ["'@x", "7"],
    )
    assert raw[1][:3] == ["=1+1", "-5", "-yes"]


LATE = {
    "late_30_59": Column(type="int", role="input", **{"from": ["Late30-59", "late"]}),
    "income": Column(type="float", role="input", null=True),
}


def test_the_header_of_the_source_is_understood_as_ingest_does() -> None:
    table = read_table(b"Id,Late30-59,income\n7,2,NA\n8,x,5\n", LATE)
    assert table.records == {0: {"late_30_59": 2, "income": None}}
    assert table.columns == ("Id", "Late30-59", "income")  # the answer has the file's own names
    assert table.others == ("Id",)
    assert [flaw.column for flaw in table.bad[0].flaws] == ["late_30_59"]


def test_a_columns_own_name_wins_over_another_one_and_two_of_one_name_are_none() -> None:
    assert resolve_names(("late", "late_30_59", "income"), LATE) == ("late", "late_30_59", "income")
    assert resolve_names(("late", "Late30-59", "income"), LATE) == ("late", "late_30_59", "income")
    with pytest.raises(SchemaError, match="lacks the columns late_30_59"):
        read_table(b"late,late,income\n1,2,3\n", LATE)
