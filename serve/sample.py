"""Some rows of the data that the model learned from: what a caller may try."""

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.routing import Route

from serve.errors import SampleMissingError
from serve.exchange import Ask, Endpoint, Reply
from serve.store import ModelStore
from serve.stored import read_limit

MOST_ROWS = 100
USUAL_ROWS = 5

_encode = msgspec.json.Encoder().encode


class Sample:
    """Reads the processed rows of the recipe by which the served model was trained."""

    def __init__(self, store: ModelStore, data_dir: Path) -> None:
        self._store, self._data_dir = store, data_dir

    async def rows(self, ask: Ask) -> Reply:
        """The first rows, and how many there are."""
        count = read_limit(ask.query().get("rows"), USUAL_ROWS, MOST_ROWS, "rows")
        served = self._store.get(ask.query().get("model") or None)
        path = self._data_dir / "processed" / f"{served.contract.recipe}.parquet"
        loop = asyncio.get_running_loop()
        total, rows = await loop.run_in_executor(None, read_rows, path, count)
        return Reply(_encode({"recipe": served.contract.recipe, "rows": total, "sample": rows}))

    def routes(self, guard: Any) -> list[Route]:
        """The route."""
        return [Route("/data/sample", Endpoint("/data/sample", self.rows, guard), methods=["GET"])]


def read_rows(path: Path, count: int) -> tuple[int, list[dict[str, Any]]]:
    """How many rows a Parquet file has, and the first of them.

    Raises:
        SampleMissingError: it is not there, or is no Parquet file.
    """
    recipe = path.stem
    if not re.fullmatch(r"[\w.-]+", recipe) or not path.is_file():
        raise SampleMissingError(
            f"the processed rows of {recipe} are not here: run `python -m preprocess {recipe}`, and let DATA_DIR name "
            "the folder that holds them"
        )
    try:
        with pq.ParquetFile(path) as file:
            batches = list(itertools.islice(file.iter_batches(batch_size=count), 1))
            return file.metadata.num_rows, batches[0].to_pylist() if batches else []
    except (pa.ArrowInvalid, OSError) as error:
        raise SampleMissingError(f"{path.name} cannot be read: {error}; run preprocess again") from error
