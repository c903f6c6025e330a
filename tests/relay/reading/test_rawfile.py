"""The bytes of a file: those that were hashed are those that are read."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.handoff.errors import SourceError
from relay.handoff.receipt import Origin
from relay.reading.rawfile import RawFile

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Replaced"
[ingest]
source = "file"
path = "data/a.parquet"
[columns]
age = { type = "int", role = "input" }
"""


def describe(path: Path) -> RawFile:
    """A file as a source hands it over."""
    content = path.read_bytes()
    origin = Origin(where=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    return RawFile(path.name, path.stem, path, origin)


def write_ages(path: Path, *ages: int) -> Path:
    """A Parquet file with one column."""
    pq.write_table(pa.table({"age": ages}), path)
    return path


def replace_by_rename(path: Path) -> None:
    """As programs do that write a new file and put it in the place of the old one."""
    write_ages(path.with_name("other.parquet"), 7).replace(path)


def write_into(path: Path) -> None:
    """As programs do that overwrite the file in place."""
    write_ages(path, 7)


@pytest.mark.parametrize(
    ("change", "code"),
    [(replace_by_rename, 0), (write_into, 1)],
)
def test_a_parquet_file_that_is_replaced_after_it_was_hashed_gives_no_rows_of_the_new_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], code: int
) -> None:
    path = write_ages(desk.data / "a.parquet", 1, 2)
    opened = pq.ParquetFile

    def change_and_open(source: Any) -> Any:
        """The file changes between hashing and reading."""
        change(path)
        return opened(source)

    monkeypatch.setattr(pq, "ParquetFile", change_and_open)
    assert desk.run("ingest", desk.recipe(RECIPE)) == code
    assert code == 1 or [row["age"] for row in desk.rows("raw/desk")] == [1, 2]


def test_a_file_that_is_written_while_it_is_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    opened = describe(path).open()
    opened.__enter__()
    path.write_bytes(b"three")
    with pytest.raises(SourceError, match=r"a\.bin: the file changed while it was read; run again"):
        opened.__exit__(None, None, None)


def test_a_file_that_nobody_touches_is_read_from_any_place(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    with describe(path).open() as file:
        file.seek(4)
        assert (file.read(2), file.seek(0, 2)) == (b"45", 10)
