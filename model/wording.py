"""How numbers and lists are written in findings, on the page and in the log."""

from collections.abc import Iterable


def show(value: float, unit: str = "") -> str:
    """A figure at three digits, with its unit: `0.0123`, `12,300 USD`."""
    text = f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def show_share(value: float) -> str:
    """A share in per cent: `84 %`."""
    return f"{100 * value:.0f} %"


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def list_words(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
