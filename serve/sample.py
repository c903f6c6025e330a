"""Some rows of the data that the model learned from: what a caller may try."""

import asyncio
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.routing import Route

from relay.handoff.database import name_database, name_table, quote_name
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import name_part
from serve.errors import SampleMissingError
from serve.exchange import Endpoint, Request, Response
from serve.store import ModelStore
from serve.stored import read_limit

MOST_ROWS = 100
USUAL_ROWS = 5

DATABASE_SECONDS = 3.0
"""For the database's answer: a caller waits for both, when the file must help out."""

DATABASE_ASKERS = 2
"""Questions at once: each opens a connection, and the server has a hundred for all."""

NAME = re.compile(r"[\w.-]+")
"""Of a recipe: no path."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Found:
    """Rows, how many there are in all, and where they stand."""

    total: int
    rows: list[dict[str, Any]]
    source: Literal["database", "file"]


class Sample:
    """Reads the processed rows of the recipe by which the served model was trained."""

    def __init__(self, store: ModelStore, data_dir: Path, database_url: str = "") -> None:
        self._store, self._data_dir, self._database_url = store, data_dir, database_url
        self._askers = asyncio.Semaphore(DATABASE_ASKERS)

    async def rows(self, request: Request) -> Response:
        """The first rows, how many there are, and whether they are the database's or the file's."""
        count = read_limit(request.query().get("rows"), USUAL_ROWS, MOST_ROWS, "rows")
        served = self._store.get(request.query().get("model") or None)
        recipe, why = served.contract.recipe, ""
        try:
            found = await self._ask_database(recipe, count) if self._database_url else None
        except SampleMissingError as error:
            found, why = None, str(error)
        if found is None:
            found = await self._read_file(recipe, count, why)
        # Where the database should have answered, the answer says that it did not, and why.
        told = {"why_not_database": why} if why else {}
        origin = {"recipe": recipe, "source": found.source, **told}
        return Response(_encode({**origin, "rows": found.total, "sample": found.rows}))

    def routes(self, guard: Any) -> list[Route]:
        """The route."""
        return [Route("/data/sample", Endpoint("/data/sample", self.rows, guard), methods=["GET"])]

    async def _ask_database(self, recipe: str, count: int) -> Found:
        import asyncpg  # only where a database is configured

        name = name_database(self._database_url)
        try:
            async with self._askers, asyncio.timeout(DATABASE_SECONDS):
                found = await query_rows(self._database_url, recipe, count)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            # TimeoutError is an OSError, and says nothing of itself.
            raise SampleMissingError(f"the database {name} does not give them: {error or 'no answer'}") from error
        if found is None:
            raise SampleMissingError(f"the database {name} has no table of the processed rows of {recipe}")
        return found

    async def _read_file(self, recipe: str, count: int, why: str) -> Found:
        loop = asyncio.get_running_loop()
        try:
            total, rows = await loop.run_in_executor(None, read_dataset, self._data_dir, recipe, count)
        except SampleMissingError as error:
            raise SampleMissingError(f"{error}; {why}" if why else str(error)) from error
        return Found(total, rows, "file")


async def query_rows(url: str, recipe: str, count: int) -> Found | None:
    """The first rows of a recipe's processed table; None where it is not published.

    Raises:
        OSError, asyncpg.PostgresError: the database is away or refuses.
    """
    import asyncpg

    table = quote_name(name_table(recipe))
    connection = await asyncpg.connect(url, server_settings={"application_name": "relay sample"})
    try:
        # One snapshot: the count is that of the table that the rows are from.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            total = await connection.fetchval(
                "select rows from relay.datasets where stage = 'preprocess' and recipe = $1", recipe
            )
            if total is None:
                return None
            rows = await connection.fetch(f"select * from processed.{table} limit $1", count)  # noqa: S608 - quoted
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    finally:
        connection.terminate()  # nothing is under way, and a server that hangs is not waited for
    return Found(total, [dict(row) for row in rows], "database")


def read_dataset(data_dir: Path, recipe: str, count: int) -> tuple[int, list[dict[str, Any]]]:
    """How many processed rows a recipe has, and the first of them, of one file or of parts.

    Raises:
        SampleMissingError: they are not there, or are no Parquet file.
    """
    location = DatasetLocation(data_dir, f"processed/{recipe}", "preprocess")
    receipt = location.read_parts_receipt() if NAME.fullmatch(recipe) else None
    if receipt is None or receipt.parts is None:
        return read_rows(location.parquet, count)
    index = next(index for index, part in enumerate(receipt.parts.files) if part.rows)
    path = location.parts / receipt.parts.folder / f"{name_part(index)}.parquet"
    return receipt.rows, _read_first(path, count)[1]


def read_rows(path: Path, count: int) -> tuple[int, list[dict[str, Any]]]:
    """How many rows a Parquet file has, and the first of them.

    Raises:
        SampleMissingError: it is not there, or is no Parquet file.
    """
    recipe = path.stem
    if not NAME.fullmatch(recipe) or not path.is_file():
        raise SampleMissingError(
            f"the processed rows of {recipe} are not here: run `python -m preprocess {recipe}`, and let DATA_DIR name "
            "the folder that holds them"
        )
    return _read_first(path, count)


def _read_first(path: Path, count: int) -> tuple[int, list[dict[str, Any]]]:
    try:
        with pq.ParquetFile(path) as file:
            batches = list(itertools.islice(file.iter_batches(batch_size=count), 1))
            return file.metadata.num_rows, batches[0].to_pylist() if batches else []
    except (pa.ArrowInvalid, OSError) as error:
        raise SampleMissingError(f"{path.name} cannot be read: {error}; run preprocess again") from error
