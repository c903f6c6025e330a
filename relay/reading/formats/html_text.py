"""The text of an HTML page, without scripts, menus and the parts that a recipe leaves out."""

from html.parser import HTMLParser

from relay.reading.formats.lines_of_text import LinesOfText
from relay.reading.formats.tags import HTML_BLOCKS, HTML_NEVER, HTML_PARTS, HTML_VOID, NOTE_CLASSES

CLOSED_BY_THEMSELVES = frozenset(("p", "li", "dd", "dt", "tr", "td", "th", "option"))
"""Elements that the next one of their kind ends."""


class HtmlText(HTMLParser):
    """Collects the text of one page; what is not well formed is read as far as it goes."""

    def __init__(self, left_out: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._dropped = HTML_NEVER.union(*(HTML_PARTS.get(part, frozenset()) for part in left_out))
        self._drops_notes = "notes" in left_out
        self._inside = ""
        """The element that is being left out; empty outside of one."""
        self._depth = 0
        self._lines = LinesOfText()

    def read(self, page: str) -> str:
        """Its text, a line a block."""
        self.feed(page)
        self.close()
        return self._lines.finish()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin to leave out, or another line."""
        if self._inside:
            if tag != self._inside:
                return
            if tag not in CLOSED_BY_THEMSELVES:
                self._depth += 1
                return
            self._inside = ""
        if tag not in HTML_VOID and (tag in self._dropped or (self._drops_notes and _is_note(attrs))):
            self._inside, self._depth = tag, 1
        if tag in HTML_BLOCKS:
            self._lines.end_line()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as called
        """A line break written as in XML."""
        if not self._inside and tag in HTML_BLOCKS:
            self._lines.end_line()

    def handle_endtag(self, tag: str) -> None:
        """Take text again, or begin another line."""
        if tag == self._inside:
            self._depth -= 1
            self._inside = self._inside if self._depth else ""
        if not self._inside and tag in HTML_BLOCKS:
            self._lines.end_line()

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self._inside:
            self._lines.add(data)


def _is_note(attributes: list[tuple[str, str | None]]) -> bool:
    said = " ".join(value or "" for name, value in attributes if name in ("class", "role", "epub:type")).lower()
    return any(word.startswith(NOTE_CLASSES) for word in said.split())
