"""A file of labels, read some rows at a time: Parquet, CSV or JSON lines."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from relay.handoff.errors import RelayError, UsageError
from relay.handoff.recipe import Recipe

ENDINGS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
}
ROWS = 5_000
"""Read from Parquet at a time."""

NAMES = ("prediction_id", "record", "key", "value", "source")


class LabelFileError(RelayError):
    """The file cannot be read as labels."""

    kind = "label_file"


Row = tuple[int, dict[str, Any]]
"""Number of the line, or of the row from 1, and its cells."""


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file.

    Raises:
        UsageError: there is no such file, or its ending is of another kind.
        LabelFileError: it is not what its ending says.
    """
    if not path.is_file():
        raise UsageError(f"found no file {path}", next_step="Name a file that is there")
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(
            f"found {path.name}, expected a file whose name ends with {', '.join(ENDINGS)}",
            next_step="Save it as CSV in UTF-8",
        )
    try:
        yield from {"parquet": _read_parquet, "csv": _read_csv}.get(kind, _read_lines)(path)
    except (OSError, ValueError, csv.Error) as error:
        raise LabelFileError(f"{path} cannot be read as {kind}: {error}") from error


def name_columns(recipe: Recipe) -> dict[str, str]:
    """What a column of the file may be called besides the names of the API: the recipe's own names."""
    (*ids,) = recipe.with_role("id")
    (*targets,) = recipe.with_role("target", "label")
    return {**dict.fromkeys(targets, "value"), **dict.fromkeys(ids, "key")}


def make_label(cells: Mapping[str, Any], named: Mapping[str, str], model: str, source: str) -> dict[str, Any]:
    """A label as the API takes it; cells of other columns are passed over, and empty ones say nothing.

    Args:
        cells: of a row.
        named: the recipe's names.
        model: whose predictions are labelled.
        source: who says so where the row does not.
    """
    label: dict[str, Any] = {"model": model, "source": source}
    for name, cell in cells.items():
        field = name if name in NAMES else named.get(name)
        if field == "value" or (field is not None and cell not in (None, "")):
            label[field] = _make_plain(cell)
    if "prediction_id" in label:
        label.pop("key", None)  # of two names the exact one
    if "record" in label:
        label["record"] = _read_number(label["record"])
    return label


def require_columns(cells: Mapping[str, Any], named: Mapping[str, str], path: Path) -> None:
    """Make sure that a row names a record and says a value.

    Raises:
        LabelFileError: it has no column for one of them.
    """
    fields = {name if name in NAMES else named.get(name, "") for name in cells}
    keys = [name for name, field in named.items() if field == "key"]
    values = [name for name, field in named.items() if field == "value"]
    for wanted, words in (
        ({"prediction_id", "key"}, " or ".join(["prediction_id", "key", *keys])),
        ({"value"}, " or ".join(["value", *values])),
    ):
        if not fields & wanted:
            raise LabelFileError(
                f"{path.name} has the columns {', '.join(map(str, cells)) or '(none)'}: expected one called {words}"
            )


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            for cells in batch.to_pylist():
                number += 1
                yield number, cells


def _read_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names):
            raise ValueError(f"the first line names a column twice: {', '.join(names)}")
        for cells in reader:
            if cells:
                if len(cells) != len(names):
                    raise ValueError(f"line {reader.line_num} has {len(cells)} cells, the first line {len(names)}")
                yield reader.line_num, dict(zip(names, cells, strict=True))


def _read_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                cells = json.loads(line)
                if not isinstance(cells, dict):
                    raise ValueError(f"line {number} is no object")
                yield number, cells


def _make_plain(cell: Any) -> Any:
    """A cell as JSON has it; what it has no form for is written as a text, and the API says what is wrong with it."""
    if isinstance(cell, float) and cell != cell:
        return None
    if cell is None or isinstance(cell, bool | int | float | str):
        return cell
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    return cell.isoformat() if isinstance(cell, datetime | date) else str(cell)


def _read_number(cell: Any) -> Any:
    """The number of a record from a cell of CSV; another text is left to the API."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell
