"""Texts in HTML and XML (TEI): the words between the tags become the lines of a document."""

import codecs
import re
from collections.abc import Iterator

from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block
from relay.reading.format_keys import FormatKeys, reads_pages
from relay.reading.formats.html_text import HtmlText
from relay.reading.formats.text import between_marks, read_documents
from relay.reading.formats.xml_text import read_xml
from relay.reading.rawfile import RawFile

LARGEST_FILE = 100_000_000
"""Bytes of one file: a document is held whole, and the longest novels have 10 MB."""

CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
CHARSET_BYTES = 4096


def read_file(file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The documents of a file with tags, as `format = "text"` gives those of one without.

    Raises:
        SourceError: the file is too large, is not of the encoding, declares entities or is no XML.
        SchemaError: a declared column is not one that a text has.
    """
    content = _read_whole(file)
    left_out = frozenset(parameters.leave_out)
    if reads_pages(parameters, file.content_name):
        text = HtmlText(left_out).read(_decode(content, file, parameters.encoding))
    else:
        text = read_xml(content, file.name, left_out, parameters.encoding)
    if not text:
        raise SourceError(f"{file.name}: no text stands between its tags; look at {file.path}")
    return read_documents(between_marks(iter(text.split("\n")), parameters, file), file, parameters, columns, first_row)


def _read_whole(file: RawFile) -> bytes:
    blocks, size = [], 0
    for block in file.read_blocks():
        blocks.append(block)
        size += len(block)
        if size > LARGEST_FILE:
            raise SourceError(f"{file.name}: more than {LARGEST_FILE:,} bytes; split it into its documents")
    return b"".join(blocks)


def _decode(content: bytes, file: RawFile, declared: str | None) -> str:
    """The text by the recipe's encoding, a byte order mark, the page's own word, or UTF-8, in this order."""
    encoding = declared or _find_encoding(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{file.name}: the page is not {encoding} ({error.reason} at byte {error.start}); say the file's encoding "
            'in [ingest], such as encoding = "latin-1"'
        ) from None
    except LookupError:
        raise SourceError(
            f'{file.name}: the page says that it is written in "{encoding}", which is unknown; say encoding in [ingest]'
        ) from None


def _find_encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    found = None if content.startswith(codecs.BOM_UTF8) else CHARSET.search(content[:CHARSET_BYTES])
    return found[1].decode("ascii") if found else "utf-8"
