"""Backslashes before quotes: a sign that a CSV file escapes quotes, which a recipe says with `escape`."""

import re
from dataclasses import dataclass

from loguru import logger

from relay.reading.formats.rowends import BREAKS, Dialect

BACKSLASH_QUOTE = b'\\"'
SHOWN_BYTES = 20
"""Bytes of the file that a message shows on each side of a quote."""

ADVICE = "if this file writes a quote inside a cell as \\\", say escape = '\\' in [ingest]"


@dataclass(frozen=True)
class Hint:
    """Quotes behind a backslash in a block."""

    count: int
    first: str
    """What stands around the first of them."""


def find_backslash_quotes(block: bytes, dialect: Dialect, *, has_ragged_rows: bool) -> Hint | None:
    r"""Quotes behind a backslash that may be escaped ones; None without any.

    A quote that closes its cell, as in "C:\", counts only where rows of the block have another number of cells.
    """
    if dialect.escape is not None or BACKSLASH_QUOTE not in block:
        return None
    borders = re.escape(BREAKS + dialect.delimiter.encode())
    pattern = rb'\\"' if has_ragged_rows else rb'\\"(?![' + borders + rb"]|\Z)"
    places = [match.start() for match in re.finditer(pattern, block)]
    return Hint(len(places), _show_around(block, places[0])) if places else None


def warn_of(hints: list[Hint], name: str) -> None:
    """Log once for a file what its quotes look like."""
    if hints:
        number = sum(hint.count for hint in hints)
        noun = "quote follows" if number == 1 else "quotes follow"
        logger.warning("{}: {:,} {} a backslash, first in {}; {}", name, number, noun, hints[0].first, ADVICE)


def advise_escape(text: bytes, dialect: Dialect) -> str:
    """The end of a message about text with a quote behind a backslash; empty without one."""
    return f"; {ADVICE}" if dialect.escape is None and BACKSLASH_QUOTE in text else ""


def show_bytes(text: bytes) -> str:
    """Bytes of a file as a message shows them."""
    return (
        ascii(text.decode("utf-8", "backslashreplace")) if b"\n" in text else text.decode("utf-8", "backslashreplace")
    )


def _show_around(block: bytes, position: int) -> str:
    line = block.rfind(b"\n", 0, position) + 1
    start = max(line, position - SHOWN_BYTES)
    return re.split(rb"[\r\n]", block[start : position + SHOWN_BYTES])[0].decode("utf-8", "replace").strip("\ufffd")
