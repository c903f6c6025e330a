"""The rows that are to be answered: a Parquet file, a folder of Parquet files, or a CSV file, read piece by piece."""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from model.ask.files.layout import unite_types
from relay.handoff.disk import is_refusal
from relay.handoff.errors import SchemaError, UsageError
from relay.handoff.files import Fingerprints, hash_json, identify
from relay.handoff.wording import count, list_words
from relay.reading.ambiguous import show
from relay.reading.csv_text import END, LONGEST_CELL

BATCH_ROWS = 65_536
"""The most rows that are in memory as cells at one time, for each thread."""
BATCH_CELLS = 2_000_000
"""The most cells of such rows: tables with many columns get fewer rows."""
BATCH_BYTES = 64 << 20
"""The most bytes of such rows, by what the file says of its columns: long texts get fewer rows."""
TASK_ROWS = 1_048_576
TASK_BYTES = 128 << 20
"""A row group with more rows, or more bytes in the columns that are kept, is answered batch by batch, so that the
result of a task stays small."""
BUFFER_BYTES = 1 << 20
"""Read of a column at one time: without it, Arrow holds the bytes of a whole row group."""
PARQUET, CSV = ".parquet", ".csv"


@dataclass(frozen=True)
class Piece:
    """Row groups of one file that are read together; none for a file without row groups."""

    path: Path
    """Below the data folder, where it lies there; else the whole path."""
    groups: tuple[int, ...]
    before: int
    """Rows of the source that come before."""
    file_before: int
    """Rows of this file that come before."""
    rows: int
    kept_bytes: int = 0
    """Of the columns that are kept, unpacked."""
    file: str = ""
    """Name of the file in its folder; empty for a source of one file."""

    @property
    def is_large(self) -> bool:
        """Whether the answers to all its rows may take much memory."""
        return self.rows > TASK_ROWS or self.kept_bytes > TASK_BYTES

    def skip(self, rows: int) -> "Piece":
        """The same without its first rows, for their numbers."""
        return replace(self, before=self.before + rows, file_before=self.file_before + rows, rows=self.rows - rows)


@dataclass(frozen=True)
class Source:
    """Files with one schema, and what they held when they were first looked at."""

    where: Path
    """As it was named: a file or a folder."""
    paths: tuple[Path, ...]
    is_csv: bool
    is_folder: bool
    schema: pa.Schema
    rows: int | None
    """None for a CSV file, whose rows are not counted before."""
    bytes: int
    identities: tuple[list[int], ...]
    mixed: Mapping[str, str] = field(default_factory=dict)
    """Columns of a folder whose types no one type holds -> which files have which; `schema` has the first one."""

    def fingerprint(self, fingerprints: Fingerprints) -> str:
        """The SHA-256 of the file; for a folder that of the list of those of its files.

        Raises:
            OSError: a file cannot be read.
        """
        found = [fingerprints.of(path) for path in self.paths]
        return hash_json(found) if self.is_folder else found[0]

    def require_unchanged(self) -> None:
        """Return when no file was written since it was opened.

        Raises:
            SchemaError: one was.
        """
        for path, before in zip(self.paths, self.identities, strict=True):
            if not path.exists() or identify(path) != before:
                raise SchemaError(
                    f"{path} was written while it was read; no answers were kept",
                    next_step="Stop the program that writes there, and run again",
                )

    def pieces(self, kept: Collection[str], data_dir: Path) -> Iterator[Piece]:
        """The row groups in order, small ones together.

        Args:
            kept: columns that go into the answers.
            data_dir: the data folder.
        """
        before = 0
        for path in self.paths:
            metadata = pq.read_metadata(path)
            sizes = [
                (metadata.row_group(at).num_rows, _count_bytes(metadata.row_group(at), kept))
                for at in range(metadata.num_row_groups)
            ]
            for groups, first, rows in _group([rows for rows, _ in sizes]):
                size = sum(sizes[at][1] for at in groups)
                yield Piece(
                    shorten_path(path, data_dir),
                    groups,
                    before + first,
                    first,
                    rows,
                    size,
                    path.name if self.is_folder else "",
                )
            before += metadata.num_rows


def shorten_path(path: Path, data_dir: Path) -> Path:
    """The path below the data folder, which other machines have elsewhere; of a file outside, the whole one."""
    whole, within = path.resolve(), data_dir.resolve()
    return whole.relative_to(within) if whole.is_relative_to(within) else whole


