"""Lines of a text file that are no rows: those before the header, and comments."""

import re
from collections.abc import Iterator

from relay.handoff.errors import SourceError
from relay.reading.formats.escapes import show_bytes
from relay.reading.formats.rowends import CONTEXT_BYTES, Dialect, Scan, last_break

LINE_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")
"""The end of a line; a carriage return at the very end does not count: a line feed may follow it."""

LONGEST_LINE_BYTES = 64 << 20


def drop_lines(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The text without its first lines."""
    rest = b""
    for piece in pieces:
        rest += piece
        at = 0
        while count and (found := LINE_END.search(rest, at)):
            at, count = found.end(), count - 1
        rest = rest[at:]
        if not count:
            yield rest
            yield from pieces
            return


def drop_comments(pieces: Iterator[bytes], comment: str, dialect: Dialect, name: str) -> Iterator[bytes]:
    """The text without the lines that begin with a comment sign outside of quotes.

    Raises:
        SourceError: the sign stands inside a row, where programs read it in two ways.
    """
    comments = _Comments(comment.encode(), dialect, name)
    rest = b""
    for piece in pieces:
        rest += piece
        end = last_break(rest, len(rest))
        yield comments.drop(rest[:end])
        rest = rest[end:]
        if len(rest) > LONGEST_LINE_BYTES:
            raise SourceError(f"{name}: a line does not end for {len(rest):,} bytes; is it a text file?")
    yield comments.drop(rest)


class _Comments:
    """Drops comments from whole lines that come piece by piece; a quoted cell may go on in the next piece."""

    def __init__(self, comment: bytes, dialect: Dialect, name: str) -> None:
        self._comment, self._dialect, self._name = comment, dialect, name
        self._lines = re.compile(rb"(?<![^\r\n])" + re.escape(comment))
        self._before = b"\n"
        """A few bytes that bring a scan into the state in which the last stretch ended."""

    def drop(self, lines: bytes) -> bytes:
        """The lines without comments."""
        kept, at = [], 0
        for found in self._lines.finditer(lines):
            start = found.start()
            if start < at:
                continue  # in a line that is left out
            is_open = self._pass(lines[at:start])
            kept.append(lines[at:start])
            end = LINE_END.search(lines, start)
            at = start if is_open else (end.end() if end else len(lines))
        self._pass(lines[at:])
        return b"".join([*kept, lines[at:]])

    def _pass(self, stretch: bytes) -> bool:
        """Whether a quote is open at the end of a stretch of rows.

        Raises:
            SourceError: a comment sign stands inside one of them.
        """
        scan, shift = Scan(self._before + stretch, self._dialect), len(self._before)
        for found in re.finditer(re.escape(self._comment), stretch) if self._comment in stretch else ():
            if not scan.is_quoted(found.start() + shift):
                self._refuse(stretch, found.start())
        self._before = scan.state()
        return scan.is_open

    def _refuse(self, stretch: bytes, place: int) -> None:
        row = re.split(rb"[\r\n]", stretch[max(place - CONTEXT_BYTES, 0) : place])[-1]
        end = re.split(rb"[\r\n]", stretch[place : place + CONTEXT_BYTES])[0]
        raise SourceError(
            f"{self._name}: the comment sign {show_bytes(self._comment)} stands inside a row, near "
            f"{show_bytes(row + end)}; some programs cut the row there, others read the sign as text. Put the cell in "
            "quotes, or leave out comment and say skip_rows or skip_if in [ingest] for lines that are no rows"
        )
