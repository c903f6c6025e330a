"""What the loss should be, without labels."""

import math

import numpy as np
import pytest

from drift.columns import Floats
from drift.errors import DriftError
from drift.estimates import estimate_mean
from drift.expected import apply_map, compare_with_expected, expect_brier, fit_map


def test_a_map_pools_neighbours_that_fall() -> None:
    # Shares 0, 1, 0, 1 at rising scores: the two in the middle are pooled to a half.
    points = fit_map(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1, 0, 1]))
    assert points == ((0.1, 0.0), (0.2, 0.5), (0.3, 0.5), (0.4, 1.0))
    assert apply_map(points, np.array([0.0, 0.1, 0.15, 0.25, 0.9])).tolist() == pytest.approx([0, 0, 0.25, 0.5, 1])


def test_a_map_joins_equal_scores_and_keeps_only_ends() -> None:
    points = fit_map(np.array([0.1, 0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1, 1, 0, 0]))
    assert points == ((0.1, 0.4), (0.4, 0.4))


def test_a_map_needs_rows() -> None:
    with pytest.raises(DriftError, match="at least 1 test row"):
        fit_map(np.array([]), np.array([]))


def test_the_expected_brier_loss_by_hand() -> None:
    assert expect_brier(np.array([0.25, 0.5]), np.array([0.2, 1.0])).tolist() == pytest.approx([0.19, 0.5])


def answer(random: np.random.Generator, centre: float, *, flipped: float = 0.0) -> tuple[Floats, Floats]:
    """Scores of an overconfident model, and labels that depend on the inputs as always, but for those flipped."""
    inputs = random.normal(centre, 1, 6_000)
    labels = (random.random(6_000) < 1 / (1 + np.exp(-inputs))) ^ (random.random(6_000) < flipped)
    return 1 / (1 + np.exp(-2 * inputs)), labels.astype(np.float64)


def judge(seed: int, centre: float, *, flipped: float = 0.0) -> tuple[float, float, bool, bool]:
    """Expected and realised loss, whether the interval of their difference lies above 0, and whether it holds 0."""
    random = np.random.default_rng(seed)
    scores, labels = answer(random, 0.0)
    points = fit_map(scores, labels)
    spread = float(np.std((scores - labels) ** 2 - expect_brier(apply_map(points, scores), scores)))
    scores, labels = answer(random, centre, flipped=flipped)
    losses, expected = (scores - labels) ** 2, expect_brier(apply_map(points, scores), scores)
    gap = compare_with_expected(losses, expected, test_rows=6_000, test_spread=spread)
    return estimate_mean(expected).value, estimate_mean(losses).value, gap.low > 0, gap.low <= 0 <= gap.high


def test_the_expected_loss_follows_inputs_that_move() -> None:
    expected, realised, _, is_equal = judge(1, 0.8)
    assert abs(expected - realised) < 0.01
    assert is_equal


def test_a_target_that_depends_on_the_inputs_in_another_way_shows_in_the_difference() -> None:
    expected, realised, is_above, _ = judge(2, 0.0, flipped=0.05)
    assert realised > expected
    assert is_above


def test_the_interval_allows_for_the_error_of_the_map() -> None:
    held = [judge(seed, 0.0)[3] for seed in range(100)]
    assert sum(held) >= 86  # 95% of 100, and four standard errors
    one = compare_with_expected(np.array([0.0, 1.0]), np.array([0.5, 0.5]), test_rows=100, test_spread=2.0)
    assert one.high == pytest.approx(1.959964 * math.sqrt(0.5 / 2 + 4 / 100), abs=1e-5)
