"""How many rows keep the types and rules of a draft, by the code that ingest and preprocess use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from adopt.recipe.draft import Draft, DraftColumn
from relay.handoff.column import CELL_KEYS, CellKeys, Column, fill_keys
from relay.handoff.errors import RecipeError
from relay.handoff.rules import find_broken
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column


@dataclass(frozen=True)
class Kept:
    """Rows that keep the types and the rules of their columns."""

    checked: int
    rows: int
    """Those that keep all of them."""
    by_column: tuple[int, ...]
    """Those whose cell keeps its own, in the order of the columns."""


@dataclass(frozen=True)
class Refused:
    """Cells of a column that cost their rows."""

    unread: NDArray[np.bool_]
    """Those that ingest cannot read as declared (n,)."""
    broken: NDArray[np.bool_]
    """Those of the others that break a rule of the column (n,)."""
    stops: str = ""
    """Why the run stops, so that no row is kept; empty where it goes on."""


def count_kept(draft: Draft, sample: pa.Table) -> Kept:
    """The rows of a sample that ingest reads and preprocess keeps.

    Args:
        draft: of the recipe.
        sample: rows as the source has them, with the draft's columns in the same order.
    """
    kept_by_all = np.ones(sample.num_rows, bool)
    counts = []
    for column, values in zip(draft.columns, sample.columns, strict=True):
        kept = _find_kept(column, values, draft.ingest)
        counts.append(int(kept.sum()))
        kept_by_all &= kept
    return Kept(sample.num_rows, int(kept_by_all.sum()), tuple(counts))


def _find_kept(column: DraftColumn, values: pa.ChunkedArray, ingest: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Whether each cell can be read as declared and keeps the column's rules (n,)."""
    refused = find_refused(column, values, ingest)
    return ~(refused.unread | refused.broken)


def find_refused(column: DraftColumn, values: pa.ChunkedArray, ingest: Mapping[str, Any]) -> Refused:
    """The cells that ingest cannot read as declared, and the others that break the column's rules."""
    nothing = np.zeros(len(values), bool)
    try:
        declared = declare(column, ingest)
        cast = read_column(values, declared)
    except (AmbiguousCellError, RecipeError, ValidationError) as error:
        return Refused(~nothing, nothing, show_error(error))
    unread = nothing if cast.bad is None else np.asarray(cast.bad)
    broken = nothing.copy()
    for mask in find_broken(pa.table({column.name: cast.values}), {column.name: declared}).values():
        broken |= mask & ~unread
    return Refused(unread, broken)


def show_error(error: Exception) -> str:
    """The reason why no cell is read, on one line."""
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(error).partition("\n")[0]


def read_cells(column: DraftColumn, cells: pa.ChunkedArray, ingest: Mapping[str, Any]) -> pa.Array | None:
    """The cells in the column's type, null where they are missing or cannot be read (n,); None where the run stops."""
    try:
        return read_column(cells, declare(column, ingest)).values
    except (AmbiguousCellError, RecipeError, ValidationError):
        return None


def declare(column: DraftColumn, ingest: Mapping[str, Any]) -> Column:
    """The column as a recipe has it, with the keys of `[ingest]` that apply to it.

    Raises:
        ValidationError, RecipeError: its keys do not go together.
    """
    written = {"type": column.type, "role": column.role, **column.keys}
    keys = CellKeys.model_validate({key: ingest[key] for key in CELL_KEYS if key in ingest})
    return fill_keys(column.name, Column.model_validate(written), keys)
