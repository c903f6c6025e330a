"""CSV: every row is read or rejected with its number, wherever the bytes are cut and whichever way they are parsed."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.formats.delimited import cut_blocks
from relay.reading.formats.rowends import Dialect, RowEnds

NOT_UTF8 = "not UTF-8 text; declare the encoding of a CSV or text file in [ingest]; the log names a likely one"

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text"}, "age": {"type": "int"}}
TEXT = {"text": {"type": "text"}}


def test_rows_are_read_in_order(read: Read) -> None:
    reading = read("x.csv", "name,age\nAda,36\nBo,\nCy,77", PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Bo", "age": None}, {"name": "Cy", "age": 77}]


def test_columns_come_in_the_order_of_the_schema(read: Read) -> None:
    assert list(read("x.csv", "age,name\n36,Ada\n", PEOPLE).rows[0]) == ["name", "age"]


@pytest.mark.parametrize(
    "content",
    [
        b"name,age\r\nAda,36\r\nBo,39\r\n",
        b"\xef\xbb\xbfname,age\nAda,36\nBo,39\n",
        b"\n\nname,age\n\nAda,36\n\nBo,39\n\n",
        b"name , age\nAda, 36\nBo,39 ",
        b'"name",age\n"Ada","36"\n"Bo",39\n',
    ],
    ids=["CRLF", "byte order mark", "empty lines", "blanks", "quotes"],
)
def test_dialects_of_csv_give_the_same_rows(read: Read, content: bytes) -> None:
    assert read("x.csv", content, PEOPLE).rows == [{"name": "Ada", "age": 36}, {"name": "Bo", "age": 39}]


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("x.csv", "name;age\nAda;36\n", {"delimiter": ";"}),
        ("x.tsv", "name\tage\nAda\t36\n", {}),
        ("x.tsv", "name,age\nAda,36\n", {"delimiter": ","}),
        ("x.dat", "name|age\nAda|36\n", {"delimiter": "|", "format": "csv"}),
    ],
)
def test_the_delimiter_is_the_recipes_or_told_by_the_name(read: Read, name: str, content: str, more: Any) -> None:
    assert read(name, content, PEOPLE, **more).rows == [{"name": "Ada", "age": 36}]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("latin-1", b"text\n\xe9\n"), ("cp1252", b"text\n\xe9\n"), ("utf-8", b"text\n\xc3\xa9\n"),
        ("UTF8", b"text\n\xc3\xa9\n"), ("utf-8-sig", b"\xef\xbb\xbftext\n\xc3\xa9\n"),
    ],
)  # fmt: skip
def test_the_encoding_is_the_recipes(read: Read, encoding: str, content: bytes) -> None:
    assert read("x.csv", content, TEXT, encoding=encoding).rows == [{"text": "é"}]


def test_a_character_of_many_bytes_may_lie_across_two_blocks(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from relay.reading.rawfile import RawFile

    blocks = RawFile.read_blocks
    monkeypatch.setattr(RawFile, "read_blocks", lambda file: blocks(file, 3))
    content = "text\nあいうえお\nかきくけこ\n".encode("shift-jis")
    rows = read("x.csv", content, TEXT, encoding="shift-jis").rows
    assert [row["text"] for row in rows] == ["あいうえお", "かきくけこ"]


def test_a_file_of_another_encoding_is_refused(read: Read) -> None:
    with pytest.raises(SourceError, match=r"x\.csv: not ascii: ordinal not in range"):
        read("x.csv", b"text\n\xe9\n", TEXT, encoding="ascii")


def test_bad_cells_are_rejected_with_number_reason_and_cells(read: Read) -> None:
    reading = read("x.csv", "name,age\nAda,36\nBo,old\nCy,77\n", PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Cy", "age": 77}]
    assert reading.rejected == [(2, "age: not a whole number", {"name": "Bo", "age": "old"})]


def test_ragged_rows_are_rejected_with_their_numbers_among_the_others(read: Read) -> None:
    reading = read("x.csv", 'name,age\nAda,36\nBo\n\nCy,7,7\nDi,x\n"E\ne",5\n', PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "E\ne", "age": 5}]
    assert reading.rejected == [
        (2, "1 cells instead of 2", {"row": "Bo"}),
        (3, "3 cells instead of 2", {"row": "Cy,7,7"}),
        (4, "age: not a whole number", {"name": "Di", "age": "x"}),
    ]
    assert reading.read == 5


def test_invalid_utf8_costs_its_row_and_is_kept_by_its_codes(read: Read) -> None:
    reading = read("x.csv", b"name,age\nAda,36\nB\xff,39\nCy,77\n", PEOPLE)
    assert [row["name"] for row in reading.rows] == ["Ada", "Cy"]
    assert reading.rejected == [(2, f"name: {NOT_UTF8}", {"name": "B\\xff", "age": "39"})]


def test_line_breaks_and_delimiters_inside_quotes_belong_to_the_cell(read: Read) -> None:
    reading = read("x.csv", 'text\n"a\nb"\n"c,""d"""\n"\r\n"\n', TEXT)
    assert [row["text"] for row in reading.rows] == ["a\nb", 'c,"d"', "\r\n"]


def test_a_text_column_keeps_zeros_in_front_also_beside_a_number_from_the_same_cells(read: Read) -> None:
    columns = {"code": {"type": "text", "from": "c"}, "number": {"type": "int", "from": "c"}}
    assert read("x.csv", "c\n007\n", columns).rows == [{"code": "007", "number": 7}]


