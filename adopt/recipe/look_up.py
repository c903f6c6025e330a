"""What a draft says under a dotted key."""

from collections.abc import Mapping
from typing import Any

from adopt.recipe.corrections import TARGET
from adopt.recipe.draft import Draft, DraftColumn


def find_value(draft: Draft, key: str) -> Any:
    """The value under a key such as `columns.zip.type` or `ingest.delimiter`; None where the draft does not say it."""
    section, _, rest = key.partition(".")
    if section == "columns":
        name, _, last = rest.rpartition(".")
        column = next((one for one in draft.columns if one.name == name), None)
        return None if column is None else find_column_value(column, last)
    if key in ("title", "description"):
        return getattr(draft, key)
    if key == TARGET:
        return draft.task.target
    tables = {"ingest": draft.ingest, "preprocess": draft.task.preprocess, "model": draft.task.model}
    found: Any = tables.get(section, {})
    for step in rest.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found


def find_column_value(column: DraftColumn, key: str) -> Any:
    """The value of one key of a column."""
    if key in ("name", "type", "role"):
        return getattr(column, key)
    return column.source if key == "from" else column.keys.get(key)
