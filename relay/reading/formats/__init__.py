"""The kinds of file, one module each: raw bytes become blocks in the schema's types."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePath
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from loguru import logger

from relay.handoff.errors import RecipeError, SchemaError
from relay.handoff.receipt import ColumnWarning
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_schema
from relay.handoff.writer import Block
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.columns import ReadColumns, open_columns
from relay.reading.compressed import strip_compression
from relay.reading.format_keys import FormatKeys, reads_pages
from relay.reading.formats.located import locate
from relay.reading.formats.packing import describe_packed_name, require_unpacked
from relay.reading.formats.parts import open_parts
from relay.reading.rawfile import RawFile
from relay.reading.sets import warn_of_copies
from relay.reading.skipping import describe_rule

MODULES = {
    "csv": "delimited", "json": "records", "jsonl": "lines", "text": "text", "parquet": "parquet", "excel": "excel",
    "fixed": "fixed", "html": "markup", "xml": "markup",
}  # fmt: skip

UNCLOSED = ("csv", "jsonl", "text", "fixed", "html")
"""Formats in which a file that is cut behind a row looks whole."""

FORMATS_OF_KEYS = {
    **dict.fromkeys(("delimiter", "quote", "escape", "comment"), ("csv",)),
    "header_separator": ("csv", "excel"),
    **dict.fromkeys(("skip_rows", "header"), ("csv", "excel", "fixed")),
    "encoding": ("csv", "jsonl", "text", "fixed", "html", "xml"),
    "sheet": ("excel",),
    "records": ("json",),
    **dict.fromkeys(("widths", "positions"), ("fixed",)),
    **dict.fromkeys(
        ("starts_after", "ends_before", "item_pattern", "document", "document_head"), ("text", "html", "xml")
    ),
    "leave_out": ("html", "xml"),
}
"""Key -> the formats that read it, where most do not."""

ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text",
    ".html": "html", ".htm": "html", ".xml": "xml", ".parquet": "parquet", ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip


ReadPart = Callable[[RawFile, FormatKeys, ReadColumns, int], Iterator[Block]]
"""Gives the blocks of a file, as `read_part` does."""


def read_files(
    files: list[RawFile],
    parameters: FormatKeys,
    columns: dict[str, Column],
    scratch: Path | None = None,
    read: ReadPart | None = None,
) -> Iterator[Block]:
    """The rows of all files in order, in the schema's types.

    Args:
        files: plain or packed; what was found in them is noted there.
        parameters: the keys of files.
        columns: the schema.
        scratch: folder for what must be unpacked to disk, which is removed; None: the system's.
        read: gives the blocks of one file; None: `read_part`.

    Raises:
        SourceError: a file is empty, a web page, a workbook, damaged, larger than its limit, or not of the format.
        SchemaError: columns are missing or unexpected, or a cell can be read in two ways.
        RecipeError: the format is neither said nor told by the name.
    """
    opened = open_columns(columns, parameters)
    warn_of_copies((file.name, file.origin.sha256) for file in files)
    same, first_row, count, used = SameColumns(opened), 1, 0, set[str]()
    is_alone = len(files) == 1
    parts = (part for file in files for part in open_parts(file, parameters, scratch=scratch, is_alone=is_alone))
    for file in parts:
        opened.is_set = file.is_in_set or not is_alone
        before, count = first_row - 1, count + 1
        for block in (read or read_part)(file, parameters, opened, first_row):
            first_row += block.read
            known = same.take(block, file.name)
            if block.left_out.num_rows:
                used.update(pc.unique(block.left_out.column("reason")).to_pylist())
            yield locate(known, file.name, before) if opened.is_set else known
    opened.end_set(count)
    last = same.end()
    yield replace(last, warnings=(*last.warnings, *_warn_of_unused(parameters, used)))


def _warn_of_unused(parameters: FormatKeys, used: set[str]) -> Iterator[ColumnWarning]:
    """The rules that left no row out: most likely the cells are written in another way."""
    for rule in parameters.skip_if:
        if (reason := describe_rule(rule)) not in used:
            what = reason.removeprefix("left out by ")
            yield ColumnWarning(
                column=rule.column, text=f"[ingest] {what} matches no row: look at the cells it is for."
            )


def read_part(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The rows of one file, which is no archive.

    Args:
        file: plain or compressed.
        parameters: the keys of files.
        columns: the schema, with what the files before have shown.
        first_row: number of its first row in the set.

    Raises:
        SourceError, SchemaError, RecipeError: as `read_files`.
    """
    head = file.sniff(may_be_page=reads_pages(parameters, file.content_name))
    require_unpacked(file, head, parameters.format)
    kind = parameters.format or guess_format(file.content_name)
    _refuse_keys(file.name, kind, parameters)
    module = import_module(f"relay.reading.formats.{MODULES[kind]}")
    try:
        yield from module.read_file(file, parameters, columns, first_row)
        if file.may_be_cut and kind in UNCLOSED:
            logger.warning(
                "{}: the server said neither a length nor chunks, and the file ends behind a whole row: whether all "
                "of it came could not be checked. Compare its rows, or declare its sha256 in [ingest]",
                file.name,
            )
    except AmbiguousCellError as error:
        raise SchemaError(f"{file.name}: {error}") from None


