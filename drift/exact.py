"""Logarithm and exponential that give the same bits on each machine.

The evidence of a watch is kept for years and must not depend on which processor continued it. NumPy's own functions do:
it has several of them, one for each kind of processor. Sums, products, quotients and powers of two are exact by
IEEE 754, so the functions here use only those.
"""

import numpy as np

from drift.columns import Floats, Integers

LN2 = 0.6931471805599453
LN10 = 2.302585092994046
_HALF_ROOT = 0.7071067811865476
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.4286068203094173e-06
_ODD = tuple(1.0 / (2 * k + 1) for k in range(11, -1, -1))
_FACTORIALS = (1.0, 1.0, 2.0, 6.0, 24.0, 120.0, 720.0, 5040.0, 40320.0, 362880.0, 3628800.0, 39916800.0, 479001600.0)


def exact_log(values: Floats) -> Floats:
    """Natural logarithm of positive finite numbers, within 1e-15 of the true one (same shape)."""
    mantissa, power = np.frexp(values)
    is_low = mantissa < _HALF_ROOT
    mantissa = np.where(is_low, mantissa * 2, mantissa)
    slope = (mantissa - 1) / (mantissa + 1)
    square = slope * slope
    series = np.zeros_like(square)
    for factor in _ODD:
        series = series * square + factor
    result: Floats = (power - is_low) * LN2 + 2 * slope * series
    return result


def split_exp(values: Floats) -> tuple[Floats, Integers]:
    """Exponential of each number as `factor * 2 ** power`: factors from 0.7 to 1.5, and powers (same shape each)."""
    power = np.rint(values / LN2)
    rest = values - power * _LN2_HIGH - power * _LN2_LOW
    series = np.zeros_like(rest)
    for factorial in reversed(_FACTORIALS):
        series = series * rest + 1 / factorial
    return series, power.astype(np.int64)
