"""Quotes that are a part of a text: rows that vanish in quoted cells are said, and proper quotes are not doubted."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from relay.reading.formats.rowends import Dialect
from relay.reading.formats.swallowed import find_swallowed, join_swallowed

Read = Callable[..., Any]

SMS = {"kind": {"type": "category"}, "text": {"type": "text"}}


def write_messages(delimiter: str, *, end: str = "\n", stray: int = 7) -> str:
    """Forty messages, every so manieth of which begins with a quote that nothing closes."""
    return "".join(
        f"{'spam' if at % 5 == 0 else 'ham'}{delimiter}{chr(34) if at % stray == 0 else ''}see you at {at}{end}"
        for at in range(40)
    )


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_lost_in_quoted_cells_are_said(read: Read, delimiter: str, end: str) -> None:
    text = write_messages(delimiter, end=end)
    reading = read("x.csv", text, SMS, delimiter=delimiter, header=False)
    said = "".join(warning.text for warning in reading.warnings)
    assert len(reading.rows) < 40
    assert f"{40 - len(reading.rows)} look like rows of their own" in said
    assert "quote = ''" in said
    plain = read("x.csv", text, SMS, delimiter=delimiter, header=False, quote="")
    assert (len(plain.rows), plain.warnings) == (40, [])


LEGAL = {
    "a text over two lines": 'a,b,c\n1,"x\ny",2\n' * 30,
    "the last cell over lines": 'id,text\n1,"Dear Ada,\nhow are you\nbye"\n' * 20,
    "addresses with one comma per line": "".join(
        f'{name},"Main St {at}\nBerlin, Germany"\n' for at, name in enumerate(["Ada", "Bo", "Cy"] * 9)
    ),
    "numbered addresses": "".join(f'{at},"Main St {at}\nBerlin, Germany"\n' for at in range(30)),
    "doubled quotes": 'a,b\n1,"he said ""no""\nand left"\n' * 20,
    "quotes inside of a text": 'a,b\n1,17" screen\n2,19" screen\n' * 20,
    "blank lines": '"a","b"\n\n"1","2"\n\n' * 20,
    "quoted and short": '"a","b"\n"1","2"\n' * 20,
}


@pytest.mark.parametrize("case", LEGAL)
def test_proper_quotes_are_not_doubted(case: str) -> None:
    block = LEGAL[case].encode()
    rows = LEGAL[case].count("\n") - LEGAL[case].count("\n\n")
    for claimed in (1, rows // 2, rows):  # however few rows are claimed, the lines decide
        width = LEGAL[case].partition("\n")[0].count(",") + 1
        assert find_swallowed(block, Dialect(","), width, claimed) is None


def test_random_texts_with_proper_quotes_are_not_doubted() -> None:
    draw = random.Random(5)
    for _ in range(60):
        cells = ["".join(draw.choices("ab ,\n", k=draw.randint(1, 12))) for _ in range(40)]
        text = "".join(f'{at},{at % 7},"{cell}",x\n' for at, cell in enumerate(cells))
        assert find_swallowed(text.encode(), Dialect(","), 4, 40) is None


def test_what_several_blocks_have_is_added_up() -> None:
    found = find_swallowed(write_messages("\t").encode(), Dialect("\t"), 2, 10)
    assert found is not None
    both = join_swallowed([found, found])
    assert both is not None
    assert (both.lines, both.cells, both.is_text) == (2 * found.lines, 2 * found.cells, True)
    assert join_swallowed([]) is None


def test_a_file_whose_cells_are_quoted_but_for_one_error_is_quoted() -> None:
    rows = "".join(f'"kind {at % 3}","text {at}"\n' for at in range(40))
    text = rows + 'kind 1,"open text\nkind 2,more text\nkind 1,"and closed\n' + rows
    found = find_swallowed(text.encode(), Dialect(","), 2, 82)
    assert found is not None
    assert not found.is_text
