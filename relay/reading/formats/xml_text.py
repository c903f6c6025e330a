"""The text of an XML file, TEI above all. Nothing that the file refers to is read, and no entity is expanded."""

from html.entities import html5
from typing import Any
from xml.parsers import expat

from relay.handoff.errors import SourceError
from relay.reading.formats.lines_of_text import LinesOfText
from relay.reading.formats.tags import XML_ALTERNATIVES, XML_BLOCKS, XML_NEVER, XML_PARTS

DEEPEST = 500
"""Elements within each other; editions have some dozens."""


class _RefusedError(Exception):
    """The file holds what is not read; the message says what."""


def read_xml(content: bytes, name: str, left_out: frozenset[str], encoding: str | None = None) -> str:
    """The text, a line a block.

    Args:
        content: the file.
        name: of the file, for messages.
        left_out: parts that are no text of the author, see tags.XML_PARTS.
        encoding: where the file's own word is wrong.

    Raises:
        SourceError: the file is not well formed, declares entities, or nests too deep.
    """
    reader = _Reader(left_out)
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.add
    parser.EntityDeclHandler = _refuse_entity
    parser.SkippedEntityHandler = reader.add_entity
    parser.ExternalEntityRefHandler = _refuse_external
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise SourceError(
            f"{name}: not well-formed XML: {expat.ErrorString(error.code)} at line {error.lineno}, column "
            f'{error.offset + 1}; correct it there, or read a web page with format = "html"'
        ) from None
    except (_RefusedError, LookupError, ValueError) as error:
        raise SourceError(f"{name}: {error}") from None
    return reader.finish()


def _refuse_entity(name: str, *_: Any) -> None:
    raise _RefusedError(
        f"it declares the entity {name[:40]!r}, and files that do can grow without bound or read other files; write "
        "the characters themselves, and remove the declaration"
    )


def _refuse_external(*_: Any) -> int:
    raise _RefusedError("it refers to another file by an entity, which is not read; put the text in its place")


class _Reader:
    """Takes what the parser finds."""

    def __init__(self, left_out: frozenset[str]) -> None:
        self._dropped = XML_NEVER.union(*(XML_PARTS.get(part, frozenset()) for part in left_out))
        self._open: list[str] = []
        self._dropped_at = 0
        """Depth of the element that is being left out; 0 outside of one."""
        self._lines = LinesOfText()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        is_alternative = name in XML_ALTERNATIVES and self._open[-1:] == ["choice"]
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise _RefusedError(f"more than {DEEPEST} elements lie within each other; no edition has so many")
        if not self._dropped_at and (name in self._dropped or is_alternative):
            self._dropped_at = len(self._open)
        if name in ("lb", "pb", "cb") and attributes.get("break") == "no":
            return
        if not self._dropped_at:
            self._separate(name)

    def end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        was_dropped = bool(self._dropped_at)
        if self._dropped_at == len(self._open):
            self._dropped_at = 0
        self._open.pop()
        if not was_dropped and not self._dropped_at and name not in ("lb", "pb", "cb"):
            self._separate(name)

    def add(self, text: str) -> None:
        if not self._dropped_at:
            self._lines.add(text)

    def add_entity(self, name: str, is_parameter: bool) -> None:
        """A name that a file beside this one would explain: those of HTML are known."""
        if is_parameter:
            return
        character = html5.get(f"{name};")
        if character is None:
            raise _RefusedError(f"the entity &{name[:40]}; is not explained in it; write the character itself")
        self.add(character)

    def finish(self) -> str:
        return self._lines.finish()

    def _separate(self, name: str) -> None:
        if name in XML_BLOCKS:
            self._lines.end_line()
        elif name in ("pb", "cb"):
            self._lines.add(" ")
