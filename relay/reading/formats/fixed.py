"""Fixed width: each field at the same characters of each line."""

import codecs
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import SchemaError, SourceError
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.arrow import to_mask
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.encodings import decode_blocks
from relay.reading.format_keys import FormatKeys, SkipRule
from relay.reading.rawfile import RawFile
from relay.reading.skipping import BLANK, describe_rule, find_matches, find_sources

END_OF_FILE = "\x1a"
"""What programs of DOS put behind the last line."""

SHOWN_CHARS = 80

Fields = dict[str, tuple[int, int]]
"""Name -> the place of its first character in a line, from 0, and of the first one behind it."""


@dataclass(frozen=True)
class Layout:
    """What all lines of a file share."""

    where: str
    fields: Fields
    """By the schema's names."""
    width: int
    """Characters of a whole line."""
    is_whole: bool
    """Whether the fields fill the line, so that text behind the last one belongs to none of them."""
    columns: ReadColumns
    rules: list[tuple[SkipRule, tuple[int, int]]]
    """What leaves out lines, and the field by which it does."""


def read_file(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The lines of a file with fields of fixed width; empty lines do not count.

    Raises:
        SourceError: not text of the encoding, or the last line was cut.
        SchemaError: columns are missing or unexpected.
    """
    first = first_row
    batches = _split_lines(_decode(file, parameters.encoding), parameters.skip_rows)
    lines = next(batches, [])
    fields, lines = _read_fields(lines, parameters, columns, file.name)
    matched = match_columns(list(fields), columns, parameters.extra_columns, file.name)
    width = max((end for _, end in fields.values()), default=0)
    places = {name: fields[source] for name, source in matched.items()}
    rules = [
        (rule, fields[source]) for rule, source in find_sources(parameters.skip_if, list(fields), matched, file.name)
    ]
    layout = Layout(file.name, places, width, parameters.widths is not None, columns, rules)
    is_full = True
    while lines:
        last, whole = lines[-1], [line.removesuffix("\n") for line in lines if line not in ("\n", END_OF_FILE)]
        if not last.endswith("\n") and last != END_OF_FILE and len(last) < width:
            _require_whole(last, file, width, is_alone=is_full and first_row > first)
        if whole:
            is_full = is_full and all(len(line) >= width for line in whole)
            yield _finish(whole, layout, first_row)
            first_row += len(whole)
        lines = next(batches, [])


def _read_fields(
    lines: list[str], parameters: FormatKeys, columns: ReadColumns, where: str
) -> tuple[Fields, list[str]]:
    """Where each field of the file is, and the lines behind the names, where the file has some."""
    if parameters.positions is not None:
        fields = {name: (first - 1, last) for name, (first, last) in parameters.positions.items()}
        _refuse_names(lines, fields, where)
        return fields, lines
    ends = np.cumsum(parameters.widths or []).tolist()
    places = list(zip([0, *ends], ends, strict=False))
    if parameters.header is False:
        if len(places) != len(columns):
            raise SchemaError(
                f"{where}: widths has {len(places)} fields, and the recipe declares {len(columns)} columns; with "
                "header = false they go together by their order"
            )
        return dict(zip(columns, places, strict=True)), lines
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    names = [line.strip() for line in _cut(lines[start], places)] if lines else []
    known = {name for own, column in columns.items() for name in (own, *column.source_names)}
    if lines and not known & set(names):
        raise SchemaError(
            f"{where}: the first line by widths is {', '.join(map(repr, names))}, and no column of the recipe; correct "
            "widths, or say header = false in [ingest] if the first line is a record"
        )
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SchemaError(f'{where}: the first line has the name "{repeated}" twice by widths; correct widths')
    return dict(zip(names, places, strict=True)), lines[start + 1 :]


def _refuse_names(lines: list[str], fields: Fields, where: str) -> None:
    """Make sure that the first line is no row of names.

    Raises:
        SchemaError: it is one.
    """
    first = next((line for line in lines if line.strip()), "")
    if [line.strip().casefold() for line in _cut(first, list(fields.values()))] == [name.casefold() for name in fields]:
        raise SchemaError(f"{where}: the first line holds the names of the columns; say skip_rows = 1 in [ingest]")


def _cut(line: str, places: list[tuple[int, int]]) -> list[str]:
    return [line[start:end] for start, end in places]


def _require_whole(last: str, file: RawFile, width: int, *, is_alone: bool) -> None:
    """Make sure that a short last line without a line break was not cut.

    Args:
        last: the line.
        file: where it is from.
        width: characters of a whole line.
        is_alone: whether all other lines are whole.

    Raises:
        SourceError: it was, or may have been.
    """
    found = f"the last line has {len(last)} of {width} characters and no line break"
    if file.may_be_cut:
        raise SourceError(file.describe_cut(found))
    if is_alone:
        raise SourceError(
            f"{file.name}: {found}, and all others are whole: the file was cut at {last[-SHOWN_CHARS:]!r}; get it "
            "again, or end its last line"
        )


def _finish(lines: list[str], layout: Layout, first_row: int) -> Block:
    """Lines in the schema's types; one with a tab among the fields, or with text behind the last, is rejected."""
    text = pa.array(lines, pa.string())
    numbers = np.arange(first_row, first_row + len(lines))
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    left_out = {int(at): BLANK for at in np.flatnonzero(to_mask(blank))}
    for rule, place in layout.rules:
        for at in find_matches(rule, pa.chunked_array([_cut_field(text, *place)])):
            left_out.setdefault(int(at), describe_rule(rule))
    problems: dict[int, str] = {}
    # A tab right before the last field or in it moves no other one.
    last = max((start for start, _ in layout.fields.values()), default=0)
    before = pc.utf8_slice_codeunits(text, 0, max(last - 1, 0)) if last else text
    for at in np.flatnonzero(to_mask(pc.match_substring(before, "\t"))):
        problems[int(at)] = "a tab, which stands for an unknown number of characters"
    if layout.is_whole:
        rest = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(text, layout.width, layout.width + SHOWN_CHARS))
        for at in np.flatnonzero(to_mask(pc.not_equal(rest, ""))):
            problems.setdefault(int(at), f"more than {layout.width} characters")
    problems = {at: reason for at, reason in problems.items() if at not in left_out}
    if not problems and not left_out:
        return conform(_slice(text, layout.fields), layout.columns, numbers)
    sound = np.ones(len(lines), bool)
    sound[[*problems, *left_out]] = False
    block = conform(_slice(text.filter(pa.array(sound)), layout.fields), layout.columns, numbers[sound])
    rows, others = (
        reject([(int(numbers[at]), reason, show_cells({"row": lines[at]})) for at, reason in sorted(found.items())])
        for found in (problems, left_out)
    )
    rejected = pa.concat_tables([block.rejected, rows]).sort_by("row")
    return Block(table=block.table, read=len(lines), rejected=rejected, left_out=others)


def _slice(text: pa.Array, fields: Mapping[str, tuple[int, int]]) -> pa.Table:
    """The fields' texts without the blanks that fill them up."""
    return pa.table({name: _cut_field(text, start, end) for name, (start, end) in fields.items()})


def _cut_field(text: pa.Array, start: int, end: int) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(text, start, end))


def _split_lines(pieces: Iterator[str], skip_rows: int) -> Iterator[list[str]]:
    """Lines with their ends, batch by batch, without the first ones."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        skipped = min(skip_rows, len(lines))
        skip_rows -= skipped
        if len(lines) > skipped:
            yield [f"{line}\n" for line in lines[skipped:]]
    if rest and not skip_rows:
        yield [rest]


def _decode(file: RawFile, encoding: str | None) -> Iterator[str]:
    """The file's text, in which each line ends alike."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=True)
    try:
        for block in decode_blocks(file, encoding):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        near = error.object[max(error.start - 20, 0) : error.end + 20]
        raise SourceError(
            f"{file.name}: not {encoding or 'utf-8'}: {error.reason} in {near!r}; say the file's encoding in [ingest]"
        ) from None
