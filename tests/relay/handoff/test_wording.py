"""Numbers, times and lists in words."""

import pytest

from relay.handoff.wording import count, list_words, show, show_bytes, show_moment, show_seconds, show_unix


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (12345.6, "12,346"), (2.0, "2"), (-0.5, "-0.5"), (999.9, "1,000"), (0.0, "0")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert show(value) == text


def test_nouns_follow_their_numbers() -> None:
    assert [count(1, "row"), count(2000, "row"), list_words(["a"]), list_words("abc")] == [
        "1 row",
        "2,000 rows",
        "a",
        "a, b and c",
    ]


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
