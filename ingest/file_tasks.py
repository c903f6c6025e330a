"""Several files are read side by side on a cluster: each is a task, and this machine puts their rows in order.

A worker reads a file as if it were the first of the set, and leaves what it read in a folder that both see: block by
block, as Arrow. Here the numbers of rows are moved to where the file stands, and what its cells show is joined with
what those before it have shown. What a worker cannot read, or what does not go with the files before, is read again
here in its place, so that rows and messages are those of one machine.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from loguru import logger
from pyarrow import ipc

from relay.compute.engine import Engine, run_in_order
from relay.compute.folder import data_folder
from relay.compute.opening import open_engine
from relay.compute.shared import open_shared
from relay.handoff.block import REJECTED_SCHEMA, Block
from relay.handoff.column import Column, OpenColumns
from relay.handoff.errors import RelayError
from relay.handoff.receipt import ColumnWarning
from relay.handoff.schema import arrow_schema
from relay.reading.columns import ReadColumns, open_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats import read_files, read_part
from relay.reading.formats.parts import open_parts
from relay.reading.packed import ZIP
from relay.reading.rawfile import RawFile

SMALLEST_BYTES = 500_000_000
"""Of all files together, as they lie there: below it the connection takes longer than what two workers save."""


@dataclass(frozen=True)
class FileTask:
    """One file to read."""

    file: RawFile
    """Its path lies below the data folder."""
    keys: FormatKeys
    columns: dict[str, Column]
    folder: Path
    """Below the data folder, for what was read."""


@dataclass(frozen=True)
class BlockRead:
    """What lies in the files of a `FileRead` for one block."""

    batches: int
    read: int
    rejected: int
    """Rows."""
    left_out: int
    """Rows, behind the rejected ones."""
    dropped: Counter[str]
    warnings: tuple[ColumnWarning, ...]


@dataclass(frozen=True)
class FileRead:
    """What was read of one file; it lies in two Arrow files."""

    name: str
    """Of the files, without ending."""
    size: int
    """Bytes of the rows' file."""
    blocks: tuple[BlockRead, ...]
    columns: ReadColumns
    """What the cells have shown."""
    noted: dict[str, Any]
    """What the receipt says of the file."""


def read_set(
    files: list[RawFile], keys: FormatKeys, columns: dict[str, Column], data_dir: Path, scratch: Path, recipe: str
) -> Iterator[Block]:
    """As `read_files`, by the workers of a cluster where that pays.

    Args:
        files: the files in order.
        keys: the keys of files.
        columns: the schema.
        data_dir: the data folder.
        scratch: as for `read_files`.
        recipe: its name.
    """
    chosen = [file for file in files if not ZIP.match(file.peek())]
    why = _find_reason_to_stay(chosen, columns)
    if why:
        logger.info("ingest {}: the files are read on this machine: {}", recipe, why)
        yield from read_files(files, keys, columns, scratch)
        return
    with open_engine(data_dir, reads=[file.path for file in chosen]) as engine:
        if engine.is_here:
            yield from read_files(files, keys, columns, scratch)
            return
        with open_shared(data_dir, f"{recipe}.files") as folder:
            side_by_side = SideBySide(engine, chosen, keys, columns, data_dir, folder)
            yield from read_files(files, keys, columns, scratch, side_by_side)


def _find_reason_to_stay(files: list[RawFile], columns: dict[str, Column]) -> str:
    if isinstance(columns, OpenColumns):
        return "their columns follow from the first one"
    if len(files) < 2:
        return "a cluster reads several that are no archives or workbooks"
    size = sum(file.origin.bytes for file in files)
    if size < SMALLEST_BYTES:
        return f"they have {size / 1e6:,.0f} MB, and a cluster pays from {SMALLEST_BYTES / 1e6:,.0f} MB on"
    return ""


