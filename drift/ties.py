"""Uniform numbers that break ties, drawn from the identities of the records: one log always gives the same ones."""

import hashlib
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from drift.columns import Floats

Keys: TypeAlias = npt.NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


def hash_ids(ids: Iterable[str]) -> Keys:
    """The first 64 bits of the SHA-256 of each record's identity (n,).

    Args:
        ids: What identifies each record in the log: `<prediction id>/<number of the record in its request>`.
    """
    digests = b"".join(hashlib.sha256(text.encode()).digest()[:8] for text in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def draw_ties(keys: Keys, stream: str) -> Floats:
    """One number for each record, uniform in [0, 1) and independent between records and streams (n,).

    One SHA-256 per record and one per stream are mixed, because one per record and stream would cost more than the rest
    of a look. Only integers are multiplied, so that each machine draws the same numbers.

    Args:
        keys: Of the records, from `hash_ids` (n,).
        stream: Name of the stream of values, such as a column.

    Source: the finaliser of SplitMix64; Steele, Lea and Flood 2014, OOPSLA, "Fast splittable pseudorandom number
    generators", pp. 459-460.
    """
    mixed = keys + hash_ids([stream])[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    mixed = mixed ^ (mixed >> np.uint64(31))
    result: Floats = (mixed >> np.uint64(11)).astype(np.float64) * _UNIT
    return result
