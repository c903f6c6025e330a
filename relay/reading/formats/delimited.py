"""CSV: fast where it parses, cell by cell where it does not.

A file is cut into blocks where rows end. Each block is parsed straight into the schema's types; only
a block in which that fails is parsed again as text, and only its bad rows are rejected.
"""

import codecs
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.conform import NULL_WORDS, conform
from relay.reading.format_keys import DEFAULT_ENCODING, FormatKeys
from relay.reading.formats.escapes import Hint, advise_escape, find_backslash_quotes, show_bytes, warn_of
from relay.reading.formats.header import match_header, read_by_hand, split_header
from relay.reading.formats.parser_types import choose_type, find_doubtful
from relay.reading.formats.rowends import BREAKS, CONTEXT_BYTES, Dialect, RowEnds
from relay.reading.rawfile import RawFile, drop_mark

PARSERS = 2
"""Threads that parse while the main one writes; more only keep more blocks in memory."""

LONGEST_ROW_BYTES = 64 << 20
"""More than this without a row's end is no row: it is a quote that nobody closed."""

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Layout:
    """What all blocks of a file share."""

    header: list[str]
    matched: dict[str, str]
    """Schema name -> name in the file."""
    dialect: Dialect
    columns: dict[str, Column]


@dataclass(frozen=True)
class Parsed:
    """A block's rows under the schema's names."""

    table: pa.Table
    ragged: list[pacsv.InvalidRow]
    """Rows with another number of cells."""
    hint: Hint | None
    """What looks like escaped quotes."""

    @property
    def rows(self) -> int:
        """Rows of the file in this block."""
        return int(self.table.num_rows) + len(self.ragged)


