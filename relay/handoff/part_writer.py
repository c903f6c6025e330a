"""Writing a dataset in parts: a stream that is cut as it comes, or parts that are made one by one, by any process."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relay.handoff import interrupt
from relay.handoff.block import REJECTED_SCHEMA, Block, Stored
from relay.handoff.dataset import HashingFile
from relay.handoff.files import sync_folder
from relay.handoff.location import DatasetLocation
from relay.handoff.parts import (
    PART_TEXT_BYTES,
    SUMS,
    PartPaths,
    choose_coming,
    choose_folder,
    find_temporary,
    identify_parts,
    put,
    take_over,
    write_sums,
)
from relay.handoff.receipt import ColumnWarning, Part, Parts
from relay.handoff.row_groups import Cut, RowGroups, number_notes


@dataclass(frozen=True)
class MadePart:
    """What its maker says of a part: small, so that it can come from another machine."""

    rows: int
    sha256: str
    bytes: int
    read: int
    """Rows of the raw part that it was made of."""
    dropped: dict[str, int] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)
    rejected: str = ""
    """SHA-256 of the file of its rejected rows; empty where it has none."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else its maker says."""
    is_taken_over: bool = False
    """Whether a run before had made it."""

    @property
    def part(self) -> Part:
        """The part as the receipt names it."""
        return Part(rows=self.rows, sha256=self.sha256, bytes=self.bytes)


class PartFile:
    """A part on its way: a file under a temporary name of its own, then in place with its record."""

    def __init__(self, paths: PartPaths, schema: pa.Schema) -> None:
        self._paths = paths
        self._sink = HashingFile(find_temporary(paths.parquet))
        self._groups = RowGroups(self._sink, schema)

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        self._groups.add(table)

    def close(self, notes: Mapping[str, str]) -> Part:
        """Write the end, wait for the disk and put the rows in place; the record is the caller's."""
        self._groups.close(notes)
        self._sink.close()
        self._sink.path.replace(self._paths.parquet)
        return Part(rows=self._groups.rows, sha256=self._sink.fingerprint, bytes=self._sink.bytes)

    def abandon(self) -> None:
        """Remove it."""
        self._sink.abandon()


class StreamedParts:
    """Rows that come as one stream, cut into parts of fixed rows or bytes of text.

    Parts of a killed run are not taken over: the stream begins at its start anyway, and only its end shows that it is
    the source of the key.
    """

    def __init__(self, location: DatasetLocation, schema: pa.Schema, most_rows: int) -> None:
        before = location.read_parts_receipt()
        taken = {before.parts.folder, before.parts.before} if before is not None and before.parts else set[str]()
        self._folder = location.parts / choose_folder(location.coming, taken)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._before = before.parts.folder if before is not None and before.parts else ""
        self._schema = schema
        self._cut = Cut(schema, most_rows, PART_TEXT_BYTES)
        self._parts: list[Part] = []
        self._file: PartFile | None = None
        self.rows = 0

    def add(self, block: Block) -> None:
        """Append rows, and begin a part where the one before is full."""
        table = block.table
        while table.num_rows:
            if self._cut.is_reached:
                self._end_part({})
            if self._file is None:
                self._file = PartFile(PartPaths(self._folder, len(self._parts)), self._schema)
            head, table = self._cut.take(table)
            self._file.add(head)
            self.rows += head.num_rows

    def close(self, notes: Mapping[str, str]) -> None:
        """Write the last part, with the notes of all."""
        if self._file is not None:
            self._end_part(notes)

    def store(self) -> Stored:
        """The parts with their SHA256SUMS."""
        return store_parts(self._folder, self._parts, self._before)

    def abandon(self) -> None:
        """Remove the parts, and the one under way."""
        if self._file is not None:
            self._file.abandon()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end_part(self, notes: Mapping[str, str]) -> None:
        assert self._file is not None  # noqa: S101 - rows came since the last end
        paths, part = PartPaths(self._folder, len(self._parts)), self._file.close(notes)
        put(paths.record, json.dumps(part.model_dump()).encode())
        self._parts.append(part)
        self._file = None
        self._cut.begin()


class FinishedParts:
    """Parts that come whole, in their order."""

    def __init__(self, location: DatasetLocation, schema: pa.Schema) -> None:  # noqa: ARG002 - as every sink
        before = location.read_parts_receipt()
        self._before = before.parts.folder if before is not None and before.parts else ""
        self._folder = find_part_folder(location)
        self._parts: list[Part] = []

    @property
    def rows(self) -> int:
        """Rows so far."""
        return sum(part.rows for part in self._parts)

    def add(self, block: Block) -> None:
        """Append the part of a block."""
        if block.part is not None:
            self._parts.append(block.part)

    def close(self, notes: Mapping[str, str]) -> None:
        """Nothing is left to write: each part holds the notes that are its own."""

    def store(self) -> Stored:
        """The parts with their SHA256SUMS."""
        return store_parts(self._folder, self._parts, self._before)

    def abandon(self) -> None:
        """Keep the parts: the next run with this key takes them over, and one with another key removes them."""


