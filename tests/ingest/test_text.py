"""Plain text: one document a file, or documents that begin at lines of a pattern."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.handoff.errors import SchemaError, SourceError

Desk = Any  # tests/conftest.py
Read = Callable[..., Any]

TEXT = {"text": {"type": "text"}}
ESSAY = {"essay": {"type": "text"}, "author": {"type": "category"}} | TEXT

BOOK = """LICENCE
*** START ***
Preface
No. 1
Of Wars
JAY
To the People:
First text.

Second line.
No. 2
HAMILTON

To the People:
Other text.
*** END ***
More licence
"""
PATTERNS = {
    "starts_after": r"^\*\*\* START",
    "ends_before": r"^\*\*\* END",
    "document": r"^No\. (?P<essay>\d+)$",
    "document_head": [r"^(?P<author>[A-Z]+)$", "^To the People"],
}


def test_a_file_is_one_document_named_by_its_item(read: Read) -> None:
    reading = read("Ruth.txt", "\n\nIn the days\r\nof the judges \n", TEXT | {"book": {"type": "text", "from": "item"}})
    assert reading.rows == [{"text": "In the days\nof the judges", "book": "Ruth"}]


def test_a_pattern_of_the_file_name_gives_columns(read: Read) -> None:
    columns = TEXT | {"author": {"type": "category"}}
    rows = read("hamilton_01.txt", "To the People", columns, item_pattern="^(?P<author>[^_]+)_").rows
    assert rows == [{"text": "To the People", "author": "hamilton"}]


def test_a_file_name_that_does_not_match_is_refused(read: Read) -> None:
    with pytest.raises(SourceError, match="the name 'preface' does not match item_pattern"):
        read("preface.txt", "To the People", TEXT, item_pattern="^(?P<author>[^_]+)_")


def test_documents_are_split_between_the_marks_and_heads_become_columns(read: Read) -> None:
    assert read("x.txt", BOOK, ESSAY, **PATTERNS).rows == [
        {"essay": "1", "author": "JAY", "text": "First text.\n\nSecond line."},
        {"essay": "2", "author": "HAMILTON", "text": "Other text."},
    ]


def test_a_head_that_is_not_there_is_null_and_takes_no_text(read: Read) -> None:
    content = BOOK.replace("HAMILTON\n", "")
    assert read("x.txt", content, ESSAY, **PATTERNS).rows[1] == {"essay": "2", "author": None, "text": "Other text."}


def test_a_head_is_looked_for_near_the_beginning_only(read: Read) -> None:
    content = "No. 1\n" + "line\n" * 30 + "JAY\nrest\n"
    rows = read("x.txt", content, ESSAY, document=PATTERNS["document"], document_head=PATTERNS["document_head"]).rows
    assert (rows[0]["author"], rows[0]["text"].endswith("JAY\nrest")) == (None, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("*** START", "START"), r"no line matches starts_after = '\^\\\\\*"),
        (("*** END", "END"), r"no line matches ends_before = .*; was the file cut\?"),
        (("No. ", "Number "), r"no line matches document = .*; look at .*x\.txt"),
    ],
)
def test_a_pattern_that_is_nowhere_is_named(read: Read, change: tuple[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read("x.txt", BOOK.replace(*change), ESSAY, **PATTERNS)


def test_a_column_that_no_pattern_gives_is_missing(read: Read) -> None:
    with pytest.raises(
        SchemaError, match=r'x\.txt: column year is missing; found "item", "folder", "essay", "author", "text"'
    ):
        read("x.txt", BOOK, ESSAY | {"year": {"type": "int"}}, **PATTERNS)


def test_a_document_without_text_is_null(read: Read) -> None:
    rows = read("x.txt", "No. 1\nNo. 2\nx\n", {"essay": {"type": "int"}} | TEXT, document=PATTERNS["document"]).rows
    assert rows == [{"essay": 1, "text": None}, {"essay": 2, "text": "x"}]


@pytest.mark.parametrize(
    ("content", "encoding"), [("é".encode("latin-1"), "latin-1"), (b"\xef\xbb\xbf\xc3\xa9", "utf-8")]
)
def test_the_encoding_is_the_recipes_and_a_byte_order_mark_no_text(read: Read, content: bytes, encoding: str) -> None:
    assert read("x.txt", content, TEXT, encoding=encoding).rows == [{"text": "é"}]


def test_a_text_of_another_encoding_is_refused_with_line_and_byte(read: Read) -> None:
    with pytest.raises(SourceError, match=r'line 2 is not utf-8 \(.* at byte 1\).*such as encoding = "latin-1"'):
        read("x.txt", b"a\nb\xe9 c\n", TEXT)


@pytest.mark.real
def test_the_federalist_papers_are_85_essays_by_four_hands(desk: Desk, real_data: Path) -> None:
    recipe = (Path(__file__).resolve().parents[2] / "recipes/federalist.toml").read_text()
    path = desk.recipe(
        recipe.replace('source = "http"', 'source = "file"').replace(
            'url = "https://www.gutenberg.org/cache/epub/1404/pg1404.txt"', f'path = "{real_data}/federalist.txt"'
        ),
        "essays",
    )
    assert [desk.run("ingest", path), desk.run("preprocess", path)] == [0, 0]
    raw, processed = desk.rows("raw/essays"), desk.rows("processed/essays")
    assert ([row["essay"] for row in raw], [row["essay"] for row in processed]) == (
        [str(number) for number in range(1, 86)], [str(number) for number in range(1, 86)],
    )  # fmt: skip
    authors = [row["author"] for row in processed]
    assert {author: authors.count(author) for author in sorted(set(authors))} == {
        "DISPUTED": 12, "HAMILTON": 51, "JAY": 5, "MADISON": 14, "MADISON, with HAMILTON": 3,
    }  # fmt: skip
    assert [row["essay"] for row in processed if "start of the project" in row["text"][:200]] == []


@pytest.mark.real
def test_books_with_points_and_accents_are_one_document_each(desk: Desk, real_data: Path) -> None:
    recipe = f"""
    title = "Books"
    [ingest]
    source = "file"
    path = "{real_data}/tanakh/*.txt"
    [preprocess]
    kind = "documents"
    [columns]
    book = {{ type = "category", role = "label", from = "item" }}
    text = {{ type = "text", role = "input" }}
    [model]
    kind = "authorship"
    """
    path = desk.recipe(recipe, "books")
    assert [desk.run("ingest", path), desk.run("preprocess", path)] == [0, 0]
    assert [row["book"] for row in desk.rows("processed/books")] == ["Eccl", "Gen", "Isa", "Jonah", "Ruth"]
    for book, row in zip(sorted((real_data / "tanakh").iterdir()), desk.rows("processed/books"), strict=True):
        # NFC puts points and accents into one order; none is lost.
        whole = unicodedata.normalize("NFC", book.read_text(encoding="utf-8"))
        assert row["text"].split() == whole.split()
