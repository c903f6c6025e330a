"""Numbers and lists in words."""

import pytest

from model.wording import count, list_words, show


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
