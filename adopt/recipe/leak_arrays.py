"""The cells of columns as arrays that can be compared."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def as_floats(values: pa.Array) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Finite numbers, else NaN, and which are finite; both (n,)."""
    if pa.types.is_timestamp(values.type) or pa.types.is_boolean(values.type):
        values = values.cast(pa.int64())
    floats = pc.fill_null(values.cast(pa.float64(), safe=False), float("nan")).to_numpy(zero_copy_only=False)
    return floats, np.isfinite(floats)


def as_codes(values: pa.Array) -> Codes:
    """A number per value, -1 for null (n,)."""
    encoded = values.dictionary_encode()
    codes: Codes = pc.fill_null(encoded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return codes


def to_mask(flags: pa.Array) -> npt.NDArray[np.bool_]:
    """Truth values as an array (n,)."""
    mask: npt.NDArray[np.bool_] = flags.to_numpy(zero_copy_only=False)
    return mask


def tells(first: pa.Array, second: pa.Array) -> bool:
    """Whether each value of one column goes with one value of another, which has at least two, where both have one."""
    mine, other = as_codes(first), as_codes(second)
    both = (mine >= 0) & (other >= 0)
    pairs = {(int(a), int(b)) for a, b in zip(mine[both], other[both], strict=True)}
    return len(pairs) == len({a for a, _ in pairs}) and len({b for _, b in pairs}) > 1
