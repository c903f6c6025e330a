"""Values that look like numbers or dates and may be none, and numbers that a model would round."""

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adopt.notes import DataWarning, WarningKind
from adopt.recipe.cells.subject import is_number
from adopt.recipe.known import Known
from relay.handoff.wording import count, list_words

CODES = (-99999.0, -9999.0, -999.0, -99.0, -9.0, -1.0, 88.0, 99.0, 888.0, 999.0, 9999.0, 99999.0, 999999.0)
"""Numbers by which people write that there is no value."""

FEWEST = 2
"""Cells from which on such a number is one of these codes."""

APART = 3.0
"""How far a code lies from the nearest other value, in distances between the quartiles of the others."""

LEAST_ZEROS, MOST_ZEROS = 2, 0.5
"""Zeros that may stand for missing values: from a few up to half of the cells."""

ZERO_GAP = 0.25
"""Smallest other value, as a share of their median, from which on a zero is unusual."""

LARGEST_EXACT = 2**53
"""Whole numbers up to here are exact in double precision. Source: IEEE 754, binary64."""

SAME_FORMAT = 0.995
"""Share of the dates of a column that have one format where the dates are not mixed."""

Floats = npt.NDArray[np.float64]


def find_suspicious(columns: Sequence[Known], inputs: Sequence[int]) -> Iterator[DataWarning]:
    """Warnings of numbers that may be no numbers, of mixed dates and of large whole numbers.

    Args:
        columns: of the table.
        inputs: places of inputs and target.
    """
    for column in columns:
        if column.index in inputs and column.is_number:
            yield from _look_at_numbers(column)
        if column.profile.beyond_double and column.type == "int":
            yield DataWarning(
                WarningKind.LARGE_INTEGER,
                f"{column.shown} has {count(column.profile.beyond_double, 'whole number')} beyond 2^53: a model "
                "and many programs see them rounded to 15 to 17 digits. If they name something, use "
                'type = "text" or a role that is no input.',
                (column.shown,),
            )
        yield from _look_at_dates(column)


def _look_at_numbers(column: Known) -> Iterator[DataWarning]:
    values = pc.drop_null(column.values).to_numpy(zero_copy_only=False).astype(np.float64)
    if len(values) < LEAST_ROWS:
        return
    codes, others = find_far_codes(values)
    asked = _find_asked(column)
    codes = {code: rows for code, rows in codes.items() if code not in asked}
    if codes:
        yield _warn_of_codes(column, codes, others, len(values))
    for code in (one for one in CODES if one not in asked | codes.keys()):
        rows = int((values == code).sum())
        if rows >= FEWEST and _stands_apart(values, code):
            scaled = _scale(rows, len(values), column)
            yield DataWarning(
                WarningKind.SUSPICIOUS_VALUE,
                f"{column.shown} is {code:g} in {scaled}, far from all others: it may mean that there is no value. "
                f'If so, add missing = ["{code:g}"] and null = true to the column.',
                (column.shown,),
            )
    if 0.0 not in asked | codes.keys() and (rows := _count_unusual_zeros(values)) > 0:
        yield DataWarning(
            WarningKind.SUSPICIOUS_VALUE,
            f"{column.shown} is 0 in {_scale(rows, len(values), column)}, and at least "
            f"{values[values > 0].min():g} elsewhere: 0 may mean that there is no value. If so, add "
            'missing = ["0"] and null = true to the column.',
            (column.shown,),
        )


def _find_asked(column: Known) -> frozenset[float]:
    """The numbers of which the guess itself asks whether they are values; all codes where a person says that none is.

    One hint for a cell is enough, and a person who confirmed it as a value needs no more of them.
    """
    if column.guess.keys.get("missing") == []:
        return frozenset((*CODES, 0.0))
    choices = [one for note in column.guess.notes if note.key.endswith(".missing") for one in note.choices]
    return frozenset(float(word) for one in choices for word in json.loads(one) if is_number(word))


