"""Which cells of a column are no value, by its declaration."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.profile import ColumnProfile
from adopt.recipe.draft import DraftColumn
from relay.reading.cells import write_words
from relay.reading.spellings import MISSING_WORDS

WORDS = frozenset(("text", "category"))
"""Types whose cells are words: without a declaration only the empty cell is no value there."""


def leave_nulls_out(
    column: DraftColumn, found: ColumnProfile, cells: pa.ChunkedArray, ingest: Mapping[str, Any]
) -> ColumnProfile:
    """The profile as the recipe reads the column: cells that are no value count as empty, and not among the others.

    Args:
        column: as the recipe declares it.
        found: its profile.
        cells: of the sample, as the source has them.
        ingest: the keys of `[ingest]`, of which `missing` counts for columns without that key.
    """
    nothing = _count_words(column, found, cells, ingest)
    return replace(
        found,
        empty=min(found.rows, found.empty + sum(nothing.values())),
        distinct=max(0, found.distinct - len(nothing)),
        most_frequent=tuple((cell, count) for cell, count in found.most_frequent if cell.strip() not in nothing),
    )


def _count_words(
    column: DraftColumn, found: ColumnProfile, cells: pa.ChunkedArray, ingest: Mapping[str, Any]
) -> dict[str, int]:
    """Word that is read as no value -> cells; from the sample where the profile has not counted it."""
    declared = column.keys.get("missing", ingest.get("missing"))
    if declared is None:
        declared = () if column.type in WORDS else MISSING_WORDS
    known = {cell.strip(): count for cell, count in (*found.most_frequent, *found.missing_words.items())}
    wanted = {word.strip() for word in declared} - {""}
    counts = {word: known[word] for word in wanted & known.keys()}
    has_others = found.distinct > len(found.most_frequent)
    rest = sorted(wanted - counts.keys() - set(MISSING_WORDS)) if has_others else []  # the usual ones are all counted
    if rest:
        words = pc.utf8_trim_whitespace(write_words(cells.combine_chunks()).cast(pa.string()))
        scale = found.rows / max(1, len(cells))
        for word in rest:
            in_sample = pc.sum(pc.equal(words, word)).as_py() or 0
            counts |= {word: round(in_sample * scale)} if in_sample else {}
    return counts
