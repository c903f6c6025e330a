"""Quotes that are a part of a text: where one opens a cell and another closes it lines later, rows vanish in it."""

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from relay.handoff.receipt import ColumnWarning
from relay.reading.formats.header import read_by_hand
from relay.reading.formats.rowends import Dialect

MANY_LINES = 4
"""Lines of one row, each of which has as many delimiters as a row, from which on it is doubted by that alone."""

SHOWN = 60
"""Characters of a line that a message shows."""


@dataclass(frozen=True)
class Swallowed:
    """Lines inside quoted cells that look like rows of their own."""

    cells: int
    """Quoted cells that hold such lines."""
    lines: int
    """Those lines, apart from the first one of each row."""
    first: str
    """The first of them."""
    strays: int
    """Quotes at the beginning of a cell that are not closed in their line."""
    pairs: int
    """Quoted cells that are closed at the end of the cell, in their line."""

    @property
    def is_text(self) -> bool:
        """Whether most quotes are a part of the text, so that none of them should open a cell."""
        return self.strays > self.pairs


class SwallowedWarning(ColumnWarning):
    """Tells that rows may be lost inside quoted cells."""

    is_text: bool = Field(False, exclude=True)
    """Whether most quotes of the file are a part of its texts."""


def join_swallowed(found: Iterable[Swallowed]) -> Swallowed | None:
    """What was found in several blocks of a file; None where nothing was."""
    some = list(found)
    if not some:
        return None
    sums = [
        sum(values) for values in zip(*((one.cells, one.lines, one.strays, one.pairs) for one in some), strict=True)
    ]
    return Swallowed(sums[0], sums[1], some[0].first, sums[2], sums[3])


def describe_swallowed(found: Swallowed, quote: str) -> str:
    """What was found, in a sentence, and what to do."""
    cells = f"{found.cells:,} quoted cell{'s run' if found.cells > 1 else ' runs'} over several lines"
    return (
        f"{cells}, of which {found.lines:,} look like rows of their own, such as {found.first!r}: these rows are lost "
        f"if {quote} is a part of the texts. In that case say quote = '' in [ingest]"
    )


def find_swallowed(block: bytes, dialect: Dialect, width: int, rows: int) -> Swallowed | None:
    """The lines of a block inside quoted cells that look like rows of their own; None without any.

    Args:
        block: whole rows.
        dialect: by which they are read.
        width: cells of each row.
        rows: in the block.
    """
    if width < 2 or not dialect.quote or dialect.quote_byte not in block or block.count(b"\n") <= rows:
        return None
    if _count_full(block, dialect, width) <= rows:
        return None  # in a file with proper quotes, a row has at most one line with all delimiters
    text = block.decode("utf-8", "replace")
    lines = io.StringIO(text, newline="").readlines()
    spans = _find_spans(text, dialect)
    firsts = Counter(_cut_first(lines[start], dialect) for start, _ in spans)
    doubted = [lines[start:stop] for start, stop in spans if _is_doubted(lines[start:stop], dialect, width, firsts)]
    if not doubted:
        return None
    strays, pairs = _count_quotes(text, dialect)
    first = doubted[0][1].strip()
    shown = first if len(first) <= SHOWN else f"{first[: SHOWN - 1]}…"
    return Swallowed(len(doubted), sum(map(len, doubted)) - len(doubted), shown, strays, pairs)


def _count_full(block: bytes, dialect: Dialect, width: int) -> int:
    """The lines that have as many delimiters as a row."""
    signs = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(signs == ord("\n"))
    marks = np.flatnonzero(signs == ord(dialect.delimiter))
    per_line = np.diff(np.searchsorted(marks, ends), prepend=0)
    behind = len(marks) - int(np.searchsorted(marks, ends[-1])) if len(ends) else 0
    return int((per_line == width - 1).sum()) + (behind == width - 1)


def _find_spans(text: str, dialect: Dialect) -> list[tuple[int, int]]:
    """The first line of each row and the one behind its last."""
    reader = read_by_hand(text, dialect)
    before, spans = 0, []
    for _ in reader:
        line = reader.line_num  # type: ignore[attr-defined]  # the reader of `csv` counts the lines
        spans.append((before, line))
        before = line
    return spans


def _is_doubted(lines: Sequence[str], dialect: Dialect, width: int, firsts: Counter[str]) -> bool:
    """Whether each line of a row would be a row of its own, and more than that speaks for it."""
    if len(lines) < 2 or any(line.count(dialect.delimiter) != width - 1 for line in lines):
        return False
    if len(lines) >= MANY_LINES or _closes_in_text("".join(lines[1:]), dialect):
        return True
    return all(firsts[_cut_first(line, dialect)] > 1 for line in lines[1:])


def _closes_in_text(rest: str, dialect: Dialect) -> bool:
    """Whether the quote that closes a cell stands where a cell begins, or text follows it."""
    quote = re.escape(dialect.quote)
    found = re.search(f"(?<!{quote}){quote}(?!{quote})", rest)
    if found is None:
        return False
    borders = f"{dialect.delimiter}\r\n"
    is_opening = not found.start() or rest[found.start() - 1] in borders
    is_closing = found.end() == len(rest) or rest[found.end()] in borders
    return is_opening or not is_closing


def _cut_first(line: str, dialect: Dialect) -> str:
    return line.partition(dialect.delimiter)[0]


def _count_quotes(text: str, dialect: Dialect) -> tuple[int, int]:
    """Quotes that open a cell, line by line: those not closed at the end of the cell, and those that are."""
    quote, mark = re.escape(dialect.quote), re.escape(dialect.delimiter)
    opened = len(re.findall(f"(?:^|{mark}){quote}", text, re.MULTILINE))
    pairs = len(re.findall(f"(?:^|(?<={mark})){quote}[^{quote}\r\n]*{quote}(?={mark}|\r|\n|\\Z)", text, re.MULTILINE))
    return opened - pairs, pairs
