"""CSV: fast where it parses, cell by cell where it does not.

A file is cut into blocks where rows end. Each block is parsed straight into the schema's types; only
a block in which that fails is parsed again as text, and only its bad rows are rejected.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block
from relay.reading.encodings import decode_blocks
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.escapes import Hint, advise_escape, show_bytes, warn_of
from relay.reading.formats.finding import SAMPLE_BYTES, find_reading
from relay.reading.formats.header import match_header, name_by_order, split_header
from relay.reading.formats.parsing import Layout, Parsed, finish_block, parse_block
from relay.reading.formats.preamble import drop_comments, drop_lines
from relay.reading.formats.rowends import BREAKS, CONTEXT_BYTES, Dialect, RowEnds
from relay.reading.formats.swallowed import Swallowed, SwallowedWarning, describe_swallowed, join_swallowed
from relay.reading.rawfile import RawFile
from relay.reading.skipping import find_sources

PARSERS = 2
"""Threads that parse while the main one writes; more only keep more blocks in memory."""

LONGEST_ROW_BYTES = 64 << 20
"""More than this without a row's end is no row: it is a quote that nobody closed."""


@dataclass(frozen=True)
class Noted:
    """What looks wrong with the quotes of a file, block by block."""

    hints: list[Hint] = field(default_factory=list)
    swallowed: list[Swallowed] = field(default_factory=list)


def read_file(file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a CSV file.

    Raises:
        SourceError: not text of the encoding, or no line of data.
        SchemaError: columns are missing or unexpected.
        RecipeError: a rule of `skip_if` names no column.
    """
    pieces = decode_blocks(file, parameters.encoding)
    if parameters.skip_rows:
        pieces = drop_lines(pieces, parameters.skip_rows)
    head, pieces = _peek(pieces)
    reading = find_reading(head[:SAMPLE_BYTES], file, parameters, columns)
    del head  # it is in the pieces
    if parameters.comment is not None:
        pieces = drop_comments(pieces, parameters.comment, reading.dialect, file.name)
    if reading.preamble:
        pieces = drop_lines(pieces, reading.preamble)
    blocks = cut_blocks(pieces, file.name, reading.dialect)
    blocks = _require_closed(blocks, file) if file.may_be_cut else blocks
    layout, body = _read_layout(blocks, reading.dialect, parameters, columns, file.name)
    noted = Noted()
    last: Block | None = None
    try:
        for last in _parse_in_order(body, blocks, layout, first_row, noted, file):
            yield last
        if last is not None and (found := join_swallowed(noted.swallowed)):
            yield _warn_of_swallowed(found, last, reading.dialect, file.name)
    finally:
        warn_of(noted.hints, file.name)


def _warn_of_swallowed(found: Swallowed, last: Block, dialect: Dialect, name: str) -> Block:
    """A block without rows that says of a file that rows may be lost inside its quotes."""
    text = f"{name}: {describe_swallowed(found, dialect.quote)}"
    table = last.table.slice(0, 0)
    # It concerns the rows; of the columns, the first one is as good as any other.
    warning = SwallowedWarning(column=table.column_names[0], text=text, is_text=found.is_text)
    return Block(table=table, read=0, warnings=(warning,))


def _peek(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of the text, and all of it."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= SAMPLE_BYTES:
            break
    return head, chain([head], pieces)


def _read_layout(
    blocks: Iterator[bytes], dialect: Dialect, parameters: FormatKeys, columns: dict[str, Column], name: str
) -> tuple[Layout, bytes]:
    """What the first rows say of all, and what stands behind them in their block."""
    rows, body = split_header(blocks, dialect, parameters.header_rows)
    if not parameters.header_rows:
        header = name_by_order(body, columns, name, dialect)
        matched = {column: column for column in header}
    elif rows:
        header, matched = match_header(rows, columns, parameters, name, dialect)
    else:
        raise SourceError(
            f"{name}: no header: every line is empty, a comment, or skipped by skip_rows",
            next_step="Correct skip_rows and comment in [ingest]",
        )
    rules = {f"\0skip_if {number}": rule for number, rule in enumerate(parameters.skip_if)}
    found = find_sources(parameters.skip_if, header, matched, name)
    sources = {key: source for key, (_, source) in zip(rules, found, strict=True)}
    return Layout(header, matched | sources, dialect, columns, rules), body


def _require_closed(blocks: Iterator[bytes], file: RawFile) -> Iterator[bytes]:
    """The blocks of a file that may be cut.

    Raises:
        SourceError: it ends inside quotes.
    """
    try:
        yield from blocks
    except OpenQuoteError:
        raise SourceError(file.describe_cut("the file ends inside a quoted cell")) from None


def _require_whole(last: Parsed, file: RawFile) -> None:
    """Make sure that the last row of a file that may be cut has all of its cells.

    Raises:
        SourceError: it has fewer.
    """
    row = last.ragged[-1] if last.ragged else None
    if row is None or row.number in last.ragged_left_out:
        return
    if row.number == last.rows and row.actual_columns < row.expected_columns:
        cells = f"{row.actual_columns} of {row.expected_columns} cells"
        raise SourceError(file.describe_cut(f"the last row has {cells}, {row.text[:CONTEXT_BYTES]!r}"))


class OpenQuoteError(SourceError):
    """The file ends inside quotes."""


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
        raise OpenQuoteError(
            f"{name}: a quote is opened and never closed, near {show_bytes(ends.open_cell)}; close it in the file, or "
            f"say quote = '' in [ingest] if no sign quotes there{advise_escape(b''.join(held), dialect)}"
        )
    if ends.is_escaping:
        raise SourceError(
            f"{name}: the file ends with the escape {dialect.escape}; it was cut, or escape is another one"
        )
    if any(held):
        yield b"".join(held)


def _parse_in_order(
    body: bytes,
    blocks: Iterator[bytes],
    layout: Layout,
    first_row: int,
    noted: Noted,
    file: RawFile,
) -> Iterator[Block]:
    """Parse blocks on threads, a few ahead, and give them back in order; note what looks wrong with quotes."""
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
                noted.hints.extend([parsed.hint] if parsed.hint else [])
                noted.swallowed.extend([parsed.swallowed] if parsed.swallowed else [])
                if file.may_be_cut and block is None and not waiting:
                    _require_whole(parsed, file)
                yield finish_block(parsed, layout.columns, first_row)
                first_row += parsed.rows
