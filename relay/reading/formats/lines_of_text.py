"""Text that comes in pieces between tags: white space counts as one blank, and blocks are lines."""

MOST_PIECES = 1_000
"""Pieces after which they are joined: a page may give one character at a time."""


class LinesOfText:
    """The lines so far."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """Go on within the line."""
        self._pieces.append(text)
        if len(self._pieces) > MOST_PIECES:
            self._pieces = ["".join(self._pieces)]

    def end_line(self) -> None:
        """Begin another line, if this one holds anything."""
        line = " ".join("".join(self._pieces).split())
        if line:
            self._lines.append(line)
        self._pieces = []

    def finish(self) -> str:
        """All lines."""
        self.end_line()
        return "\n".join(self._lines)
