"""Figures of labelled rows, beside the formulas of the papers."""

import math

import numpy as np
import pytest

from drift.columns import Floats
from drift.estimates import Z, estimate_auc, estimate_calibration, estimate_mean, estimate_rate


def delong_by_definition(scores: Floats, labels: Floats) -> tuple[float, float]:
    """AUC and its variance from all pairs: DeLong, DeLong and Clarke-Pearson 1988, equations 2 to 5."""
    ones, zeros = scores[labels == 1], scores[labels == 0]
    pairs = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    variance = np.var(pairs.mean(axis=1), ddof=1) / len(ones) + np.var(pairs.mean(axis=0), ddof=1) / len(zeros)
    return float(pairs.mean()), float(variance)


@pytest.mark.parametrize("digits", [0, 1, 8])
def test_auc_and_its_interval_are_what_delong_says(digits: int) -> None:
    random = np.random.default_rng(digits)
    labels = (random.random(200) < 0.3).astype(np.float64)
    scores = np.round(random.normal(labels, 1), digits)
    auc, variance = delong_by_definition(scores, labels)
    found = estimate_auc(scores, labels)
    odds, half = math.log(auc / (1 - auc)), Z * math.sqrt(variance) / (auc * (1 - auc))
    assert found.value == pytest.approx(auc)
    assert found.low == pytest.approx(1 / (1 + math.exp(half - odds)))
    assert found.high == pytest.approx(1 / (1 + math.exp(-half - odds)))
    assert found.rows == 200


def test_auc_by_hand() -> None:
    # Pairs (one, zero): 3 > 1, 3 > 2, 2 > 1, 2 = 2: three and a half of four are right.
    assert estimate_auc(np.array([1.0, 2, 2, 3]), np.array([0.0, 0, 1, 1])).value == 0.875


def test_auc_of_one_label_is_unknown() -> None:
    found = estimate_auc(np.array([0.1, 0.2]), np.array([1.0, 1.0]))
    assert all(map(math.isnan, (found.value, found.low, found.high)))


@pytest.mark.parametrize(("scores", "labels"), [([1.0, 2, 3, 4], [0, 0, 1, 1]), ([1.0, 2, 3], [0, 0, 1])])
def test_auc_has_no_interval_where_its_variance_is_unknown(scores: list[float], labels: list[int]) -> None:
    found = estimate_auc(np.array(scores), np.array(labels, np.float64))
    assert found.value == 1
    assert math.isnan(found.low)


def test_intervals_of_the_auc_hold_the_true_one() -> None:
    random = np.random.default_rng(3)
    true = 0.5 * (1 + math.erf(0.5))  # of two normals one standard deviation apart: Phi(1 / sqrt 2)
    labels = (np.arange(300) < 60).astype(np.float64)
    found = [estimate_auc(random.normal(labels, 1), labels) for _ in range(400)]
    held = sum(one.low <= true <= one.high for one in found)
    assert 363 <= held <= 397  # 95% of 400, and four standard errors


@pytest.mark.parametrize(
    ("ones", "rows", "low", "high"), [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (15, 148, 0.0624, 0.1605)]
)
def test_a_rate_has_wilsons_interval(ones: int, rows: int, low: float, high: float) -> None:
    # 15 of 148: Newcombe 1998, Statistics in Medicine 17, pp. 857-872, table I, method 3.
    found = estimate_rate((np.arange(rows) < ones).astype(np.float64))
    assert found.value == ones / rows
    assert [found.low, found.high] == pytest.approx([low, high], abs=6e-5)


def test_a_mean_by_hand() -> None:
    found = estimate_mean(np.array([0.0, 0, 1, 1]))
    assert found.value == 0.5
    assert found.high - 0.5 == pytest.approx(Z * math.sqrt(1 / 3 / 4))
    assert math.isnan(estimate_mean(np.array([0.3])).low)
    assert math.isnan(estimate_mean(np.array([])).value)


def test_calibration_by_hand() -> None:
    scores = np.array([0.1, 0.1, 0.3, 0.3, 0.9, 0.9])
    found = estimate_calibration(scores, np.array([0.0, 0, 0, 1, 1, 1]), bins=3)
    assert [one.predicted for one in found.bins] == pytest.approx([0.1, 0.3, 0.9])
    assert [one.observed.value for one in found.bins] == [0, 0.5, 1]
    assert found.gap.value == pytest.approx(0.5 - 2.6 / 6)


def test_rows_of_equal_score_stay_in_one_bin() -> None:
    found = estimate_calibration(np.array([0.2] * 50 + [0.7]), np.zeros(51))
    assert [one.observed.rows for one in found.bins] == [50, 1]
    found = estimate_calibration(np.array([0.1] + [0.2] * 50), np.zeros(51))
    assert [one.observed.rows for one in found.bins] == [1, 50]
    assert estimate_calibration(np.array([]), np.array([])).bins == ()
