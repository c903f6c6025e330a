"""Uniform numbers from identities."""

import hashlib

import numpy as np

from drift.ties import draw_ties, hash_ids

MASK = 2**64 - 1


def mix(number: int) -> float:
    """The finaliser of SplitMix64 on a whole number of Python, as in the paper."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK
    return ((number ^ (number >> 31)) >> 11) / 2**53


def begin(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def test_ties_are_what_the_formula_says() -> None:
    expected = [mix((begin(text) + begin("values: age")) & MASK) for text in ("a/0", "a/1", "ä/0")]
    assert draw_ties(hash_ids(["a/0", "a/1", "ä/0"]), "values: age").tolist() == expected


def test_ties_stay_the_same_between_versions() -> None:
    assert draw_ties(hash_ids(["a/0"]), "values: age").tolist() == [0.29473557107424]


def test_ties_are_uniform_and_independent_between_streams_and_records() -> None:
    keys = hash_ids(f"prediction/{number}" for number in range(20_000))
    first, second = draw_ties(keys, "values: age"), draw_ties(keys, "missing: age")
    counts = np.bincount((first * 100).astype(np.int64), minlength=100)
    assert ((counts - 200) ** 2 / 200).sum() < 160  # the 0.9999 quantile of chi-square with 99 degrees of freedom: 161
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03  # four standard errors
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.03
    assert first.min() >= 0
    assert first.max() < 1


def test_no_records_have_no_ties() -> None:
    assert draw_ties(hash_ids([]), "values: age").tolist() == []
