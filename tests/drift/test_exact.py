"""Logarithm and exponential from sums, products and quotients."""

import numpy as np

from drift.exact import exact_log, split_exp


def test_the_logarithm_is_right_to_the_last_digits() -> None:
    values = np.concatenate([10 ** np.linspace(-300, 300, 5_001), 1 + np.linspace(-1e-9, 1e-9, 101)])
    assert np.max(np.abs(exact_log(values) - np.log(values)) / np.maximum(np.abs(np.log(values)), 1)) < 5e-16
    assert exact_log(np.array([1.0])).tolist() == [0.0]


def test_the_exponential_is_right_to_the_last_digits() -> None:
    values = np.linspace(-700, 700, 5_001)
    factors, powers = split_exp(values)
    assert np.max(np.abs(np.ldexp(factors, powers) / np.exp(values) - 1)) < 2e-13  # the last digit of 700 is 1e-13
    assert factors.min() > 0.7
    assert factors.max() < 1.5


def test_the_exponential_has_no_end() -> None:
    factors, powers = split_exp(np.array([-1e6, 1e6]))
    assert powers.tolist() == [-1_442_695, 1_442_695]
    assert np.all(np.isfinite(factors))


def test_bits_are_known() -> None:
    assert exact_log(np.array([0.3, 2.0, 1e300])).tolist() == [
        -1.203972804325936,
        0.6931471805599453,
        690.7755278982137,
    ]
