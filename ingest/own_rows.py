"""A user's own function in ingest: it runs in a process apart and gives rows, or reads the files that came."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
from loguru import logger

from ingest.parameters import FormatSection
from relay.handoff.column import OpenColumns
from relay.handoff.errors import SourceError
from relay.handoff.files import identify
from relay.handoff.own.apart import Apart, locate_scratch
from relay.handoff.own.function import OwnFunction
from relay.handoff.own.signature import Frame
from relay.handoff.receipt import Origin
from relay.handoff.run import Run
from relay.reading.rawfile import RawFile

if TYPE_CHECKING:
    from relay.handoff.writer import Block

TASK = "ingest.own_frames:run"


class Files(Protocol):
    """A source of files."""

    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of each file, fetched first where that is due."""

    @property
    def files(self) -> list[RawFile]:
        """The files, known after `inputs`."""

    def origins(self) -> list[Origin]:
        """Where they came from."""


@dataclass(frozen=True)
class OwnFormat:
    """Files that a function of the recipe reads."""

    source: Files
    run: Run[Any]
    own: OwnFunction

    @property
    def rows_total(self) -> None:
        """It is not known before reading."""
        return

    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of the files, and of those that arguments name."""
        return self.source.inputs() | self.own.inputs(self.run.settings.data_dir)

    def origins(self) -> list[Origin]:
        """Where the files came from."""
        return self.source.origins()

    def blocks(self) -> "Iterator[Block]":
        """The rows that the function gives, in the schema's types.

        Raises:
            OwnCodeError: the function failed.
            SchemaError: columns are missing or unexpected, or frames differ.
            SourceError: there are several files for one path, a file changed, or the function gave no rows.
        """
        from relay.reading.columns import open_columns
        from relay.reading.formats import SameColumns
        from relay.reading.formats.parquet import conform_table

        section: FormatSection = self.run.parameters
        shown, files = self.own.signature.shown, self.source.files
        opened = open_columns(self.run.recipe.raw_columns, section)
        same, first_row = SameColumns(opened), 1
        before = [identify(file.path) for file in files]
        with start(self.run, self.own, files, "one" if self._takes_one(files) else "all") as apart:
            for batch in apart.batches():
                table = pa.Table.from_batches([batch])
                numbers = np.arange(first_row, first_row + table.num_rows)
                yield same.take(conform_table(table, opened, section.extra_columns, shown, numbers), shown)
                first_row += table.num_rows
            report(self.run, self.own, apart)
        for file, seen in zip(files, before, strict=True):
            file.require_unchanged(seen)
        yield same.end()

    def _takes_one(self, files: Sequence[RawFile]) -> bool:
        argument = self.own.signature.data[0]
        if argument.frame is Frame.PATHS:
            return False
        if len(files) > 1:
            raise SourceError(
                f"{self.own.signature.shown} takes one path, {argument.name}, and there are {len(files)} files: "
                f"{files[0].name}, {files[1].name}, …",
                next_step=f"Annotate it to get them all, {argument.name}: list[Path]",
            )
        return True


@contextmanager
def start(run: Run[Any], own: OwnFunction, files: Sequence[RawFile] = (), takes: str = "none") -> Iterator[Apart]:
    """The process of a function, whose batches are its rows; leaving the context ends it.

    Args:
        run: of ingest.
        own: the function.
        files: that it may get.
        takes: which of them: none, one or all.
    """
    columns = run.recipe.raw_columns
    names = {name for key, column in columns.items() for name in (key, *column.source_names)}
    work = own.work(
        TASK,
        run.settings.data_dir,
        files=[(file.given_name or file.path.name, str(file.path.absolute())) for file in files],
        takes=takes,
        columns=list(columns),
        names=sorted(names),
        is_open=isinstance(columns, OpenColumns),
    )
    with Apart(work, locate_scratch(run.settings.data_dir, f"{run.stage}-{run.recipe.name}"), run.name) as apart:
        yield apart


def report(run: Run[Any], own: OwnFunction, apart: Apart) -> None:
    """Log what a function gave.

    Raises:
        SourceError: it gave no rows.
    """
    given, shown = apart.result, own.signature.shown
    if not given["rows"]:
        raise SourceError(f"{shown} gave no rows")
    logger.info("{}: {} gave {:,} rows", run.name, own.signature.function, given["rows"])
    if given["dropped"]:
        words = "of the index is dropped: [columns] does not name it, or a column has the same name"
        logger.info("{}: {} {}", run.name, ", ".join(given["dropped"]), words)
    for warning in apart.warnings:
        logger.warning("{}: {}", run.name, warning)