def open_source(where: Path) -> Source:
    """The rows of a file or of a folder's Parquet files, in the order of their names.

    Raises:
        UsageError: there is no such file, or it is of another kind.
        SchemaError: a file cannot be read, or two have different columns.
    """
    if not where.exists():
        raise UsageError(f"{where} does not exist", next_step="Name a Parquet or CSV file, or a folder, with --file")
    is_folder = where.is_dir()
    paths = tuple(sorted(where.glob(f"*{PARQUET}"))) if is_folder else (where,)
    if not paths:
        raise UsageError(f"the folder {where} holds no file *{PARQUET}", next_step="Name the folder in which they lie")
    if others := [path for path in paths if not path.is_file()]:
        what = "a folder" if others[0].is_dir() else "no file that can be read more than once"
        raise UsageError(f"{others[0]} is {what}", next_step="Name a file, or a folder whose Parquet files are read")
    identities = tuple(identify(path) for path in paths)
    total = sum(identity[0] for identity in identities)
    if where.suffix.lower() == CSV and not is_folder:
        names = next(_read_lines(where), None)
        if names is None:
            raise SchemaError(f"{where} is empty: expected a line of column names, then a line for each row")
        schema = pa.schema([(name.strip(), pa.string()) for name in names])
        return Source(where, paths, True, False, schema, None, total, identities)
    files = [_open_parquet(path) for path in paths]
    schema = files[0].schema_arrow
    for path, file in zip(paths, files, strict=True):
        if missing := [name for name in schema.names if name not in file.schema_arrow.names]:
            raise SchemaError(f"{path} lacks the columns {list_words(missing)}, which {paths[0].name} has")
        if twice := [name for name in schema.names if file.schema_arrow.names.count(name) > schema.names.count(name)]:
            raise SchemaError(f"{path} has {twice[0]} more than once", next_step="Keep one column of each name")
    rows = sum(file.metadata.num_rows for file in files)
    schema, mixed = unite_types([path.name for path in paths], [file.schema_arrow for file in files])
    for file in files:
        file.close()
    return Source(where, paths, False, is_folder, schema, rows, total, identities, mixed)


def read_piece(piece: Piece, columns: Sequence[str], folder: Path) -> Iterator[pa.Table]:
    """The rows of a piece in tables of at most `BATCH_ROWS` rows.

    Args:
        piece: of a Parquet file.
        columns: that are read.
        folder: below which the file lies, unless its path is whole.

    Raises:
        SchemaError: the file is damaged, or gone.
    """
    try:
        yield from _read_groups(folder / piece.path, list(piece.groups), columns, piece.rows)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and is_refusal(error):
            raise
        raise SchemaError(
            f"{folder / piece.path} cannot be read: {str(error).splitlines()[0]}",
            next_step="Write the file again, and run again when it is whole",
        ) from None


def _read_groups(path: Path, groups: list[int], columns: Sequence[str], total: int) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False) as file:
        size = sum(_count_bytes(file.metadata.row_group(at), frozenset(columns)) for at in groups)
        rows = min(_limit_rows(len(columns)), max(1, BATCH_BYTES * total // max(size, 1)))
        for batch in file.iter_batches(rows, row_groups=groups, columns=list(columns), use_threads=False):
            yield pa.Table.from_batches([batch])


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[pa.Table, dict[int, str]]]:
    """The rows of a CSV file in tables of texts, and index -> what is wrong with its number of cells.

    Raises:
        SchemaError: it is not UTF-8.
    """
    lines = _read_lines(path)
    names = [name.strip() for name in next(lines)]
    at = [names.index(name) for name in columns]
    while rows := [row for _, row in zip(range(_limit_rows(len(names))), lines, strict=False)]:
        uneven = {
            index: f"has {count(len(row), 'cell')}, expected {count(len(names), 'cell')}"
            for index, row in enumerate(rows)
            if len(row) != len(names)
        }
        for index in uneven:
            rows[index] = (rows[index] + [""] * len(names))[: len(names)]  # by them the row is found in the file
        cells = {name: pa.array([row[one] for row in rows], pa.string()) for name, one in zip(columns, at, strict=True)}
        yield pa.table(cells), uneven


def _read_lines(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file as `relay.reading.csv_text.split_rows` reads them, the names first."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _without_end(csv.reader(_with_end(file)), path)
            names = next((row for row in rows if row), None)
            if names is not None:
                yield names
                yield from (row or [""] for row in rows if row or len(names) == 1)
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path} is not UTF-8 ({error.reason})", next_step="Save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise SchemaError(f"{path} cannot be read as CSV: {error}") from None


def _with_end(lines: Iterable[str]) -> Iterator[str]:
    """The lines, and one more, which is part of the last cell where a quote is open."""
    for line in lines:
        yield line if line.endswith(("\n", "\r")) else f"{line}\n"
    yield END


def _without_end(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    last = next(rows)
    for row in rows:
        yield last
        last = row
    if last != [END]:
        cell = last[-1].removesuffix(END).rstrip()
        raise SchemaError(
            f"{path}: a quote is opened and never closed, near {show(cell)}", next_step="Close it in the file"
        )


def _limit_rows(columns: int) -> int:
    return max(1, min(BATCH_ROWS, BATCH_CELLS // max(columns, 1)))


def _count_bytes(group: pq.RowGroupMetaData, columns: Collection[str]) -> int:
    """Bytes of some columns of a row group, unpacked."""
    chunks = [group.column(at) for at in range(group.num_columns)] if columns else []
    return sum(one.total_uncompressed_size for one in chunks if one.path_in_schema.split(".")[0] in columns)


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaError(
            f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}",
            next_step=f"Give a Parquet file, a folder of them, or a CSV file whose name ends in {CSV}",
        ) from None


def _group(counts: Sequence[int]) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Row groups that are read together, the rows before them, and their rows."""
    groups: list[int] = []
    before = rows = 0
    for index, more in enumerate(counts):
        if groups and rows + more > BATCH_ROWS:
            yield tuple(groups), before, rows
            groups, before, rows = [], before + rows, 0
        groups.append(index)
        rows += more
    if rows:
        yield tuple(groups), before, rows
