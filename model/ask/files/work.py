"""A task of `model predict --file`: some rows of a file in, their answers and the rows that were refused out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.ask.files.answers import Outputs, answer_cells, count_unseen, find_known_words, show_numbers
from model.ask.files.check import check_rows, show_flaws, take_rows
from model.ask.files.layout import Layout
from model.ask.files.source import Piece, read_csv, read_piece
from model.release.production import OpenModel, Production, open_model
from relay.compute.folder import data_folder
from relay.handoff.block import REJECTED_SCHEMA
from relay.handoff.writer import show_cells
from relay.registry.artifacts import check_files
from relay.registry.contract import Contract
from relay.registry.records import Flaw, explain_infinite
from relay.registry.versions import CONTRACT_SHA256, Version

FOLDER_SCHEMA = pa.schema([*REJECTED_SCHEMA, ("file", pa.string()), ("file_row", pa.int64())])
"""Of the refused rows of a folder."""


@dataclass(frozen=True)
class VersionFiles:
    """A version's files, and the digest that vouches for them."""

    folder: Path
    """Below the data folder."""
    name: str
    number: int
    contract_sha256: str

    def within(self, data_dir: Path) -> "VersionFiles":
        """The same with the whole path of its folder."""
        return replace(self, folder=data_dir / self.folder)


@dataclass(frozen=True)
class Task:
    """Rows of one file, and the version that answers them."""

    piece: Piece
    version: VersionFiles
    layout: Layout
    is_check: bool = False
    """Whether the rows are only checked, because one before was refused and there will be no answers."""


@dataclass(frozen=True)
class Loaded:
    """A version that is ready to answer."""

    opened: OpenModel
    known: Mapping[str, pa.Array]
    """Column -> the categories of the training rows, as far as they are known."""

    @property
    def contract(self) -> Contract:
        """Of the version."""
        return self.opened.contract


@dataclass(frozen=True)
class Answered:
    """The answers to some rows, one for each."""

    table: pa.Table
    """In the layout's schema; an answer to a refused row is null. No rows where they were only checked."""
    rejected: pa.Table
    """In `REJECTED_SCHEMA` or `FOLDER_SCHEMA`."""
    rows: int
    reasons: Counter[str] = field(default_factory=Counter)
    """What is wrong with a column -> refused rows."""
    unseen: Counter[str] = field(default_factory=Counter)
    """Column -> answered rows with a category that the model was not trained on."""


@lru_cache(maxsize=2)
def load_version(files: VersionFiles) -> Loaded:
    """The version, checked and opened; kept for the next task of this process.

    Raises:
        ModelTamperedError: a file is not the one that was registered.
        ModelError: the model cannot be opened, or answers otherwise than it promised.
    """
    tags = {CONTRACT_SHA256: files.contract_sha256}
    version = Version(files.name, files.number, "", 0.0, is_production=False, tags=tags)
    opened = open_model(Production(version, files.folder, check_files(files.folder, version)))
    return Loaded(opened, find_known_words(opened.model))


def answer_task(task: Task) -> list[Answered]:
    """The answers to the rows of a task, in order; run by an engine of `relay.compute`."""
    return list(answer_piece(task, data_folder()))


def answer_piece(task: Task, folder: Path) -> Iterator[Answered]:
    """The same, batch by batch.

    Args:
        task: some rows.
        folder: the data folder.
    """
    loaded, done = load_version(task.version.within(folder)), 0
    for table in read_piece(task.piece, task.layout.list_columns(loaded.contract), folder):
        yield answer_table(loaded, table, task.layout, task.piece.skip(done), is_check=task.is_check)
        done += table.num_rows


def answer_csv(loaded: Loaded, path: Path, layout: Layout) -> Iterator[Answered]:
    """The answers to the rows of a CSV file, batch by batch."""
    done = 0
    for table, uneven in read_csv(path, layout.list_columns(loaded.contract)):
        yield answer_table(loaded, table, layout, Piece(path, (), done, done, table.num_rows), uneven=uneven)
        done += table.num_rows


def answer_table(
    loaded: Loaded,
    table: pa.Table,
    layout: Layout,
    piece: Piece,
    *,
    uneven: Mapping[int, str] | None = None,
    is_check: bool = False,
) -> Answered:
    """The answers to the rows of a table.

    Args:
        loaded: the version that answers.
        table: the rows, with the columns that are kept.
        layout: of the answers.
        piece: where the rows stand.
        uneven: for rows of a CSV file: index -> what is wrong with the number of its cells.
        is_check: whether the rows are only checked.
    """
    inputs = loaded.contract.inputs
    checked = check_rows(table, inputs, loaded.contract.limits, is_csv=uneven is not None)
    flaws = dict(checked.flaws)
    for index, about in (uneven or {}).items():
        flaws[index] = [Flaw("the row", "", "", about)]
    good = np.setdiff1d(np.arange(table.num_rows), np.fromiter(flaws, np.int64)) if flaws else None
    cells = checked.cells if good is None else take_rows(checked.cells, good)
    answered = table.num_rows if good is None else len(good)
    outputs = None if is_check or not answered else answer_cells(loaded.opened, cells, answered)
    for index in outputs.infinite.tolist() if outputs is not None else ():
        row = index if good is None else int(good[index])
        flaws[row] = [explain_infinite(show_numbers(inputs, cells, index), inputs)]
    return Answered(
        table=layout.schema.empty_table() if is_check else _join(table, layout, outputs, good),
        rejected=_reject(table, flaws, piece),
        rows=table.num_rows,
        reasons=Counter(_sum_up(found) for found in flaws.values()),
        unseen=Counter(count_unseen(cells, loaded.known)),
    )


def _join(table: pa.Table, layout: Layout, outputs: Outputs | None, good: NDArray[np.int64] | None) -> pa.Table:
    """The kept columns with the answers, null for rows that have none."""
    kept = [layout.convert(name, table.column(name)) for name in layout.kept]
    if outputs is None:
        nulls = [pa.nulls(table.num_rows, kind) for kind in layout.schema.types[len(kept) :]]
        return pa.table([*kept, *nulls], schema=layout.schema)
    shares = outputs.probabilities
    columns = [
        outputs.predictions,
        *(
            pa.array(np.ascontiguousarray(shares[:, at]))
            for at in range(len(layout.probabilities))
            if shares is not None
        ),
    ]
    if good is not None or len(outputs.infinite):
        places = np.full(table.num_rows, -1, np.int64)
        places[slice(None) if good is None else good] = np.arange(len(outputs.predictions))
        places[np.isin(places, outputs.infinite)] = -1
        take = pa.array(places, mask=places < 0)
        columns = [column.take(take) for column in columns]
    return pa.table([*kept, *columns], schema=layout.schema)


def _reject(table: pa.Table, flaws: Mapping[int, list[Flaw]], piece: Piece) -> pa.Table:
    """The refused rows, by their number."""
    schema = FOLDER_SCHEMA if piece.file else REJECTED_SCHEMA
    if not flaws:
        return schema.empty_table()
    indices = sorted(flaws)
    cells = table.take(pa.array(indices)).to_pylist()
    columns = {
        "row": [piece.before + index + 1 for index in indices],
        "reason": [show_flaws(flaws[index]) for index in indices],
        "cells": [show_cells(row) for row in cells],
        "file": [piece.file] * len(indices),
        "file_row": [piece.file_before + index + 1 for index in indices],
    }
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _sum_up(flaws: list[Flaw]) -> str:
    """What is wrong with a row, in words that do not depend on its values."""
    first = flaws[0]
    return f"{first.column}: expected {first.expected}" if first.expected else "another number of cells than names"