def find_part_folder(location: DatasetLocation) -> Path:
    """The folder that a run fills with parts; whole ones that lie there are of its key."""
    return location.parts / choose_coming(location.read_parts_receipt(), location.coming)


def store_parts(folder: Path, parts: list[Part], before: str) -> Stored:
    """All parts and their SHA256SUMS on disk."""
    put(folder / SUMS, write_sums(parts))
    sync_folder(folder)
    sync_folder(folder.parent)
    return Stored(
        fingerprint=identify_parts(parts),
        bytes=sum(part.bytes for part in parts),
        rows=sum(part.rows for part in parts),
        parts=Parts(folder=folder.name, before=before, files=parts),
    )


def find_made(paths: PartPaths) -> MadePart | None:
    """A part that a run before left whole; None where it has to be made."""
    record = take_over(paths)
    return None if record is None else replace(MadePart(**record), is_taken_over=True)


def make_part(
    paths: PartPaths,
    schema: pa.Schema,
    blocks: Iterable[Block],
    notes: Iterable[ColumnWarning] = (),
    facts: Callable[[], dict[str, Any]] = dict,
) -> MadePart:
    """Write one part with its rejected rows, unless it lies there whole. Any process may, on any machine.

    Args:
        paths: of the part.
        schema: of every block's table.
        blocks: its rows in order; not asked for where the part is taken over.
        notes: warnings that stand in this part's file.
        facts: asked for after the last block: what else is known of the part.

    Raises:
        OSError: the disk refuses.
    """
    if (kept := find_made(paths)) is not None:
        return kept
    paths.record.unlink(missing_ok=True)
    file, rejected = PartFile(paths, schema), RejectedPart(paths.rejected)
    read, dropped, warnings = 0, Counter[str](), dict.fromkeys(notes)
    try:
        for block in blocks:
            interrupt.check()  # in a thread a signal raises nothing
            read += block.read
            dropped.update(block.dropped)
            warnings |= dict.fromkeys(block.warnings)
            file.add(block.table)
            rejected.add(block.rejected)
        rejected_sha256 = rejected.close()
        part = file.close(number_notes(warnings))
    except BaseException:
        file.abandon()
        rejected.abandon()
        raise
    made = MadePart(
        **part.model_dump(),
        read=read,
        dropped=dict(dropped),
        warnings=[warning.model_dump() for warning in warnings],
        rejected=rejected_sha256,
        facts=facts(),
    )
    put(paths.record, json.dumps(asdict(made)).encode())
    return made


class RejectedPart:
    """The rejected rows of one part, as a file of their own once there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink: HashingFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        """Append rows in `REJECTED_SCHEMA`."""
        if not rows.num_rows:
            return
        if self._writer is None:
            self._sink = HashingFile(find_temporary(self._path))
            self._writer = pq.ParquetWriter(self._sink, rows.schema, compression="zstd")
        self._writer.write_table(rows)

    def close(self) -> str:
        """The SHA-256 of the file, in place; empty where no row was rejected."""
        if self._writer is None or self._sink is None:
            self._path.unlink(missing_ok=True)
            return ""
        self._writer.close()
        self._sink.close()
        self._sink.path.replace(self._path)
        return self._sink.fingerprint

    def abandon(self) -> None:
        """Remove it."""
        if self._sink is not None:
            self._sink.abandon()


def to_blocks(
    folder: Path, schema: pa.Schema, made: Iterable[MadePart], *, counts_anew: bool = False
) -> Iterator[Block]:
    """Finished parts as blocks for the writer of the dataset, with their rejected rows a row group at a time.

    Args:
        folder: of the parts.
        schema: of their rows.
        made: the parts in order.
        counts_anew: whether the numbers of rejected rows begin with 1 in each part, and not in the dataset.
    """
    nothing, before = schema.empty_table(), 0
    for index, one in enumerate(made):
        warnings = tuple(ColumnWarning(**warning) for warning in one.warnings)
        yield Block(nothing, one.read, dropped=Counter(one.dropped), warnings=warnings, part=one.part)
        if one.rejected:
            with pq.ParquetFile(PartPaths(folder, index).rejected) as file:
                for group in range(file.num_row_groups):
                    rows = file.read_row_group(group).cast(REJECTED_SCHEMA)
                    if counts_anew:
                        rows = rows.set_column(0, REJECTED_SCHEMA.field("row"), pc.add(rows.column("row"), before))
                    yield Block(nothing, 0, rejected=rows)
        before += one.read
