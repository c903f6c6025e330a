"""Lines, however the bytes were cut, and JSON lines in other encodings."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.reading.formats.lines import split_lines

Read = Callable[..., Any]


@pytest.mark.parametrize(
    ("blocks", "lines"),
    [
        ([b"a\nb\n"], [b"a", b"b"]),
        ([b"a\nb"], [b"a", b"b"]),
        ([b"a", b"", b"b\n\nc"], [b"ab", b"", b"c"]),
        ([b"a\r\n", b"\n"], [b"a\r", b""]),
        ([], []),
    ],
)
def test_lines_end_at_line_breaks_only(blocks: list[bytes], lines: list[bytes]) -> None:
    assert list(split_lines(iter(blocks))) == lines


@pytest.mark.property
@given(content=st.binary(max_size=60), size=st.integers(1, 20))
def test_lines_do_not_depend_on_the_cuts(content: bytes, size: int) -> None:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    assert list(split_lines(iter(pieces))) == list(split_lines(iter([content])))


def test_json_lines_may_have_another_encoding(read: Read) -> None:
    reading = read("x.jsonl", '{"text": "é"}\n'.encode("latin-1"), {"text": {"type": "text"}}, encoding="latin-1")
    assert reading.rows == [{"text": "é"}]


def test_a_line_of_another_encoding_costs_that_line_and_is_kept_by_its_codes(read: Read) -> None:
    reading = read("x.jsonl", b'{"text": "a"}\n{"text": "\xe9"}\n', {"text": {"type": "text"}})
    assert (reading.rows, reading.rejected) == (
        [{"text": "a"}], [(2, "not a record", {"record": '{"text": "\\xe9"}'})],
    )  # fmt: skip
