"""Rows that are no records, such as totals, are left out alike in every format."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from ingest.parameters import FormatSection
from relay.handoff.errors import RecipeError
from relay.handoff.receipt import Origin
from relay.reading.formats import read_files
from relay.reading.rawfile import RawFile

FRAME = pd.DataFrame({"region": ["north", "Total", "south", "Page 2"], "sold": [1, 9, 2, 7]})
RECORDS = FRAME.to_dict("records")
RULES = [{"column": "region", "value": "Total"}, {"column": "region", "pattern": "^Page [0-9]+$"}]


def make_workbook() -> bytes:
    """The frame as a sheet."""
    book, content = Workbook(), io.BytesIO()
    for row in [list(FRAME.columns), *FRAME.to_numpy().tolist()]:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def make_parquet() -> bytes:
    """The frame as Parquet."""
    content = io.BytesIO()
    FRAME.to_parquet(content)
    return content.getvalue()


FILES: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "csv": ("x.csv", FRAME.to_csv(index=False).encode(), {}),
    "records": ("x.json", FRAME.to_json(orient="records").encode(), {}),
    "lines": ("x.jsonl", "\n".join(map(json.dumps, RECORDS)).encode(), {}),
    "split": ("x.json", FRAME.to_json(orient="split").encode(), {}),
    "columns": ("x.json", FRAME.to_json().encode(), {}),
    "parquet": ("x.parquet", make_parquet(), {}),
    "excel": ("x.xlsx", make_workbook(), {}),
    "fixed": (
        "x.dat", "".join(f"{row['region']:8}{row['sold']}\n" for row in RECORDS).encode(),
        {"format": "fixed", "widths": [8, 1], "header": False},
    ),
    "text": (
        "x.txt", "".join(f"# {row['region']}\n{row['sold']}\n" for row in RECORDS).encode(),
        {"document": "^# (?P<region>.*)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "keys"), FILES.values(), ids=FILES)
def test_rows_that_a_rule_names_are_left_out(
    tmp_path: Path, declare: Any, name: str, content: bytes, keys: dict[str, Any]
) -> None:
    (tmp_path / name).write_bytes(content)
    file = RawFile(
        name, "x", tmp_path / name, Origin(where=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    )
    columns = declare(region={"type": "category"}, sold={"type": "int", "from": "text" if name == "x.txt" else "sold"})

    def read(rules: list[dict[str, str]]) -> list[Any]:
        section = FormatSection.model_validate({"source": "file", "skip_if": rules, **keys})
        return list(read_files([file], section, columns))

    blocks = read(RULES)
    assert [row for block in blocks for row in block.table.to_pylist()] == [RECORDS[0], RECORDS[2]]
    left_out = [row for block in blocks for row in block.left_out.to_pylist()]
    assert [(row["row"], row["reason"]) for row in left_out] == [
        (2, 'left out by skip_if: region = "Total"'),
        (4, "left out by skip_if: region matches '^Page [0-9]+$'"),
    ]
    assert "Total" in left_out[0]["cells"]
    assert sum(block.read for block in blocks) == 4
    with pytest.raises(RecipeError, match='skip_if: "nope" is no column of the recipe or of x'):
        read([{"column": "nope", "value": "x"}])
