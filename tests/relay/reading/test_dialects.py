"""How a CSV file is written is said by the recipe, or found in the one way that gives its columns; never guessed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.handoff.column import OpenColumns
from relay.handoff.errors import RecipeError, SchemaError, SourceError
from relay.handoff.receipt import Origin
from relay.reading.columns import open_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.finding import find_reading
from relay.reading.rawfile import RawFile

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text", "null": True}, "age": {"type": "int", "null": True}}
ADA = [{"name": "Ada", "age": 36}]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("name;age\nAda;36\n", {"delimiter": ";"}),
        ("name\tage\nAda\t36\n", {"delimiter": "\t"}),
        ("name|age\nAda|36\n", {"delimiter": "|"}),
        ("'name';'age'\n'Ada';36\n", {"delimiter": ";", "quote": "'"}),
        ("Export of June, 2024\n\nname,age\nAda,36\n", {"skip_rows": "1"}),
        ('sep=;\nname;age\n"Ada";36\n', {"delimiter": ";", "skip_rows": "1"}),
        ("# made by x\n# name, age\nname,age\nAda,36\n", {"skip_rows": "2"}),
        (";;\nname;age\nAda;36\n", {"delimiter": ";", "skip_rows": "1"}),
        (b"name,age\nAda,36\n", {}),
        ("name,age\nAda,36\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("name;age\nAda;36\n".encode("utf-32"), {"encoding": "utf-32", "delimiter": ";"}),
    ],
)
def test_what_the_recipe_does_not_say_is_found_and_noted(read: Read, content: str, found: dict[str, str]) -> None:
    reading = read("x.csv", content, PEOPLE)
    assert (reading.rows, reading.found) == (ADA, found)


def test_a_quote_is_found_where_it_alone_makes_the_rows_as_wide_as_the_header(read: Read) -> None:
    reading = read("x.csv", "name,age\n'Ada, L.',36\n'Bo',7\nCy,8\n", PEOPLE)
    assert ([row["name"] for row in reading.rows], reading.found) == (["Ada, L.", "Bo", "Cy"], {"quote": "'"})


def test_what_the_recipe_says_is_not_looked_for(read: Read) -> None:
    with pytest.raises(SchemaError, match=r'with another one it has columns of the recipe: say delimiter = ";"'):
        read("x.csv", "name;age\nAda;36\n", PEOPLE, delimiter=",")
    with pytest.raises(SchemaError, match="column name is missing"):
        read("x.csv", "Export\nname,age\nAda,36\n", PEOPLE, skip_rows=0)


def test_columns_of_any_name_in_two_readings_are_refused_with_both(tmp_path: Path, declare: Any) -> None:
    columns = open_columns(OpenColumns(declare(other={"type": "text"})), FormatKeys())
    file = RawFile("x.csv", "x", tmp_path / "x.csv", Origin(where="x.csv", sha256="", bytes=0))
    message = r'can be read in two ways: 2 cells \["id;price", " EUR;day"\] by delimiter = "," or 3 cells'
    with pytest.raises(SchemaError, match=message):
        find_reading(b"id;price, EUR;day\n1;2,50;3\n2;3,50;4\n", file, FormatKeys(), columns)
    found = find_reading(b"id;price, EUR;day\n1;2;3\n2;3;4\n", file, FormatKeys(), columns)
    assert (found.dialect.delimiter, file.noted) == (";", {"found": {"delimiter": ";"}})


def test_rows_without_names_in_two_readings_are_refused_with_both(read: Read) -> None:
    columns = {"name": {"type": "text"}, "size": {"type": "text"}}
    message = r'2 cells \["a;1", "5"\] by delimiter = "," or 2 cells \["a", "1,5"\] by delimiter = ";"; say which in'
    with pytest.raises(SchemaError, match=message):
        read("x.csv", "a;1,5\nb;2,5\n", columns, header=False)
    rows = read("x.csv", "a;1,5\nb;2,5\n", columns, header=False, delimiter=";").rows
    assert rows == [{"name": "a", "size": "1,5"}, {"name": "b", "size": "2,5"}]


def test_each_file_of_a_set_is_found_to_be_written_in_its_own_way(desk: Any) -> None:
    (desk.data / "1.csv").write_text("name;age\nAda;36\n")
    (desk.data / "2.csv").write_bytes("Export\nage\tname\n7\tZoé\n".encode("cp1252"))
    (desk.data / "3.csv").write_text("name|more\nCy|x\n")
    recipe = desk.recipe(
        'title = "Set"\n[ingest]\nsource = "file"\npath = "data/*.csv"\nextra_columns = "drop"\n'
        '[columns]\nname = { type = "text", role = "id" }\nage = { type = "int", role = "input", null = true }\n'
    )
    assert desk.run("ingest", recipe) == 0
    assert [tuple(row.values()) for row in desk.rows("raw/desk")] == [("Ada", 36), ("Zoé", 7), ("Cy", None)]
    assert [source.found for source in desk.receipt("raw/desk").sources] == [
        {"delimiter": ";"},
        {"encoding": "cp1252", "delimiter": "\t", "skip_rows": "1"},
        {"delimiter": "|"},
    ]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("name:age\nAda:36\n", {"delimiter": ":"}),
        ("name age\nAda 36\n", {"delimiter": " "}),
        ("name,age\nAda,36\n", {"quote": ""}),
        ("|name|,age\n|Ada|,36\n", {"quote": "|"}),
        ("x\ny\nname,age\nAda,36\n", {"skip_rows": 2}),
        ("x\r\ny\r\nname,age\r\nAda,36\r\n", {"skip_rows": 2}),
        ("x\ry\rname,age\rAda,36\r", {"skip_rows": 2}),
        ("Ada,36\n", {"header": False}),
        ("Ada;36\n", {"header": False}),
        ("person,\nname,age\nAda,36\n", {"header": 2, "columns": {"person name": "name", "person age": "age"}}),
        (
            "of,,\nperson,,\nname,age\nAda,36\n".replace(",,", ","),
            {"header": 3, "header_separator": "/", "columns": {"of/person/name": "name", "of/person/age": "age"}},
        ),
        ("#a\n#b\nname,age\n#c\nAda,36\n#d", {"comment": "#"}),
        ('// a, "b\nname,age\nAda,36\n', {"comment": "//"}),
        ("name,age\nAda,36\n".encode("utf-16-be"), {"encoding": "utf-16-be"}),
        ("name,age\nAda,36\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("name,age\rAda,36\r", {}),
    ],
)
def test_a_key_says_how_the_file_is_written(read: Read, content: str, keys: dict[str, Any]) -> None:
    names = keys.pop("columns", {})
    columns = {name: kind | {"from": source} for source, name in names.items() for kind in [PEOPLE[name]]} or PEOPLE
    assert read("x.csv", content, columns, **keys).rows == ADA


def test_a_quote_that_is_none_belongs_to_the_cell(read: Read) -> None:
    assert read("x.csv", 'name,age\n"Ada",36\n', PEOPLE, quote="").rows == [{"name": '"Ada"', "age": 36}]


def test_a_comment_inside_a_quoted_cell_is_text_and_inside_a_row_is_refused(read: Read) -> None:
    text = 'name,age\n"a\n# b",1\n# c, "d\n"C#",2\n'
    assert [row["name"] for row in read("x.csv", text, PEOPLE, comment="#").rows] == ["a\n# b", "C#"]
    with pytest.raises(SourceError, match="the comment sign # stands inside a row, near C#,2; some programs cut"):
        read("x.csv", "name,age\nC#,2\n", PEOPLE, comment="#")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_lines_are_left_out_wherever_the_bytes_are_cut(read: Read, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from relay.reading.rawfile import RawFile

    blocks = RawFile.read_blocks
    monkeypatch.setattr(RawFile, "read_blocks", lambda file: blocks(file, size))
    text = 'x\r\ny\r\nperson,\r\nname,age\r\n# c\r\n"Ada\r\n# L.",36\r\n#\r\n'
    columns = {"name": {"type": "text", "from": "person name"}, "age": {"type": "int", "from": "person age"}}
    reading = read("x.csv", text, columns, skip_rows=2, header=2, comment="#")
    assert reading.rows == [{"name": "Ada\r\n# L.", "age": 36}]


@pytest.mark.parametrize(
    ("keys", "content", "message"),
    [
        ({"header": False}, "Ada,36,x\n", r"the recipe declares 2 columns and header = false, and the first row has 3"),
        ({"header": False}, "name,age\nAda,36\n", "the first row holds the columns' names: name,age; remove header"),
        ({"skip_rows": 9}, "name,age\nAda,36\n", "no header: every line is empty, a comment, or skipped by skip_rows"),
        ({"comment": "n"}, "name,age\n", "no header: every line is empty, a comment"),
    ],
)
def test_a_header_that_is_not_there_is_refused(read: Read, keys: Any, content: str, message: str) -> None:
    with pytest.raises((SchemaError, SourceError), match=message):
        read("x.csv", content, PEOPLE, **keys)


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (
            "name,age\nAdä,36\n".encode(),
            "cp1252",
            r"bytes b'Ad\\xc3\\xa4' are UTF-8, \"Adä\", which would become \"AdÃ¤\"",
        ),
        ("name,age\nAdä,36\n".encode(), "utf-16", r'says encoding = "utf-16", and the file begins with .* "utf-8"'),
        ("name,age\nAdä,36\n".encode("utf-16"), "utf-8", 'the byte order mark of utf-16; say encoding = "utf-16"'),
        ("name,age\nAdä,36\n".encode("cp1252"), "ascii", r"not ascii: .*; it looks like encoding = \"cp1252\""),
        ("name,age\nПривет,36\n".encode("cp1251"), "ascii", 'it looks like encoding = "cp1251"'),
        ("name,age\nПривет,36\n".encode("koi8-r"), "ascii", 'it looks like encoding = "koi8-r"'),
        ("name,age\nこんにちは,36\n".encode("shift-jis"), "ascii", 'it looks like encoding = "shift_jis"'),
        ("name,age\nMüller,36\n".encode("cp850"), "ascii", 'it looks like encoding = "cp850"'),
        ("name,age\nPawełek,36\n".encode("cp1250"), "ascii", 'it looks like encoding = "cp1250"'),
    ],
)
def test_a_wrong_encoding_is_named_with_the_bytes_and_the_likely_one(
    read: Read, content: bytes, encoding: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read("x.csv", content, PEOPLE, encoding=encoding)


@pytest.mark.parametrize("size", [1, 5, 8 << 20])
@pytest.mark.parametrize("text", ["Zoé", "l’eau – 5 €", "Ÿ œuvre", "CAFÉ »", "x\nÜ", "Straße, ° §"])
def test_text_that_is_cp1252_is_read_as_such_and_noted(
    read: Read, monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    from relay.reading.rawfile import RawFile

    blocks = RawFile.read_blocks
    monkeypatch.setattr(RawFile, "read_blocks", lambda file: blocks(file, size))
    reading = read("x.csv", f'name,age\nAda,36\n"{text}",1'.encode("cp1252"), PEOPLE)
    assert ([row["name"] for row in reading.rows], reading.found) == (["Ada", text], {"encoding": "cp1252"})


@pytest.mark.parametrize(
    ("content", "rejected"),
    [
        ("name,age\nПривет,36\n".encode("cp1251"), 1),
        ("name,age\nPawełek,36\n".encode("cp1250"), 1),
        ("name,age\nZoé,1\nJos".encode() + b"\xe9,2\n", 1),
        ("name,age\nZoé,1\nüä,2\n".encode(), 0),
    ],
)
def test_other_bytes_than_cp1252_are_no_cp1252(read: Read, content: bytes, rejected: int) -> None:
    reading = read("x.csv", content, PEOPLE)
    assert (len(reading.rejected), reading.found) == (rejected, {})


def test_a_file_of_two_encodings_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from relay.reading.rawfile import RawFile

    blocks = RawFile.read_blocks
    monkeypatch.setattr(RawFile, "read_blocks", lambda file: blocks(file, 20))
    with pytest.raises(SourceError, match="a part of the file is not UTF-8, and another one is, near"):
        read("x.csv", "name,age\nZoé,1\n".encode("cp1252") + "Ada,36\nAda,36\nAda,36\nZoë,3\n".encode(), PEOPLE)


def test_names_of_headers_are_the_same_in_both_forms_of_unicode(read: Read) -> None:
    for written, declared in (("e\u0301te\u0301", "été"), ("été", "e\u0301te\u0301")):
        assert read("x.csv", f"{written}\n1\n", {declared: {"type": "int"}}).rows == [{declared: 1}]
    with pytest.raises(SchemaError, match="column été comes more than once"):
        read("x.csv", "e\u0301te\u0301,été\n1,2\n", {"été": {"type": "int"}})


def test_a_key_that_the_format_does_not_read_is_refused(read: Read) -> None:
    with pytest.raises(
        RecipeError, match=r"x\.json: \[ingest\] says delimiter, a key of csv, and the file is read as json"
    ):
        read("x.json", '[{"name": "Ada", "age": 36}]', PEOPLE, delimiter=";")
    with pytest.raises(RecipeError, match="says skip_rows, a key of csv and excel and fixed, and the file is read as"):
        read("x.jsonl", '{"name": "Ada", "age": 36}', PEOPLE, skip_rows=1)


@pytest.mark.parametrize("keys", [{}, {"encoding": "utf-16"}])
def test_lines_of_json_and_of_text_may_be_utf_16(read: Read, keys: dict[str, str]) -> None:
    lines = '{"name": "Adä", "age": 1}\n{"name": "ऊ", "age": 2}\n'.encode("utf-16")
    assert [row["name"] for row in read("x.jsonl", lines, PEOPLE, **keys).rows] == ["Adä", "ऊ"]
    reading = read("x.txt", "Adä\r\nऊ".encode("utf-16"), {"text": {"type": "text"}}, **keys)
    assert reading.rows == [{"text": "Adä\nऊ"}]
