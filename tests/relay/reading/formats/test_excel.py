"""Excel workbooks: one sheet, with the values that its cells hold."""

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import numbers

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.formats import sheets

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text", "null": True}, "age": {"type": "int", "null": True}}


RECIPE = """
title = "People"
[ingest]
source = "file"
path = "data/people.xlsx"
[preprocess]
kind = "table"
[columns]
name = { type = "text", role = "input", null = true }
[model]
kind = "estimator"
"""


def pack(*rows: list[Any], merged: str = "", **others: list[list[Any]]) -> bytes:
    """A workbook with the sheet "People", and others of these names."""
    book = Workbook()
    book.active.title = "People"
    for title, cells in {"People": list(rows), **others}.items():
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in cells:
            sheet.append(row)
    if merged:
        book["People"].merge_cells(merged)
    return save(book)


def save(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def edit(content: bytes, part: str, old: str, new: str, **more: str) -> bytes:
    """A workbook in which a part's XML was changed, and further parts were added, as other programs write it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            text = before.read(name).decode()
            assert old in text or name != part
            after.writestr(name, text.replace(old, new) if name == part else text)
        for name, text in more.items():
            after.writestr(name, text)
    return changed.getvalue()


HALF_PAST = datetime(2024, 3, 5, 10, 30)  # noqa: DTZ001 - a workbook knows no zones
SHEET = "xl/worksheets/sheet1.xml"


def test_a_sheet_is_read_with_the_types_of_its_cells(read: Read) -> None:
    content = pack(
        ["id", "day", "amount", "note", "ok", "span"],
        [1, date(2024, 3, 5), 1.5, "ä", True, timedelta(hours=30)],
        [2, HALF_PAST, 2, None, False, None],
    )
    types = {"id": "int", "day": "time", "amount": "float", "note": "text", "ok": "bool", "span": "float"}
    reading = read("x.xlsx", content, {name: {"type": kind, "null": True} for name, kind in types.items()})
    first = {
        "id": 1,
        "day": datetime(2024, 3, 5, tzinfo=UTC),
        "amount": 1.5,
        "note": "ä",
        "ok": True,
        "span": 108_000.0,
    }
    later = {"id": 2, "day": HALF_PAST.replace(tzinfo=UTC), "amount": 2.0, "note": None, "ok": False}
    assert reading.rows == [first, later | {"span": None}]


def test_a_column_of_text_has_one_spelling_for_each_value(read: Read) -> None:
    cells = ["01", 1, 1.0, 2.5, True, date(2024, 3, 5), HALF_PAST, time(10, 30), 12_345_678_901]
    reading = read("x.xlsx", pack(["code"], *([cell] for cell in cells)), {"code": {"type": "text"}})
    assert [row["code"] for row in reading.rows] == [
        *("01", "1", "1", "2.5", "true", "2024-03-05", "2024-03-05 10:30:00", "10:30:00", "12345678901"),
    ]


def test_dates_among_texts_are_read_by_the_format_of_the_texts(read: Read) -> None:
    content = pack(["day"], [date(2024, 3, 5)], ["06/03/2024"])
    reading = read("x.xlsx", content, {"day": {"type": "time", "time_format": "%d/%m/%Y"}})
    assert [row["day"].date().isoformat() for row in reading.rows] == ["2024-03-05", "2024-03-06"]


def test_a_day_number_without_the_format_of_a_date_is_refused(read: Read) -> None:
    with pytest.raises(SchemaError, match=r'"45356" is a bare number.*2024-03-05 \(a day number .*epoch = "excel"'):
        read("x.xlsx", pack(["day"], [45_356]), {"day": {"type": "time"}})


def test_dates_count_from_1904_where_the_workbook_says_so(read: Read) -> None:
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - a workbook knows no zones
    book.active.append(["day"])
    book.active.append([date(2024, 3, 5)])
    assert read("x.xlsx", save(book), {"day": {"type": "time"}}).rows[0]["day"].date() == date(2024, 3, 5)


def test_a_number_is_what_the_cell_holds_and_not_what_it_shows(read: Read) -> None:
    book = Workbook()
    book.active.append(["share"])
    for value, form in ((0.054, numbers.FORMAT_PERCENTAGE), (1_234.5678, "#,##0.00"), (1.125, "General")):
        book.active.append([value])
        book.active.cell(book.active.max_row, 1).number_format = form
    assert [row["share"] for row in read("x.xlsx", save(book), {"share": {"type": "float"}}).rows] == [
        *(0.054, 1_234.5678, 1.125),
    ]


def test_cells_that_do_not_fit_cost_their_row(read: Read) -> None:
    reading = read("x.xlsx", pack(["name", "age"], ["Ada", 36], ["Bo", "old"], ["Cy", 1.5], ["Di", "NA"]), PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Di", "age": None}]
    assert [(row, reason) for row, reason, _ in reading.rejected] == [
        *((2, "age: not a whole number"), (3, "age: not a whole number")),
    ]


def test_an_error_is_no_value_where_the_words_say_so_and_else_costs_its_row(read: Read) -> None:
    content = pack(["name", "age"], ["Ada", "#N/A"], ["#N/A", 2], ["Cy", "#DIV/0!"])
    reading = read("x.xlsx", content, PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": None}]
    assert reading.rejected == [
        (2, "name: the cell holds the error #N/A", {"name": "#N/A", "age": "2"}),
        (3, "age: the cell holds the error #DIV/0!", {"name": "Cy", "age": "#DIV/0!"}),
    ]
    declared = read("x.xlsx", content, {**PEOPLE, "name": {"type": "text", "null": True, "missing": ["#N/A"]}})
    assert declared.rows == [{"name": "Ada", "age": None}, {"name": None, "age": 2}]


def test_a_formula_gives_its_stored_value(read: Read) -> None:
    content = edit(pack(["age"], ["=30+6"]), SHEET, "<f>30+6</f><v />", "<f>30+6</f><v>36</v>")
    assert read("x.xlsx", content, {"age": {"type": "int"}}).rows == [{"age": 36}]


def test_a_formula_without_a_stored_value_is_refused_where_the_column_is_read(read: Read) -> None:
    content = pack(["name", "age"], ["Ada", "=30+6"])
    with pytest.raises(SourceError, match=r"cell B2 holds a formula without a value.*Open it in Excel or LibreOffice"):
        read("x.xlsx", content, PEOPLE)
    reading = read("x.xlsx", content, {"name": {"type": "text"}}, extra_columns="drop")
    assert reading.rows == [{"name": "Ada"}]


def test_texts_that_cells_share_are_read_without_how_they_are_spoken(read: Read) -> None:
    parts = ("<si><t>Ada</t></si>", "<si><r><t>B</t></r><r><t xml:space='preserve'>o </t></r><rPh><t>bo</t></rPh></si>")
    texts = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{"".join(parts)}</sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    content = pack(["name"], ["Ada"], ["Bo"])
    content = edit(content, "[Content_Types].xml", "</Types>", override, **{"xl/sharedStrings.xml": texts})
    for number, name in enumerate(["Ada", "Bo"]):
        content = edit(content, SHEET, f't="inlineStr"><is><t>{name}</t></is>', f't="s"><v>{number}</v>')
    assert read("x.xlsx", content, {"name": {"type": "text"}}).rows == [{"name": "Ada"}, {"name": "Bo "}]
    with pytest.raises(SourceError, match=r"not a whole workbook.*a cell names text 9 of 2"):
        read("x.xlsx", edit(content, SHEET, "<v>1</v>", "<v>9</v>"), {"name": {"type": "text"}})


def test_characters_that_xml_cannot_hold_come_back(read: Read) -> None:
    content = pack(["name"], ["a_x000D_b"], ["_x005F_x000D_"], ["x005F_"], ["  c "])
    assert [row["name"] for row in read("x.xlsx", content, {"name": {"type": "text"}}).rows] == [
        *("a\rb", "_x000D_", "x005F_", "  c "),
    ]


def test_the_only_sheet_with_values_is_read_and_several_are_refused(read: Read) -> None:
    rows = (["name", "age"], ["Ada", 36])
    assert read("x.xlsx", pack(*rows, Empty=[]), PEOPLE).read == 1
    with pytest.raises(SourceError, match=r'2 sheets .*: "People", "Old". Say .* sheet = "People", in \[ingest\]'):
        read("x.xlsx", pack(*rows, Old=[["x"]]), PEOPLE)
    content = pack(["x"], Old=[*rows])
    assert read("x.xlsx", content, PEOPLE, sheet="Old").read == read("x.xlsx", content, PEOPLE, sheet=2).read == 1
    with pytest.raises(SourceError, match=r'no sheet "old"; the workbook has "People", "Old"'):
        read("x.xlsx", content, PEOPLE, sheet="old")
    with pytest.raises(SourceError, match=r"no sheet number 3"):
        read("x.xlsx", content, PEOPLE, sheet=3)


def test_a_hidden_sheet_is_read_only_by_its_name(read: Read) -> None:
    book = Workbook()
    for title, state in (("Shown", "visible"), ("Lists", "hidden")):
        sheet = book.create_sheet(title)
        sheet.append([title])
        sheet.append(["x"])
        sheet.sheet_state = state
    content = save(book)
    assert read("x.xlsx", content, {"Shown": {"type": "text"}}).read == 1
    assert read("x.xlsx", content, {"Lists": {"type": "text"}}, sheet="Lists").read == 1


def test_empty_and_merged_cells_are_said(desk: Any) -> None:
    book = pack(["name", "age"], ["Ada", 36], ["Bo", 1], [" ", None], ["Cy", 2], merged="A2:A3")
    (desk.data / "people.xlsx").write_bytes(book)
    recipe = RECIPE.replace("[model]", 'age = { type = "int", role = "input" }\n[model]')
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    said = "\n".join(desk.said("ingest"))
    assert 'sheet = "People" is the only one' in said
    assert 'sheet "People": empty rows left out: 1, the first is row 4' in said
    assert "merged cells at A2:A3: only the first cell of a range holds its value" in said
    found = {"sheet": "People", "empty rows": "1, first row 4", "merged cells": "A2:A3"}
    assert desk.receipt("raw/desk").sources[0].found == found
    assert [row["name"] for row in desk.rows("raw/desk")] == ["Ada", None, "Cy"]


def test_rows_before_the_names_and_names_of_two_rows(read: Read) -> None:
    content = pack(["Report of 2024"], [], [None, "2024", None], ["name", "age", "height"], ["Ada", 36, 1.7])
    columns = {"name": {"type": "text"}, "age": {"type": "int", "from": "2024 age"}}
    reading = read("x.xlsx", content, columns, skip_rows=2, header=2, extra_columns="drop")
    assert reading.rows == [{"name": "Ada", "age": 36}]
    assert read("x.xlsx", pack(["Ada", 36]), PEOPLE, header=False).rows == [{"name": "Ada", "age": 36}]
    with pytest.raises(SchemaError, match="its rows have 1 columns, and the recipe declares 2"):
        read("x.xlsx", pack(["Ada"], ["Bo"]), PEOPLE, header=False)


def test_a_value_without_a_name_is_refused_and_may_be_dropped(read: Read) -> None:
    content = pack(["name", "age"], ["Ada", 36, "note"])
    with pytest.raises(SchemaError, match=r'cell C2 holds "note", and row 1 gives its column no name'):
        read("x.xlsx", content, PEOPLE)
    assert read("x.xlsx", content, PEOPLE, extra_columns="drop").read == 1
    with pytest.raises(SchemaError, match='unexpected column "shoe"'):
        read("x.xlsx", pack(["name", "age", "shoe"], ["Ada", 36, 1]), PEOPLE)


@pytest.mark.parametrize("cut", [30, 3000, -30])
def test_a_damaged_workbook_is_refused(read: Read, cut: int) -> None:
    with pytest.raises(SourceError, match=r"x\.xlsx: (not a whole workbook|the ZIP archive is damaged)"):
        read("x.xlsx", pack(["name", "age"], ["Ada", 36])[:cut], PEOPLE)


def test_a_part_that_is_too_large_is_refused_with_its_size(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_SHEET_BYTES", 100)
    message = r"xl/worksheets/sheet1\.xml in the workbook has [0-9]+ bytes unpacked, and Relay reads at most 100"
    with pytest.raises(SourceError, match=message):
        read("x.xlsx", pack(["name", "age"], ["Ada", 36]), PEOPLE)


def test_entities_are_refused(read: Read) -> None:
    content = edit(pack(["name"], ["Ada"]), SHEET, "<worksheet", '<!DOCTYPE w [<!ENTITY e "x">]><worksheet')
    with pytest.raises(SourceError, match=r"not a whole workbook.*document type"):
        read("x.xlsx", content, {"name": {"type": "text"}})


def test_a_workbook_under_another_name_needs_the_format(read: Read) -> None:
    content = pack(["name", "age"], ["Ada", 36])
    with pytest.raises(SourceError, match=re.escape('workbook of Excel; say format = "excel" in [ingest]')):
        read("x.csv", content, PEOPLE)
    assert read("x.download", content, PEOPLE, format="excel").read == 1


def test_columns_that_are_kept_have_the_type_of_all_their_cells(desk: Any) -> None:
    rows = [["name", "n", "x", "day", "mixed"], ["Ada", 1, 1, date(2024, 3, 5), 1], ["Bo", 2, 1.5, None, "a"]]
    (desk.data / "people.xlsx").write_bytes(pack(*rows))
    assert desk.run("ingest", desk.recipe(RECIPE.replace("[preprocess]", 'extra_columns = "keep"\n[preprocess]'))) == 0
    assert desk.rows("raw/desk") == [
        {"name": "Ada", "n": 1, "x": 1.0, "day": datetime.combine(HALF_PAST, time()), "mixed": "1"},
        {"name": "Bo", "n": 2, "x": 1.5, "day": None, "mixed": "a"},
    ]


def test_row_numbers_count_on_over_batches(read: Read) -> None:
    ages = [[age] for age in range(9_000)]
    reading = read("x.xlsx", pack(["age"], *ages, ["x"]), {"age": {"type": "int"}})
    assert (reading.read, [number for number, *_ in reading.rejected]) == (9_001, [9_001])


def test_packed_workbooks_are_read(read: Read) -> None:
    content, packed = pack(["name", "age"], ["Ada", 36]), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.xlsx", content)
        archive.writestr("two.xlsx", content)
    assert read("x.zip", packed.getvalue(), PEOPLE).read == 2
    assert read("x.xlsx.gz", gzip.compress(content), PEOPLE).read == 1


def test_damage_at_any_place_is_refused_or_does_no_harm(read: Read) -> None:
    content = pack(["name", "age", "day"], *([f"n{age}", age, date(2024, 3, 5)] for age in range(20)))
    columns = PEOPLE | {"day": {"type": "time", "null": True}}
    draw = random.Random(16)
    parts = [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.endswith((".xml", ".rels"))]
    refused = 0
    for _ in range(60):
        part = draw.choice([SHEET, *parts])
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read(part).decode()
        at = draw.randrange(len(text))
        new = (
            text[:at]
            + draw.choice(["", "9999", "<v>", 'r="ZZZZ9"', "<c/>", "-"])
            + text[at + draw.choice([0, 1, 20]) :]
        )
        try:
            assert read("x.xlsx", edit(content, part, text, new), columns, extra_columns="drop").read <= 20
        except (SourceError, SchemaError):
            refused += 1
    assert refused > 20


def test_a_column_beyond_the_last_one_is_refused(read: Read) -> None:
    content = edit(pack(["age"], [36]), SHEET, 'r="A2"', 'r="ZZZZZZZ2"')
    with pytest.raises(SourceError, match="a cell stands in column ZZZZZZZ, and a sheet has 16,384 columns"):
        read("x.xlsx", content, {"age": {"type": "int"}})


def test_a_row_may_have_all_columns(read: Read) -> None:
    book = Workbook()
    for row in range(1, 101):
        book.active.cell(row, 1, "age" if row == 1 else row)
        book.active.cell(row, 16_384, "last" if row == 1 else row)
    reading = read("x.xlsx", save(book), {"age": {"type": "int"}, "last": {"type": "int"}})
    assert reading.rows == [{"age": row, "last": row} for row in range(2, 101)]


def test_numbers_among_texts_are_numbers_whatever_the_marks_of_the_texts(read: Read) -> None:
    cells = [1234.5, "1.250,00", 1.125, 7]
    content = pack(["x"], *([cell] for cell in cells))
    reading = read("x.xlsx", content, {"x": {"type": "float", "decimal": ",", "thousands": "."}})
    assert [row["x"] for row in reading.rows] == [1234.5, 1250.0, 1.125, 7.0]


def test_names_below_a_title_are_found_by_the_columns_of_the_recipe(read: Read, desk: Any) -> None:
    rows = (["Report of 2024"], ["by", "Ada"], ["name", "age"], ["Ada", 36])
    assert read("x.xlsx", pack(*rows), PEOPLE).rows == [{"name": "Ada", "age": 36}]
    (desk.data / "people.xlsx").write_bytes(pack(*rows))
    recipe = RECIPE.replace("[model]", 'age = { type = "int", role = "input" }\n[model]')
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    assert desk.receipt("raw/desk").sources[0].found == {"sheet": "People", "skip_rows": "2"}
    assert any('sheet "People": found by its columns: skip_rows = 2' in line for line in desk.said("ingest"))
    with pytest.raises(SchemaError, match=r'column name is missing.*found "Report of 2024"'):
        read("x.xlsx", pack(*rows), PEOPLE, skip_rows=0)
    assert read("x.xlsx", pack(*rows[:2], ["Ada", 36]), PEOPLE, skip_rows=2, header=False).read == 1


def test_a_strict_workbook_is_refused_with_what_to_save_it_as(read: Read) -> None:
    before, strict = "schemas.openxmlformats.org/officeDocument/2006/relationships", "purl.oclc.org/ooxml/relationships"
    content = edit(pack(["age"], [36]), "xl/workbook.xml", before, strict)
    with pytest.raises(SourceError, match=r"no sheet that Relay can read.*save it as Excel Workbook \(\.xlsx\)"):
        read("x.xlsx", content, {"age": {"type": "int"}})
