"""What looking at one file gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adopt.notes import Note

Notes = Mapping[str, tuple[Note, ...]]


@dataclass(frozen=True)
class Looked:
    """How one file is written, or all of a set."""

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
