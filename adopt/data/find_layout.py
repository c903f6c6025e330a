"""How what a person gave is written, found by looking."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from adopt.data.given import Given, find_given, make_title, name_source
from adopt.data.layout import Layout, Shape
from adopt.data.looking import file_keys, first_part, open_files, quietly, read_head
from adopt.data.records import find_json_table, looks_like_json
from adopt.data.rows import name_columns
from adopt.data.rows import read_rows as read_rows
from adopt.data.text_table import find_text_table
from adopt.data.workbook import find_sheet_table
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.handoff.settings import read_settings
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.reading.formats.packing import find_workbook, require_unpacked
from relay.reading.packed import ZIP
from relay.reading.rawfile import RawFile

PARQUET_MAGIC = b"PAR1"

Notes = Mapping[str, tuple[Note, ...]]


@dataclass(frozen=True)
class Found:
    """What looking at a file gave."""

    format: str
    keys: Mapping[str, Any]
    """Of `[ingest]`, without `source` and `path`."""
    names: tuple[str, ...] = ()
    """Of the columns; empty: the first rows tell."""
    key_notes: Notes = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    has_names: bool = True
    title: str = ""
    """What tells this table from others of the same file."""


def find_layout(given: str, *, keys: Mapping[str, Any] | None = None) -> Layout:
    """How what was given is written: the keys of `[ingest]`, and the names of the columns.

    Args:
        given: a file, a folder, a pattern, a URL, a database, or the variable that holds the URL of one.
        keys: of `[ingest]`, such as `sheet`, `member`, `records`, `table`, `query` or `delimiter`: those that a person
            decided, which are not looked for.

    Raises:
        UsageError: nothing is there, or several are and one must be chosen.
        SourceError: it cannot be had or read; the message says what to do.
        SchemaError: files of a set have other columns.
    """
    settings = read_settings(os.environ)
    found = find_given(given, settings, os.environ)
    with quietly():
        return _look_at_files(found, dict(keys or {}))


def _look_at_files(given: Given, decided: dict[str, Any]) -> Layout:
    file = open_files(given.files[:1])[0]
    with first_part(file, file_keys(decided)) as part:
        found = look(part, decided)
    member = {"member": decided["member"]} if "member" in decided else {}
    layout = Layout(
        Shape.TABLE,
        found.names,
        {"source": "file", "path": given.path, **member, **found.keys},
        " ".join(filter(None, (make_title(name_source(given)), found.title))),
        found.notes,
        found.key_notes,
        found.has_names,
        given.files,
        found.format,
    )
    return layout if found.names else name_columns(layout)


def look(part: RawFile, decided: Mapping[str, Any]) -> Found:
    """How one file is written, by its first bytes; its name decides only between texts.

    Raises:
        UsageError: one of several tables in it must be chosen.
        SourceError: it cannot be read.
    """
    head = part.sniff()
    ending = PurePath(strip_compression(part.content_name)).suffix.lower()
    by_name = ENDINGS.get(ending)
    if head.startswith(PARQUET_MAGIC):
        return Found("parquet", _say_format("parquet", by_name))
    if ZIP.match(head) and find_workbook(part) == "excel":
        sheet = find_sheet_table(part, decided)
        keys = {**_say_format("excel", by_name), **sheet.keys}
        names = sheet.header.names if not sheet.header.count else ()
        return Found("excel", keys, names, sheet.key_notes, has_names=bool(sheet.header.count), title=sheet.title)
    require_unpacked(part, head, by_name)
    if by_name in ("json", "jsonl") or (by_name != "csv" and looks_like_json(head)):
        table = find_json_table(part, decided)
        keys = _say_format(table.format, by_name) | ({"records": table.records} if table.records else {})
        return Found(table.format, keys, key_notes={"records": table.notes} if table.notes else {})
    return _look_at_text(part, decided, by_name)


def _look_at_text(part: RawFile, decided: Mapping[str, Any], by_name: str | None) -> Found:
    head = read_head(part, decided.get("encoding"))
    table = find_text_table(head, decided, name=part.content_name, is_csv=by_name == "csv")
    if table is None:
        raise SourceError(f"{part.name}: no table was found in it")
    keys = {**_say_format("csv", by_name), **table.keys}
    return Found("csv", keys, table.header.names, table.key_notes, has_names=table.header.count > 0)


def _say_format(kind: str, by_name: str | None) -> dict[str, Any]:
    """The key `format`, where the file's name does not tell it."""
    return {} if kind == by_name else {"format": kind}