class SideBySide:
    """Gives the blocks of one file after the other, as `read_part` does, while workers read those that follow.

    Args:
        engine: with the workers.
        files: that they read, in order, below the data folder.
        keys: the keys of files.
        columns: the schema.
        data_dir: the data folder.
        folder: relative to it, for what they read.
    """

    def __init__(
        self,
        engine: Engine,
        files: list[RawFile],
        keys: FormatKeys,
        columns: dict[str, Column],
        data_dir: Path,
        folder: Path,
    ) -> None:
        self._folder = data_dir / folder
        self._names = {file.name for file in files}
        # A URL, which may hold a secret, is no key of files: only these go to the workers.
        own = {name: getattr(keys, name) for name in FormatKeys.model_fields}
        sent = FormatKeys.model_construct(keys.model_fields_set & FormatKeys.model_fields.keys(), **own)
        tasks = [
            FileTask(
                replace(file, path=_relate(file.path, data_dir), given_name=file.content_name, noted={}),
                sent,
                dict(columns),
                folder,
            )
            for file in files
        ]
        self._results = run_in_order(engine, read_one, tasks)

    def __call__(self, file: RawFile, keys: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
        """The blocks of a file, which follows those that were asked for before.

        Raises:
            RelayError: as `read_part`.
        """
        found = next(self._results) if file.name in self._names else None
        if found is None or not columns.follow(found.columns, first_row - 1):
            yield from read_part(file, keys, columns, first_row)
            return
        file.noted.update(found.noted)
        yield from _replay(found, self._folder, first_row - 1)


def _relate(path: Path, data_dir: Path) -> Path:
    try:
        return path.relative_to(data_dir)
    except ValueError:
        return path.resolve().relative_to(data_dir.resolve())


def read_one(task: FileTask) -> FileRead | None:
    """What a file holds, with its first row as row 1; None where it must be read where all are.

    Raises:
        OSError: the disk refuses.
    """
    data_dir = data_folder()
    file = replace(task.file, path=data_dir / task.file.path, noted={})
    folder = data_dir / task.folder
    columns = open_columns(task.columns, task.keys)
    columns.is_set = True
    paths = _name_files(folder, secrets.token_hex(8))
    try:
        part = next(open_parts(file, task.keys, scratch=folder, is_alone=False))
        blocks = _write(read_part(part, task.keys, columns, 1), arrow_schema(columns), paths)
    except RelayError as error:  # said where all files are read: rows have other numbers there
        logger.debug("{}: {}", file.name, error)
        _remove(paths)
        return None
    except BaseException:
        _remove(paths)
        raise
    if columns != open_columns(task.columns, task.keys):  # a file's notes say how those that follow are read
        _remove(paths)
        return None
    return FileRead(paths[0].stem, paths[0].stat().st_size, blocks, columns, file.noted)


def _name_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Those of the rows, and of the others."""
    return folder / f"{name}.arrow", folder / f"{name}.others.arrow"


def _remove(paths: tuple[Path, Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _write(blocks: Iterator[Block], schema: pa.Schema, paths: tuple[Path, Path]) -> tuple[BlockRead, ...]:
    """What was written for each block."""
    rows, others = paths
    found = []
    fast = ipc.IpcWriteOptions(compression="lz4")
    with (
        ipc.new_file(str(rows), schema, options=fast) as into,
        ipc.new_file(str(others), REJECTED_SCHEMA, options=fast) as beside,
    ):
        for block in blocks:
            batches = block.table.select(schema.names).cast(schema).to_batches()
            for batch in batches:
                into.write_batch(batch)
            for table in (block.rejected, block.left_out):
                beside.write_table(table.cast(REJECTED_SCHEMA).combine_chunks())
            read = BlockRead(
                len(batches), block.read, len(block.rejected), len(block.left_out), block.dropped, block.warnings
            )
            found.append(read)
    return tuple(found)


def _replay(found: FileRead, folder: Path, before: int) -> Iterator[Block]:
    """The blocks, with rows counted from `before` on; their files are removed."""
    paths = _name_files(folder, found.name)
    if paths[0].stat().st_size != found.size:
        raise OSError(f"{paths[0]} has {paths[0].stat().st_size:,} bytes, expected {found.size:,}")
    with pa.memory_map(str(paths[0])) as rows, pa.memory_map(str(paths[1])) as beside:
        batches, others = ipc.open_file(rows), _Rows(ipc.open_file(beside))
        at = 0
        for block in found.blocks:
            table = pa.Table.from_batches(map(batches.get_batch, range(at, at + block.batches)), batches.schema)
            at += block.batches
            rejected, left_out = (_move(others.take(count), before) for count in (block.rejected, block.left_out))
            yield Block(table, block.read, rejected, Counter(block.dropped), block.warnings, left_out)
    _remove(paths)


class _Rows:
    """The rows of an Arrow file, some at a time: each piece was written as whole batches."""

    def __init__(self, reader: ipc.RecordBatchFileReader) -> None:
        self._reader, self._at = reader, 0

    def take(self, count: int) -> pa.Table:
        """The next rows."""
        taken = []
        while count > 0:
            taken.append(self._reader.get_batch(self._at))
            self._at += 1
            count -= taken[-1].num_rows
        return pa.Table.from_batches(taken, self._reader.schema)


def _move(rows: pa.Table, before: int) -> pa.Table:
    return rows.set_column(0, REJECTED_SCHEMA.field("row"), pc.add(rows.column("row"), before))
