"""What a recipe made from a layout gives by `python -m ingest` is what adopt has read, row by row."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from layout_cases import CASES

from adopt.data.find_layout import find_layout, read_rows
from adopt.data.layout import Layout
from relay.handoff.override import quote_toml
from relay.reading.arrow import join, simplify
from relay.reading.cells import write_words

Desk = Any  # tests/conftest.py


def write_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {write_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_toml, value)) + "]"
    return quote_toml(value) if isinstance(value, str) else str(value).lower()


def write_recipe(layout: Layout) -> str:
    """A recipe with the keys that were found, in which each column is a text."""
    lines = ['title = "Same"', "[ingest]", *(f"{key} = {write_toml(value)}" for key, value in layout.ingest.items())]
    lines.append("[columns]")
    for number, name in enumerate(layout.names):
        source = f", from = {quote_toml(name)}" if layout.has_names else ""
        lines.append(f'c{number} = {{ type = "text", role = "ignore", null = true{source} }}')
    return "\n".join(lines)


@pytest.mark.parametrize("case", CASES)
def test_ingest_reads_what_adopt_read(case: str, desk: Desk) -> None:
    name, content, _, _ = CASES[case]
    path = desk.data / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    layout = find_layout(str(path))
    table = pa.concat_tables(list(read_rows(layout, Path(desk.folder / "scratch"))))
    texts = [write_words(simplify(join(column)).values) for column in table.columns]
    expected = list(map(list, zip(*(column.to_pylist() for column in texts), strict=True)))
    assert desk.run("ingest", desk.recipe(write_recipe(layout))) == 0
    assert [list(row.values()) for row in desk.rows("raw/desk")] == expected
