"""Whether two figures show the same, by what `kernel.figures` describes of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE = 1e-9
"""Relative. Linear algebra with another number of threads gives other last bits, which no figure shows."""
MOST_DIFFERENCES = 20
LONGEST_VALUE = 60

PARTS = {
    "lines": "line",
    "points": "collection",
    "patches": "patch",
    "images": "image",
    "texts": "text",
    "tables": "table",
    "legends": "legend",
}


@dataclass(frozen=True)
class FigureDifference:
    """One thing that two figures show differently."""

    where: str
    """Such as `axes 1, collection 1, alpha`."""
    expected: str
    """What the notebook's figure has."""
    found: str
    """What the recipe's figure has."""

    @property
    def text(self) -> str:
        """The difference as a sentence."""
        return f"{self.where}: {self.expected} in the notebook, {self.found} in the recipe"


@dataclass(frozen=True)
class FigureVerdict:
    """How two figures compare."""

    differences: tuple[FigureDifference, ...]
    is_exact: bool
    """Whether all numbers have the same bits; otherwise they are equal within `TOLERANCE` where nothing differs."""


def compare_figures(expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> FigureVerdict:
    """How what a recipe's figure shows differs from what the notebook's shows."""
    differences = []
    for difference in _walk_figures(expected, found):
        differences.append(difference)
        if len(differences) == MOST_DIFFERENCES:
            break
    return FigureVerdict(tuple(differences), is_exact=not differences and list(expected) == list(found))


def _walk_figures(expected: Sequence[Any], found: Sequence[Any]) -> Iterator[FigureDifference]:
    if len(expected) != len(found):
        yield FigureDifference("number of axes", str(len(expected) - 1), str(len(found) - 1))
    for number, (one, other) in enumerate(zip(expected, found, strict=False)):
        yield from _walk("figure" if number == 0 else f"axes {number}", one, other)


def _walk(where: str, expected: Any, found: Any) -> Iterator[FigureDifference]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        exact = ("digest",) if "rounded" in expected and expected.get("rounded") == found.get("rounded") else ()
        for key in [*expected, *(key for key in found if key not in expected)]:
            if key in PARTS:
                yield from _walk_parts(where, PARTS[key], expected.get(key) or [], found.get(key) or [])
            elif key not in exact:
                yield from _walk(f"{where}, {key}", expected.get(key), found.get(key))
    elif is_list_of_numbers(expected) and is_list_of_numbers(found):
        yield from _compare_numbers(where, expected, found)
    elif not _is_same(expected, found):
        yield FigureDifference(where, _shorten(expected), _shorten(found))


def _walk_parts(where: str, word: str, expected: Sequence[Any], found: Sequence[Any]) -> Iterator[FigureDifference]:
    if len(expected) != len(found):
        yield FigureDifference(f"{where}, number of {_plural(word)}", str(len(expected)), str(len(found)))
        return
    for number, (one, other) in enumerate(zip(expected, found, strict=True), start=1):
        yield from _walk(f"{where}, {word} {number}", one, other)


def _plural(word: str) -> str:
    return f"{word}es" if word == "patch" else f"{word}s"


def is_list_of_numbers(value: Any) -> bool:
    """Whether a value is a list of numbers and None."""
    return isinstance(value, list) and bool(value) and all(one is None or isinstance(one, int | float) for one in value)


def _compare_numbers(where: str, expected: list[Any], found: list[Any]) -> Iterator[FigureDifference]:
    if len(expected) != len(found):
        yield FigureDifference(f"{where}, number of values", f"{len(expected):,}", f"{len(found):,}")
        return
    scale = max((abs(one) for one in expected if one is not None and math.isfinite(one)), default=1.0)
    for number, (one, other) in enumerate(zip(expected, found, strict=True), start=1):
        if not _is_close(one, other, scale):
            place = f"{where}, value {number} of {len(expected):,}" if len(expected) > 1 else where
            yield FigureDifference(place, _shorten(one), _shorten(other))
            return


def _is_close(one: float | None, other: float | None, scale: float) -> bool:
    if one is None or other is None or not (math.isfinite(one) and math.isfinite(other)):
        return one == other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE * scale)


def _is_same(expected: Any, found: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return _is_close(expected, found, abs(expected))
    return bool(expected == found)


def _shorten(value: Any) -> str:
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
