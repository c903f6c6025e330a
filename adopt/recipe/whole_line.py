"""What to write in the place of a column's line where a word means "no value": its type and role may change too."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.toml_text import format_column

ADVICE = ". If that means no value"
MOST = 3
"""Questions for which the table is drafted again: each takes as long as the draft itself."""
FILE = "ingest.missing"
FILE_KEYS = ("decimal", "thousands", "time_format")
"""Keys of cells that may stand in `[ingest]` instead of the column."""


def say_whole_lines(draft: Draft, draft_again: Callable[[str, Any], Draft]) -> Draft:
    """The draft whose questions about words for "no value" give the whole line of the column.

    Args:
        draft: of the recipe.
        draft_again: drafts the same data with a value under one dotted key.
    """
    columns = list(draft.columns)
    asked = [
        (place, note)
        for place, column in enumerate(columns)
        for note in column.notes
        if note.is_question and note.key in (FILE, f"columns.{column.name}.missing") and ADVICE in note.text
    ]
    for place, note in asked[:MOST]:
        column = columns[place]
        words = json.loads(note.choices[0])
        other = draft_again(note.key, words)
        if note.key == FILE:
            columns = _say_of_file(columns, other, draft.ingest)
            continue
        line = format_column(_complete(other.columns[place], draft.ingest, other.ingest, missing=words))
        said = replace(note, text=f"{note.text.partition(ADVICE)[0]}{ADVICE}, the line below is: {line}")
        columns[place] = replace(column, notes=tuple(said if one is note else one for one in column.notes))
    return replace(draft, columns=tuple(columns))


def _say_of_file(columns: Sequence[DraftColumn], other: Draft, ingest: Mapping[str, Any]) -> list[DraftColumn]:
    """The columns, where each that words of the whole file change says what its line becomes."""
    first = next(column for column in columns for note in column.notes if note.is_question and note.key == FILE)
    told = []
    for column, changed in zip(columns, other.columns, strict=True):
        line = format_column(_complete(changed, ingest, other.ingest))
        notes = tuple(
            replace(note, text=f"{note.text}; then the line below is: {line}")
            if note.key == FILE or note.text.endswith(f", as in {first.source}")
            else note
            for note in column.notes
        )
        told.append(replace(column, notes=notes))
    return told


def _complete(
    column: DraftColumn, ingest: Mapping[str, Any], others: Mapping[str, Any], **keys: list[str]
) -> DraftColumn:
    """The column with the keys that the other draft has in `[ingest]`, and this one has not."""
    lifted = {key: others[key] for key in FILE_KEYS if key in others and others[key] != ingest.get(key)}
    needed = lifted if column.type in ("int", "float", "time") else {}
    return replace(column, keys={**needed, **column.keys, **keys})
