"""All rows of what was given, as they are written: by the library and the keys with which ingest will read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from adopt.data.database import read_answer
from adopt.data.fetch import fetch
from adopt.data.layout import Layout
from adopt.data.looking import file_keys, first_part, open_files, quietly
from adopt.data.parquet_file import read_plain
from adopt.data.records import find_json_table
from relay.handoff.column import Column, OpenColumns
from relay.handoff.errors import SourceError
from relay.handoff.writer import Block
from relay.reading.columns import ReadColumns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats import read_files
from relay.reading.formats.frames import read_columns
from relay.reading.formats.swallowed import SwallowedWarning
from relay.reading.packed import Limit

FINDINGS = tuple(f"relay.reading.{name}" for name in ("zipped", "formats.finding", "formats.sheets", "formats.records"))
"""Modules whose log repeats what stands in the notes of the layout."""
TEXT_FORMATS = ("csv", "fixed", "text", "html", "xml")
"""Formats whose cells are texts."""


@dataclass
class Unread:
    """Rows that cannot be read, here and in ingest."""

    rows: int = 0
    of: int = 0
    """All rows, with those."""
    first: str = ""
    """The first one, and why."""
    swallowed: str = ""
    """What is said of rows that may be lost inside quoted cells."""
    is_swallowed_text: bool = False
    """Whether most quotes are a part of the texts there."""
    is_plain: bool = False
    """Whether the rows were read again without quotes, and more of them were found."""

    def add(self, block: Block) -> None:
        """Count the rows of a block."""
        self.of += block.read
        if block.rejected.num_rows:
            row = block.rejected.slice(0, 1).to_pylist()[0]
            self.first = self.first or f"row {row['row']:,}: {row['reason']}"
            self.rows += block.rejected.num_rows
        for warning in block.warnings:
            if isinstance(warning, SwallowedWarning):
                self.is_swallowed_text = warning.is_text and (self.is_swallowed_text or not self.swallowed)
                self.swallowed = self.swallowed or warning.text


def read_rows(layout: Layout, scratch: Path, unread: Unread | None = None) -> Iterator[pa.Table]:
    """All rows with the columns of the layout under its names, some thousands at a time.

    Texts stay as they are written: every column is `string`, words such as NA are kept, and an empty cell is null.
    Sources that have types keep them.

    Args:
        layout: of the source.
        scratch: an empty folder for what must be downloaded or unpacked.
        unread: counts the rows that are left out since they cannot be read.

    Raises:
        SourceError: it cannot be had, or is damaged.
        SchemaError: files of a set have other columns.
    """
    if layout.format == "sql":
        yield from read_answer(layout, scratch)
        return
    if layout.ingest["source"] == "http" and not layout.files:
        layout = replace(layout, files=(fetch(layout.ingest["url"], scratch),))
    if layout.format == "parquet" and layout.ingest.get("extra_columns") == "drop":
        for file in open_files(layout.files):
            keys = file_keys(layout.ingest)
            with first_part(file, keys, scratch) as part:
                yield from read_plain(part, layout.names, Limit.read(keys))
        return
    unread = Unread() if unread is None else unread
    with quietly(FINDINGS):
        for block in _read_files(layout, scratch):
            unread.add(block)
            if block.table.num_rows:
                yield _name(block.table, layout.names)


def name_columns(layout: Layout) -> Layout:
    """A layout with the names of its columns, of a source that has types: its first rows have them all.

    Raises:
        SourceError: there is no row.
    """
    first = next((block for block in _read_files(layout, None) if block.table.num_columns), None)
    if first is None:
        raise SourceError(f"{layout.files[0].name}: no row holds a value")
    return replace(layout, names=tuple(first.table.column_names))


def _read_files(layout: Layout, scratch: Path | None) -> Iterator[Block]:
    keys = file_keys(layout.ingest)
    if not layout.has_names:
        keys = _hide_rules(keys, layout.names)
    kind = layout.format
    files = open_files(layout.files)
    if kind in TEXT_FORMATS or not layout.has_names:
        yield from read_files(files, keys, list_text_columns(layout), scratch)
        return
    keep = keys.model_copy(update={"extra_columns": "keep"})
    if kind == "json":
        for file in files:
            with first_part(file, keys, scratch) as part:
                if (
                    find_json_table(part, keys.model_dump(include={"records"}, exclude_defaults=True)).shape
                    == "columns"
                ):
                    yield from read_columns(part, keep, ReadColumns(OpenColumns({})), 1)
                    return
    yield from read_files(files, keep, OpenColumns({}), scratch)


def _hide_rules(keys: FormatKeys, names: Sequence[str]) -> FormatKeys:
    """The rules of `skip_if` with the hidden names, where the file has none."""
    places = {name: hidden(number) for number, name in enumerate(names)}
    rules = [rule.model_copy(update={"column": places.get(rule.column, rule.column)}) for rule in keys.skip_if]
    return keys.model_copy(update={"skip_if": rules})


def list_text_columns(layout: Layout) -> dict[str, Column]:
    """A column of text for each of the source's, under names that no column of a file has."""
    return {
        hidden(number): Column.model_validate({"type": "text", "role": "ignore", "null": True, "from": name})
        for number, name in enumerate(layout.names)
    }


def hidden(number: int) -> str:
    """A name that no column of a file has."""
    return f"\0{number}"


def _name(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The columns by the source's names, in its order."""
    if table.column_names[:1] == [hidden(0)]:
        return table.rename_columns(list(names))
    return table if table.column_names == list(names) else table.select(list(names))
