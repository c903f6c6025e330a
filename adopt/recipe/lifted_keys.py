"""Keys of cells that hold for the whole file stand once in `[ingest]`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adopt.data.profile import ColumnProfile
from adopt.notes import Note
from adopt.recipe.type_guess import TypeGuess
from relay.handoff.wording import count
from relay.reading.spellings import MISSING_WORDS

FEWEST = 2
"""Columns that must declare a key before it is said of the file."""


@dataclass(frozen=True)
class Lifted:
    """Keys of `[ingest]`, and the columns without them."""

    ingest: Mapping[str, Any] = field(default_factory=dict)
    key_notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """Key of `[ingest]` -> its evidence."""
    types: tuple[TypeGuess, ...] = ()
    """In the order of the columns."""


def lift_keys(types: Sequence[TypeGuess], columns: Sequence[ColumnProfile]) -> Lifted:
    """The keys that several columns declare alike and that change the reading of no other, as keys of `[ingest]`.

    Args:
        types: of all columns.
        columns: their profiles, in the same order.
    """
    keys = {**_lift_marks(types, columns), **_lift_missing(types, columns), **_lift_format(types)}
    lifted = tuple(
        replace(guess, keys={key: value for key, value in guess.keys.items() if not _is_said(key, value, keys)})
        for guess in types
    )
    users = Counter(key for guess in types for key, value in guess.keys.items() if _is_said(key, value, keys))
    notes = {key: (Note(f"in {count(users[key], 'column')}"),) for key in keys}
    return Lifted(keys, notes, lifted)


def _is_said(key: str, value: object, keys: Mapping[str, Any]) -> bool:
    return key in keys and keys[key] == value


def _lift_marks(types: Sequence[TypeGuess], columns: Sequence[ColumnProfile]) -> dict[str, Any]:
    """Decimal and thousands marks, where no column of numbers has others."""
    marked = [guess.keys for guess in types if "decimal" in guess.keys or "thousands" in guess.keys]
    decimals = {keys["decimal"] for keys in marked if "decimal" in keys}
    thousands = {keys["thousands"] for keys in marked if "thousands" in keys}
    if len(marked) < FEWEST or len(decimals) > 1 or len(thousands) > 1 or decimals & thousands:
        return {}
    for guess, column in zip(types, columns, strict=True):
        is_plain = not guess.keys.keys() & {"decimal", "thousands"} and guess.type in ("int", "float")
        if is_plain and (column.dots or column.exponents or guess.type == "float"):
            return {}
        if "decimal" not in guess.keys and "thousands" in guess.keys and guess.type == "float" and decimals:
            return {}
    found = {"decimal": next(iter(decimals), None), "thousands": next(iter(thousands), None)}
    return {key: value for key, value in found.items() if value is not None}


def _lift_missing(types: Sequence[TypeGuess], columns: Sequence[ColumnProfile]) -> dict[str, Any]:
    """Words for "no value", where no other column has one of them, or of the usual ones that they replace."""
    lists = Counter(tuple(guess.keys["missing"]) for guess in types if "missing" in guess.keys)
    words, users = max(lists.items(), key=lambda item: item[1], default=((), 0))
    if users < FEWEST:
        return {}
    for guess, column in zip(types, columns, strict=True):
        if "missing" not in guess.keys and column.missing_words.keys() & {*words, *MISSING_WORDS}:
            return {}
    return {"missing": list(words)}


def _lift_format(types: Sequence[TypeGuess]) -> dict[str, Any]:
    """The format of times, where all columns of times have it."""
    forms = [guess.keys.get("time_format") for guess in types if guess.type == "time"]
    return {"time_format": forms[0]} if len(forms) >= FEWEST and forms[0] and len(set(forms)) == 1 else {}
