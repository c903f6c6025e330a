"""A text whose lines are rows: delimiter, quote, encoding, lines before the table, names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adopt.data.dialect import Way, cut_whole_lines, find_way, read_way
from adopt.data.header import Header, find_header
from adopt.data.looking import Head
from adopt.notes import Note
from relay.reading.formats.rowends import Dialect

DECIDED = ("delimiter", "quote", "escape", "encoding", "skip_rows", "header", "comment")
"""Keys that a person may decide instead of what is found."""
MOST_RAGGED = 0.01
"""Share of rows with another number of cells, from which on a run would fail."""
SEPARATOR_NAMES = {"\t": "tab", " ": "blank"}


@dataclass(frozen=True)
class TextTable:
    """How a text is read as a table."""

    header: Header
    keys: Mapping[str, Any]
    """Of `[ingest]`, those that differ from the default."""
    key_notes: Mapping[str, tuple[Note, ...]]
    way: Way


def find_text_table(head: Head, keys: Mapping[str, Any], *, name: str, is_csv: bool) -> TextTable | None:
    """How a text is read as a table; None where it is none.

    Args:
        head: its beginning.
        keys: of `[ingest]` that a person decided.
        name: of the file.
        is_csv: whether its name says that it is a table, so that one column is one, too.
    """
    text = cut_whole_lines(head.text, is_all=head.is_all)
    way = find_way(text, delimiter=keys.get("delimiter"), quote=keys.get("quote"), escape=keys.get("escape"))
    if way is None and is_csv:
        way = read_way(text, Dialect(",", keys.get("escape"), keys.get("quote", '"')))
    if way is None:
        return None
    header = find_header(way.rows, decided=keys.get("header"))
    found, notes = _say_dialect(way, name)
    if header.skipped:
        found["skip_rows"], notes["skip_rows"] = header.skipped, header.skip_notes
    if header.count != 1:
        found["header"] = False if not header.count else header.count
    if header.notes:
        notes["header"] = header.notes
    _say_encoding(head, found, notes, keys)
    found |= {key: keys[key] for key in DECIDED if key in keys}
    return TextTable(header, found, notes, way)


def _say_dialect(way: Way, name: str) -> tuple[dict[str, Any], dict[str, tuple[Note, ...]]]:
    dialect = way.dialect
    usual = "\t" if name.lower().endswith(".tsv") else ","
    keys: dict[str, Any] = {}
    notes: dict[str, tuple[Note, ...]] = {}
    if dialect.delimiter != usual:
        keys["delimiter"] = dialect.delimiter
        notes["delimiter"] = (
            Note(f"{round(way.fit * 100)}% of the first {len(way.rows):,} rows have {way.width} cells"),
        )
    if dialect.quote != '"':
        keys["quote"] = dialect.quote
    if dialect.escape is not None:
        keys["escape"] = dialect.escape
    return keys, notes


def _say_encoding(
    head: Head, found: dict[str, Any], notes: dict[str, tuple[Note, ...]], keys: Mapping[str, Any]
) -> None:
    if head.encoding in ("utf-8", "utf-8-sig") or head.encoding.startswith("utf-16") or "encoding" in keys:
        return
    found["encoding"] = head.encoding
    strange = next((word for word in head.text.split() if not word.isascii()), "")
    shown = f': by it a cell has "{strange[:40]}"' if strange else ""
    notes["encoding"] = (Note(f"the bytes are not UTF-8, and can be {head.encoding}{shown}"),)
