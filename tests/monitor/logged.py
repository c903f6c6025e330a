"""Writes a prediction log by serving's own code, and changes it by the database's."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from monitor.log.opening import open_log
from monitor.log.record import Position, Which
from serve.log import open_log as open_written
from serve.log.record import PredictionLog, Row

CREDIT = Which("credit", "3")
LATER = 1e9
"""A time after each row's."""


@dataclass(frozen=True)
class Log:
    """A log at a place."""

    folder: Path
    url: str

    def write(self, rows: Sequence[Row], labels: Sequence[tuple[str, Any]] = ()) -> None:
        """Append rows in their order, and labels `(<prediction id>/<n>, value)`."""

        async def story(log: PredictionLog) -> None:
            await log.start()
            await asyncio.gather(*map(log.append, rows))
            await log.close()

        asyncio.run(story(open_written(self.url, self.folder, queue_limit=100_000)))
        made = [record.rpartition("/") for record, _ in labels]
        values = [
            (one, int(number), json.dumps(label)) for (one, _, number), (_, label) in zip(made, labels, strict=True)
        ]
        if values:
            self._insert_labels(values)

    def _insert_labels(self, values: list[tuple[str, int, str]]) -> None:
        insert = "insert into {p}labels (prediction_id, number, value, at_unix, source) values ($1, $2, $3, 2, 'test')"
        if not self.url:
            with sqlite3.connect(self.folder / "predictions.sqlite") as connection:
                connection.executemany(insert.format(p="").replace("$", "?"), values)
            connection.close()
            return

        async def ask() -> None:
            connection = await asyncpg.connect(self.url)
            await connection.executemany(insert.format(p="prediction_log."), values)
            await connection.close()

        asyncio.run(ask())

    def execute(self, statement: str, *values: Any) -> None:
        """Run a statement, with `{p}` before the names of tables and `$1` for values."""
        if not self.url:
            connection = sqlite3.connect(self.folder / "predictions.sqlite", isolation_level=None)
            connection.execute(statement.format(p="").replace("$", "?"), values)
            connection.close()
            return

        async def ask() -> None:
            connection = await asyncpg.connect(self.url)
            await connection.execute(statement.format(p="prediction_log."), *values)
            await connection.close()

        asyncio.run(ask())

    def read(self, after: Position | None = None, until: float = LATER, which: Which = CREDIT) -> list[Any]:
        """Ids behind a position, and the last position."""
        with open_log(self.folder, self.url) as reader:
            rows = list(reader.rows(which, after, until))
        return [[row.id for row in rows], rows[-1].position if rows else after]


def make_row(number: int, **changed: Any) -> Row:
    """The row of a request, asked at `1000 + number`."""
    fields: dict[str, Any] = {
        "id": f"{number:032x}", "at_unix": 1000.0 + number, "model": "credit", "version": "3", "run_id": "a" * 32,
        "input": b'[{"x":%d}]' % number, "output": b'{"predictions":[%d]}' % number, "latency_us": 1,
        "client": f"request-{number}",
    }  # fmt: skip
    return Row(**fields | changed)


def name_ids(*numbers: int) -> list[str]:
    """The ids of rows."""
    return [f"{number:032x}" for number in numbers]
