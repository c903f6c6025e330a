"""Where the rows of a CSV file end: a quote opens a cell only where the cell begins, as pandas and Arrow read it."""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relay.handoff.errors import SourceError

BREAKS = b"\r\n"
CONTEXT_BYTES = 40
"""Bytes of a cell that a message shows."""

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """What separates and protects cells; each one ASCII character."""

    delimiter: str
    escape: str | None = None
    quote: str = '"'
    """Empty: no character quotes."""

    @property
    def quote_byte(self) -> bytes:
        """The quote as a byte; empty where no character quotes."""
        return self.quote.encode()


class RowEnds:
    """Finds row ends in a file that comes piece by piece; each byte is looked at once."""

    def __init__(self, dialect: Dialect, name: str) -> None:
        self._dialect, self._name = dialect, name
        self._escape = (dialect.escape or "").encode()
        self._before = b"\n"
        """A few bytes that bring a scan into the state in which the last piece ended."""
        self.open_cell: bytes | None = None
        """The beginning of the cell whose quote is open at the end of the last piece."""

    def find_last(self, piece: bytes) -> int:
        """The number of bytes up to and with the last break that ends a row; 0 without one.

        Raises:
            SourceError: an escape stands where parsers differ.
        """
        if self._is_plain(piece):
            self._before = _border_or_text(piece[-1:], self._dialect) or self._before
            return last_break(piece, len(piece))
        scan = Scan(self._before + piece, self._dialect)
        end = scan.last_row_end() - len(self._before)
        strange = scan.text_after_close()
        if strange is not None:
            raise SourceError(
                f"{self._name}: a quote closes a cell and the escape {self._escape.decode()} follows it, near "
                f"{strange!r}; programs read this in different ways: write a quote inside a cell either as two quotes "
                "or with the escape before it"
            )
        if not scan.is_open:
            self.open_cell = None
        elif self.open_cell is None or scan.open_start != 0:
            self.open_cell = scan.open_text
        self._before = scan.state()
        return max(end, 0)

    def _is_plain(self, piece: bytes) -> bool:
        """Whether a line break anywhere in the piece ends a row."""
        quote = self._dialect.quote_byte
        if quote and (self._before.startswith(quote) or quote in piece):
            return False
        return not self._escape or (self._escape not in piece and not self.is_escaping)

    @property
    def is_escaping(self) -> bool:
        """Whether the last piece ends with an escape."""
        return bool(self._escape) and self._before.endswith(self._escape)


def first_row_end(block: bytes, dialect: Dialect) -> int:
    """The number of bytes up to and with the break that ends the first row; all without one."""
    return Scan(block, dialect).first_row_end()


def last_break(block: bytes, limit: int) -> int:
    """The number of bytes up to and with the last line break before `limit`; 0 without one.

    A carriage return at the very end does not count: a line feed may follow it.
    """
    return max(block.rfind(b"\n", 0, limit), block.rfind(b"\r", 0, min(limit, len(block) - 1))) + 1


