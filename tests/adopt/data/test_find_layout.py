"""How a file is written, found by looking at it; and what ingest makes of the keys that were found."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from layout_cases import CASES

from adopt.data.find_layout import find_layout, read_rows
from adopt.data.layout import Layout


def look(folder: Path, name: str, content: str | bytes, **keys: Any) -> Layout:
    """The layout of a file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return find_layout(str(path), keys=keys)


def found(layout: Layout) -> dict[str, Any]:
    """The keys that were found."""
    return {key: value for key, value in layout.ingest.items() if key not in ("source", "path")}


def rows(layout: Layout, scratch: Path) -> list[list[str | None]]:
    """All rows as they are written."""
    table = pa.concat_tables(list(read_rows(layout, scratch)))
    return [list(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("case", CASES)
def test_how_a_file_is_written_is_found(case: str, tmp_path: Path) -> None:
    name, content, keys, names = CASES[case]
    layout = look(tmp_path, name, content)
    assert (found(layout), layout.names) == (keys, names)


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    layout = look(tmp_path, "x.csv", "a,b\n 01,NA\nnull,\n")
    assert rows(layout, tmp_path) == [[" 01", "NA"], ["null", None]]
