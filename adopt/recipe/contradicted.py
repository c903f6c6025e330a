"""Corrections that the data contradicts: how many cells they cost, and the first of these cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adopt.data.profile import TableProfile
from adopt.notes import Note
from adopt.recipe.corrections import Corrections
from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.kept import find_refused
from adopt.recipe.terminal import show
from adopt.recipe.toml_text import write_value
from relay.handoff.column import CELL_KEYS
from relay.handoff.override import quote_toml
from relay.handoff.wording import count, list_words
from relay.reading.cells import write_words

RULES = ("null", "min", "max", "allowed")
KEYS = ("type", *CELL_KEYS, "null", "epoch", "min", "max", "allowed", "role")
"""Keys of a column that decide which of its cells cost their rows."""
SHOWN, LONGEST = 3, 40
SHARE, LIMIT = "max_rejected_share", 0.01
"""What a run may lose, in ingest by cells that it cannot read and in preprocess by rules: the key, and its default."""


def doubt_corrections(draft: Draft, names: Sequence[str], corrections: Corrections, profile: TableProfile) -> Draft:
    """The draft in which each column says which of its cells refuse what a person decided.

    Args:
        draft: corrected.
        names: of its columns, before a person gave them other names.
        corrections: what a person decided.
        profile: of the data, with the same columns.
    """
    of_file = [key for key in CELL_KEYS if corrections.is_about(f"ingest.{key}")]
    columns = []
    for column, name, cells in zip(draft.columns, names, profile.sample.columns, strict=True):
        keys = [key for key in KEYS if corrections.is_about(f"columns.{name}.{key}")]
        decided = [f"columns.{column.name}.{key}" for key in keys] + [f"ingest.{key}" for key in of_file]
        notes = tuple(_find_doubts(draft, column, cells, decided[0])) if decided else ()
        columns.append(replace(column, notes=(*column.notes, *notes)) if notes else column)
    return replace(draft, columns=tuple(columns))


def _find_doubts(draft: Draft, column: DraftColumn, cells: pa.ChunkedArray, key: str) -> Iterator[Note]:
    refused = find_refused(column, cells, draft.ingest)
    if refused.stops:
        yield Note(f"the run stops at this column: {refused.stops}", True, (), key)
        return
    rows = len(cells)
    if refused.unread.any():
        text = (
            f"{_count(refused.unread)} of {count(rows, 'cell')} cannot be read as {column.type}, such as "
            f"{_show(cells, refused.unread)}: {_say_fate(refused.unread, draft.ingest)}"
        )
        yield Note(text, True, (), key)
    if refused.broken.any():
        rules = list_words(
            [f"{rule} = {write_value(column.keys[rule])}" for rule in RULES if rule in column.keys] or ["its role"]
        )
        text = (
            f"{_count(refused.broken)} of {count(rows, 'cell')} {_agree(refused.broken)} not keep {rules}, such as "
            f"{_show(cells, refused.broken)}: {_say_fate(refused.broken, draft.task.preprocess)}"
        )
        yield Note(text, bool(refused.broken.mean() > LIMIT), (), key)


def _count(mask: NDArray[np.bool_]) -> str:
    return f"{int(mask.sum()):,}"


def _agree(mask: NDArray[np.bool_]) -> str:
    return "does" if mask.sum() == 1 else "do"


def _say_fate(mask: NDArray[np.bool_], section: Mapping[str, Any]) -> str:
    limit = section.get(SHARE, LIMIT)
    is_lost = not isinstance(limit, int | float) or mask.mean() <= limit
    return "their rows are rejected" if is_lost else f"more than {limit:.0%}, so a run stops ({SHARE})"


def _show(cells: pa.ChunkedArray, mask: NDArray[np.bool_]) -> str:
    """The first different cells of a mask."""
    chosen = write_words(pc.filter(cells.combine_chunks(), pa.array(mask)))
    first = pc.unique(chosen)[:SHOWN].to_pylist()
    return ", ".join("an empty cell" if one is None else quote_toml(show(one[:LONGEST])) for one in first)
