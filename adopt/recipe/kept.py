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
    try:
        declared = declare(column, ingest)
        cast = read_column(values, declared)
    except (AmbiguousCellError, RecipeError, ValidationError):  # the run would stop: no row is kept
        return np.zeros(len(values), bool)
    kept = np.ones(len(values), bool) if cast.bad is None else ~np.asarray(cast.bad)
    for broken in find_broken(pa.table({column.name: cast.values}), {column.name: declared}).values():
        kept &= ~broken | np.asarray(cast.bad if cast.bad is not None else False)
    return kept


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
