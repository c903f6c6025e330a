"""The CSV of a request has the rows that ingest reads of the same bytes, or is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.handoff.errors import RelayError, SchemaError
from relay.reading.csv_text import split_rows

COLUMNS = {"a": {"type": "text", "null": True}, "b": {"type": "text", "null": True}}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,b\n1,"x ""y"""\n', [["1", 'x "y"']]),
        ('a,b\r\n17" screen,size (")\r\n', [['17" screen', 'size (")']]),
        ('\ufeffa,b\r1,"two\r\nlines"\r\r2,"z"tail', [["1", "two\r\nlines"], ["2", "ztail"]]),
        ("a,b\n", []),
    ],
)
def test_rows_are_those_of_ingest(read: Callable[..., Any], content: str, rows: list[list[str]]) -> None:
    assert split_rows(content.encode())[1:] == rows
    if rows:
        assert [list(row.values()) for row in read("x.csv", content, COLUMNS).rows] == rows


def test_an_empty_row_of_a_single_column_is_an_empty_cell() -> None:
    assert split_rows(b"\na\n1\n\n2\n") == [["a"], ["1"], [""], ["2"]]
    assert split_rows(b"\na,b\n\n1,2\n") == [["a", "b"], ["1", "2"]]
    assert split_rows(b"") == []


@pytest.mark.parametrize("content", ['a,b\n1,"x\n2,y\n', 'a,b\n1,"x""', '"'])
def test_a_quote_that_is_never_closed_is_refused(content: str) -> None:
    with pytest.raises(SchemaError, match="a quote is opened and never closed"):
        split_rows(content.encode())


def test_a_cell_may_be_long() -> None:
    assert len(split_rows(b"a\n" + b"x" * 1_000_000)[1][0]) == 1_000_000


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text('",\n\r ab', max_size=8), min_size=1, max_size=3))
def test_any_text_of_quotes_and_line_ends_has_the_rows_of_ingest(read: Callable[..., Any], lines: list[str]) -> None:
    content = "a,b\n" + "\n".join(lines)
    try:
        reading = read("x.csv", content, COLUMNS, delimiter=",", header=True)
    except RelayError:
        with pytest.raises(SchemaError):
            split_rows(content.encode())
        return
    # Ingest leaves out blank rows; in a request they keep their place among the answers.
    found = [row for row in split_rows(content.encode())[1:] if len(row) == len(COLUMNS) and "".join(row).strip()]
    assert [[row["a"] or "", row["b"] or ""] for row in reading.rows] == found
