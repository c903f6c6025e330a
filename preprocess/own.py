"""A user's own function as preprocess: it runs in a process apart, and what it gives is held to the schema."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from loguru import logger

from preprocess.own_call import OwnCall, RawPart
from preprocess.parameters import PythonSection
from preprocess.part import Order
from preprocess.rules import split_by_rules
from preprocess.split import SPLIT
from preprocess.table import SPLIT_FIELD, extend_schema, used_columns
from relay.handoff.errors import SchemaError
from relay.handoff.own.apart import Apart
from relay.handoff.recipe import Column
from relay.handoff.run import InputChangedError
from relay.handoff.writer import Block
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns


@dataclass
class OwnRows:
    """The rows that the function of a recipe makes of its raw datasets. Leaving the context ends its process."""

    call: OwnCall
    order: Order
    data_dir: Path
    scratch: Path
    """The working folder of its process."""
    part: RawPart | None = None
    """The part that the function gets; None: all rows."""
    folder: Path | None = None
    """With the user's files; None: where the recipe lies."""
    _stack: ExitStack = field(default_factory=ExitStack)
    rows_out: int = 0
    """Rows that the function gave, once the blocks have been read."""

    def __enter__(self) -> "OwnRows":
        work = self.call.place(self.data_dir, self.folder, self.part)
        self._apart = self._stack.enter_context(Apart(work, self.scratch, self.call.name))
        batches = self._apart.batches()
        try:
            first = next(batches, None)
        except BaseException:
            self._stack.close()
            raise
        self._batches: Iterator[pa.RecordBatch] = iter(()) if first is None else chain([first], batches)
        found = first.schema.names if first is not None else []
        names = [one["row_name"] for one in work.arguments["inputs"]]
        self.row_name = next((name for name in names if name in found), "")
        self._has_split = SPLIT in found
        self._has_frame = first is not None
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def schema(self) -> pa.Schema:
        """Of the processed table: the used columns, the split and, where it is known, the row in raw.

        Raises:
            RecipeError: a column has the name of one of the added ones.
        """
        way_back = [_raw_row_field(self.row_name)] if self.row_name else []
        return extend_schema(self.order.columns, [SPLIT_FIELD, *way_back])

    @property
    def facts(self) -> dict[str, Any]:
        """What the receipt says of the way back, once all rows were read."""
        return {"rows_read": self.rows_out, "way_back": self.row_name or "regrouped", **self._splitter.facts}

    def blocks(self) -> Iterator[Block]:
        """The rows in the schema's types, those that break a rule rejected, train and test marked.

        Raises:
            OwnCodeError: the function failed.
            SchemaError: it gave other columns, or no row.
            InputChangedError: a raw dataset was replaced in the meantime.
        """
        declared = self.order.columns
        columns = ReadColumns({name: declared[name] for name in used_columns(declared)})
        schema, self._splitter = self.schema, self.order.splitter()
        for block in self._splitter.mark(self._conform(columns), is_given=self._has_split):
            table = block.table.select(schema.names).cast(schema)
            yield Block(table, block.read, block.rejected)
        for seen in columns.warnings():
            logger.warning("{}: {}", self.call.name, seen.text)
        yield Block(schema.empty_table(), read=0, warnings=columns.warnings())
        if "changed" in self._apart.result:
            raise InputChangedError(self._apart.result["changed"])
        self.call.require_same(self.data_dir)
        if self.part is not None and not self._has_frame:
            raise SchemaError(f"{self.call.work.shown} gave no frame for part {self.part.index}, not even an empty one")
        if self.part is None and not self.rows_out:
            raise SchemaError(f"{self.call.work.shown} gave no rows")
        logger.info("{}: {} gave {:,} rows", self.call.name, self.call.work.function, self.rows_out)
        if dropped := self._apart.result["dropped"]:
            words = "of the index is dropped: [columns] does not name it, or a column has the same name"
            logger.info("{}: {} {}", self.call.name, ", ".join(dropped), words)
        for warning in self._apart.warnings:
            logger.warning("{}: {}", self.call.name, warning)

    def _conform(self, columns: Mapping[str, Column]) -> Iterator[Block]:
        """Blocks with the used columns, then what else is kept: the split of the function, and raw rows."""
        ignored = self.order.columns.keys() - columns.keys()
        for batch in self._batches:
            table = pa.Table.from_batches([batch])
            kept = [name for name in (self.row_name, SPLIT if self._has_split else "") if name]
            others = [name for name in table.column_names if name not in kept and name not in ignored]
            matched = match_columns(others, _plain(columns), self._section.extra_columns, self._where, "preprocess")
            numbers = np.arange(self.rows_out + 1, self.rows_out + 1 + table.num_rows)
            typed = conform(table.select([matched[name] for name in columns]), columns, numbers)
            whole = typed.table
            if kept:
                inside = np.ones(table.num_rows, bool)
                inside[np.array(typed.rejected.column("row").to_pylist(), np.int64) - self.rows_out - 1] = False
                extra = table.select(kept).filter(pa.array(inside))
                for name in kept:
                    whole = whole.append_column(name, extra.column(name))
            good, broken = split_by_rules(whole, columns, self.rows_out + 1)
            self.rows_out += table.num_rows
            yield Block(good, table.num_rows, pa.concat_tables([typed.rejected, broken]))

    @property
    def _where(self) -> str:
        return self.call.work.shown

    @property
    def _section(self) -> PythonSection:
        assert isinstance(self.order.section, PythonSection)  # noqa: S101 - other kinds have no function
        return self.order.section


def _raw_row_field(name: str) -> pa.Field:
    return pa.field(name, pa.int64(), metadata={"description": "number of the row in the raw dataset, from 1"})


def _plain(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns without what only ingest looks at: names in a source."""
    return {name: column.model_copy(update={"source": None}) for name, column in columns.items()}
