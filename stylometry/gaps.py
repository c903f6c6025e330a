"""Sums of absolute or squared differences of all pairs of rows, tile by tile, by several threads."""

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled, compiled_for_sums
from stylometry.parallel import Arrays, Elsewhere, count_cores, run_each

Floats = npt.NDArray[np.float64]

_TILE = 32
"""Rows compared with each other at a time: 32 rows of 2,000 features (0.5 MB) stay in the processor's cache."""

_STRIPE = 512
"""Rows of a task elsewhere; whole tiles, so that each pair is summed as here."""

_FEWEST_COLUMNS = 1_000
"""From so many on a stripe takes longer to sum than to send."""

_SERIAL_TERMS = 20_000_000
"""Up to so many differences one thread is done before more are started."""


def sum_gaps(
    one: Floats, other: Floats | None = None, *, is_squared: bool = False, elsewhere: Elsewhere | None = None
) -> Floats:
    """Sum of |a - b|, or (a - b)², over the columns, of each row of `one` with each of `other`, or of `one` itself.

    Args:
        one: Rows (a, columns).
        other: Rows (b, columns); without them, half the work is done and mirrored.
        is_squared: Whether to sum squares.
        elsewhere: Sums stripes of `one` with itself, if it has many columns; the result is the same to the last bit.

    Returns:
        Sums (a, b), or (a, a).
    """
    rows = np.ascontiguousarray(one, np.float64)
    others = rows if other is None else np.ascontiguousarray(other, np.float64)
    sums = np.zeros((len(rows), len(others)))
    threads = count_cores() if sums.size * rows.shape[1] > _SERIAL_TERMS else 1
    starts = range(0, len(rows), _TILE)
    if elsewhere is not None and other is None and rows.shape[1] >= _FEWEST_COLUMNS:
        tasks = [(start, min(start + _STRIPE, len(rows)), is_squared) for start in range(0, len(rows), _STRIPE)]
        stripes = elsewhere.run_each(sum_stripe, (rows,), tasks, is_exact=False)
        for (start, end, _), stripe in zip(tasks, stripes, strict=True):
            sums[start:end, start:] = stripe
    else:
        run_each(
            lambda start: _fill_rows(start, rows, others, sums, is_squared, other is None), starts, threads=threads
        )
    if other is None:
        run_each(lambda start: _mirror_rows(start, sums), starts, threads=threads)
    return sums


def sum_stripe(shared: Arrays, task: tuple[int, int, bool]) -> Floats:
    """Sums of a stripe of rows with those after them, zeros elsewhere (stripe, columns from its first row on).

    Args:
        shared: The rows.
        task: The first row, the one after the last, and whether to sum squares.
    """
    (rows,), (first, end, is_squared) = shared, task
    rest = rows[first:]
    sums = np.zeros((end - first, len(rest)))
    for start in range(0, len(sums), _TILE):
        _fill_rows(start, rest, rest, sums, is_squared, True)
    return sums


def sum_weighted_gaps(one: Floats, other: Floats, weights: Floats, *, is_squared: bool = False) -> Floats:
    """Sum of weight * |a - b|, or weight * (a - b)², over the columns: each row of `one`, by its weights, with all.

    Args:
        one: Rows (a, columns).
        other: Rows (b, columns).
        weights: Weights, 0 or more (a, columns).
        is_squared: Whether to sum squares.

    Returns:
        Sums (a, b).
    """
    rows, others, weighing = (np.ascontiguousarray(table, np.float64) for table in (one, other, weights))
    sums = np.zeros((len(rows), len(others)))
    threads = count_cores() if sums.size * rows.shape[1] > _SERIAL_TERMS else 1
    run_each(
        lambda start: _fill_weighted_rows(start, rows, others, weighing, sums, is_squared),
        range(0, len(rows), _TILE),
        threads=threads,
    )
    return sums


@compiled_for_sums
def _fill_weighted_rows(
    start: int, rows: Floats, others: Floats, weights: Floats, sums: Floats, is_squared: bool
) -> None:
    """Write the weighted sums of one tile of rows with all others."""
    end = min(start + _TILE, rows.shape[0])
    for tile in range(0, others.shape[0], _TILE):
        for row in range(start, end):
            for other in range(tile, min(tile + _TILE, others.shape[0])):
                total = 0.0
                if is_squared:
                    for column in range(rows.shape[1]):
                        gap = rows[row, column] - others[other, column]
                        total += weights[row, column] * (gap * gap)
                else:
                    for column in range(rows.shape[1]):
                        total += weights[row, column] * abs(rows[row, column] - others[other, column])
                sums[row, other] = total


@compiled_for_sums
def _fill_rows(start: int, rows: Floats, others: Floats, sums: Floats, is_squared: bool, is_mirrored: bool) -> None:
    """Write the sums of one tile of rows with all others, or with those after them."""
    end = min(start + _TILE, rows.shape[0])
    for tile in range(start if is_mirrored else 0, others.shape[0], _TILE):
        for row in range(start, end):
            for other in range(max(tile, row + 1) if is_mirrored else tile, min(tile + _TILE, others.shape[0])):
                total = 0.0
                if is_squared:
                    for column in range(rows.shape[1]):
                        gap = rows[row, column] - others[other, column]
                        total += gap * gap
                else:
                    for column in range(rows.shape[1]):
                        total += abs(rows[row, column] - others[other, column])
                sums[row, other] = total


@compiled
def _mirror_rows(start: int, sums: Floats) -> None:
    """Copy what stands above the diagonal below it, for one tile of rows."""
    end = min(start + _TILE, sums.shape[0])
    for tile in range(0, end, _TILE):
        for row in range(start, end):
            for other in range(tile, min(tile + _TILE, row)):
                sums[row, other] = sums[other, row]
