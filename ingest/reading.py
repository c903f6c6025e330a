"""Where the files of a source are read: here, or by the workers of a cluster."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from relay.handoff.column import Column
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS
from relay.reading.format_keys import FormatKeys
from relay.reading.rawfile import RawFile

if TYPE_CHECKING:  # Arrow is heavy: only when there is work
    from relay.handoff.writer import Block


def read_rows(
    files: list[RawFile], keys: FormatKeys, columns: dict[str, Column], data_dir: Path, scratch: Path, recipe: str
) -> "Iterator[Block]":
    """The rows of all files in order, in the schema's types.

    Args:
        files: the files in order.
        keys: the keys of files.
        columns: the schema.
        data_dir: the data folder.
        scratch: folder for what must be unpacked to disk, which is removed.
        recipe: its name.

    Raises:
        SourceError, SchemaError, RecipeError: as `relay.reading.formats.read_files`.
        ComputeError: there is a cluster, and it cannot be used.
    """
    if DASK_SCHEDULER_ADDRESS.of(os.environ):
        from ingest.file_tasks import read_set

        return read_set(files, keys, columns, data_dir, scratch, recipe)
    from relay.reading.formats import read_files

    return read_files(files, keys, columns, scratch)
