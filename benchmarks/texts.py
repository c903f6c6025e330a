"""Texts to measure with: made up of what every Python installation has, as long as one likes, and always the same."""

import os
import random
import re
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1_000_000


def _make_prose(chars: int) -> str:
    """Paragraphs of docstrings, drawn until there is enough, with one letter in 200 changed so that none recurs."""
    draw = random.Random(1)
    paragraphs = sorted(set(_find_paragraphs()))
    return _fill(chars, lambda: _change_letters(draw.choice(paragraphs), draw))


def _find_paragraphs() -> Iterator[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    for path in sorted(folder.glob("*.py")) + sorted(folder.glob("[a-z]*/*.py")):
        if "site-packages" not in path.parts:
            for docstring in re.findall(r'"""(.*?)"""', path.read_text("utf-8", errors="ignore"), re.DOTALL):
                yield from (" ".join(part.split()) for part in docstring.split("\n\n") if len(part) > 80)


def _change_letters(text: str, draw: random.Random) -> str:
    for _ in range(len(text) // 200 + 1):
        index = draw.randrange(len(text))
        text = text[:index] + draw.choice("abcdefghijklmnopqrstuvwxyz") + text[index + 1 :]
    return text


def _make_hebrew(chars: int) -> str:
    """The Hebrew Bible's files over and over, or words of letters with points and accents drawn by Zipf's law."""
    if folder := os.environ.get("RELAY_REAL_DATA"):
        books = [path.read_text("utf-8") for path in sorted(Path(folder, "tanakh").glob("*.txt"))]
        return _fill(chars, lambda: "\n".join(books))
    draw = random.Random(2)
    words = [_make_hebrew_word(draw) for _ in range(20_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    return _fill(chars, lambda: " ".join(draw.choices(words, weights, k=1_000)))


def _make_hebrew_word(draw: random.Random) -> str:
    letters = [chr(code) for code in range(0x5D0, 0x5EB)]
    marks = ["", *map(chr, range(0x591, 0x5C3))]
    return "".join(draw.choice(letters) + draw.choice(marks) for _ in range(draw.randrange(2, 7)))


def _fill(chars: int, make: Callable[[], str]) -> str:
    """Documents, one a line."""
    parts = []
    size = 0
    while size < chars:
        parts.append(make())
        size += len(parts[-1]) + 1
    return "\n".join(parts)[:chars]


MAKERS: dict[str, Callable[[int], str]] = {"prose": _make_prose, "hebrew": _make_hebrew}
