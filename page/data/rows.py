"""What the Data page shows of a dataset: which one lies there, its first rows, how its columns are distributed.

Bounded: a few row groups are read, however large the file is.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from relay.handoff.errors import DatasetDamagedError, DatasetMissingError, DatasetReplacedError
from relay.handoff.files import BLOCK_BYTES, Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings

if TYPE_CHECKING:  # the first paint needs no Arrow
    import pandas as pd
    import pyarrow as pa

Layer = Literal["raw", "processed"]

STAGE_OF: dict[Layer, str] = {"raw": "ingest", "processed": "preprocess"}

FIRST_ROWS = 200
REJECTED_ROWS = 50
SHOWN_CHARS = 300
"""Of a text in the table of first rows."""

SAMPLE_GROUPS = 4
SAMPLE_ROWS = 20_000
"""Rows that the distributions are made of, at most: more would not move a bar by a point of the screen."""

BINS = 30
MOST_VALUES = 15
"""Categories with a bar of their own."""

MOST_POINTS = 2_000
"""Points beside a fitted line."""


class MovedOnError(Exception):
    """The dataset was written anew between the look at its receipt and its reading: look again."""


@dataclass(frozen=True)
class Bar:
    """One bar of a distribution: a range of numbers or times, or one value."""

    rows: int
    start: float | None = None
    end: float | None = None
    value: str = ""


@dataclass(frozen=True)
class Distribution:
    """How the values of a column are spread over the sampled rows."""

    column: str
    kind: Literal["number", "time", "values", "chars"]
    """`chars`: of the texts, their length; times in milliseconds since 1970."""
    bars: tuple[Bar, ...]
    nulls: int
    others: int = 0
    """Rows whose value has no bar of its own."""
    distinct: int = 0


@dataclass(frozen=True)
class View:
    """What is shown of the rows of one dataset; equal fingerprints have equal views."""

    first_rows: "pa.Table"
    distributions: tuple[Distribution, ...]
    sampled_rows: int


def locate_dataset(settings: Settings, recipe: str, layer: Layer) -> DatasetLocation:
    """Where a recipe's dataset lies."""
    return DatasetLocation(settings.data_dir, f"{layer}/{recipe}", STAGE_OF[layer])


def find_receipt(settings: Settings, recipe: str, layer: Layer) -> Receipt:
    """The receipt of the dataset that lies there now, matched with the file.

    Raises:
        DatasetMissingError: nobody has written it yet.
        DatasetDamagedError: file and receipt do not belong together.
    """
    location, command = locate_dataset(settings, recipe, layer), f"python -m {STAGE_OF[layer]} {recipe}"
    fingerprints = Fingerprints(settings.data_dir / ".state", settings.data_dir)
    receipt = location.find_receipt(fingerprints, command)
    if receipt is None:
        raise DatasetMissingError(f"{location.address} is not there yet: run `{command}`")
    return receipt


def read_view(settings: Settings, recipe: str, layer: Layer, fingerprint: str) -> View:
    """The view of a dataset that is held open and hashed while it is read.

    Raises:
        MovedOnError: another dataset lies there by now.
        DatasetMissingError, DatasetDamagedError: as `find_receipt`.
    """
    groups = _read_groups(settings, recipe, layer, fingerprint)
    sample = take_sample(groups)
    return View(
        first_rows=shorten_texts(groups[0].slice(0, FIRST_ROWS)),
        distributions=tuple(distribute(name, sample.column(name)) for name in sample.column_names),
        sampled_rows=sample.num_rows,
    )


def _read_groups(settings: Settings, recipe: str, layer: Layer, fingerprint: str) -> "list[pa.Table]":
    """A few row groups of a dataset, of one file or in parts, evenly spread over its rows."""
    from relay.handoff.dataset import open_dataset

    location = locate_dataset(settings, recipe, layer)
    fingerprints = Fingerprints(settings.data_dir / ".state", settings.data_dir)
    try:
        dataset = open_dataset(location, fingerprints, f"python -m {STAGE_OF[layer]} {recipe}")
        if dataset.receipt.fingerprint != fingerprint:
            raise MovedOnError(location.address)
        groups = dataset.spread(SAMPLE_GROUPS)
        dataset.require_unchanged()
    except DatasetReplacedError:
        raise MovedOnError(location.address) from None
    return groups


