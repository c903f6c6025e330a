"""Excel workbooks: which sheets they have, and the rows of one as a stream."""

import errno
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from loguru import logger
from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from relay.handoff.errors import SourceError
from relay.reading.formats.sheet_xml import SheetXml, Styles, Texts
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile

MOST_TEXT_BYTES = 256 << 20
"""Of the workbook's table of texts, which is held in memory, and of any other part but a sheet; unpacked."""
MOST_SHEET_BYTES = 4 << 30
"""Of a sheet, which is read as a stream, unpacked."""

DAMAGES = (
    *(ExpatError, ParseError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error),
    *(LookupError, ValueError, TypeError, AttributeError, OSError, EOFError),
)
"""What is raised on the way through a damaged workbook: openpyxl looks at each part only when it needs it."""

SHOWN_CHARS = 120

SAVE_AS_CSV = "save the sheet as CSV (Excel: Save As, CSV UTF-8)"


@dataclass
class SheetRows:
    """The rows of a sheet that hold more than white space, with their numbers from 1, and what was seen on the way."""

    book: "OpenBook"
    sheet: ReadOnlyWorksheet
    empty: list[range] = field(default_factory=list)
    """Numbers of the rows between two that hold something."""
    merged: list[str] = field(default_factory=list)
    """Ranges of merged cells; known after the last row."""

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        last = chars = 0
        with _explained_damage(self.book.name), self.book.archive.open(self.sheet._worksheet_path) as source:
            for number, row in SheetXml(source, self.book.texts, self.book.styles, self.merged):
                # One text of the workbook may stand in any number of cells.
                chars += sum(len(value) for value in row if isinstance(value, str))
                self.book.require_fitting(chars)
                if all(value is None or (isinstance(value, str) and not value.strip()) for value in row):
                    continue
                if 0 < last < number - 1:
                    self.empty.append(range(last + 1, number))
                last = number
                yield number, row


class OpenBook:
    """A workbook whose sheets can be read."""

    def __init__(self, reader: "_Reader", file: RawFile, limit: Limit) -> None:
        self.name = file.name
        self._packed, self._limit = file.origin.bytes, limit
        self._book: Workbook = reader.wb
        self.archive: zipfile.ZipFile = reader.archive
        self.texts: Texts = reader.shared_strings or Texts()
        self.styles = Styles(self._book.epoch, self._book._date_formats, self._book._timedelta_formats)

    @property
    def sheets(self) -> list[ReadOnlyWorksheet]:
        """The sheets of cells, in the workbook's order."""
        return [sheet for sheet in self._book._sheets if isinstance(sheet, ReadOnlyWorksheet)]

    def require_fitting(self, unpacked: int) -> None:
        """Return when so many bytes are no more than the workbook may hold.

        Raises:
            SourceError: they are.
        """
        self._limit.check(self.name, unpacked, self._packed)

    def has_cells(self, sheet: ReadOnlyWorksheet) -> bool:
        """Whether a cell of the sheet holds something."""
        return next(iter(SheetRows(self, sheet)), None) is not None


@contextmanager
def open_book(opened: BinaryIO, file: RawFile, limit: Limit) -> Iterator[OpenBook]:
    """The workbook in an open file.

    Args:
        opened: the open file.
        file: for the messages, and for its size.
        limit: how much it may hold.

    Raises:
        SourceError: it is not a workbook, damaged, or too large.
    """
    with _explained_damage(file.name):
        _check_sizes(opened, file, limit)
        reader = _Reader(opened, read_only=True, data_only=True, keep_links=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of what is not read: charts, rules
            reader.read()
    yield OpenBook(reader, file, limit)


@contextmanager
def _explained_damage(name: str) -> Iterator[None]:
    """Whatever `zipfile`, expat and openpyxl say of a damaged workbook, in one line; trouble of the disk passes."""
    try:
        yield
    except DAMAGES as error:
        # A damaged archive may name a place before its beginning, which no file has (EINVAL).
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        reason = str(error).splitlines()[0][:SHOWN_CHARS].rstrip(".") if str(error) else type(error).__name__
        raise SourceError(
            f"{name}: not a whole workbook of Excel (.xlsx): {reason}. Save it again as Excel Workbook (.xlsx)"
        ) from None


def choose_sheet(book: OpenBook, wanted: str | int | None, file: RawFile) -> ReadOnlyWorksheet:
    """The sheet of a name or number; without one the only sheet that holds something and is not hidden, which is said.

    Raises:
        SourceError: it is not there, or there are several.
    """
    names = [sheet.title for sheet in book.sheets]
    listed = ", ".join(f'"{name}"' for name in names)
    if isinstance(wanted, str) and wanted in names:
        return book.sheets[names.index(wanted)]
    if isinstance(wanted, int) and wanted <= len(names):
        return book.sheets[wanted - 1]
    if wanted is not None:
        what = f'"{wanted}"' if isinstance(wanted, str) else f"number {wanted}"
        raise SourceError(f"{file.name}: no sheet {what}; the workbook has {listed}. Correct sheet in [ingest]")
    filled = [sheet for sheet in book.sheets if book.has_cells(sheet)]
    shown = [sheet for sheet in filled if sheet.sheet_state == "visible"] or filled
    if not names:
        raise SourceError(
            f"{file.name}: the workbook has no sheet that Relay can read. If it was saved as Strict Open XML "
            "Spreadsheet, save it as Excel Workbook (.xlsx)"
        )
    if not shown:
        raise SourceError(f"{file.name}: no sheet of the workbook holds a value; it has {listed}")
    if len(shown) > 1:
        choices = ", ".join(f'"{sheet.title}"' for sheet in shown)
        raise SourceError(
            f"{file.name}: {len(shown)} sheets of the workbook hold values: {choices}. Say which one to read, such as "
            f'sheet = "{shown[0].title}", in [ingest]'
        )
    file.note_found("sheet", shown[0].title)
    others = f" (others: {', '.join(repr(name) for name in names if name != shown[0].title)})" if len(names) > 1 else ""
    logger.info('{}: sheet = "{}" is the only one that is shown and holds values{}', file.name, shown[0].title, others)
    return shown[0]


def _check_sizes(opened: BinaryIO, file: RawFile, limit: Limit) -> None:
    """Make sure that the parts of a workbook fit, by what the archive says: `zipfile` unpacks no more of a part.

    Raises:
        SourceError: one does not.
    """
    with zipfile.ZipFile(opened) as archive:
        limit.check(file.name, sum(part.file_size for part in archive.infolist()), file.origin.bytes)
        for part in archive.infolist():
            most = MOST_SHEET_BYTES if part.filename.startswith("xl/worksheets/") else MOST_TEXT_BYTES
            if part.file_size > most:
                raise SourceError(
                    f"{file.name}: {part.filename} in the workbook has {part.file_size:,} bytes unpacked, and Relay "
                    f"reads at most {most:,}; {SAVE_AS_CSV}"
                )


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl ships no types
    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = Texts(source)
