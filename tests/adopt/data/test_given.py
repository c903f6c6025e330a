"""What a person may give: files, folders, patterns, URLs and databases; and what is refused, with the way out."""

import gzip
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from http_server import Page, serve

from adopt.data.find_layout import find_layout, read_rows
from adopt.data.layout import Layout, Shape
from adopt.examine import REJECTED_SHARE, examine
from ingest.parameters import IngestSection
from relay.handoff.errors import RelayError

TABLE = "a,b\n1,x\n2,y\n"


def put(folder: Path, **files: str) -> None:
    """Write files: `one__two_csv` is one/two.csv."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def rows(layout: Layout, scratch: Path) -> list[tuple[Any, ...]]:
    """All rows."""
    return [tuple(row.values()) for table in read_rows(layout, scratch) for row in table.to_pylist()]


def refusal(given: object, **keys: Any) -> str:
    """What is said of something that cannot be read."""
    with pytest.raises(RelayError) as raised:
        find_layout(str(given), keys=keys)
    return str(raised.value)


def test_a_file_below_data_is_named_as_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "data", x_csv=TABLE)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    assert find_layout(str(tmp_path / "data" / "x.csv")).ingest["path"] == "data/x.csv"


def test_a_folder_of_tables_is_one_table_with_the_columns_of_all(tmp_path: Path) -> None:
    put(tmp_path / "in", one_csv="a,c\n1,5\n2,6\n", two_csv="a,b,c\n3,x,7\n4,y,8\n", README_md="About the files.")
    layout = find_layout(str(tmp_path / "in"))
    assert (layout.ingest["path"], layout.names) == (f"{tmp_path}/in/*.csv", ("a", "b", "c"))
    assert rows(layout, tmp_path) == [("1", None, "5"), ("2", None, "6"), ("3", "x", "7"), ("4", "y", "8")]


def test_a_pattern_names_the_files_that_it_matches(tmp_path: Path) -> None:
    put(tmp_path, one_csv=TABLE, two_csv=TABLE, other_json="[]")
    layout = find_layout(f"{tmp_path}/*.csv")
    assert (layout.ingest["path"], len(layout.files), len(rows(layout, tmp_path))) == (f"{tmp_path}/*.csv", 2, 4)


def test_a_folder_per_author_gives_the_label(tmp_path: Path) -> None:
    put(tmp_path / "in", jay__1_txt="To the people.", jay__2_txt="Again.", madison__1_txt="Upon this.")
    layout = find_layout(str(tmp_path / "in"))
    assert (layout.shape, layout.names, layout.ingest["path"]) == (
        Shape.DOCUMENTS, ("item", "folder", "text"), f"{tmp_path}/in/*/*.txt",
    )  # fmt: skip
    assert rows(layout, tmp_path)[2] == ("madison/1", "madison", "Upon this.")


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (("jay_1", "jay_2", "madison_1"), "^(?P<label>[^_]+)_"),
        (("Jay-Essays", "Jay-Letters", "Madison-Essays"), "^(?P<label>[^-]+)-"),
        (("01 Jay", "02 Jay", "03 Madison"), r"^\d+[ _.-]+(?P<label>[^\d_-]*[^\d _-])"),
        (("jay1", "jay2", "madison1"), r"^(?P<label>.*?[^\W\d_])[ _.-]*\d+$"),
    ],
)
def test_a_file_name_gives_the_label(names: tuple[str, ...], pattern: str, tmp_path: Path) -> None:
    for number, name in enumerate(names):
        (tmp_path / f"{name}.txt").write_text(f"Text {number}, and more of it.")
    layout = find_layout(str(tmp_path))
    assert (layout.names, layout.ingest["item_pattern"]) == (("item", "label", "text"), pattern)
    assert [label.casefold() for _, label, _ in rows(layout, tmp_path)] == ["jay", "jay", "madison"]


def test_texts_in_an_archive_are_documents(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        for name in ("jay/1.txt", "jay/2.txt", "madison/1.txt"):
            archive.writestr(name, f"The text of {name}.")
    layout = find_layout(str(tmp_path / "texts.zip"))
    assert (layout.shape, layout.names) == (Shape.DOCUMENTS, ("item", "folder", "text"))
    assert rows(layout, tmp_path)[0] == ("jay/1", "jay", "The text of jay/1.txt.")


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    layout = find_layout(str(tmp_path / "x.csv.gz"))
    assert (layout.ingest, rows(layout, tmp_path)) == (
        {"source": "file", "path": f"{tmp_path}/x.csv.gz"}, [("1", "x"), ("2", "y")],
    )  # fmt: skip


def test_a_url_is_downloaded_once(tmp_path: Path) -> None:
    with serve() as server:
        url = server.add("/x.csv", Page(TABLE.encode()))
        layout = find_layout(url, scratch=tmp_path)
        assert (layout.ingest, rows(layout, tmp_path)) == ({"source": "http", "url": url}, [("1", "x"), ("2", "y")])
        assert len(server.seen) == 1


def test_a_url_with_a_key_is_asked_about(tmp_path: Path) -> None:
    with serve() as server:
        url = server.add("/export", Page(TABLE.encode())) + "?api_key=abc"
        layout = find_layout(url, scratch=tmp_path)
    assert layout.ingest == {"source": "http", "url": url, "format": "csv"}
    assert [note.is_question for note in layout.key_notes["url"]] == [True]


def test_a_query_of_sqlite_is_asked_and_its_numbers_are_numbers(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table orders (id integer, price decimal, note text)")
        shop.executemany("insert into orders values (?, ?, ?)", [(1, 1.125, "a"), (2, 3, None)])
    layout = find_layout(str(tmp_path / "shop.db"))
    assert layout.ingest == {"source": "sql", "url": f"sqlite:///{tmp_path}/shop.db", "table": "orders"}
    assert rows(layout, tmp_path) == [("1", 1.125, "a"), ("2", 3.0, None)]
    asked = find_layout(str(tmp_path / "shop.db"), keys={"query": "select note from orders order by id;"})
    assert (asked.ingest["query"], rows(asked, tmp_path)) == ("select note from orders order by id", [("a",), (None,)])


def test_a_database_of_several_tables_asks_which(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table orders (id integer)")
        shop.execute("create table people (id integer)")
    said = "shop.db: the database holds 2 tables: orders, people. Choose one: `--table orders`; or ask by "
    assert refusal(tmp_path / "shop.db") == f"{said}`--query 'select …'`."


def test_a_password_stays_out_of_a_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://me:secret@localhost:1/shop"
    said = refusal(url)
    assert "holds a password" in said
    assert "secret" not in said


def test_parquet_without_its_nested_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "b": [[1], [2, 3]], "c": ["x", "y"]}), tmp_path / "x.parquet")
    layout = find_layout(str(tmp_path / "x.parquet"))
    assert (layout.names, layout.ingest["extra_columns"]) == (("a", "c"), "drop")
    assert [note.is_question for note in layout.notes] == [True]
    assert rows(layout, tmp_path) == [(1, "x"), (2, "y")]


UNREADABLE = {
    "x.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as Excel Workbook (.xlsx)"),
    "x.ods": (b"PK", "Open it in LibreOffice"),
    "x.pdf": (b"%PDF-1.7", "pdftotext x.pdf x.txt"),
    "table.csv": (b"%PDF-1.7", "the file begins like one of the kind .pdf"),
    "x.docx": (b"PK", "pandoc x.docx -t plain -o x.txt"),
    "x.png": (b"\x89PNG", "A picture is neither a table nor a text"),
    "x.pkl": (b"\x80\x04\x95", "Do that only with a file that you trust"),
    "x.feather": (b"ARROW1", 'pandas.read_feather("x.feather").to_parquet("x.parquet")'),
    "x.sav": (b"$FL2", "read_spss"),
    "x.dta": (b"<stata_dta>", "read_stata"),
    "x.zsav": (b"$FL3\0", 'pandas.read_spss("x.zsav").to_parquet("x.parquet")'),
    "x.nc": (b"CDF\x01\0\0", "Load it in Python and write its table with `to_parquet`"),
    "x.shp": (b"\0\0\x27\x0a", "Export its table as CSV from the program that made it"),
    "x.heic": (b"photo", "A picture is neither a table nor a text"),
    "x.rds": (b"\x1f\x8b\x08", 'write.csv(readRDS("x.rds"), "x.csv", row.names = FALSE)'),
    "page.csv": (b"<!doctype html><html>", "a web page came instead of data"),
    "random.csv": (bytes(range(256)) * 30, "no text, and no format that Relay knows"),
    "zero.csv": (b"a,b\n1,\0\n", "line 2 holds the byte 0"),
    "empty.csv": (b"", "the file is empty"),
    "names.csv": (b"a,b\n", "no row below them"),
    "svm.txt": (b"1 1:0.5 2:0.3\n-1 1:0.1 7:0.9\n", "load_svmlight_file"),
    "index.json": (b'{"r1": {"a": 1}, "r2": {"a": 2}}', "Write the rows as a list"),
    "deep.json": (b"[" * 100_000, "more than 200 objects and lists"),
    "lists.json": (b'{"x": [{"a": 1}], "y": [{"b": 1}]}', "Choose one: `--records x`"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_with_the_way_out(name: str, tmp_path: Path) -> None:
    content, words = UNREADABLE[name]
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.csv", "w") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    assert "over 250 times as many" in refusal(tmp_path / "x.zip")


def test_a_file_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, churn_csv=TABLE)
    missing = tmp_path / "chrun.csv"
    assert refusal(missing) == f"{missing}: no such file or folder; is it {tmp_path}/churn.csv?"


def test_a_hostile_name_is_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / "a\n\x1b[31mb.pdf").write_bytes(b"%PDF")
    assert refusal(tmp_path / "a\n\x1b[31mb.pdf").startswith(r"a\n\x1b[31mb.pdf: the ending .pdf")


@pytest.mark.parametrize("url", ["mysql://root:geheim@host/db", "s3://geheim/x.csv", "file:///geheim/x.csv"])
def test_urls_of_other_kinds_are_refused_without_what_they_hold(url: str) -> None:
    said = refusal(url)
    assert "expected http, https, postgresql or sqlite. Download the file, or export" in said
    assert "geheim" not in said


def test_a_folder_of_different_tables_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "in", one_csv=TABLE, two_csv="x,y\n1,2\n3,4\n")
    assert "in/one.csv and in/two.csv are different tables" in refusal(tmp_path / "in")


def test_a_folder_of_several_kinds_is_refused_with_a_pattern(tmp_path: Path) -> None:
    put(tmp_path / "in", one_csv=TABLE, two_json="[]")
    assert f"Choose some: `python -m adopt '{tmp_path}/in/*.csv'`" in refusal(tmp_path / "in")


@pytest.mark.parametrize(("read", "share"), [(200, None), (40, 0.03)])
def test_rows_that_ingest_rejects_are_asked_about_and_do_not_stop_it(
    tmp_path: Path, read: int, share: float | None
) -> None:
    put(tmp_path, x_csv="a,b\n" + "1,2\n" * read + "1,2,3\n")
    (tmp_path / "memory").mkdir()
    for _ in range(2):
        layout = examine(f"{tmp_path}/x.csv", tmp_path, memory=tmp_path / "memory").layout
        assert layout.ingest.get("max_rejected_share") == share
        asked = (*layout.notes, *layout.key_notes.get("max_rejected_share", ()))
        assert [note.text for note in asked if note.is_question] == [
            f"1 of {read + 1} rows cannot be read and are left out, such as row {read + 1}: 3 cells instead of 2"
        ]


def test_the_share_that_ingest_allows_by_itself_is_known() -> None:
    assert IngestSection.model_fields["max_rejected_share"].default == REJECTED_SHARE


def test_columns_of_bytes_that_are_no_text_are_left_out_and_asked(tmp_path: Path) -> None:
    columns = {"photo": [b"\xff\xd8", None], "name": [b"Ann", b"Bo"], "age": [36, 7]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute('create table x (photo blob, "name" blob, age integer)')
        database.executemany("insert into x values (?, ?, ?)", zip(*columns.values(), strict=True))
    database.close()
    for name in ("x.parquet", "x.db"):
        layout = find_layout(f"{tmp_path}/{name}")
        assert (layout.names, layout.ingest["extra_columns"]) == (("name", "age"), "drop")
        assert [note.text for note in layout.notes if note.is_question] == [
            "left out, since they hold bytes that are no text: photo"
        ]
        assert [str(row[-1]) for row in rows(layout, tmp_path)] == ["36", "7"]


def test_a_folder_with_signs_of_patterns_is_named_file_by_file(tmp_path: Path) -> None:
    put(tmp_path / "in [1]" / "year=2024", one_csv=TABLE, two_csv=TABLE)
    layout = find_layout(f"{tmp_path}/in [1]")
    assert layout.ingest["path"] == [f"{tmp_path}/in [1]/year=2024/{name}.csv" for name in ("one", "two")]
    assert [note.text for note in layout.notes if note.is_question] == [
        "folders such as year=2024 hold a value in their name, which is read as no column"
    ]


@pytest.mark.parametrize(
    ("ending", "content"),
    [("xml", "<TEI><teiHeader/><text><p>Wörter {0}</p></text></TEI>"), ("html", "<!DOCTYPE html><p>Wörter {0}</p>")],
)
def test_a_folder_of_editions_or_pages_is_read_as_texts(tmp_path: Path, ending: str, content: str) -> None:
    for name in ("Austen_Emma", "Austen_Persuasion", "Bronte_Villette", "Bronte_Shirley"):
        (tmp_path / f"{name}.{ending}").write_text(content.format(name), encoding="utf-8")
    layout = find_layout(str(tmp_path))
    assert rows(layout, tmp_path)[0] == ("Austen_Emma", "Austen", "Wörter Austen_Emma")
    assert (layout.format, layout.names) == (ending, ("item", "label", "text"))
    assert layout.ingest == {
        "source": "file",
        "path": f"{tmp_path}/*.{ending}",
        "item_pattern": "^(?P<label>[^_]+)_",
    }