class Scan:
    """A piece of CSV that begins outside quotes, and its quotes.

    Quotes alternate between opening and closing from the first that stands where a cell begins up to the next one that
    opens and stands elsewhere: that one is a character of an unquoted cell. So only such strays need a step each.
    """

    def __init__(self, block: bytes, dialect: Dialect) -> None:
        self._block, self._dialect = block, dialect
        self._bytes = np.frombuffer(block, np.uint8)
        self._escaped = _find_escaped(self._bytes, dialect.escape)
        self._quote = dialect.quote_byte
        quotes = np.flatnonzero(self._bytes == self._quote[0]) if self._quote else np.empty(0, np.int64)
        self._quotes = np.setdiff1d(quotes, self._escaped, assume_unique=True) if len(self._escaped) else quotes
        self._starts, self._stops = self._find_stretches()

    def last_row_end(self) -> int:
        """The number of bytes up to and with the last break that ends a row; 0 without one."""
        limit = len(self._block)
        while end := last_break(self._block, limit):
            if self._is_escaped(end - 1):
                limit = end - 1
                continue
            inside = self._open_quote(end)
            if inside is None:
                return end
            limit = int(self._quotes[inside])
        return 0

    def first_row_end(self) -> int:
        """The number of bytes up to and with the first break that ends a row; all without one."""
        for found in re.finditer(rb"\r\n|\r|\n", self._block):
            if not self._is_escaped(found.start()) and self._open_quote(found.start()) is None:
                return found.end()
        return len(self._block)

    def is_quoted(self, position: int) -> bool:
        """Whether a position lies inside quotes, or behind an escape."""
        return self._open_quote(position) is not None or self._is_escaped(position)

    @property
    def is_open(self) -> bool:
        """Whether the piece ends inside quotes."""
        return self._open_quote(len(self._block)) is not None

    @property
    def open_start(self) -> int:
        """Where the cell begins that is open at the end: before the pairs of quotes in it."""
        last = self._open_quote(len(self._block)) or 0
        # The second quote of a pair opens again what the first one closed.
        while last > self._starts[-1] and self._quotes[last] == self._quotes[last - 1] + 1:
            last -= 2
        return int(self._quotes[last])

    @property
    def open_text(self) -> bytes:
        """The beginning of the cell that is open at the end."""
        return self._block[self.open_start : self.open_start + CONTEXT_BYTES]

    def state(self) -> bytes:
        """A few bytes that bring another scan into the state in which this piece ends."""
        end = len(self._block)
        pending = self._is_escaped(end)
        escape = (self._dialect.escape or "").encode() if pending else b""
        if self.is_open:
            return self._quote + escape
        if len(self._quotes) and self._quotes[-1] == end - 1 and self._stops and self._stops[-1] == len(self._quotes):
            return 2 * self._quote  # closed just now: another quote would be the second of a pair
        if self._is_escaped(end - 1):
            return b"x"
        return escape or _border_or_text(self._block[-1:], self._dialect) or b"\n"

    def text_after_close(self) -> bytes | None:
        """An escape right behind a closing quote, which parsers read in two ways; None without one."""
        if self._dialect.escape is None:
            return None
        for start, stop in zip(self._starts, self._stops, strict=True):
            closing = self._quotes[start + 1 : stop : 2]
            behind = closing[closing + 1 < len(self._bytes)] + 1
            found = behind[self._bytes[behind] == ord(self._dialect.escape)]
            if len(found):
                return self._block[max(int(found[0]) - CONTEXT_BYTES // 2, 0) : int(found[0]) + CONTEXT_BYTES // 2]
        return None

    def _find_stretches(self) -> tuple[list[int], list[int]]:
        """First and end of each range of quotes, by their number, that alternate between opening and closing."""
        number = len(self._quotes)
        if self._all_alternate():
            return [0], [number]
        begins, strays = self._classify()
        opening = np.flatnonzero(begins).tolist()
        by_parity = [strays[strays % 2 == parity].tolist() for parity in (0, 1)]
        starts: list[int] = []
        stops: list[int] = []
        at = 0
        while (index := bisect_left(opening, at)) < len(opening):
            start = opening[index]
            same = by_parity[start % 2]
            index = bisect_left(same, start)
            stop = same[index] if index < len(same) else number
            starts.append(start)
            stops.append(stop)
            at = stop + 1
        return starts, stops

    def _all_alternate(self) -> bool:
        """Whether every second quote, from the first, opens a cell or is the second of a pair: quick, and the rule."""
        if not len(self._quotes) or len(self._escaped):
            return False
        opening = self._quotes[::2]
        before = self._bytes[opening - 1]
        if not opening[0]:
            before[0] = BREAKS[0]  # nothing stands before it
        borders = BREAKS + self._dialect.delimiter.encode()
        return bool(_is_any(before[:1], borders).all() and _is_any(before, borders + self._quote).all())

    def _classify(self) -> tuple[NDArray[np.bool_], Positions]:
        """Which quotes stand where a cell begins, and the numbers of those that neither do nor follow a quote."""
        quotes = self._quotes
        begins = _is_any(self._bytes[quotes - 1], BREAKS + self._dialect.delimiter.encode())
        if len(self._escaped):
            begins &= ~np.isin(quotes - 1, self._escaped, assume_unique=True)
        begins[:1] |= quotes[:1] == 0  # nothing stands before it
        follows = np.zeros(len(quotes), bool)
        follows[1:] = quotes[1:] == quotes[:-1] + 1
        return begins, np.flatnonzero(~(begins | follows))

    def _open_quote(self, position: int) -> int | None:
        """The number of the quote that is open at a position; None outside quotes."""
        last = int(np.searchsorted(self._quotes, position)) - 1
        stretch = bisect_right(self._starts, last) - 1
        if stretch < 0 or last >= self._stops[stretch] or (last - self._starts[stretch]) % 2:
            return None
        return last

    def _is_escaped(self, position: int) -> bool:
        index = int(np.searchsorted(self._escaped, position))
        return index < len(self._escaped) and bool(self._escaped[index] == position)


def _find_escaped(block: NDArray[np.uint8], escape: str | None) -> Positions:
    """Positions behind an escape that is not escaped itself; the last may be the block's end."""
    if escape is None:
        return np.empty(0, np.int64)
    escapes = np.flatnonzero(block == ord(escape))
    begins = np.ones(len(escapes), bool)
    begins[1:] = np.diff(escapes) != 1
    run = np.maximum.accumulate(np.where(begins, escapes, 0))
    behind: Positions = escapes[(escapes - run) % 2 == 0] + 1
    return behind


def _is_any(values: NDArray[np.uint8], wanted: bytes) -> NDArray[np.bool_]:
    # A comparison for each is faster than a table or np.isin.
    found: NDArray[np.bool_] = np.logical_or.reduce([values == one for one in wanted])
    return found


def _border_or_text(byte: bytes, dialect: Dialect) -> bytes:
    """The byte where a cell begins behind it, else any other that is text; nothing of nothing."""
    return byte if not byte or byte in BREAKS + dialect.delimiter.encode() else b"x"
