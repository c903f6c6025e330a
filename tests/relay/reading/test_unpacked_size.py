"""Files of Parquet and workbooks that hold far more than they are: refused with the limit, before a memory is full."""

import io
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.reading.formats import parquet_batches

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Large"
[ingest]
source = "file"
path = "data/NAME"
extra_columns = "drop"
KEYS
[columns]
note = { type = "text", role = "ignore" }
"""


@pytest.fixture
def least(monkeypatch: pytest.MonkeyPatch) -> None:
    """What any file may hold is a megabyte, so that tests are quick."""
    monkeypatch.setattr("relay.reading.packed.FREE_BYTES", 1 << 20)


def run(desk: Desk, name: str, keys: str = "") -> tuple[int, str]:
    """Run ingest on a file; gives the exit code and the last line of the log."""
    code = desk.run("ingest", desk.recipe(RECIPE.replace("NAME", name).replace("KEYS", keys)))
    return code, desk.said("ingest")[-1]


def repeat(text: str | bytes, count: int) -> pa.Array:
    """The same text in many rows, which Arrow holds once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))


def put_parquet(desk: Desk, table: pa.Table, **options: Any) -> int:
    """Write a file of Parquet without a word on Arrow's own types; gives its size."""
    path: Path = desk.data / "x.parquet"
    pq.write_table(table, path, compression="zstd", store_schema=False, **options)
    return path.stat().st_size


def test_a_text_that_is_written_once_and_repeated_is_counted_as_often_as_it_comes(desk: Desk) -> None:
    size = put_parquet(desk, pa.table({"note": repeat("x" * 1_000_000, 1_000)}))
    assert size < 31_000
    code, said = run(desk, "x.parquet")
    assert code == 1
    assert f"x.parquet: it is {size} bytes and holds 1,000,008,000 or more, over 250 times as many" in said
    assert "say max_unpacked_bytes = 8000000000 in [ingest]" in said
    assert not (desk.data / "raw/desk.parquet").exists()


@pytest.mark.parametrize("column", ["note", "other"])
def test_only_the_columns_that_are_read_count(desk: Desk, column: str) -> None:
    texts = {"note": pa.array(["a"] * 1_000), "other": pa.array(["b"] * 1_000)}
    put_parquet(desk, pa.table({**texts, column: repeat("x" * 1_000_000, 1_000)}))
    assert run(desk, "x.parquet")[0] == (1 if column == "note" else 0)


def test_where_the_recipe_says_how_much_a_file_may_hold_only_that_counts(desk: Desk, least: object) -> None:
    put_parquet(desk, pa.table({"note": repeat("x" * 100_000, 300)}))
    assert run(desk, "x.parquet")[0] == 1
    code, said = run(desk, "x.parquet", "max_unpacked_bytes = 20_000_000")
    assert code == 1
    assert "unpacked it has 30,002,400 bytes or more, and the limit of max_unpacked_bytes is 20,000,000" in said
    assert run(desk, "x.parquet", "max_unpacked_bytes = 40_000_000")[0] == 0
    assert desk.receipt("raw/desk").rows == 300


def test_pages_of_text_that_unpack_to_much_are_counted_by_the_end_of_the_file(desk: Desk, least: object) -> None:
    size = put_parquet(desk, pa.table({"note": ["x" * 3_000_000] * 10}), use_dictionary=False)
    assert size < 20_000
    code, said = run(desk, "x.parquet")
    assert (code, "holds 30,0" in said) == (1, True)


def test_rows_of_a_number_that_never_changes_are_counted_before_they_are_read(desk: Desk, least: object) -> None:
    size = put_parquet(desk, pa.table({"note": pa.array([None] * 1_000_000, pa.int64())}))
    assert size < 3_000
    code, said = run(desk, "x.parquet")
    assert (code, "holds 8,000,000 or more" in said) == (1, True)


@pytest.mark.parametrize(
    "array",
    [
        pa.array([f"row {number}" for number in range(3_000)]),
        pa.array(["long" * 2_000, "short", None] * 1_000),
        pa.array([b"\xc3\xa4" * 3_000, b"b", None] * 1_000),
        pa.array(["large" * 2_000, None] * 1_500, pa.large_string()),
        pa.array(["view" * 2_000, None] * 1_500, pa.string_view()),
        repeat("x" * 5_000, 3_000),
    ],
    ids=["short", "long", "bytes", "large", "view", "dictionary"],
)
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"data_page_size": 512, "row_group_size": 700}])
def test_every_file_within_its_limit_gives_the_rows_that_pyarrow_reads(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, array: pa.Array, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(parquet_batches, "PIECE_BYTES", 100_000)
    pq.write_table(pa.table({"note": array}), desk.data / "x.parquet", **options)
    recipe = RECIPE.replace("NAME", "x.parquet").replace("KEYS", "").replace('"text"', '"text", null = true')
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    expected = [text.decode() if isinstance(text, bytes) else text for text in array.to_pylist()]
    assert [row["note"] for row in desk.rows("raw/desk")] == expected


def test_a_list_of_values_is_counted_where_a_column_begins_with_one() -> None:
    for options, count in (({}, 3), ({"use_dictionary": False}, None)):
        file = io.BytesIO()
        pq.write_table(pa.table({"note": ["a", "b", "c", "a"]}), file, **options)
        chunk = pq.ParquetFile(file).metadata.row_group(0).column(0)
        offset = chunk.dictionary_page_offset or chunk.data_page_offset
        assert parquet_batches._count_listed(file, offset) == count
    for content in (b"", b"\x15", b"\x15\x04", b"\xff" * 64, bytes(64)):
        assert parquet_batches._count_listed(io.BytesIO(content), 0) is None


def put_book(desk: Desk, text: str, rows: int) -> Path:
    """A workbook that holds a text once and shows it in many rows."""
    book = openpyxl.Workbook()
    book.active.append(["note"])
    for _ in range(rows):
        book.active.append([text])
    path: Path = desk.data / "x.xlsx"
    book.save(path)
    return path


def test_a_text_of_a_workbook_that_stands_in_many_cells_is_counted_in_each(desk: Desk, least: object) -> None:
    put_book(desk, "x" * 30_000, 300)
    code, said = run(desk, "x.xlsx")
    assert code == 1
    assert "over 250 times as many" in said
    assert "max_unpacked_bytes" in said
    assert run(desk, "x.xlsx", "max_unpacked_bytes = 20_000_000")[0] == 0


def test_a_sheet_that_unpacks_to_far_more_than_the_workbook_is_refused_before_it_is_read(
    desk: Desk, least: object
) -> None:
    path = put_book(desk, "x", 3)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] += b" " * 30_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    code, said = run(desk, "x.xlsx")
    assert (code, "bytes and holds 30,0" in said) == (1, True)


def test_a_kept_answer_of_a_database_has_no_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.reading.packed.FREE_BYTES", 1)
    with sqlite3.connect(desk.data / "x.db") as database:
        database.execute("create table notes (note text)")
        database.executemany("insert into notes values (?)", [("x" * 10_000,)] * 1_000)
    recipe = RECIPE.replace('source = "file"', 'source = "sql"').replace(
        'path = "data/NAME"', 'url = "sqlite:///data/x.db"\ntable = "notes"'
    )
    assert desk.run("ingest", desk.recipe(recipe.replace("KEYS", ""))) == 0
