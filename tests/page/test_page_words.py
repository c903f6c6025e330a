"""Numbers, times and marks as people read them."""

import pytest

from model.page.words import plain, show_bytes, show_moment, show_seconds, show_unix


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (4560, "4.56 kB"), (12_000_000, "12 MB"), (3.2e12, "3.2 TB")],
)
def test_sizes_have_three_digits(number: int, text: str) -> None:
    assert show_bytes(int(number)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.644, "0.64 s"), (12.3, "12 s"), (59.7, "1 min 0 s"), (125, "2 min 5 s"), (3800, "1 h 3 min")],
)
def test_durations_change_their_unit(seconds: float, text: str) -> None:
    assert show_seconds(seconds) == text


def test_moments_are_shown_in_utc_and_what_is_none_stays() -> None:
    assert show_moment("2026-11-20T10:03:18Z") == "2026-11-20 10:03 UTC"
    assert show_moment("soon") == "soon"
    assert show_unix(0) == "1970-01-01 00:00 UTC"


def test_markdown_finds_nothing_to_do_in_a_plain_text() -> None:
    assert plain("y = 2 * x, $5, a_b, <b>, [1]") == r"y = 2 \* x, \$5, a\_b, \<b\>, \[1\]"