@pytest.mark.parametrize("content", ["name,age\n", "name,age", "name,age\n\n\n"])
def test_a_file_with_only_a_header_has_no_rows(read: Read, content: str) -> None:
    assert read("x.csv", content, PEOPLE).read == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"x\.csv: the file is empty \(0 bytes\)"),
        (b" \n\n", r"x\.csv: the file is empty \(3 bytes\)"),
        (b"<!DOCTYPE html><title>404</title>", "a web page came instead of data, it begins"),
        (b"\xef\xbb\xbf \n<HTML lang=en>", "a web page came instead of data"),
        (
            "name,age\nAda,36\n".encode("utf-16-le"),
            r"no text, or UTF-16 without a byte order mark.*; it looks like encoding = \"utf-16-le\": say so",
        ),
        (b"name,age\n\x00\x01", "no text, or UTF-16 without a byte order mark"),
        (b'name,age\n"Ada,36\nBo,39\n', "a quote is opened and never closed"),
    ],
    ids=["empty", "blank", "web page", "web page with a mark", "UTF-16", "binary", "open quote"],
)
def test_what_is_no_csv_is_refused_by_name(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read("x.csv", content, PEOPLE)


def test_a_quote_that_is_never_closed_is_found_before_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.reading.formats.delimited.LONGEST_ROW_BYTES", 100)
    pieces = iter([b'a\n"', b"x" * 60, b"x" * 60, b'"\n'])
    with pytest.raises(SourceError, match="opened and not closed for 121 bytes, near"):
        list(cut_blocks(pieces, "x.csv", Dialect(",")))


def test_a_missing_column_names_what_was_found(read: Read) -> None:
    with pytest.raises(SchemaError, match=r'x\.csv: column age is missing.* found "name", "ages"'):
        read("x.csv", "name,ages\nAda,36\n", PEOPLE)


def test_undeclared_columns_are_dropped_where_the_recipe_says_so(read: Read) -> None:
    content = "name,shoe,shoe,age\nAda,1,x,36\n"
    assert read("x.csv", content, PEOPLE, extra_columns="drop").rows == [{"name": "Ada", "age": 36}]


@pytest.mark.parametrize(
    ("block", "end"),
    [
        (b"a\nb", 2),
        (b"a\nb\n", 4),
        (b"ab", 0),
        (b'"a\nb"', 0),
        (b'a\n"b\nc', 2),
        (b'a\n"b""\n', 2),
        (b'"\n"\n"\n', 4),
        (b'a"\nb', 3),
        (b'a"\nb"\n', 6),
        (b'"a"b"\n', 6),
        (b"a\rb", 2),
        (b"a\r", 0),
        (b'a,"\n', 0),
        (b'a,b"\n', 5),
    ],
)
def test_the_last_row_ends_at_the_last_break_outside_quotes(block: bytes, end: int) -> None:
    assert RowEnds(Dialect(","), "x.csv").find_last(block) == end


cells = st.lists(st.sampled_from(["a", " ", '"', ",", "\n", "\r\n", "é"]), max_size=6).map("".join)


@pytest.mark.property
@given(
    rows=st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=8),
    line_end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 40),
)
def test_csv_cut_anywhere_parses_to_the_same_rows(rows: list[list[str]], line_end: str, size: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows(rows)
    content = text.getvalue().encode()
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    blocks = list(cut_blocks(iter(pieces), "x.csv", Dialect(",")))
    assert b"".join(blocks) == content
    assert [row for block in blocks for row in csv.reader(io.StringIO(block.decode(), newline=""))] == rows


numbers = st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["", "NA", " 7", "2.0", "1e3", "-0", "007"])
floats = st.floats().map(repr) | numbers
typed_rows = st.tuples(numbers, floats, st.text(st.sampled_from("aé \"',;.0N\n"), max_size=5), st.sampled_from("01tyN"))


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it keeps nothing from one example to the next
@given(rows=st.lists(typed_rows, min_size=1, max_size=12), index=st.integers(0, 12))
def test_one_bad_cell_changes_no_other_row(read: Read, rows: list[tuple[str, str, str, str]], index: int) -> None:
    """The bad cell sends the whole block the slow way: both ways must read the others alike."""
    kinds = {"i": "int", "f": "float", "t": "text", "b": "bool"}
    columns = {name: {"type": kind} for name, kind in kinds.items()}

    def as_csv(lines: list[tuple[str, str, str, str]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([tuple(kinds), *lines])
        return text.getvalue()

    index = min(index, len(rows))
    alone = read("x.csv", as_csv(rows), columns)
    beside = read("x.csv", as_csv([*rows[:index], ("bad", "1", "t", "1"), *rows[index:]]), columns)
    assert repr(beside.rows) == repr(alone.rows)  # by repr: nan is not equal to itself
    assert [number for number, *_ in beside.rejected if number != index + 1] == [
        number + (number > index) for number, *_ in alone.rejected
    ]


def test_a_ragged_row_that_is_not_utf_8_costs_its_row_only(read: Any) -> None:
    columns = {"a": {"type": "int"}, "b": {"type": "text"}}
    reading = read("x.csv", b"a,b\n1,ok\n2,x,\xe9\n3,\xe9\n4,fine\n", columns, encoding="utf-8")
    assert reading.rows == [{"a": 1, "b": "ok"}, {"a": 4, "b": "fine"}]
    assert [(number, reason) for number, reason, _ in reading.rejected] == [
        (2, "3 cells instead of 2"),
        (3, f"b: {NOT_UTF8}"),
    ]


def test_an_empty_line_in_a_single_column_is_a_null(read: Any) -> None:
    assert read("x.csv", "a\n1\n\n3\n", {"a": {"type": "int"}}).rows == [{"a": 1}, {"a": None}, {"a": 3}]
