"""CSV: fast where it parses, cell by cell where it does not.

A file is cut into blocks at line breaks outside quotes. Each block is parsed straight into the schema's types; only
a block in which that fails is parsed again as text, and only its bad rows are rejected.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ingest.cast import NULL_WORDS, conform, match_columns
from ingest.parameters import FormatSection
from ingest.rawfile import RawFile, drop_mark
from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block, reject, show_cells

PARSERS = 2
"""Threads that parse while the main one writes; more only keep more blocks in memory."""

FAST_TYPES = {"int": pa.int64(), "float": pa.float64()}
"""Types that the CSV parser converts as the cast of a text would; all others come as text."""

LONGEST_ROW_BYTES = 64 << 20
"""More than this without a row's end is no row: it is a quote that nobody closed."""

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Layout:
    """What all blocks of a file share."""

    header: list[str]
    matched: dict[str, str]
    """Schema name -> name in the file."""
    delimiter: str
    columns: dict[str, Column]


def read_file(file: RawFile, parameters: FormatSection, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a CSV file.

    Raises:
        SourceError: not text of the encoding, or no line of data.
        SchemaError: columns are missing or unexpected.
    """
    blocks = cut_blocks(_decoded(file, parameters.encoding), file.name)
    head = next(blocks)
    delimiter = _delimiter(file, parameters)
    header, body = _split_header(head, delimiter)
    matched = match_columns(header, columns, parameters.extra_columns, file.name)
    layout = Layout(header, matched, delimiter, columns)
    yield from _parse_in_order(body, blocks, layout, first_row)


def cut_blocks(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The same bytes, cut after line breaks that end a row.

    A line break ends a row when the number of quotes before it is even (RFC 4180).

    Raises:
        SourceError: a quote is opened and never closed.
    """
    rest = b""
    for piece in pieces:
        rest += piece
        end = last_row_end(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
        if len(rest) > LONGEST_ROW_BYTES:
            raise SourceError(f"{name}: a quote is opened and not closed for {len(rest):,} bytes, near {rest[:60]!r}")
    if rest.count(b'"') % 2:
        raise SourceError(f"{name}: a quote is opened and never closed; the file was cut or is not CSV")
    if rest:
        yield rest


def last_row_end(block: bytes) -> int:
    """The number of bytes up to and with the last line break outside quotes; 0 when there is none."""
    end = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        # Inside quotes: the row ends before the quote that was opened last.
        opened = block.rfind(b'"', 0, end)
        end = block.rfind(b"\n", 0, opened) + 1
        quotes = block.count(b'"', 0, end)
    return end


def _decoded(file: RawFile, encoding: str) -> Iterator[bytes]:
    """The file's bytes in UTF-8, without a byte order mark."""
    head = file.sniff()
    if head.startswith(UTF16_MARKS) or b"\x00" in head:
        raise SourceError(f"{file.name}: this is UTF-16 or no text at all; save it as UTF-8, or give another file")
    blocks = drop_mark(file.read_blocks())
    # UTF-8 passes as it is: what is wrong in it costs its row only.
    yield from blocks if codecs.lookup(encoding).name == "utf-8" else _recode(blocks, file.name, encoding)


def _recode(blocks: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    # It keeps the beginning of a character that a block's end cut in two.
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name}: not {encoding}: {error.reason} in {error.object[error.start - 20 : error.end + 20]!r}; "
            "say the file's encoding in [ingest]"
        ) from None


def _delimiter(file: RawFile, parameters: FormatSection) -> str:
    is_tabbed = file.path.suffix.lower() == ".tsv" and "delimiter" not in parameters.model_fields_set
    return "\t" if is_tabbed else parameters.delimiter


def _split_header(block: bytes, delimiter: str) -> tuple[list[str], bytes]:
    block = block.lstrip(b"\r\n")
    reader = csv.reader(io.StringIO(block.decode("utf-8", "replace"), newline=""), delimiter=delimiter)
    header = next(reader, [])
    end = 0
    while True:
        end = block.find(b"\n", end) + 1 or len(block)
        if block.count(b'"', 0, end) % 2 == 0 or end == len(block):
            return [name.strip() for name in header], block[end:]


def _parse_in_order(body: bytes, blocks: Iterator[bytes], layout: Layout, first_row: int) -> Iterator[Block]:
    """Parse blocks on threads, a few ahead, and give them back in order."""
    waiting: deque[Future[tuple[pa.Table, list[pacsv.InvalidRow]]]] = deque()
    with ThreadPoolExecutor(PARSERS) as threads:
        block: bytes | None = body
        while block is not None or waiting:
            while block is not None and len(waiting) < PARSERS + 1:
                if block.strip() or (block and len(layout.header) == 1):
                    waiting.append(threads.submit(parse_block, block, layout))
                block = next(blocks, None)
            if waiting:
                table, ragged = waiting.popleft().result()
                yield finish_block(table, ragged, layout.columns, first_row)
                first_row += table.num_rows + len(ragged)


def parse_block(block: bytes, layout: Layout) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """The block's rows under the schema's names, and the rows that have another number of cells.

    Typed where the whole block parses, else as raw bytes.
    """
    types: dict[str, pa.DataType] = {}
    for name, source in layout.matched.items():
        fast = FAST_TYPES.get(layout.columns[name].type, pa.string())
        # Columns of different types from one column of the file: its text serves them all.
        types[source] = fast if types.get(source, fast) == fast else pa.string()
    try:
        return _parse(block, layout, types, []), []
    except pa.ArrowInvalid:
        ragged: list[pacsv.InvalidRow] = []
        if not _is_utf8(block):
            return _parse_by_hand(block, layout)
        return _parse(block, layout, dict.fromkeys(layout.matched.values(), pa.binary()), ragged), ragged


def _parse(block: bytes, layout: Layout, types: dict[str, pa.DataType], ragged: list[pacsv.InvalidRow]) -> pa.Table:
    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    is_text = pa.binary() in types.values()
    table = pacsv.read_csv(
        pa.BufferReader(block),
        read_options=pacsv.ReadOptions(
            column_names=layout.header, use_threads=False, block_size=len(block) + 1, skip_rows=0
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=layout.delimiter,
            newlines_in_values=b'"' in block,
            ignore_empty_lines=len(layout.header) > 1,  # in a single column an empty line is an empty cell
            invalid_row_handler=note if is_text else None,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            include_columns=list(layout.matched.values()),
            null_values=NULL_WORDS,
            strings_can_be_null=False,
        ),
    )
    return table.rename_columns(list(layout.matched))


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse_by_hand(block: bytes, layout: Layout) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """As raw bytes, by Python's parser: Arrow cannot hand over a ragged row that is not UTF-8."""
    csv.field_size_limit(LONGEST_ROW_BYTES)
    text = io.StringIO(block.decode("utf-8", "surrogateescape"), newline="")
    rows = [row for row in csv.reader(text, delimiter=layout.delimiter) if row]
    whole = [row for row in rows if len(row) == len(layout.header)]
    columns = {
        name: pa.array([row[index].encode("utf-8", "surrogateescape") for row in whole], pa.binary())
        for name, index in ((name, layout.header.index(source)) for name, source in layout.matched.items())
    }
    ragged = [
        pacsv.InvalidRow(len(layout.header), len(row), number, _show_bytes(layout.delimiter.join(row)))
        for number, row in enumerate(rows, 1)
        if len(row) != len(layout.header)
    ]
    return pa.table(columns), ragged


def _show_bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def finish_block(table: pa.Table, ragged: list[pacsv.InvalidRow], columns: dict[str, Column], first_row: int) -> Block:
    """A parsed block in the schema's types, with the ragged rows among its rejected ones."""
    # A row's number counts the ragged ones before it.
    taken = np.array([row.number for row in ragged], np.int64) - 1 + first_row
    numbers = np.setdiff1d(np.arange(first_row, first_row + table.num_rows + len(ragged)), taken, assume_unique=True)
    block = conform(table, columns, numbers)
    if not ragged:
        return block
    rows = [
        (int(number), f"{row.actual_columns} cells instead of {row.expected_columns}", show_cells({"row": row.text}))
        for number, row in zip(taken, ragged, strict=True)
    ]
    rejected = pa.concat_tables([block.rejected, reject(rows)]).sort_by("row")
    return Block(table=block.table, read=table.num_rows + len(ragged), rejected=rejected)
