"""The stability index without its bias, and its interval."""

import numpy as np
import pytest

from drift.psi import NO_PSI, measure_psi

BEFORE, AFTER = np.full(10, 0.1), np.array([0.06, 0.07, 0.08, 0.09, 0.1, 0.1, 0.11, 0.12, 0.13, 0.14])
TRUE = float(((AFTER - BEFORE) * np.log(AFTER / BEFORE)).sum())


def test_the_raw_index_is_its_formula() -> None:
    ours, theirs = BEFORE * 1e7, AFTER * 1e7
    assert measure_psi(ours, theirs).raw == pytest.approx(TRUE, rel=1e-5)


@pytest.mark.parametrize(("after", "expected"), [(BEFORE, 0.0), (AFTER, TRUE)], ids=["no shift", "a shift"])
def test_the_index_minus_its_bias_is_right_on_average_and_in_its_interval(after: np.ndarray, expected: float) -> None:
    random = np.random.default_rng(1)
    found = [measure_psi(random.multinomial(4_000, BEFORE), random.multinomial(500, after)) for _ in range(600)]
    noise = 1 / 4_000 + 1 / 500
    middle = [psi.raw - 9 * noise for psi in found]
    inside = np.mean([psi.low <= expected <= psi.high for psi in found])
    # Four standard errors of the mean and of a share of 0.95 in 600 draws.
    assert abs(np.mean(middle) - expected) < 4 * np.std(middle) / 600**0.5 + 0.001
    assert inside > 0.95 - 4 * (0.95 * 0.05 / 600) ** 0.5


@pytest.mark.parametrize(("ours", "theirs"), [([5], [5]), ([5, 5], [0, 0]), ([], []), ([7, 0], [3, 0])])
def test_one_bin_or_no_row_is_no_index(ours: list[int], theirs: list[int]) -> None:
    assert measure_psi(ours, theirs) == NO_PSI


def test_an_empty_bin_gives_a_finite_index() -> None:
    psi = measure_psi([50, 50, 0], [0, 50, 50])
    assert 0 < psi.low < psi.value < psi.high < np.inf
