"""Which side of a split each row is on: a function of its content and the seed, or of its time, and of nothing else."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.errors import SchemaError

Hashes = NDArray[np.uint64]

TRAIN, TEST = "train", "test"


def find_border(times: list[pa.ChunkedArray], test_share: float) -> pa.Scalar:
    """The moment from which on rows test, so that about that share of them does.

    Raises:
        SchemaError: no time is known, or there is only one.
    """
    kind = times[0].type if times else pa.timestamp("us", tz="UTC")
    known = pc.drop_null(pa.chunked_array([chunk for column in times for chunk in column.chunks], kind))
    moments = np.sort(known.cast(pa.int64()).to_numpy())
    if len(moments) == 0 or moments[0] == moments[-1]:
        raise SchemaError('[preprocess] split = "time" needs at least two different times; choose another split')
    border = moments[len(moments) - max(1, round(test_share * len(moments)))]
    if border == moments[0]:  # most rows have the first moment: those after it test
        border = moments[np.searchsorted(moments, border, side="right")]
    return pa.scalar(int(border), pa.int64()).cast(known.type)


def mark_split(table: pa.Table, names: list[str], test_share: float, seed: int) -> pa.Array:
    """The side of each row, "test" or "train", shape (n,).

    The same content of the named columns (an id, a group, or all) gets the same side in any order, any file and any run
    with this seed. Shares are within sampling error of `test_share`.
    """
    hashes = np.full(table.num_rows, mix(np.array([seed], np.int64).view(np.uint64))[0], np.uint64)
    for name in names:
        hashes = mix(hashes ^ hash_column(table.column(name)))
    is_test = hashes < np.uint64(round(test_share * 2.0**64))
    return pc.if_else(pa.array(is_test), TEST, TRAIN)


def mix(values: Hashes) -> Hashes:
    """Each 64-bit value scattered over all 64-bit values, one to one, shape as given.

    Source: the output function of SplitMix64; Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
    OOPSLA 2014, figure 17 (constants of Stafford's variant 13).
    """
    with np.errstate(over="ignore"):  # unsigned arithmetic wraps around by design
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def hash_column(values: pa.ChunkedArray) -> Hashes:
    """A 64-bit hash of each value, equal for equal values; null has its own. Shape (n,)."""
    kind = values.type
    if pa.types.is_string(kind):
        return _hash_texts(values)
    if pa.types.is_floating(kind):
        # Adding zero makes -0.0 and 0.0 the same bits, as they are the same number.
        bits = pc.fill_null(values, float("nan")).to_numpy() + 0.0
        return mix(bits.astype(np.float64).view(np.uint64))
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.int64())
    numbers = pc.fill_null(values.cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
    return mix(np.ascontiguousarray(numbers).view(np.uint64))


def _hash_texts(values: pa.ChunkedArray) -> Hashes:
    """Each distinct text is hashed once."""
    encoded = values.combine_chunks()
    encoded = (encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded).dictionary_encode()
    distinct = np.array([_hash_text(text) for text in encoded.dictionary.to_pylist()] or [0], np.uint64)
    indices = pc.fill_null(encoded.indices, -1).to_numpy()
    return np.where(indices >= 0, distinct[indices], np.uint64(0))


def _hash_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