def read_file(file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a CSV file.

    Raises:
        SourceError: not text of the encoding, or no line of data.
        SchemaError: columns are missing or unexpected.
    """
    dialect = Dialect(_delimiter(file, parameters), parameters.escape)
    blocks = cut_blocks(_decoded(file, parameters.encoding or DEFAULT_ENCODING), file.name, dialect)
    first, body = split_header(blocks, dialect)
    layout = Layout(*match_header(first, columns, parameters, file.name, dialect), dialect, columns)
    hints: list[Hint] = []
    try:
        yield from _parse_in_order(body, blocks, layout, first_row, hints)
    finally:
        warn_of(hints, file.name)


def cut_blocks(pieces: Iterator[bytes], name: str, dialect: Dialect) -> Iterator[bytes]:
    """The same bytes, cut after line breaks that end a row.

    Raises:
        SourceError: a quote is opened and never closed.
    """
    ends = RowEnds(dialect, name)
    held: list[bytes] = []
    for piece in pieces:
        end = ends.find_last(piece)
        if end:
            yield b"".join([*held, piece[:end]])
            held = []
        held.append(piece[end:])
        length = sum(map(len, held))
        if length > LONGEST_ROW_BYTES:
            what = "a row does not end" if ends.open_cell is None else "a quote is opened and not closed"
            near = show_bytes(ends.open_cell or held[0][:CONTEXT_BYTES])
            raise SourceError(f"{name}: {what} for {length:,} bytes, near {near}{advise_escape(held[0], dialect)}")
    if ends.open_cell is not None:
        raise SourceError(
            f"{name}: a quote is opened and never closed, near {show_bytes(ends.open_cell)}; close it in the file, or "
            f"remove it if it is no part of the text{advise_escape(b''.join(held), dialect)}"
        )
    if ends.is_escaping:
        raise SourceError(
            f"{name}: the file ends with the escape {dialect.escape}; it was cut, or escape is another one"
        )
    if any(held):
        yield b"".join(held)


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


def _delimiter(file: RawFile, parameters: FormatKeys) -> str:
    return parameters.delimiter or ("\t" if file.content_name.lower().endswith(".tsv") else ",")


def _parse_in_order(
    body: bytes, blocks: Iterator[bytes], layout: Layout, first_row: int, hints: list[Hint]
) -> Iterator[Block]:
    """Parse blocks on threads, a few ahead, and give them back in order; add what looks like escaped quotes."""
    waiting: deque[Future[Parsed]] = deque()
    with ThreadPoolExecutor(PARSERS) as threads:
        block: bytes | None = body
        while block is not None or waiting:
            while block is not None and len(waiting) < PARSERS + 1:
                if block.strip(BREAKS) or (block and len(layout.header) == 1):
                    waiting.append(threads.submit(parse_block, block, layout))
                block = next(blocks, None)
            if waiting:
                parsed = waiting.popleft().result()
                hints += [parsed.hint] if parsed.hint else []
                yield finish_block(parsed, layout.columns, first_row)
                first_row += parsed.rows


def parse_block(block: bytes, layout: Layout) -> Parsed:
    """The block's rows under the schema's names, and the rows that have another number of cells.

    Typed where the whole block parses, else as raw bytes.
    """
    types: dict[str, pa.DataType] = {}
    for name, source in layout.matched.items():
        fast = choose_type(layout.columns[name]) if name in layout.columns else pa.string()
        # Columns of different types from one column of the file: its text serves them all.
        types[source] = fast if types.get(source, fast) == fast else pa.string()
    ragged: list[pacsv.InvalidRow] = []
    try:
        table = _parse(block, layout, types, ragged)
        doubtful = [layout.matched[name] for name in find_doubtful(table, layout.columns, block)]
        if doubtful:
            table = _parse(block, layout, types | dict.fromkeys(doubtful, pa.string()), ragged)
    except pa.ArrowInvalid:
        if _is_utf8(block):
            table = _parse(block, layout, dict.fromkeys(layout.matched.values(), pa.binary()), ragged)
        else:
            table, ragged = _parse_by_hand(block, layout)
    return Parsed(table, ragged, find_backslash_quotes(block, layout.dialect, has_ragged_rows=bool(ragged)))


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
            delimiter=layout.dialect.delimiter,
            escape_char=layout.dialect.escape or False,
            newlines_in_values=b'"' in block or layout.dialect.escape is not None,
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
    number = len(layout.header)
    found = read_by_hand(block.decode("utf-8", "surrogateescape"), layout.dialect)
    # In a single column an empty line is an empty cell, as Arrow has it.
    rows = [row or [""] for row in found if row or number == 1]
    whole = [row for row in rows if len(row) == number]
    columns = {
        name: pa.array([row[index].encode("utf-8", "surrogateescape") for row in whole], pa.binary())
        for name, index in ((name, layout.header.index(source)) for name, source in layout.matched.items())
    }
    ragged = [
        pacsv.InvalidRow(number, len(row), place, _show_row(row, layout.dialect))
        for place, row in enumerate(rows, 1)
        if len(row) != number
    ]
    return pa.table(columns), ragged


def _show_row(row: list[str], dialect: Dialect) -> str:
    return dialect.delimiter.join(row).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def finish_block(parsed: Parsed, columns: dict[str, Column], first_row: int) -> Block:
    """A parsed block in the schema's types, with the ragged rows among its rejected ones."""
    table, ragged = parsed.table, parsed.ragged
    # A row's number counts the ragged ones before it.
    taken = np.array([row.number for row in ragged], np.int64) - 1 + first_row
    numbers = np.setdiff1d(np.arange(first_row, first_row + parsed.rows), taken, assume_unique=True)
    block = conform(table, columns, numbers)
    if not ragged:
        return block
    rows = [
        (int(number), f"{row.actual_columns} cells instead of {row.expected_columns}", show_cells({"row": row.text}))
        for number, row in zip(taken, ragged, strict=True)
    ]
    rejected = pa.concat_tables([block.rejected, reject(rows)]).sort_by("row")
    return Block(table=block.table, read=parsed.rows, rejected=rejected)
