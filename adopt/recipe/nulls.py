"""How many cells of a column are no value, by its declaration."""

from collections.abc import Mapping
from typing import Any

from adopt.data.profile import ColumnProfile
from adopt.recipe.draft import DraftColumn
from relay.reading.spellings import MISSING_WORDS

WORDS = frozenset(("text", "category"))
"""Types whose cells are words: without a declaration only the empty cell is no value there."""


def count_nulls(column: DraftColumn, found: ColumnProfile, ingest: Mapping[str, Any]) -> int:
    """The cells that are read as no value.

    Args:
        column: as the recipe declares it.
        found: its profile.
        ingest: the keys of `[ingest]`, of which `missing` counts for columns without that key.
    """
    declared = column.keys.get("missing", ingest.get("missing"))
    if declared is None:
        declared = () if column.type in WORDS else MISSING_WORDS
    words = {word.strip() for word in declared}
    return found.empty + sum(count for word, count in found.missing_words.items() if word.strip() in words)
