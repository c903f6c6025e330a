"""Losses from 0 to 1, and the bound of their mean."""

import math

import numpy as np
import pytest

from drift.errors import DriftError
from drift.losses import LossProfile, bound_mean, build_loss_profile, measure_losses


def test_losses_by_hand() -> None:
    assert measure_losses("brier", [0.2, 0.2], [0, 1]).tolist() == pytest.approx([0.04, 0.64])
    assert measure_losses("squared", [1.0, 5.0], [3.0, 5.5], scale=2.0).tolist() == [1.0, 0.125]
    assert measure_losses("error", ["a", "b"], ["a", "c"]).tolist() == [0, 1]
    thousandth = math.log(1000)
    found = measure_losses("log", [1.0, 0.5, 0.001, 0.0], ["a", "b", "c", "unknown"])
    assert found.tolist() == pytest.approx([0, math.log(2) / thousandth, 1, 1])


def test_a_residual_counts_as_four_rmse_at_most() -> None:
    truth = np.zeros(1_000)
    profile = build_loss_profile("squared", np.tile([3.0, -3.0], 500), truth)
    assert profile.scale == 16 * 9
    assert profile.mean == 1 / 16
    assert measure_losses("squared", [12.0, 1e6], [0.0, 0.0], scale=profile.scale).tolist() == [1, 1]


def test_a_model_without_errors_has_a_scale_and_a_bound() -> None:
    profile = build_loss_profile("squared", np.ones(100), np.ones(100))
    assert (profile.scale, profile.mean) == (1, 0)
    assert profile.bound == 1 - 0.005 ** (1 / 100)


def test_the_bound_by_hand() -> None:
    # 100 ones of 1,000: variance 0.0901, third moment over variance 0.8 * 0.999.
    losses = (np.arange(1_000) < 100).astype(np.float64)
    z = 2.5758293
    expected = 0.1 + z * math.sqrt(0.09 * 1_000 / 999 / 1_000) + 0.8 * 0.999 * (1 + 2 * z * z) / 6_000
    assert bound_mean(losses) == pytest.approx(expected)


def test_the_bound_is_above_the_mean_in_almost_all_samples_of_skewed_losses() -> None:
    # Skewed as the Brier loss of rare labels is: the mean of the population is 0.04, its skewness 4.7.
    random = np.random.default_rng(1)
    held = [bound_mean(np.where(random.random(500) < 0.04, 1.0, 0.0)) >= 0.04 for _ in range(1_000)]
    assert 1_000 - sum(held) <= 5 + 4 * 2.3


def test_a_profile_survives_json() -> None:
    profile = build_loss_profile("brier", np.linspace(0, 1, 50), np.zeros(50), gap_spread=0.25)
    assert LossProfile.from_json(profile.to_json()) == profile
    with pytest.raises(DriftError, match="other fields"):
        LossProfile.from_json({"kind": "brier"})


def test_one_row_has_no_bound() -> None:
    with pytest.raises(DriftError, match="found 1 test rows, expected at least 2"):
        build_loss_profile("brier", [0.5], [1])
