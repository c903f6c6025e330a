"""Text for a terminal of 80 columns: cut, padded and drawn by the width that its characters have there."""

from collections.abc import Sequence
from itertools import pairwise
from math import floor, isfinite, log10
from unicodedata import combining, east_asian_width

WIDTH = 80
BARS = "▁▂▃▄▅▆▇█"
CUT = "…"


def measure(text: str) -> int:
    """Columns that a text takes on a terminal: two for a wide character of East Asia, none for an accent of its own."""
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def show(text: str) -> str:
    """A text from the data on one line, without characters that move or colour a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def cut(text: str, width: int) -> str:
    """A text of at most that width, with a sign of its cut."""
    if measure(text) <= width:
        return text
    return f"{_take(text, width - 1)}{CUT}"


def pad(text: str, width: int, *, is_right: bool = False) -> str:
    """A text cut or filled up with blanks to that width."""
    text = cut(text, width)
    blanks = " " * (width - measure(text))
    return f"{blanks}{text}" if is_right else f"{text}{blanks}"


def wrap(text: str, bullet: str = "") -> list[str]:
    """A text in lines of at most `WIDTH`, the first one behind a bullet; a longer word is broken."""
    room = WIDTH - len(bullet)
    lines = [""]
    for word in text.split():
        while measure(word) > room:
            piece = _take(word, room)
            lines += [piece] if lines[-1] else []
            lines[-1], word = piece, word[len(piece) :]
            lines.append("")
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if measure(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    lines = [line for line in lines if line] or [""]
    return [f"{' ' * len(bullet) if number else bullet}{line}" for number, line in enumerate(lines)]


def _take(text: str, width: int) -> str:
    """As much of a text from its beginning as that width holds."""
    taken = ""
    for sign in text:
        if measure(taken + sign) > width:
            break
        taken += sign
    return taken


def draw_bars(counts: Sequence[int], bars: int) -> str:
    """A histogram in at most so many characters; bins are added up where there are more. Zero is a blank."""
    most = len(counts)
    borders = [round(at * most / bars) for at in range(bars + 1)] if most > bars else list(range(most + 1))
    sums = [sum(counts[start:end]) for start, end in pairwise(borders)]
    highest = max(sums, default=0)
    return "".join(BARS[min(7, one * 8 // (highest + 1))] if one else " " for one in sums)


def show_number(number: float, digits: int = 4) -> str:
    """A whole number as it is, and any other in so many digits, or as many as stand before its decimal point."""
    size = abs(number)
    if not isfinite(number) or size >= LARGEST or 0 < size < SMALLEST:
        return f"{number:.{digits}g}"
    if number == int(number):
        return f"{int(number):,}"
    decimals = max(0, digits - 1 - floor(log10(size)))
    shown = f"{number:,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if decimals else shown


LARGEST, SMALLEST = 1e12, 1e-4
"""From where on and up to where numbers are shown with an exponent."""


def show_numbers(numbers: Sequence[float], digits: int = 4) -> list[str]:
    """Numbers in so many digits, or in as many as tell different ones apart."""
    shown = [show_number(number, digits) for number in numbers]
    if len(set(shown)) < len(set(numbers)) and digits < EXACT_DIGITS:
        return show_numbers(numbers, digits + 1)
    return shown


EXACT_DIGITS = 17
"""Digits that tell any two doubles apart."""


def show_share(part: int, whole: int) -> str:
    """A share as a percentage that is 0 or 100 only where it is exactly that."""
    if part == 0 or whole == 0:
        return "-"
    if part == whole:
        return "100%"
    share = 100 * part / whole
    return "<1%" if share < 1 else ">99%" if share > 99 else f"{share:.0f}%"
