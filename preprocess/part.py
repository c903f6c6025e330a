"""One raw part becomes one processed part: a task that runs on any machine that sees the data folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from preprocess.documents import documents_schema, prepare_documents
from preprocess.parameters import SECTIONS, DocumentsSection, PreprocessSection, SplitSection
from preprocess.split import Splitter
from preprocess.table import prepare_table, table_schema
from relay.compute.folder import data_folder
from relay.handoff.block import Block
from relay.handoff.column import Column
from relay.handoff.part_writer import MadePart, make_part
from relay.handoff.parts import PartPaths
from relay.handoff.parts_dataset import open_part
from relay.handoff.receipt import ColumnWarning

ORDER = "order.json"
"""What all tasks of a dataset have in common, in the folder of its parts; removed at the commit."""


@dataclass(frozen=True)
class Order:
    """What is made of each part."""

    columns: dict[str, Column]
    section: PreprocessSection
    seed: int
    warnings: tuple[ColumnWarning, ...] = ()
    """Of ingest; they stand in the last part."""
    first_test: int | None = None
    """Divided by time: the moment from which on rows test, in microseconds since 1970."""

    def to_json(self) -> bytes:
        """As it lies in the folder: what the recipe says, without what it leaves out."""
        columns = {
            name: column.model_dump(mode="json", by_alias=True, exclude_unset=True)
            for name, column in self.columns.items()
        }
        body: dict[str, Any] = {
            "columns": columns,
            "section": self.section.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "seed": self.seed,
            "warnings": [warning.model_dump() for warning in self.warnings],
            "first_test": self.first_test,
        }
        return json.dumps(body, ensure_ascii=False).encode()

    @classmethod
    def read(cls, path: Path) -> "Order":
        """The order in a file."""
        body = json.loads(path.read_bytes())
        section = body["section"]
        return cls(
            columns={name: Column.model_validate(column) for name, column in body["columns"].items()},
            section=SECTIONS[section["kind"]].model_validate(section),
            seed=body["seed"],
            warnings=tuple(ColumnWarning(**warning) for warning in body["warnings"]),
            first_test=body["first_test"],
        )

    @property
    def schema(self) -> pa.Schema:
        """Of the processed rows."""
        if isinstance(self.section, DocumentsSection):
            return documents_schema(self.columns, self.section)
        return table_schema(self.columns)

    def splitter(self) -> Splitter:
        """What marks the rows that train and those that test."""
        assert isinstance(self.section, SplitSection)  # noqa: S101 - other kinds have no split of ours
        moment = None
        if self.first_test is not None:
            moment = pa.scalar(self.first_test, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
        return Splitter(self.columns, self.section, self.seed, moment)


@dataclass(frozen=True)
class PartTask:
    """One part to make; paths lie below the data folder."""

    raw: str
    """The raw part."""
    sha256: str
    first_row: int
    """The number of its first row in the whole raw dataset, from 1."""
    folder: str
    """Of the processed parts."""
    index: int
    is_last: bool


def prepare_part(task: PartTask) -> MadePart:
    """Make a processed part, unless it lies there whole.

    Raises:
        DatasetDamagedError: the raw part is another one.
        DatasetReplacedError: it is gone.
    """
    data_dir = data_folder()
    order = Order.read(data_dir / task.folder / ORDER)
    notes = order.warnings if task.is_last else ()
    return make_part(
        PartPaths(data_dir / task.folder, task.index), order.schema, _prepare(data_dir, task, order), notes
    )


def _prepare(data_dir: Path, task: PartTask, order: Order) -> Iterator[Block]:
    raw = open_part(data_dir / task.raw, task.sha256)
    if isinstance(order.section, DocumentsSection):
        yield from prepare_documents(raw.batches(), order.columns, order.section, task.first_row)
    else:
        yield from prepare_table(raw.batches, order.columns, order.splitter(), task.first_row)