def read_start(path: Path, rows: int) -> tuple["pa.Table", int]:
    """The first rows of a table in a result, texts cut; and how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        first = next(parquet.iter_batches(batch_size=rows), None)
        table = parquet.schema_arrow.empty_table() if first is None else pa.Table.from_batches([first])
        return shorten_texts(table), parquet.metadata.num_rows


def take_sample(groups: "list[pa.Table]") -> "pa.Table":
    """Every k-th row of a few row groups."""
    import numpy as np
    import pyarrow as pa

    tables = []
    for table in groups:
        step = -(-table.num_rows * len(groups) // SAMPLE_ROWS)
        tables.append(table.take(np.arange(0, table.num_rows, max(step, 1))))
    return pa.concat_tables(tables)


def shorten_texts(table: "pa.Table") -> "pa.Table":
    """The table with long texts cut, so that a browser is not sent a book."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for number, item in enumerate(table.schema):
        if item.type == pa.string():
            cut = pc.utf8_slice_codeunits(table.column(number), 0, SHOWN_CHARS)
            table = table.set_column(number, item, cut)
    return table


def distribute(name: str, column: "pa.ChunkedArray") -> Distribution:
    """The distribution of one column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nulls, known, kind = column.null_count, column.drop_null(), column.type
    if pa.types.is_nested(kind):
        return Distribution(name, "values", (), nulls)
    if pa.types.is_timestamp(kind):
        return Distribution(
            name, "time", _bin(known.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).to_numpy()), nulls
        )
    if pa.types.is_floating(kind):
        return Distribution(name, "number", _bin(known.to_numpy()), nulls)
    numbers = Counter(known.to_pylist())
    if pa.types.is_integer(kind) and len(numbers) > MOST_VALUES:
        return Distribution(name, "number", _bin(known.to_numpy()), nulls)
    # A text that hardly ever occurs twice is prose or a name: its length says more than its value.
    if pa.types.is_string(kind) and len(numbers) > max(MOST_VALUES, len(known) // 4):
        return Distribution(name, "chars", _bin(pc.utf8_length(known).to_numpy()), nulls)
    shown = sorted(numbers.items()) if pa.types.is_integer(kind) else numbers.most_common(MOST_VALUES)
    bars = tuple(Bar(rows, value=str(value)) for value, rows in shown)
    return Distribution(name, "values", bars, nulls, len(known) - sum(bar.rows for bar in bars), len(numbers))


def _bin(values: Any) -> tuple[Bar, ...]:
    """Bars of equal width; of whole numbers each takes in equally many, or the bars would make a comb."""
    import numpy as np

    values = values[np.isfinite(values)]
    if not len(values):
        return ()
    low, high = values.min(), values.max()
    if np.issubdtype(values.dtype, np.integer):
        width = -(-(high - low + 1) // BINS)
        edges = np.arange(low, high + width + 1, width)
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    rows, _ = np.histogram(values, edges)
    ends = zip(rows.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return tuple(Bar(count, start, end) for count, start, end in ends)


def read_rejected(settings: Settings, recipe: str, layer: Layer, fingerprint: str) -> "pa.Table":
    """The first rejected rows, from a file that is the receipt's.

    Raises:
        MovedOnError: another file lies there by now.
        DatasetDamagedError: it is gone.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = locate_dataset(settings, recipe, layer).rejected
    try:
        file = pa.OSFile(str(path), "rb")
    except FileNotFoundError:
        raise DatasetDamagedError(f"{path} is gone, the receipt names it: run {STAGE_OF[layer]} again") from None
    digest = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    if digest.hexdigest() != fingerprint:
        raise MovedOnError(path.name)
    file.seek(0)
    return pq.ParquetFile(file).read_row_group(0).slice(0, REJECTED_ROWS)


def read_points(settings: Settings, recipe: str, fingerprint: str, names: tuple[str, str]) -> "pd.DataFrame":
    """Two columns of the processed rows as x and y, and split: rows without a value left out, at most `MOST_POINTS`.

    Raises:
        MovedOnError: the processed dataset is another one by now.
        DatasetMissingError, DatasetDamagedError: there is none.
    """
    sample = take_sample(_read_groups(settings, recipe, "processed", fingerprint))
    frame = sample.select([*names, "split"]).to_pandas().dropna()
    points: pd.DataFrame = frame.set_axis(["x", "y", "split"], axis="columns")
    return points.iloc[:: max(-(-len(points) // MOST_POINTS), 1)]
