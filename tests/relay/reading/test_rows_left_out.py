"""Rows of CSV that are no records are left out, counted and kept: totals, page heads, blank rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.handoff.errors import RecipeError

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text", "null": True}, "age": {"type": "int", "null": True}}
ADA = [{"name": "Ada", "age": 36}]

REPORT = """Umsatzbericht
Stand: 05.03.2024

Region;Stück;Umsatz;Datum
Nord;1.250;12,50;05.03.2024
Seite 1
Region;Stück;Umsatz;Datum
Süd;7;1.000,5;06.03.2024
;;;
Summe;1.257;1.013,00;
"""


def test_totals_page_heads_and_blank_rows_are_left_out_and_kept(read: Read) -> None:
    text = "name;age\nAda;36\nTotal;36\nname;age\n;;\n  \n;\nPage 2 of 3\nBo;x\nCy;7\n"
    rules = [{"column": "name", "pattern": "^(Total|Page )"}, {"column": "age", "value": "age"}]
    reading = read("x.csv", text, PEOPLE, skip_if=rules)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Cy", "age": 7}]
    total = "left out by skip_if: name matches '^(Total|Page )'"
    assert [row[:2] for row in reading.left_out] == [
        (2, total), (3, 'left out by skip_if: age = "age"'), (4, "left out as blank"), (5, "left out as blank"),
        (6, "left out as blank"), (7, total),
    ]  # fmt: skip
    assert [row[0] for row in reading.rejected] == [8]
    assert reading.read == 9


def test_a_row_is_blank_only_if_its_undeclared_cells_are_and_na_is_no_blank(read: Read) -> None:
    text = "name,age,more\n,,x\n,,\n,NA,\n"
    reading = read("x.csv", text, PEOPLE, extra_columns="drop")
    assert (len(reading.rows), [row[0] for row in reading.left_out]) == (2, [2])


def test_a_rule_that_matches_no_row_is_warned_of(read: Read) -> None:
    rules = [{"column": "name", "value": "Total"}, {"column": "name", "value": "Summe"}]
    reading = read("x.csv", "name,age\nAda,36\nSumme,36\n", PEOPLE, skip_if=rules)
    assert reading.rows == ADA
    assert [(warning.column, warning.text) for warning in reading.warnings] == [
        ("name", '[ingest] skip_if: name = "Total" matches no row: look at the cells it is for.')
    ]


def test_a_rule_may_name_a_column_that_the_recipe_does_not_have(read: Read) -> None:
    rule = {"column": "kind", "value": "sum"}
    text = "kind,name,age\nrow,Ada,36\nsum,,36\n"
    assert read("x.csv", text, PEOPLE, extra_columns="drop", skip_if=rule).rows == ADA
    with pytest.raises(RecipeError, match=r'skip_if: "sort" is no column of the recipe or of x\.csv; found "kind"'):
        read("x.csv", text, PEOPLE, extra_columns="drop", skip_if={"column": "sort", "value": "sum"})


def test_what_was_found_and_left_out_stands_in_the_receipt(desk: Any, tmp_path: Path) -> None:
    (desk.data / "x.csv").write_bytes("Été\nname;age\nAda;36\nTotal;1\n;\n".encode("cp1252"))
    recipe = desk.recipe(
        'title = "Found"\n[ingest]\nsource = "file"\npath = "data/x.csv"\n'
        'skip_if = { column = "name", value = "Total" }\nmax_rejected_share = 0.0\n'
        '[columns]\nname = { type = "text", role = "id" }\nage = { type = "int", role = "input" }\n'
    )
    assert desk.run("ingest", recipe) == 0
    receipt = desk.receipt("raw/desk")
    assert receipt.sources[0].found == {"encoding": "cp1252", "delimiter": ";", "skip_rows": "1"}
    assert receipt.dropped == {'left out by skip_if: name = "Total"': 1, "left out as blank": 1}
    assert "delimiter" not in receipt.key.parameters


def test_a_report_with_everything_that_people_add_is_read_by_one_recipe(desk: Any) -> None:
    (desk.data / "report.csv").write_bytes(REPORT.replace("\n", "\r\n").encode("cp1252"))
    recipe = desk.recipe(
        'title = "Report"\n[ingest]\nsource = "file"\npath = "data/report.csv"\ndecimal = ","\nthousands = "."\n'
        'skip_if = [{ column = "Region", pattern = "^(Summe|Seite )" }, { column = "Region", value = "Region" }]\n'
        '[columns]\nregion = { type = "category", role = "input", from = "Region" }\n'
        'units = { type = "int", role = "input", from = "Stück" }\n'
        'sales = { type = "float", role = "target", from = "Umsatz" }\n'
        'day = { type = "time", role = "time", from = "Datum", time_format = "%d.%m.%Y" }\n'
    )
    assert desk.run("ingest", recipe) == 0
    rows = [(row["region"], row["units"], row["sales"], row["day"].day) for row in desk.rows("raw/desk")]
    assert rows == [("Nord", 1250, 12.5, 5), ("Süd", 7, 1000.5, 6)]
    kept = desk.rows("rejected/ingest/desk")
    assert [(row["row"], row["reason"].partition(":")[0]) for row in kept] == [
        (2, "left out by skip_if"), (3, "left out by skip_if"), (5, "left out as blank"), (6, "left out by skip_if"),
    ]  # fmt: skip
