"""The XML inside an Excel workbook as a stream: its table of texts, and the rows of one sheet.

Read with expat, and not by openpyxl: that keeps a record of each row, changes some texts, and gives a formula without a
stored value as an empty cell.

Source: ECMA-376, part 1, 18.3 (sheets), 18.4.8 (texts).
"""

import re
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any
from xml.parsers.expat import ParserCreate

from openpyxl.utils.datetime import from_excel, from_ISO8601

BLOCK_BYTES = 1 << 18
CACHED_TEXTS, CACHED_CHARS = 1 << 16, 200
"""How many texts are kept as they are, and how long they may be: words that repeat are short."""
MOST_COLUMNS = 16_384
"""Source: Microsoft, "Excel specifications and limits"."""

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""A character that XML cannot hold, in a text of a workbook. Source: ECMA-376, part 1, 22.4.2.4 (bstr)."""


@dataclass(frozen=True)
class ErrorValue:
    """What a cell holds where its formula failed, such as #DIV/0!."""

    text: str


@dataclass(frozen=True)
class NoValue:
    """A cell that holds a formula whose value was not stored, by its place such as C5."""

    place: str


@dataclass(frozen=True)
class Styles:
    """What a workbook says about the numbers in its cells."""

    epoch: datetime
    """Day 0 of its dates."""
    dates: Collection[int]
    """The styles that show a number as a date or time."""
    durations: Collection[int]
    """Those of them that show it as a duration."""


class Texts(Sequence[str]):
    """The texts that the cells of a workbook name by number: one block of bytes, since there may be millions."""

    def __init__(self, source: IO[bytes] | None = None) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        if source is not None:
            handler = _TextHandler(self._append)
            for _ in _feed(source, handler):
                pass

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise ValueError(f"a cell names text {index} of {len(self)}")
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode()

    def _append(self, text: str) -> None:
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))


@dataclass
class SheetXml:
    """The rows of a sheet that hold something, and what was seen on the way."""

    source: IO[bytes]
    texts: Texts
    styles: Styles
    merged: list[str] = field(default_factory=list)
    """Ranges of merged cells; known after the last row."""

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        """The number of each row, from 1, and its values up to the last cell that holds something.

        Raises:
            ValueError: not the XML of a sheet.
        """
        yield from _feed(self.source, _SheetHandler(self.texts, self.styles, self.merged))


class _Handler:
    """Collects the text of elements that a subclass names."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.parts: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None:
        raise NotImplementedError

    def add(self, text: str) -> None:
        if self.parts is not None:
            self.parts.append(text)


class _TextHandler(_Handler):
    def __init__(self, append: Callable[[str], None]) -> None:
        super().__init__()
        self._append = append
        self._pieces: list[str] = []
        self._is_phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as every handler has it
        if name == "t" and not self._is_phonetic:
            self.parts = []
        elif name == "rPh":  # how a Japanese text is spoken
            self._is_phonetic = True

    def end(self, name: str) -> None:
        if name == "t" and self.parts is not None:
            self._pieces += self.parts
            self.parts = None
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "si":
            self._append(unescape("".join(self._pieces)))
            self._pieces = []


class _SheetHandler(_Handler):
    def __init__(self, texts: Texts, styles: Styles, merged: list[str]) -> None:
        super().__init__()
        self._texts, self._styles, self._merged = texts, styles, merged
        self._cache: dict[int, str] = {}
        self._columns: dict[str, int] = {}
        self._row = self._column = 0
        self._values: list[Any] = []
        self._cell: dict[str, str] = {}
        self._text: str | None = None
        self._has_formula = self._is_phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell, self._text, self._has_formula = attributes, None, False
        elif name in ("v", "t"):
            self.parts = None if self._is_phonetic else []
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._values, self._column = [], 0
        elif name == "mergeCell":
            self._merged.append(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            if self.parts is not None:
                self._text = (self._text or "") + "".join(self.parts)
            self.parts = None
        elif name == "c":
            self._take_cell()
        elif name == "row" and self._values:
            self.found.append((self._row, self._values))
        elif name == "rPh":
            self._is_phonetic = False

    def _take_cell(self) -> None:
        place = self._cell.get("r", "")
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters) or self._number_of(letters)
        self._column = column
        kind = self._cell.get("t", "n")
        value: Any = None
        if self._text:
            value = self._read(kind, self._text)
        elif self._has_formula and kind != "str":  # which has the empty text for its value
            value = NoValue(place)
        if value is not None:
            self._values += [None] * (column - len(self._values))
            self._values[column - 1] = value

    def _number_of(self, letters: str) -> int:
        if not letters:  # a program that writes no places
            return self._column + 1
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - ord("A") + 1
        if not 0 < number <= MOST_COLUMNS:
            raise ValueError(f"a cell stands in column {letters}, and a sheet has {MOST_COLUMNS:,} columns")
        self._columns[letters] = number
        return number

    def _read(self, kind: str, text: str) -> Any:
        if kind == "s":
            return self._find_text(int(text))
        if kind in ("str", "inlineStr"):
            return unescape(text)
        if kind == "b":
            return text in ("1", "true")
        if kind == "e":
            return ErrorValue(text)
        if kind == "d":
            return from_ISO8601(text)
        number = int(text) if text.lstrip("-").isdecimal() else float(text)
        style = int(self._cell.get("s", 0))
        if style not in self._styles.dates:
            return number
        try:
            return from_excel(number, self._styles.epoch, timedelta=style in self._styles.durations)
        except (OverflowError, ValueError):
            return number  # shown as ###### by Excel: no date has this number

    def _find_text(self, index: int) -> str:
        text = self._cache.get(index)
        if text is None:
            text = self._texts[index]
            if len(self._cache) < CACHED_TEXTS and len(text) <= CACHED_CHARS:
                self._cache[index] = text
        return text


def unescape(text: str) -> str:
    """A text with the characters that XML cannot hold."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _feed(source: IO[bytes], handler: _Handler) -> Iterator[Any]:
    """What the handler finds, block by block."""
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    names: dict[str, str] = {}

    def shorten(name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        names[name] = local if namespace == NAMESPACE else name
        return names[name]

    parser.StartElementHandler = lambda name, attributes: handler.start(names.get(name) or shorten(name), attributes)
    parser.EndElementHandler = lambda name: handler.end(names.get(name) or shorten(name))
    parser.CharacterDataHandler = handler.add
    while block := source.read(BLOCK_BYTES):
        parser.Parse(block, False)
        yield from handler.found
        handler.found.clear()
    parser.Parse(b"", True)
    yield from handler.found


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type stands in it, which no workbook has")
