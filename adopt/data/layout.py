"""What a person gave, and how it is written: the keys of `[ingest]` that were found by looking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from adopt.notes import Note


class Shape(StrEnum):
    """What the rows are."""

    TABLE = "table"
    DOCUMENTS = "documents"


@dataclass(frozen=True)
class Layout:
    """A source whose columns are known by name and whose cells are still as they were written."""

    shape: Shape
    names: tuple[str, ...]
    """The columns as the source has them, in its order. Without a header `column_1`, `column_2`, …"""
    ingest: Mapping[str, Any]
    """The keys of `[ingest]`: `source`, `path`, and what is not the default, such as `delimiter`."""
    title: str
    """A title for people, from the name of the file or table."""
    notes: tuple[Note, ...] = ()
    """About `[ingest]` as a whole."""
    key_notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """Key of `[ingest]` -> its evidence."""
    has_names: bool = True
    """Whether the source names its columns. Where it does not, `ingest` has `header = false` or `positions`: the
    columns go together by their order, and `from` is of no use."""
    files: tuple[Path, ...] = ()
    """The files that are read, on this machine; empty for a database."""
    format: str = ""
    """What the rows are read as, also where `ingest` need not say it: csv, excel, json, jsonl,
    parquet, fixed, text, sql."""
