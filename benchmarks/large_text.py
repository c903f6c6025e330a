"""Text larger than the memory it is counted in: written as Parquet in row groups, counted one row group at a time.

python -m benchmarks.large_text <parquet> <chunks of a row group> <n> <features>
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.process import measure

if TYPE_CHECKING:
    from stylometry import Chunks, Counts

FEATURES = 2_000
"""n-grams to keep: a common choice for Burrows's Delta."""

GROUP_CHUNKS = 8
"""Chunks in a row group: 8 MB, if 1 GB is cut into 1,000."""


def measure_text(text: Path, folder: Path, *, chunks: int, n: int) -> dict[str, float]:
    """Seconds and peak MiB of a process that counts a text file, a document a line, once it is written as Parquet."""
    path = folder / "text.parquet"
    groups = chunks // GROUP_CHUNKS
    with text.open(encoding="utf-8", newline="\n") as file:
        write_row_groups(file, path, groups=groups, group_bytes=text.stat().st_size // groups)
    command = [sys.executable, "-m", "benchmarks.large_text", *map(str, (path, GROUP_CHUNKS, n, FEATURES))]
    return measure(command, os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])})


def write_row_groups(documents: Iterable[str], path: Path, *, groups: int, group_bytes: int) -> None:
    """Write documents as the rows of a Parquet file: a row group ends where `group_bytes` are reached, the last not."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([("text", pa.string())])
    with parquet.ParquetWriter(path, schema) as writer:
        written, rows, size = 0, [], 0
        for document in documents:
            rows.append(document)
            size += len(document.encode())
            if size >= group_bytes and written < groups - 1:
                writer.write_table(pa.table({"text": rows}, schema))
                written, rows, size = written + 1, [], 0
        writer.write_table(pa.table({"text": rows}, schema))


def read_row_groups(path: Path, *, chunks: int) -> Iterator["Chunks"]:
    """The text of each row group, cut into the given number of chunks."""
    from pyarrow import parquet

    from stylometry import cut_joined

    with parquet.ParquetFile(path) as file:
        for index in range(file.num_row_groups):
            texts = file.read_row_group(index, ["text"]).column("text").to_pylist()
            yield cut_joined(texts, [None] * len(texts), chunks=chunks)


def count_file(path: Path, *, chunks: int, n: int, features: int) -> "Counts":
    """Counts of the most frequent n-grams of the file (chunks of all row groups, features)."""
    from stylometry import count_most_frequent

    return count_most_frequent(lambda: read_row_groups(path, chunks=chunks), n, features=features)


def main() -> None:
    """Count one file and print the shape of the matrix and the sum of its counts."""
    path, chunks, n, features = sys.argv[1:]
    matrix = count_file(Path(path), chunks=int(chunks), n=int(n), features=int(features)).matrix
    print(*matrix.shape, matrix.sum(dtype="int64"))


if __name__ == "__main__":
    main()
