"""A dataset into a table and a table into rows, against pandas and SQLAlchemy on the same server in the same run."""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from loguru import logger

from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Key, Receipt, Rejects
from relay.handoff.schema import describe_schema
from relay.handoff.settings import ROOT
from relay.handoff.writer import Block, DatasetWriter
from relay.sources.queries import Question, ask_postgres
from relay.tables.connection import Database
from relay.tables.replace import Publication
from relay.tables.table import find_table

RUNS, QUICK_RUNS = 3, 1
ROWS, QUICK_ROWS = 100_000, 2_000

MOST_VALUES = 32_767
"""Bound values of a statement that asyncpg takes, which bounds the rows of a multi-row insert."""

SELECT = 'select * from raw."rows_data"'
SECONDS = 600


def run(quick: bool) -> list[dict[str, object]]:
    """Median seconds, alternated, and how many times as long the others take; nothing without PostgreSQL's programs."""
    sys.path.insert(0, str(ROOT / "tests"))
    server_module = import_module("postgres_server")
    programs = server_module.find_programs()
    logger.remove()  # the publications' lines would stand between the rows of the report
    if programs is None:
        print("Left out: needs the programs of a PostgreSQL server (apt install postgresql)")
        return []
    run_server = server_module.run_server(server_module.PostgresServer, programs)
    with tempfile.TemporaryDirectory() as folder, run_server as server:
        return compare(Path(folder), server.url(server.make_database()), quick)


def compare(folder: Path, url: str, quick: bool) -> list[dict[str, object]]:
    """The rows of the report."""
    rows = QUICK_ROWS if quick else ROWS
    location, fingerprints = make_dataset(folder, rows), Fingerprints(folder / ".state", folder)

    def publish() -> None:
        with Database(url) as database:
            database.execute("delete from relay.datasets")  # else it is published already
            Publication(database, find_table(location), location, fingerprints, "benchmark").publish()

    def read() -> None:
        found = sum(batch.num_rows for batch in ask_postgres(url, Question(SELECT, (), SECONDS)))
        assert found == rows, found

    with Database(url) as database:
        Publication(database, find_table(location), location, fingerprints, "benchmark").publish()
    ways: dict[str, dict[str, Callable[[], None]]] = {
        "Parquet to table": {
            "published": publish,
            "pandas to_sql, multi": lambda: write_by_pandas(url, location.parquet, "multi"),
            "pandas to_sql, executemany": lambda: write_by_pandas(url, location.parquet, None),
        },
        "table to columns": {"source sql": read, "pandas read_sql": lambda: read_by_pandas(url, rows)},
    }
    return [row for what, group in ways.items() for row in measure_group(what, group, rows, quick)]


def measure_group(what: str, ways: dict[str, Callable[[], None]], rows: int, quick: bool) -> list[dict[str, object]]:
    """Median seconds of each way, and their ratio to the first one."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(QUICK_RUNS if quick else RUNS):
        for way, work in ways.items():
            begun = perf_counter()
            work()
            seconds[way].append(perf_counter() - begun)
    first = median(next(iter(seconds.values())))
    return [
        {
            "benchmark": "database", "what": what, "way": way, "rows": rows,
            "median_seconds": median(times), "times_as_long": median(times) / first,
        }
        for way, times in seconds.items()
    ]  # fmt: skip


def make_dataset(folder: Path, rows: int) -> DatasetLocation:
    """A dataset of numbers, words and times, as ingest leaves one."""
    random = np.random.default_rng(0)
    numbers = {f"x{index}": pa.array(random.normal(size=rows)) for index in range(5)}
    moments = pa.array(1_700_000_000_000_000 + np.arange(rows) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    words = pa.array(np.array(["alpha", "beta", "gamma delta"])[random.integers(0, 3, rows)])
    table = pa.table(
        {"id": np.arange(rows), **numbers, "is_new": random.random(rows) < 0.5, "word": words, "at": moments}
    )
    location = DatasetLocation(folder, "raw/rows", "ingest")
    key = Key(code={}, parameters={}, inputs={})
    with DatasetWriter(location, table.schema, 0) as writer:
        writer.add(Block(table=table, read=rows))
        written = writer.finish()
        receipt = Receipt(
            stage="ingest", recipe="rows", title="Rows", fingerprint=written.fingerprint, bytes=written.bytes,
            rows=rows, columns=describe_schema(table.schema), key=key, key_digest=key.digest, overrides={},
            sources=[], rejected=Rejects(), dropped={}, seed=0, versions={}, started_at_utc="", seconds=0.0,
        )  # fmt: skip
        writer.commit(receipt)
    return location


def write_by_pandas(url: str, parquet: Path, method: Any) -> None:
    """Put a Parquet file into a table of its own, in place of what was there."""
    frame = pq.read_table(parquet).to_pandas()
    chunk = MOST_VALUES // len(frame.columns) if method == "multi" else None
    ask_by_pandas(
        url,
        lambda connection: frame.to_sql(
            "peer", connection, if_exists="replace", index=False, method=method, chunksize=chunk
        ),
    )


def read_by_pandas(url: str, rows: int) -> None:
    """Read the table into a frame."""
    found: list[int] = []
    ask_by_pandas(url, lambda connection: found.append(len(pd.read_sql(SELECT, connection))))
    assert found == [rows], found


def ask_by_pandas(url: str, work: Callable[[Any], object]) -> None:
    """Do something on a connection of SQLAlchemy and commit it."""
    from sqlalchemy.ext.asyncio import create_async_engine

    async def ask() -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.run_sync(work)
        await engine.dispose()

    asyncio.run(ask())