def _refuse_keys(name: str, kind: str, parameters: FormatKeys) -> None:
    """Make sure that no key is declared that the format does not read.

    Raises:
        RecipeError: one is.
    """
    for key, formats in FORMATS_OF_KEYS.items():
        default = FormatKeys.model_fields[key].get_default(call_default_factory=True)
        if kind not in formats and getattr(parameters, key) != default:
            raise RecipeError(
                f"{name}: [ingest] says {key}, a key of {' and '.join(formats)}, and the file is read as {kind}; "
                "remove the key, or say format in [ingest]"
            )


class SameColumns:
    """Sees to it that all blocks have the same columns, where the first ones decide which."""

    def __init__(self, columns: ReadColumns) -> None:
        self._columns = columns
        self._schema: pa.Schema | None = None
        self._where = ""

    def take(self, block: Block, where: str) -> Block:
        """The block, with its columns in the order of the ones before.

        Raises:
            SchemaError: it has other columns; `where` says where it is from.
        """
        if self._schema is None:
            self._schema, self._where = block.table.schema, where
        if not self._columns.is_open or block.table.schema == self._schema:
            return block
        self._require_same(block.table.schema, where)
        return replace(block, table=block.table.select(self._schema.names))

    def _require_same(self, found: pa.Schema, where: str) -> None:
        """Return where only the order differs."""
        assert self._schema is not None  # noqa: S101 - a block came before
        for name in sorted({*self._schema.names} ^ {*found.names}):
            places = (self._where, where) if name in self._schema.names else (where, self._where)
            raise SchemaError(
                f'column "{name}" is in {places[0]} and not in {places[1]}',
                next_step='Give each its own recipe and name both in reads, or read them with format = "python".',
            )
        for name in self._schema.names:
            kinds = (self._schema.field(name).type, found.field(name).type)
            if kinds[0] != kinds[1]:
                raise SchemaError(
                    f'{where}: column "{name}" comes as {kinds[1]}, and came as {kinds[0]} before',
                    next_step='Declare it in [columns], with role = "ignore" if nothing learns from it.',
                )

    def end(self) -> Block:
        """A last block without rows: what a person should look at, once all were read."""
        schema = self._schema if self._columns.is_open and self._schema is not None else arrow_schema(self._columns)
        return Block(schema.empty_table(), read=0, warnings=self._columns.warnings())


def check_format(parameters: FormatKeys, names: Iterable[str]) -> None:
    """Check what can be known of the format before a file is there: the endings of the names.

    Raises:
        RecipeError: the format is neither said nor told by a name.
    """
    for name in names if parameters.format is None else ():
        if not name.lower().endswith(".zip"):  # its files tell
            guess_format(name)


def guess_format(name: str) -> str:
    """The format that a file's or URL's name ends in.

    Raises:
        RecipeError: the ending tells nothing.
    """
    ending = PurePath(strip_compression(urlsplit(name).path)).suffix.lower()
    if ending not in ENDINGS:
        packed = describe_packed_name(urlsplit(name).path)
        if packed is not None:
            raise RecipeError(f"{name}: {packed}")
        raise RecipeError(
            f'{name}: the ending "{ending}" tells no format; say format = "csv", "json", "jsonl", "text", "parquet", '
            '"excel", "fixed", "html" or "xml" in [ingest]'
        )
    return ENDINGS[ending]
