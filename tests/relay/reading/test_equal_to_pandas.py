"""CSV is read as `pandas.read_csv` reads it, or refused with a reason; never fewer rows without a word."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas_cases import CASES, Case

from relay.handoff.errors import RelayError

pytestmark = pytest.mark.filterwarnings("ignore:Length of header or names:pandas.errors.ParserWarning")

Read = Callable[..., Any]
Rows = list[list[str | None]]

LARGE = 100_000
"""Bytes of a file that is cut in the slow tests alone."""


def read_by_pandas(content: bytes, columns: list[str], options: dict[str, Any]) -> Rows:
    """The cells of the columns; an empty one is None."""
    usual = {"dtype": str, "keep_default_na": False, "index_col": False}
    frame = pd.read_csv(io.BytesIO(content), **usual | options)
    return [[cell or None for cell in row] for row in frame[columns].fillna("").values.tolist()]


def names_of(one: Case) -> list[str]:
    """The declared columns."""
    return one.names.split("|" if "|" in one.names else None)


def declare(names: list[str]) -> dict[str, Any]:
    """A column of text for each."""
    return {name: {"type": "text", "null": True} for name in names}


def list_rows(reading: Any, names: list[str]) -> Rows:
    """The cells that Relay read."""
    return [[row[name] for name in names] for row in reading.rows]


@pytest.mark.parametrize("name", CASES)
def test_a_file_gives_the_rows_of_pandas_or_a_reason(read: Read, name: str) -> None:
    one, names = CASES[name], names_of(CASES[name])
    if one.refused:
        with pytest.raises(RelayError, match=re.escape(one.refused)):
            read("x.csv", one.content, declare(names), **one.keys)
        return
    reading = read("x.csv", one.content, declare(names), **one.keys)
    expected = [row for row in read_by_pandas(one.content, names, one.options) if not is_blank(row)]
    numbers = [row[0] for row in reading.rejected]
    left_out = [row[0] for row in reading.left_out]
    assert (numbers, left_out) == (list(one.rejected), list(one.blank))
    assert list_rows(reading, names) == drop_rejected(expected, one, reading)


def is_blank(row: list[str | None]) -> bool:
    """Whether a row has no value; a single cell may be empty."""
    return len(row) > 1 and not any((cell or "").strip() for cell in row)


def drop_rejected(rows: Rows, one: Case, reading: Any) -> Rows:
    """The rows of pandas without those that Relay rejects."""
    if one.options.get("on_bad_lines"):
        return rows
    gone = {number - sum(other < number for other in one.blank) for number in one.rejected}
    return [row for number, row in enumerate(rows, 1) if number not in gone]


def check_cut(read: Read, one: Case, content: bytes) -> None:
    """A file that was cut gives at least the rows of pandas, or a word for each that it does not give."""
    names = names_of(one)
    try:
        expected = read_by_pandas(content, names, one.options)
    except (ValueError, KeyError):  # pandas refuses it: its errors are ValueErrors, KeyError means a cut header
        return
    try:
        reading = read("x.csv", content, declare(names), **one.keys)
    except RelayError:
        return
    rows = list_rows(reading, names)
    assert len(rows) + len(reading.rejected) + len(reading.left_out) >= len(expected)
    if not reading.rejected:
        assert rows == [row for row in expected if not is_blank(row)]


def list_cuts(one: Case, count: int) -> list[int]:
    """Places in a file, all of a short one."""
    size = len(one.content)
    return sorted({size * number // count for number in range(count)})


@pytest.mark.parametrize("name", [name for name, one in CASES.items() if len(one.content) < LARGE])
def test_a_file_that_is_cut_never_gives_fewer_rows_than_pandas_without_a_word(read: Read, name: str) -> None:
    for place in list_cuts(CASES[name], 4):
        check_cut(read, CASES[name], CASES[name].content[:place])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_file_that_is_cut_anywhere_never_gives_fewer_rows_than_pandas_without_a_word(read: Read, name: str) -> None:
    for place in list_cuts(CASES[name], 50):
        check_cut(read, CASES[name], CASES[name].content[:place])


@st.composite
def generated(draw: st.DrawFn) -> Case:
    """A file of some dialect, and what a recipe and pandas must be told of it."""
    delimiter, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from('""\''))
    end, comment = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from([None, None, "#"]))
    width = draw(st.integers(2, 4))
    names = [f"n{number}" for number in range(width)]
    cells = st.lists(st.sampled_from(["a", "é", " ", "5", delimiter, quote, end, "#", "\\"]), max_size=5).map("".join)
    wide = st.lists(cells, min_size=width, max_size=width)
    ragged = st.lists(cells, min_size=1, max_size=width + 1)
    rows = draw(st.lists(wide, max_size=8) if draw(st.integers(0, 3)) else st.lists(wide | ragged, max_size=8))
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=draw(st.sampled_from([0, 0, 1]))
    )
    preamble = draw(st.lists(st.sampled_from(["", "Export of June", "by a; b"]), max_size=3))
    writer.writerow(names)
    for row in rows:
        if comment and not draw(st.integers(0, 3)):
            text.write(f"{comment} a note{end}")
        if draw(st.integers(0, 5)):
            writer.writerow(row)
        else:
            text.write(delimiter.join(row) + end)  # as programs write that know nothing of quotes
    body = "".join(line + end for line in preamble) + text.getvalue()
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "cp1252", "utf-16"]))
    keys: dict[str, Any] = {"comment": comment} if comment else {}
    keys |= {"quote": quote} if quote == "'" else {}
    keys |= {"delimiter": delimiter} if draw(st.booleans()) else {}
    keys |= {"skip_rows": len(preamble)} if draw(st.booleans()) else {}
    keys |= {"encoding": encoding} if draw(st.booleans()) else {}
    options: dict[str, Any] = {"sep": delimiter, "quotechar": quote, "comment": comment, "encoding": encoding}
    return Case(body.encode(encoding), keys, options | {"skiprows": len(preamble)}, " ".join(names))


def check_generated(read: Read, one: Case, size: int) -> None:
    """The file gives the rows of pandas or a reason, in blocks of this many bytes."""
    from relay.reading.rawfile import RawFile

    blocks = RawFile.read_blocks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RawFile, "read_blocks", lambda file: blocks(file, size))
        check_cut(read, one, one.content)


FAST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


@pytest.mark.property
@settings(FAST, max_examples=200)
@given(one=generated(), size=st.integers(1, 40))
def test_any_file_gives_the_rows_of_pandas_or_a_reason(read: Read, one: Case, size: int) -> None:
    check_generated(read, one, size)


@pytest.mark.property
@pytest.mark.slow
@settings(FAST, max_examples=2000)
@given(one=generated(), size=st.integers(1, 40), place=st.integers(0, 50))
def test_any_file_and_any_part_of_it_gives_the_rows_of_pandas_or_a_reason(
    read: Read, one: Case, size: int, place: int
) -> None:
    check_generated(read, one, size)
    check_cut(read, one, one.content[: len(one.content) * place // 50])
