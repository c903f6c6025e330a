"""Fixed width: fields at the same characters of each line."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.format_keys import FormatKeys

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text", "null": True}, "age": {"type": "int", "null": True}}
LINES = "Ada   36\nBö     7\nCy\n"
ROWS = [{"name": "Ada", "age": 36}, {"name": "Bö", "age": 7}, {"name": "Cy", "age": None}]


def fixed(read: Read, content: str | bytes, **keys: Any) -> Any:
    """What is read of a file of fixed width."""
    return read("x.dat", content, PEOPLE, format="fixed", **keys)


def test_fields_are_found_by_widths_or_by_positions(read: Read) -> None:
    assert fixed(read, LINES, widths=[6, 2], header=False).rows == ROWS
    assert fixed(read, LINES, positions={"age": [7, 8], "name": [1, 6]}).rows == ROWS
    assert fixed(read, f"name  age\n{LINES}", widths=[6, 3]).rows == ROWS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("is_ended", [True, False])
def test_line_ends_empty_lines_and_the_end_of_file_of_dos(read: Read, end: str, *, is_ended: bool) -> None:
    text = "Ada   36\n\nBo     7\n\x1a".replace("\n", end)
    reading = fixed(read, text if is_ended else text.removesuffix(f"{end}\x1a"), widths=[6, 2], header=False)
    assert [row["age"] for row in reading.rows] == [36, 7]


def test_positions_count_characters_of_the_encoding(read: Read) -> None:
    assert fixed(read, "Bö    36\n".encode("cp1252"), widths=[6, 2], header=False, encoding="cp1252").rows == [
        {"name": "Bö", "age": 36}
    ]
    with pytest.raises(SourceError, match=r"not utf-8: .* in b'B\\xf6"):
        fixed(read, "Bö    36\n".encode("cp1252"), widths=[6, 2], header=False, encoding="utf-8")


def test_lines_before_the_records_are_left_out(read: Read) -> None:
    assert fixed(read, f"Report\n------\n{LINES}", positions={"name": [1, 6], "age": [7, 8]}, skip_rows=2).rows == ROWS
    with pytest.raises(SchemaError, match="the first line holds the names of the columns; say skip_rows = 1"):
        fixed(read, f"NAME AGE\n{LINES}", positions={"name": [1, 5], "age": [6, 8]})


def test_a_first_line_without_a_known_name_is_refused(read: Read) -> None:
    with pytest.raises(SchemaError, match=r"the first line by widths is 'Ada', '36'.*say header = false"):
        fixed(read, LINES, widths=[6, 2])
    with pytest.raises(SchemaError, match=r"widths has 3 fields, and the recipe declares 2 columns"):
        fixed(read, LINES, widths=[4, 2, 2], header=False)


def test_lines_that_do_not_fit_cost_their_row(read: Read) -> None:
    reading = fixed(read, "Ada   36\nBo\t   7\nCy    36x\nDi    ab\n", widths=[6, 2], header=False)
    assert reading.rows == ROWS[:1]
    assert [(row, reason) for row, reason, _ in reading.rejected] == [
        (2, "a tab, which stands for an unknown number of characters"),
        (3, "more than 8 characters"),
        (4, "age: not a whole number"),
    ]
    assert reading.read == 4


def test_a_cut_last_line_is_refused_where_all_others_are_whole(read: Read) -> None:
    with pytest.raises(SourceError, match=r"the last line has 7 of 8 characters and no line break"):
        fixed(read, "Ada   36\nBo    12\nCy    1", widths=[6, 2], header=False)
    assert fixed(read, "Ada   36\nBo    1\nCy    1", widths=[6, 2], header=False).read == 3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"format": "fixed"}, "need each other"),
        ({"widths": [1]}, "need each other"),
        ({"format": "fixed", "widths": [1], "positions": {"a": [1, 2]}}, "either widths or positions"),
        ({"format": "fixed", "positions": {"a": [3, 2]}}, "a ends before it begins: 3 to 2"),
        ({"format": "csv", "sheet": "x"}, 'sheet needs format = "excel"'),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FormatKeys.model_validate(keys)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.text("abcäß 字", max_size=6), st.integers(0, 99)), min_size=1, max_size=30))
def test_what_was_written_comes_back(read: Read, rows: list[tuple[str, int]]) -> None:
    reading = fixed(read, "".join(f"{name:6}{age:>2}\n" for name, age in rows), widths=[6, 2], header=False)
    assert [(row["name"] or "", row["age"]) for row in reading.rows] == [(name.strip(), age) for name, age in rows]


def test_a_line_of_blanks_is_no_record(read: Read) -> None:
    reading = fixed(read, "Ada   36\n        \nBo     7\n", widths=[6, 2], header=False)
    assert ([row["age"] for row in reading.rows], reading.read) == ([36, 7], 3)


def test_a_tab_before_the_last_field_moves_no_other(read: Read) -> None:
    places = {"age": [1, 2], "name": [4, 20]}
    reading = fixed(read, "36\tAda\n 7\tBo\tX\n4\t Cy\n", positions=places)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Bo\tX", "age": 7}]
    assert "a tab" in reading.rejected[0][1]
