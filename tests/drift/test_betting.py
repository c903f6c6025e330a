"""Wealth over all first looks."""

import numpy as np
import pytest

from drift.betting import Wealth


def compute_by_definition(gains: list[float]) -> float:
    """The capital of each first look times what was won since, and what waits: as a power of ten."""
    looks = len(gains)
    started = sum(np.exp(sum(gains[first - 1 :])) / (first * (first + 1)) for first in range(1, looks + 1))
    return float(np.log10(started + 1 / (looks + 1)))


def test_wealth_is_what_the_definition_says() -> None:
    gains = [0.3, -2.0, 1.5, 0.0, -0.7, 4.0]
    evidence, _ = Wealth(1, 1).add(np.array(gains)[:, None, None])
    assert np.allclose(evidence[:, 0], [compute_by_definition(gains[:stop]) for stop in range(1, 7)])


def test_gamblers_share_the_capital() -> None:
    evidence, _ = Wealth(1, 2).add(np.array([[[1.0, -1.0]]]))
    assert np.allclose(evidence, np.log10((np.exp(1) + np.exp(-1)) / 2 / 2 + 1 / 2))


def test_without_gains_wealth_stays_one() -> None:
    evidence, _ = Wealth(2, 3).add(np.zeros((50, 2, 3)))
    assert np.allclose(evidence, 0)


@pytest.mark.parametrize("size", [5_000.0, -5_000.0])
def test_no_capital_is_too_large_or_too_small(size: float) -> None:
    wealth = Wealth(1, 1)
    evidence, _ = wealth.add(np.full((3, 1, 1), size))
    expected = [np.log10(1 / (look + 1)) for look in (1, 2, 3)] if size < 0 else [size * look for look in (1, 2, 3)]
    assert np.allclose(evidence[:, 0], expected if size < 0 else np.array(expected) / np.log(10), rtol=1e-3)
    later, _ = wealth.add(np.full((1, 1, 1), -4 * size))
    assert np.all(np.isfinite(later))


def test_looks_one_by_one_give_the_same_bits_as_together() -> None:
    gains = np.random.default_rng(1).normal(0, 3, (40, 2, 3))
    together, apart = Wealth(2, 3), Wealth(2, 3)
    evidence, since = together.add(gains)
    one_by_one = [apart.add(gain[None]) for gain in gains]
    assert np.array_equal(evidence, np.concatenate([found for found, _ in one_by_one]))
    assert np.array_equal(since, np.concatenate([found for _, found in one_by_one]))
    assert all(np.array_equal(apart.to_arrays()[name], array) for name, array in together.to_arrays().items())
    assert np.array_equal(apart.since(), since[-1])


def test_a_change_begins_where_the_capital_was_lowest() -> None:
    _, since = Wealth(1, 1).add(np.array([0.5, -1.0, -1.0, -1.0, 3.0, 3.0])[:, None, None])
    assert since[:, 0].tolist() == [0, 2, 3, 4, 4, 4]


def test_the_wealth_of_a_fair_game_rarely_reaches_a_hundred() -> None:
    # 5,000 games of 50 looks; Ville: at most 50 of them, and four standard errors more.
    random = np.random.default_rng(2)
    wins = random.normal(0, 1.5, (50, 5_000, 1)) - 1.5**2 / 2
    evidence, _ = Wealth(5_000, 1).add(wins)
    assert np.count_nonzero((evidence >= 2).any(axis=0)) <= 50 + 4 * 7
