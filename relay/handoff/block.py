"""What goes into a dataset, a piece at a time, and where its rows go."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import ColumnWarning, Part, Parts

REJECTED_SCHEMA = pa.schema([("row", pa.int64()), ("reason", pa.string()), ("cells", pa.string())])
"""`row` counts the source's records from 1; `cells` is a JSON object of column -> text as it came. Rows of a set of
files also have `file` and `file_row`, which counts from 1 in that file."""


@dataclass(frozen=True)
class Block:
    """A piece of a dataset on its way: rows that match the schema, and those that do not."""

    table: pa.Table
    read: int
    """Rows taken from the source for this block."""
    rejected: pa.Table = field(default_factory=REJECTED_SCHEMA.empty_table)
    """In `REJECTED_SCHEMA`."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> rows that the recipe asked to leave out."""
    warnings: tuple[ColumnWarning, ...] = ()
    """What was seen up to here."""
    left_out: pa.Table = field(default_factory=REJECTED_SCHEMA.empty_table)
    """Rows that are no records: counted as dropped, and kept with the rejected ones. In `REJECTED_SCHEMA`."""
    part: Part | None = None
    """A part of the dataset that is on disk already; `table` then has no rows."""


@dataclass(frozen=True)
class Stored:
    """The rows of a dataset on disk, whole and not in place yet."""

    fingerprint: str
    bytes: int
    rows: int
    parts: Parts | None = None


class RowSink(Protocol):
    """Where the rows of a dataset go: one file, or parts."""

    @property
    def rows(self) -> int:
        """Rows so far."""

    def add(self, block: Block) -> None:
        """Append the rows of a block."""

    def close(self, notes: Mapping[str, str]) -> None:
        """Put the last rows on disk, with notes for readers, which are part of the fingerprint."""

    def store(self) -> Stored:
        """What stands on disk, once it is closed; there is at least one row."""

    def abandon(self) -> None:
        """Remove what would be of no use to the next run."""


MakeSink = Callable[[DatasetLocation, pa.Schema], RowSink]
