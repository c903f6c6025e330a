"""How one file is written: by its first bytes, and among texts by its name."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from adopt.data.arff import find_arff_table
from adopt.data.cell_kinds import Kind, find_column_kind, find_kind
from adopt.data.dialect import cut_whole_lines
from adopt.data.fixed_width import find_fixed_table, read_decided, require_borders
from adopt.data.looked import Looked
from adopt.data.looking import Head, file_keys, read_head, read_tail
from adopt.data.other_layouts import count_by_blanks, refuse_blanks, refuse_drawn_table, refuse_long_delimiter
from adopt.data.parquet_file import find_parquet_table
from adopt.data.records import find_json_table, is_json, looks_like_json
from adopt.data.text_table import TextTable, find_text_table
from adopt.data.workbook import find_sheet_table
from relay.handoff.errors import SourceError
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.reading.formats.packing import find_workbook, require_unpacked
from relay.reading.packed import ZIP, Limit
from relay.reading.rawfile import RawFile

PARQUET_MAGIC = b"PAR1"
PROSE_ENDINGS = (".md", ".markdown")
SPARSE = re.compile(r"[+-]?[\d.]+(?:\s+\d+:[\d.eE+-]+)+\s*(?:#.*)?")
FEW_LINES, LONGEST_SAMPLE = 4, 16 << 20
"""Lines in the usual sample, below which a longer one of so many bytes is taken: rows may be long."""
MARKUP = ("html", "xml")
"""Formats of texts with tags between them."""
DOCUMENTS = ("text", *MARKUP)
LEAST_VALUES = 50
"""Lines that are looked at to tell a format."""
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
    ending = PurePath(strip_compression(part.content_name)).suffix.lower()
    by_name = ENDINGS.get(ending)
    if by_name in MARKUP:
        return Looked(by_name, {})
    head = part.sniff()
    if head.startswith(PARQUET_MAGIC):
        return find_parquet_table(part, say_format("parquet", by_name), Limit.read(file_keys(decided)))
    if ZIP.match(head) and find_workbook(part) == "excel":
        sheet = find_sheet_table(part, decided)
        has_names = bool(sheet.header.count)
        keys = {**say_format("excel", by_name), **sheet.keys}
        names = () if has_names else sheet.header.names
        return Looked("excel", keys, names, sheet.key_notes, has_names=has_names, title=sheet.title)
    require_unpacked(part, head, by_name)
    if by_name in ("json", "jsonl") or (looks_like_json(head) and (by_name != "csv" or is_json(part))):
        found = find_json_table(part, decided)
        keys = {**say_format(found.format, by_name), **({"records": found.records} if found.records else {})}
        return Looked(found.format, keys, key_notes={"records": found.notes} if found.notes else {})
    return _look_at_text(part, decided, by_name, ending)


def _look_at_text(part: RawFile, decided: Mapping[str, Any], by_name: str | None, ending: str) -> Looked:
    head = read_head(part, decided.get("encoding"))
    if not head.is_all and head.text.count("\n") < FEW_LINES:
        head = read_head(part, decided.get("encoding"), most_bytes=LONGEST_SAMPLE)
    text = cut_whole_lines(head.text, is_all=head.is_all)
    if arff := find_arff_table(text, part.name):
        return Looked("csv", arff.keys, arff.names, arff.key_notes, has_names=False)
    refuse_sparse(text, part.name)
    if "format" not in decided and "delimiter" not in decided:
        refuse_long_delimiter(text, part.name)
        refuse_drawn_table(text, part.name)
    is_fixed = "positions" in decided or "widths" in decided
    wanted = decided.get("format", "fixed" if is_fixed else by_name if by_name == "csv" else None)
    table = None
    if wanted not in ("text", "fixed") and (ending not in PROSE_ENDINGS or wanted == "csv"):
        table = _find_table(part, head, text, decided, wanted)
    if table is not None:
        keys = {**say_format("csv", by_name), **table.keys}
        return Looked("csv", keys, table.header.names, table.key_notes, table.notes, table.header.count > 0)
    if wanted == "fixed" and (said := read_decided(text, decided)):
        return Looked("fixed", {**said.keys, **_say_encoding(head)}, said.names, has_names=said.has_names)
    fixed = find_fixed_table(text) if wanted != "text" and ending not in PROSE_ENDINGS else None
    if fixed is not None and count_by_blanks(text) > len(fixed.names):
        refuse_blanks(text, part.name, head.encoding)  # two cells in one field
    if fixed is not None:
        require_borders(part, fixed, None if head.encoding == "utf-8" else head.encoding)
        return Looked("fixed", {**fixed.keys, **_say_encoding(head)}, fixed.names, fixed.key_notes)
    if wanted is None and ending not in PROSE_ENDINGS:
        refuse_blanks(text, part.name, head.encoding)
    return Looked("text", say_format("text", by_name))


def _find_table(
    part: RawFile, head: Head, text: str, decided: Mapping[str, Any], wanted: str | None
) -> TextTable | None:
    """The table that delimiters make; None where there is none, or fields of fixed width make more columns."""
    is_csv = wanted == "csv" or is_list_of_values(text)
    table = find_text_table(head, decided, name=part.content_name, is_csv=is_csv, tail=read_tail(part, head))
    if table is None or wanted == "csv":
        return table
    if table.has_lists and "delimiter" not in decided and find_fixed_table(text) is not None:
        return None  # a field of several numbers, aligned by blanks
    return table if _is_sure(table) else None


def _say_encoding(head: Head) -> dict[str, str]:
    return {} if head.encoding == "utf-8" or head.has_mark else {"encoding": head.encoding}


def is_list_of_values(text: str) -> bool:
    """Whether each line but the first is a number or a time: a table of one column."""
    lines = [line for line in text.splitlines() if line.strip()][1:LEAST_VALUES]
    return len(lines) > 1 and all(find_kind(line) in (Kind.NUMBER, Kind.TIME, Kind.MISSING) for line in lines)


def refuse_sparse(text: str, name: str) -> None:
    """Make sure that a text is not of LIBSVM's sparse format.

    Raises:
        SourceError: it is.
    """
    lines = [line for line in text.splitlines() if line.strip()][:LEAST_VALUES]
    if len(lines) > 1 and all(SPARSE.fullmatch(line) for line in lines):
        raise SourceError(
            f"{name}: LIBSVM's sparse format, which Relay does not read",
            next_step="Write it as CSV in Python: `sklearn.datasets.load_svmlight_file` reads it.",
        )


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
