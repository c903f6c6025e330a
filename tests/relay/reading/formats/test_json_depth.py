"""JSON that is nested without end is refused before a parser keeps the path to each level."""

import json
from pathlib import Path
from typing import Any

import ijson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.reading.formats.json_text import MOST_DEEP, _Depth
from relay.reading.formats.lines import _parse

TEXTS = st.text(st.sampled_from('[]{}"\\aé'), max_size=6)
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=20,
)


def count(text: str) -> int:
    """How many objects and lists are open at the end, sign by sign."""
    depth, in_text, is_escaped = 0, False, False
    for sign in text:
        if is_escaped:
            is_escaped = False
        elif in_text and sign == "\\":
            is_escaped = True
        elif sign == '"':
            in_text = not in_text
        elif not in_text:
            depth += (sign in "[{") - (sign in "]}")
    return depth


@given(value=VALUES, is_ascii=st.booleans(), share=st.floats(0, 1), size=st.integers(1, 9))
def test_the_depth_is_right_wherever_the_bytes_are_cut(value: Any, is_ascii: bool, share: float, size: int) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    text = text[: round(share * len(text))]
    content, depth = text.encode(), _Depth()
    for at in range(0, len(content), size):
        depth.follow(content[at : at + size])
    assert depth._depth == count(text)


def test_the_limit_is_exact() -> None:
    _Depth().follow(b"[" * MOST_DEEP)
    _Depth().follow(b'{"a":' * MOST_DEEP)
    _Depth().follow(b'["' + b"[" * 10_000 + b'"]')
    _Depth().follow(b"[[]]" * 10_000)
    for deeper in (b"[" * (MOST_DEEP + 1), b'{"]}":' * (MOST_DEEP + 1), b'["]",' * (MOST_DEEP + 1)):
        with pytest.raises(ijson.JSONError, match="more than 200 objects and lists lie inside each other"):
            _Depth().follow(deeper)


def test_a_line_that_is_nested_without_end_is_no_record(tmp_path: Path) -> None:
    assert str(_parse(b"[" * 100_000, "utf-8")).startswith("[[[")
