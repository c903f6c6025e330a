"""Where data holds several tables, the error names them for programs."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from adopt.data.choice import ChoiceError, ChoiceRecord
from adopt.data.find_layout import find_layout
from relay.handoff.answer import print_error
from relay.handoff.errors import SourceError


def write_book(path: Path) -> None:
    book = Workbook()
    for name in ("a b", "c"):
        sheet = book.create_sheet(name)
        for row in (["x"], [1], [2]):
            sheet.append(row)
    book.save(path)


def write_unlike(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.csv", "name,age\nAnn,4\n")
        archive.writestr("a/[1].csv", "price,city\n1,Bonn\n")
        archive.writestr("readme.txt", "hello")


def write_kinds(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.csv", "name,age\nAnn,4\n")
        archive.writestr("c.json", '[{"a": 1}]')


def write_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript("create table a (x int); create table b (y int)")


def write_lists(path: Path) -> None:
    path.write_text(json.dumps({"a": [{"x": 1}] * 3, "b": [{"y": 1}] * 3}))


@pytest.mark.parametrize(
    ("name", "write", "key", "choices"),
    [
        ("x.xlsx", write_book, "sheet", ("a b", "c")),
        ("x.zip", write_unlike, "member", ("a/[1].csv", "b.csv")),
        ("x.zip", write_kinds, "member", ("b.csv", "c.json")),
        ("x.db", write_database, "table", ("a", "b")),
        ("x.json", write_lists, "records", ("a", "b")),
    ],
)
def test_the_tables_are_named_for_programs_and_each_can_be_chosen(
    tmp_path: Path, name: str, write: Callable[[Path], None], key: str, choices: tuple[str, ...]
) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(ChoiceError) as caught:
        find_layout(str(path))
    assert (caught.value.record.key, caught.value.record.choices) == (key, choices)
    assert f"Choose one: `--{key} " in caught.value.record.message
    for choice in choices:
        assert find_layout(str(path), keys={key: choice}).ingest[key] == choice


def test_an_archive_that_is_damaged_is_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_unlike(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError):
        find_layout(str(path))


def test_the_choices_are_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    error = ChoiceError("two sheets", key="sheet", choices=["a", "b"], next_step="Choose one.")
    assert error.record == ChoiceRecord("choice", "two sheets. Choose one.", "Choose one.", "sheet", ("a", "b"))
    print_error(error)
    assert json.loads(capsys.readouterr().out) == {
        "error": {
            "kind": "choice", "message": "two sheets. Choose one.", "next": "Choose one.", "key": "sheet",
            "choices": ["a", "b"],
        }
    }  # fmt: skip
