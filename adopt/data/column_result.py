"""The profile of one column, from what its pass has kept."""

from dataclasses import replace
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adopt.data.column_pass import ColumnPass, Words, to_text
from adopt.data.profile import ColumnProfile, Histogram, United
from adopt.data.reading import read_words
from adopt.data.spread import find_quantiles, make_histogram
from adopt.data.tally import SHAPES, Tally
from adopt.data.units import remove_affix
from adopt.data.words_of_nothing import NUMBERS, SUSPECTED

Floats = NDArray[np.float64]

LARGEST = 1.7e308
"""What an infinite number is shown as."""
MOSTLY = 0.9
"""Share of the cells that are numbers from which on the column is described as numbers."""
FAR = 1.0
"""A number such as -999 is suspected where it lies farther from all others than this many times their range."""

MOST_CODES = 4
"""Codes at one end of a column, such as -66, -77, -88 and -99 in surveys, that are looked at together."""


def finish_column(column: ColumnPass, sample: pa.Array) -> ColumnProfile:
    """The column's profile.

    Args:
        column: after all rows.
        sample: the column's cells in the sample of rows.
    """
    found = column.finish()
    order = column.order.ways
    whole = _Whole(
        name=column.name,
        rows=column.rows,
        arrow_type=str(column.arrow_type),
        distinct=_count_distinct(column, found),
        is_distinct_exact=found is not None or _is_strict(column),
        most_frequent=column.most_frequent(found),
    )
    profile = _describe(whole, column.tally, found, to_text(sample))
    united = _describe_united(whole, column.tally, found, to_text(sample))
    if united is not None and not profile.quantiles:
        profile = replace(profile, quantiles=united.bare.quantiles, histogram=united.bare.histogram)
    return replace(profile, is_sorted=bool(order), sorted_as=order, united=united)


class _Whole(TypedDict):
    """What of a column is the same with and without a unit."""

    name: str
    rows: int
    arrow_type: str
    distinct: int
    is_distinct_exact: bool
    most_frequent: tuple[tuple[str, int], ...]


def _describe(whole: _Whole, tally: Tally, found: Words | None, sample: pa.Array) -> ColumnProfile:
    quantiles, histogram, suspected = _describe_numbers(tally, found, sample)
    return ColumnProfile(
        **whole,
        empty=tally.empty,
        missing_words=dict(tally.missing.most_common()) | suspected,
        ways=tally.finish(),
        leading_zeros=tally.leading_zeros,
        exponents=tally.exponents,
        beyond_double=tally.beyond_double,
        shortest=tally.shortest,
        longest=tally.longest,
        mean_words=(tally.word_breaks + tally.cells) / tally.cells if tally.cells else 0.0,
        quantiles=quantiles,
        histogram=histogram,
        shapes=dict(tally.shapes.most_common(SHAPES)),
        fractions=tally.fractions,
        dots=tally.dots,
        words=tally.words,
        seen=tuple(sorted(tally.seen)),
    )


def _describe_united(whole: _Whole, tally: Tally, found: Words | None, sample: pa.Array) -> United | None:
    """The column without its unit; None where it has none."""
    if tally.affix is None or tally.bare is None:
        return None
    affix = tally.affix
    frequent = remove_affix(pa.array([word for word, _ in whole["most_frequent"]], pa.string()), affix)[0].to_pylist()
    counts = [cells for _, cells in whole["most_frequent"]]
    words = None if found is None else replace(found, words=remove_affix(_trim(found.words), affix)[0])
    most = {**whole, "most_frequent": tuple(zip(frequent, counts, strict=True))}
    bare = _describe(most, tally.bare, words, remove_affix(_trim(sample), affix)[0])  # type: ignore[arg-type]
    words_of_nothing = dict(tally.missing.most_common())
    bare = replace(bare, empty=tally.empty, missing_words=words_of_nothing | dict(bare.missing_words))
    return United(affix.prefix, affix.suffix, tally.united, bare)


