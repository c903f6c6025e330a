"""What runs in the process of own code: frames for the function, and the rows that it gives back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from relay.handoff.dataset import Dataset, open_dataset
from relay.handoff.errors import SchemaError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.open_file import OpenFile
from relay.handoff.own.arguments import unpack
from relay.handoff.own.child import Child
from relay.handoff.own.frames import as_pandas, from_frame, keep_index, to_frame
from relay.handoff.own.signature import Frame
from relay.handoff.parts_dataset import PartsDataset

BATCH_ROWS = 65_536


class RawRows:
    """The raw rows that the function gets of a dataset, and which of them the result has led back to.

    Args:
        count: how many rows.
        first: number of the first one.
        is_whole: whether no other call gets them too; else a raw row of its own is no promise.
    """

    def __init__(self, count: int, first: int = 1, *, is_whole: bool = True) -> None:
        self._before, self._is_whole = first - 1, is_whole
        self._seen = np.zeros(count + 1, bool)

    def take(self, numbers: pa.ChunkedArray) -> bool:
        """Whether each of these rows has the number of a raw row of its own, also among those taken before."""
        if not self._is_whole or not pa.types.is_integer(numbers.type) or numbers.null_count:
            return False
        found = numbers.to_numpy() - self._before
        if len(found) and not (found.min() >= 1 and found.max() < len(self._seen)):
            return False
        if len(np.unique(found)) != len(found) or self._seen[found].any():
            return False
        self._seen[found] = True
        return True


def run(child: Child) -> dict[str, Any]:
    """Call the function with its frames and send what it gives.

    `child.arguments` holds `values`, `data_dir`, `inputs` (address, stage, fingerprint, frame and `row_name` of each
    dataset; `part` and `first_row` where it gets one part), `per_part` and `columns`, the names that the recipe
    declares for the result.

    Returns:
        `rows` that it gave, `row_name`, and `dropped`, the levels of indexes that became no column; or `changed`, the
        address of a dataset that is another one by now.

    Raises:
        SchemaError: it gave no frame, or none that has a name for each column once.
    """
    inputs, columns = child.arguments["inputs"], child.arguments["columns"]
    data_dir = Path(child.arguments["data_dir"])
    fingerprints = Fingerprints(data_dir / ".state", data_dir)
    per_part = child.arguments["per_part"]
    rows, frames, datasets = {}, [], list[Dataset | OpenFile]()
    for wanted in inputs:
        dataset = open_dataset(DatasetLocation(data_dir, wanted["address"], wanted["stage"]), fingerprints, "ingest")
        if dataset.receipt.fingerprint != wanted["fingerprint"]:
            return {"changed": wanted["address"]}
        name, first, count = wanted["row_name"], wanted["first_row"], dataset.receipt.rows
        source: Dataset | OpenFile = dataset
        if (part := wanted["part"]) is not None and isinstance(dataset, PartsDataset):
            source, count = dataset.open(part), dataset.files[part].rows
        datasets.append(source)
        rows[name] = RawRows(count, first, is_whole=not per_part or part is not None)
        frames.append(_to_frame(source, Frame(wanted["frame"]), name, first))
    given = child.call(child.load(), *frames, **unpack(child.arguments["values"]))
    parts = child.iterate(given) if isinstance(given, Iterator) else iter([given])
    sent, kept, dropped = 0, set[str](), set[str]()
    for part in parts:
        table, row_name, left_out = _to_table(part, child.shown, columns, rows)
        dropped.update(left_out)
        kept.add(row_name)
        if len(kept) > 1:
            raise SchemaError(f"{child.shown}: some frames keep the way back to raw and others do not")
        batches = table.to_batches(max_chunksize=BATCH_ROWS)
        if per_part and not batches:  # a part may have no row left, and then its columns are those of the others
            batches = [pa.RecordBatch.from_pylist([], schema=table.schema)]
        for batch in batches:
            child.send(batch)
        sent += table.num_rows
    for source in datasets:
        source.require_unchanged()  # the function may have left a stream before its end
    return {"rows": sent, "row_name": next(iter(kept), ""), "dropped": sorted(dropped - set(rows))}


def _to_frame(dataset: Dataset | OpenFile, kind: Frame, row_name: str, first: int) -> Any:
    """A dataset, or a part of one, as the frame that the function asks for."""
    if kind is Frame.BATCHES:
        return _stream(dataset, row_name, first)
    table = dataset.table()
    if kind is Frame.PANDAS:
        return to_frame(table, kind, row_name, first)
    return to_frame(_number(table, first, row_name), kind)


def _stream(dataset: Dataset | OpenFile, row_name: str, first: int) -> Iterator[pa.RecordBatch]:
    """The rows of a dataset, a row group at a time."""
    for batch in dataset.batches():
        table = _number(pa.Table.from_batches([batch]), first, row_name)
        first += table.num_rows
        yield from table.combine_chunks().to_batches()


def _number(table: pa.Table, first: int, row_name: str) -> pa.Table:
    """The table with the number of each row as its last column."""
    return table.append_column(row_name, pa.array(np.arange(first, first + table.num_rows, dtype=np.int64)))


def _to_table(
    given: Any, shown: str, columns: list[str], rows: Mapping[str, RawRows]
) -> tuple[pa.Table, str, list[str]]:
    """What the function gave, the name of its column with numbers of raw rows, if any, and dropped levels."""
    dropped: list[str] = []
    frame = as_pandas(given)
    if frame is not None:
        given, dropped = keep_index(frame, lambda name: name in columns or name in rows)
    table = from_frame(given, shown, columns)
    for name, raw_rows in rows.items():
        if name in table.column_names:
            if raw_rows.take(table.column(name)):
                return table, name, dropped
            table = table.drop_columns([name])
    return table, "", dropped