def find_far_codes(values: Floats) -> tuple[dict[float, int], tuple[float, float]]:
    """Numbers that repeat far above or far below all others, with their rows; and the range of the others.

    Args:
        values: of a column, without missing ones (n,).
    """
    for sign in (1.0, -1.0):
        numbers, rows = np.unique(sign * values, return_counts=True)
        for far in range(1, MOST_CODES + 1):
            others, apart = numbers[:-far], numbers[-far:]
            if len(others) < LEAST_OTHERS or apart[0] - others[-1] <= FAR * (others[-1] - others[0]):
                continue
            if rows[-far:].max() >= LEAST_REPEATS and rows[-far:].sum() <= MOST_CODED * len(values):
                found = {sign * float(one) + 0.0: int(count) for one, count in zip(apart, rows[-far:], strict=True)}
                low, high = sorted((sign * float(others[0]), sign * float(others[-1])))
                return dict(sorted(found.items())), (low, high)
    return {}, (0.0, 0.0)


MOST_CODES, LEAST_OTHERS = 3, 5
"""Different codes of a column at most, and other numbers at least."""

FAR = 2.0
"""Gap between codes and all other numbers, in ranges of the others: a long tail has no such gap."""

LEAST_REPEATS, MOST_CODED = 3, 0.1
"""Rows of the most frequent code, and the share of the rows that codes are at most."""

LEAST_ROWS = 20
"""Values below which none stands apart."""


def _warn_of_codes(
    column: Known, codes: Mapping[float, int], others: tuple[float, float], looked_at: int
) -> DataWarning:
    said = [f"{_write(code)} in {_scale(rows, looked_at, column)}" for code, rows in codes.items()]
    missing = ", ".join(f'"{_write(code)}"' for code in codes)
    these = "this number" if len(codes) == 1 else "these numbers"
    return DataWarning(
        WarningKind.SUSPICIOUS_VALUE,
        f"{column.shown} is {list_words(said)}, and from {_write(others[0])} to {_write(others[1])} elsewhere: {these} "
        f"may mean that there is no value. If so, add missing = [{missing}] and null = true to the column.",
        (column.shown,),
    )


def _write(number: float) -> str:
    return f"{number:.0f}" if number.is_integer() else repr(number)


def _scale(rows: int, looked_at: int, column: Known) -> str:
    """The number of rows, in the whole table or in the part that was looked at."""
    part = f" of the {looked_at:,} looked at" if looked_at < column.valued else ""
    return f"{count(rows, 'row')}{part}"


def _stands_apart(values: Floats, code: float) -> bool:
    """Whether a number is the smallest or largest one, far from the others."""
    others = values[values != code]
    if len(others) < LEAST_ROWS / 2:
        return False
    low, middle, high = np.quantile(others, (0.25, 0.5, 0.75))
    spread = max(high - low, abs(middle) / 10, 1e-12)
    gap = code - others.max() if code > others.max() else others.min() - code
    if code == -1.0:
        return bool(others.min() >= 0 and np.array_equal(others, np.round(others)) and others.max() > MOST_STEPS)
    return bool(gap > APART * spread)


MOST_STEPS = 5
"""Largest value of a scale that may begin with -1."""


def _count_unusual_zeros(values: Floats) -> int:
    zeros = int((values == 0).sum())
    others = values[values != 0]
    if not LEAST_ZEROS <= zeros <= MOST_ZEROS * len(values) or others.min() < 0 or len(np.unique(others)) < LEAST_ROWS:
        return 0
    return zeros if others.min() > ZERO_GAP * np.median(others) else 0


def _look_at_dates(column: Known) -> Iterator[DataWarning]:
    """A warning where no single format fits the dates of a column."""
    formats = {
        way.removeprefix("time:"): cells for way, cells in column.profile.ways.items() if way.startswith("time:")
    }
    spelled = {form: cells for form, cells in formats.items() if form}
    if not spelled:
        return
    best = max(spelled, key=lambda form: spelled[form].fits)
    dates = max(cells.fits for cells in formats.values())
    others = [form for form, cells in spelled.items() if form != best and cells.fits and _differs(form, best)]
    fits = spelled[best].fits
    if fits >= SAME_FORMAT * dates or not others or fits < LEAST_ROWS / 2:
        return
    examples = spelled[best].examples
    like = f", such as {examples[0]}" if examples else ""
    yield DataWarning(
        WarningKind.MIXED_DATES,
        f"{column.shown} has dates in several formats: {fits:,} fit {best}, {dates - fits:,} do not{like}. Look at "
        "a few of both: day and month may be read in the wrong order.",
        (column.shown,),
    )


def _differs(form: str, other: str) -> bool:
    return form.replace("%m", "%d") != other.replace("%m", "%d")
