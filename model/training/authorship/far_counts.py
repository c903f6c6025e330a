"""n-grams counted by the workers of a cluster, each in row groups of the processed dataset that it reads itself."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.style_parameters import AuthorshipParameters
from model.training.authorship.chunking import Count, Units, count_here, cut
from model.training.authorship.documents import Documents, check_columns, read_texts
from model.training.authorship.far import Far
from relay.compute.engine import run_in_order
from relay.compute.errors import ComputeError
from relay.compute.folder import data_folder
from relay.compute.shared import map_arrays, write_arrays
from relay.handoff.errors import DatasetReplacedError
from relay.handoff.open_file import Dataset, OpenFile
from relay.handoff.parts import PartPaths
from relay.handoff.parts_dataset import PartsDataset
from relay.handoff.recipe import Recipe
from stylometry.chunks import Chunks
from stylometry.errors import StylometryError
from stylometry.features import CountTable
from stylometry.merging import Columns, Entries, join_rows, merge_ngrams, merge_words
from stylometry.ngrams import Counts, count_any_ngrams
from stylometry.words import WordCounts, count_any_words

FEWEST_BYTES = 1 << 30
"""Text from which on a cluster counts: two cores need 7 s for it; with a cluster, joining and merging take 4 s."""

GROUPS = 8
"""Row groups of a task: 64 MB of text."""

SMALL = np.iinfo(np.uint16).max
"""Counts of most n-grams are no larger, and then take half the room."""


@dataclass(frozen=True)
class CountTask:
    """Row groups whose documents are cut into chunks and counted."""

    path: str
    """Of the Parquet file, below the data folder."""
    groups: tuple[int, ...]
    column: str
    """Of the texts."""
    sha256: str
    """Of the texts one after another."""
    parameters: AuthorshipParameters
    """Say how documents are cut."""
    units: Units
    into: str
    """The file that takes the entries, below the data folder."""


@dataclass(frozen=True)
class Counted:
    """What was counted, but for the entries, which lie in a file."""

    names: Counts | WordCounts
    """Without a matrix."""
    rows: int
    entries: int


class FarCounts:
    """Counts of documents by the workers of a cluster.

    Args:
        far: the cluster.
        documents: all documents, in the order of the rows.
        column: of the texts in the processed dataset.
        parameters: the recipe's, by which documents are cut.
    """

    def __init__(self, far: Far, documents: Documents, column: str, parameters: AuthorshipParameters) -> None:
        self._far, self._documents, self._column, self._parameters = far, documents, column, parameters

    def count(self, chunks: Chunks, units: Units) -> CountTable:
        """What `count_here` gives: the same n-grams in the same order, the same integers.

        Args:
            chunks: of all documents.
            units: what is counted.

        Raises:
            ComputeError: the cluster cannot be used, or was lost.
            DatasetReplacedError: the processed dataset is another one by now.
            StylometryError: no chunk is long enough for an n-gram.
        """
        tasks: list[CountTask] = []
        counted = list(run_in_order(self._far.engine, count_groups, self._make_tasks(units, tasks)))
        names, columns, width = _merge([one.names for one in counted])
        if not width:
            return count_here(chunks, units)  # which says that there is nothing to count
        sizes = [(one.rows, one.entries) for one in counted]
        if (rows := sum(one.rows for one in counted)) != len(chunks):
            raise ComputeError(f"the workers cut {rows:,} chunks, expected {len(chunks):,} as on this machine")
        return replace(names, matrix=join_rows(lambda number: self._take(tasks[number]), sizes, columns, width))

    def _make_tasks(self, units: Units, made: list[CountTask]) -> Iterator[CountTask]:
        """The tasks, each noted when it is asked for: texts are hashed while workers have others."""
        utf8, offsets = self._documents.utf8, self._documents.offsets
        pieces = list(_list_pieces(self._far.dataset))
        if (rows := sum(piece.rows for piece in pieces)) != len(self._documents):
            raise DatasetReplacedError(f"the processed dataset has {rows:,} rows, {len(self._documents):,} before")
        first = 0
        for number, piece in enumerate(pieces):
            task = CountTask(
                path=piece.path.relative_to(self._far.data_dir).as_posix(),
                groups=piece.groups,
                column=self._column,
                sha256=hashlib.sha256(utf8[offsets[first] : offsets[first + piece.rows]].data).hexdigest(),
                parameters=self._parameters,
                units=units,
                into=(self._far.folder / f"{units.kind}-{number}").as_posix(),
            )
            first += piece.rows
            made.append(task)
            yield task

    def _take(self, task: CountTask) -> Entries:
        """The entries of a task, whose file goes with them."""
        path = self._far.data_dir / task.into
        arrays = map_arrays(path)
        path.unlink()
        return Entries(*arrays)


def choose_count(far: Far | None, documents: Documents, recipe: Recipe, parameters: AuthorshipParameters) -> Count:
    """What counts these texts: a cluster where there are enough of them, and each is cut for itself in the rows' order.

    Random samples are drawn by a document's number in the whole, and joined texts know no border of row groups.
    """
    is_by_row = parameters.chunking in ("within", "whole") and not parameters.order
    if far is None or not is_by_row or documents.utf8.size < FEWEST_BYTES:
        return count_here
    column = check_columns(recipe.columns, by_time=False)["input"]
    return FarCounts(far, documents, column, parameters).count


def count_groups(task: CountTask) -> Counted:
    """What is counted in some row groups; run by an engine of `relay.compute`.

    Raises:
        DatasetReplacedError: the texts are not those of the task.
    """
    n = task.units.n
    try:
        chunks = cut(_read_documents(task, data_folder() / task.path), task.parameters)
    except StylometryError:
        # All texts have been cut before, so what is left is that none of these is long enough.
        write_arrays(data_folder() / task.into, [np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint16)])
        nothing = Counts(np.empty((0, n), np.int32), None)
        return Counted(
            nothing if task.units.kind == "chars" else WordCounts((), np.empty((0, n), np.int64), None), 0, 0
        )
    table: Counts | WordCounts
    if task.units.kind == "chars":
        table = count_any_ngrams(chunks, n, threads=1)
    else:
        table = count_any_words(chunks, n, tokens=task.units.rule, threads=1)
    matrix = table.matrix
    data = matrix.data.astype(np.uint16) if matrix.data.max(initial=0) <= SMALL else matrix.data
    write_arrays(data_folder() / task.into, [matrix.indptr[1:].astype(np.int64), matrix.indices, data])
    return Counted(replace(table, matrix=None), len(chunks), matrix.nnz)


def _read_documents(task: CountTask, path: Path) -> Documents:
    """The documents of the row groups, without what is not needed to cut them."""
    try:
        with pq.ParquetFile(path) as file:
            column = file.read_row_groups(list(task.groups), columns=[task.column], use_threads=False).column(0)
    except (OSError, pa.ArrowException) as error:
        raise DatasetReplacedError(f"{path} cannot be read: {error}", next_step="Run it again") from None
    utf8, offsets = read_texts(column)
    if hashlib.sha256(utf8.data).hexdigest() != task.sha256:
        raise DatasetReplacedError(f"{path} has other texts than before", next_step="Run it again")
    return Documents(utf8, offsets, [None] * (len(offsets) - 1), [])


@dataclass(frozen=True)
class _Piece:
    """Row groups of a file."""

    path: Path
    groups: tuple[int, ...]
    rows: int


def _list_pieces(dataset: Dataset) -> Iterator[_Piece]:
    """The row groups of a dataset, so many together as a task takes."""
    for path in _list_files(dataset):
        metadata = pq.read_metadata(path)
        for first in range(0, metadata.num_row_groups, GROUPS):
            groups = range(first, min(first + GROUPS, metadata.num_row_groups))
            yield _Piece(path, tuple(groups), sum(metadata.row_group(group).num_rows for group in groups))


def _list_files(dataset: Dataset) -> list[Path]:
    if isinstance(dataset, PartsDataset):
        return [PartPaths(dataset.folder, index).parquet for index in range(len(dataset.files))]
    assert isinstance(dataset, OpenFile)  # noqa: S101 - there is no third form
    return [dataset.path]


def _merge(found: Sequence[Counts | WordCounts]) -> tuple[Counts | WordCounts, list[Columns], int]:
    """The n-grams of all tasks, the columns of each, and how many there are in all."""
    if isinstance(found[0], Counts):
        code_points, columns = merge_ngrams([one.code_points for one in found if isinstance(one, Counts)])
        return Counts(code_points, None), columns, len(code_points)
    parts = [(one.words, one.indices) for one in found if isinstance(one, WordCounts)]
    words, indices, columns = merge_words(parts)
    return WordCounts(words, indices, None), columns, len(indices)
