"""How one file is written: by its first bytes, and among texts by its name."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from adopt.data.cell_kinds import Kind, find_column_kind
from adopt.data.looked import Looked
from adopt.data.looking import read_head, read_tail
from adopt.data.records import find_json_table, looks_like_json
from adopt.data.text_table import TextTable, find_text_table
from adopt.data.workbook import find_sheet_table
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.reading.formats.packing import find_workbook, require_unpacked
from relay.reading.packed import ZIP
from relay.reading.rawfile import RawFile

PARQUET_MAGIC = b"PAR1"
PROSE_ENDINGS = (".md", ".markdown")
LEAST_COLUMNS = 3
"""Of a text file that is a table without any column of numbers or times; verses may have a comma in each line."""


def look(part: RawFile, decided: Mapping[str, Any]) -> Looked:
    """How one file is written.

    Args:
        part: a file, what it holds compressed, or a member of an archive.
        decided: keys of `[ingest]` that a person decided.

    Raises:
        UsageError: one of several tables in it must be chosen.
        SourceError: it cannot be read.
    """
    head = part.sniff()
    ending = PurePath(strip_compression(part.content_name)).suffix.lower()
    by_name = ENDINGS.get(ending)
    if head.startswith(PARQUET_MAGIC):
        return Looked("parquet", say_format("parquet", by_name))
    if ZIP.match(head) and find_workbook(part) == "excel":
        sheet = find_sheet_table(part, decided)
        has_names = bool(sheet.header.count)
        keys = {**say_format("excel", by_name), **sheet.keys}
        names = () if has_names else sheet.header.names
        return Looked("excel", keys, names, sheet.key_notes, has_names=has_names, title=sheet.title)
    require_unpacked(part, head, by_name)
    if by_name in ("json", "jsonl") or (by_name != "csv" and looks_like_json(head)):
        found = find_json_table(part, decided)
        keys = {**say_format(found.format, by_name), **({"records": found.records} if found.records else {})}
        return Looked(found.format, keys, key_notes={"records": found.notes} if found.notes else {})
    return _look_at_text(part, decided, by_name, ending)


def _look_at_text(part: RawFile, decided: Mapping[str, Any], by_name: str | None, ending: str) -> Looked:
    head = read_head(part, decided.get("encoding"))
    wanted = decided.get("format", by_name if by_name == "csv" else None)
    table = None
    if wanted != "text" and (ending not in PROSE_ENDINGS or wanted == "csv"):
        tail = read_tail(part, head)
        table = find_text_table(head, decided, name=part.content_name, is_csv=wanted == "csv", tail=tail)
    if table is None or (wanted != "csv" and not _is_sure(table)):
        return Looked("text", say_format("text", by_name))
    keys = {**say_format("csv", by_name), **table.keys}
    return Looked("csv", keys, table.header.names, table.key_notes, table.notes, table.header.count > 0)


def _is_sure(table: TextTable) -> bool:
    """Whether a text whose name does not say that it is a table is one."""
    if table.way.width >= LEAST_COLUMNS:
        return True
    rows = [row.cells for row in table.way.rows[table.header.body :] if len(row.cells) == table.way.width]
    kinds = {find_column_kind([row[at] for row in rows]) for at in range(table.way.width)}
    return table.way.dialect.delimiter != "," or bool(kinds & {Kind.NUMBER, Kind.TIME})


def say_format(kind: str, by_name: str | None) -> dict[str, Any]:
    """The key `format`, where the file's name does not tell it."""
    return {} if kind == by_name else {"format": kind}
