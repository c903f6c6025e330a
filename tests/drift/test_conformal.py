"""Conformal p-values from counts, and the gamblers who bet on them."""

import numpy as np
import pytest

from drift.columns import Floats, Integers
from drift.conformal import EDGES, KEPT, PRIOR_ROWS, UNIFORM_SHARE, WIDTHS, Gamblers, count_pvalues, find_pvalues


def find_by_definition(counts: Integers, places: Integers, ties: Floats) -> list[float]:
    """Row by row: those in lower bins, and a random part of those in its own, itself included, over all so far."""
    so_far, found = counts.copy(), []
    for place, tie in zip(places, ties, strict=True):
        so_far[place] += 1
        found.append((so_far[:place].sum() + tie * so_far[place]) / so_far.sum())
    return found


@pytest.mark.parametrize("bins", [1, 2, 3, 76, 300])
@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33, 200])
def test_pvalues_are_what_the_definition_says(bins: int, rows: int) -> None:
    random = np.random.default_rng(bins)
    counts, places, ties = random.integers(0, 5, bins), random.integers(0, bins, rows), random.random(rows)
    assert find_pvalues(counts, places, ties).tolist() == find_by_definition(counts, places, ties)


def test_three_rows_by_hand() -> None:
    # 4 values in bins 0, 1, 1, 2; then a row in bin 1: one lower, three equal with itself, of five.
    found = find_pvalues(np.array([1, 2, 1]), np.array([1, 0, 2]), np.array([0.5, 0.5, 0.0]))
    assert found.tolist() == [(1 + 0.5 * 3) / 5, 0.5 * 2 / 6, 5 / 7]


def test_pvalues_are_uniform_without_a_change_even_after_few_values() -> None:
    random = np.random.default_rng(5)
    found = np.array(
        [
            find_pvalues(
                np.bincount(random.integers(0, 3, 2), minlength=3), random.integers(0, 3, 1), random.random(1)
            )[0]
            for _ in range(1_500)
        ]
    )
    counts = np.bincount((found * 10).astype(np.int64), minlength=10)
    assert ((counts - 150) ** 2 / 150).sum() < 34  # the 0.9999 quantile of chi-square with 9 degrees of freedom


def test_pvalues_are_counted_by_look_and_bin() -> None:
    found = count_pvalues(np.array([0.0, 0.0019, 0.002, 0.5, 0.9999, 1.0]), np.array([0, 0, 0, 1, 1, 1]), 2)
    assert found.sum(axis=1).tolist() == [3, 3]
    assert found[0, :2].tolist() == [2, 1]
    assert found[1, [10, -1]].tolist() == [1, 2]
    assert len(WIDTHS) == len(EDGES) + 1
    assert np.isclose(WIDTHS.sum(), 1)


def test_gamblers_bet_by_what_they_remember() -> None:
    gamblers = Gamblers(1)
    histogram = np.zeros((1, len(WIDTHS), 1), np.int64)
    histogram[0, 0, 0] = 10
    assert gamblers.play(histogram).tolist() == [[[0.0, 0.0, 0.0]]]  # they remember nothing yet, so they bet nothing
    density = (10 + PRIOR_ROWS * WIDTHS[0]) / (10 + PRIOR_ROWS) / WIDTHS[0]
    gains = gamblers.play(histogram)
    # What is remembered fades at the end of a look, before its own rows are added.
    assert np.allclose(gains, 10 * np.log(UNIFORM_SHARE + (1 - UNIFORM_SHARE) * density))
    assert np.allclose(gamblers.held[0], 10 * KEPT + 10)


def test_a_bet_is_fair() -> None:
    random = np.random.default_rng(6)
    gamblers = Gamblers(1)
    for _ in range(5):
        gamblers.play(random.integers(0, 20, (1, len(WIDTHS), 1)))
    one_row = np.eye(len(WIDTHS), dtype=np.int64)
    gains = []
    for row in one_row:
        copy = Gamblers(1)
        copy.memory, copy.held = gamblers.memory, gamblers.held
        gains.append(np.exp(copy.play(row[None, :, None]))[0, 0])
    assert np.allclose(WIDTHS @ np.array(gains), 1)