def _trim(text: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(text)


def _describe_numbers(
    tally: Tally, found: Words | None, sample: pa.Array
) -> tuple[tuple[float, ...], Histogram | None, dict[str, int]]:
    """Quantiles, histogram and suspected numbers; empty where the column holds no numbers."""
    way = choose_number(tally)
    if way is None:
        return (), None, {}
    values, counts = _find_values(way, found, sample)
    if not len(values):
        return (), None, {}
    ends = (max(tally.ends[way][0], -LARGEST), min(tally.ends[way][1], LARGEST))
    suspected = _suspect(values, counts * (tally.fits[way] / counts.sum()))
    return find_quantiles(values, counts, ends), make_histogram(values, counts, ends, tally.fits[way]), suspected


def choose_number(tally: Tally) -> str | None:
    """The way in which most cells are numbers; None where too few are."""
    numbers = [way for way in tally.fits if way.startswith(("int", "float")) and way in tally.ends]
    rest = tally.cells - sum(tally.missing.values())
    best = max(numbers, key=lambda way: tally.fits[way], default=None)
    return best if best is not None and tally.fits[best] >= MOSTLY * rest else None


def _find_values(way: str, found: Words | None, sample: pa.Array) -> tuple[Floats, Floats]:
    """Different finite numbers in rising order, and how many cells are each of them."""
    if found is None:
        text = to_text(sample)
        counts = np.ones(len(text), np.float64)
    else:
        text, counts = found.words, found.counts.astype(np.float64)
    words = pc.utf8_trim_whitespace(pc.fill_null(text, ""))
    kept = pc.and_(pc.not_equal(words, ""), pc.invert(pc.is_in(words, _SUSPECTED)))
    words, counts = words.filter(kept), counts[kept.to_numpy(zero_copy_only=False)]
    values, fits = read_words(words, way)
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    fits &= np.isfinite(numbers)
    different, at = np.unique(numbers[fits], return_inverse=True)
    return different, np.bincount(at, counts[fits], len(different)).astype(np.float64)


def _suspect(values: Floats, counts: Floats) -> dict[str, int]:
    """Numbers such as -999 at an end of the column and far from all others, which appear more than once."""
    suspected: dict[str, int] = {}
    low, high = 0, len(values) - 1
    while high - low >= 2:
        left = values[low : high + 1]
        if taken := _count_codes(left, left):
            places, low = range(low, low + taken), low + taken
        elif taken := _count_codes(left[::-1], -left[::-1]):
            places, high = range(high, high - taken, -1), high - taken
        else:
            break
        suspected |= {f"{values[at]:.15g}": round(counts[at]) for at in places}
    return suspected


def _count_codes(values: Floats, rising: Floats) -> int:
    """How many of the first numbers are codes such as -99 and -77, together far from all that follow.

    Args:
        values: from one end of the column.
        rising: the same, with the sign by which they rise.
    """
    for taken in range(1, min(MOST_CODES, len(values) - 2) + 1):
        if values[taken - 1] not in _NUMBERS:
            break
        if _is_far(rising[taken] - rising[taken - 1], rising[taken:]):
            return taken
    return 0


def _is_far(gap: float, others: Floats) -> bool:
    return bool(gap > FAR * (others[-1] - others[0]) and gap > 1)


def _is_strict(column: ColumnPass) -> bool:
    return bool(column.order.ways) and column.order.is_strict


def _count_distinct(column: ColumnPass, found: Words | None) -> int:
    if found is not None:
        words = pc.utf8_trim_whitespace(pc.fill_null(found.words, ""))
        return int(pc.count_distinct(words).as_py()) - bool(pc.any(pc.equal(words, "")).as_py())
    filled = column.tally.cells
    return filled if _is_strict(column) else min(column.distinct.estimate(), filled)


_SUSPECTED = pa.array(sorted(SUSPECTED), pa.string())
_NUMBERS = frozenset(map(float, NUMBERS))
