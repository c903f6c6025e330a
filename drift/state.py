"""State as bytes and back, without the loss of a bit."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from drift.errors import DriftError

Array = npt.NDArray[Any]
Header = dict[str, Any]


def pack(kind: str, header: Header, arrays: Mapping[str, Array]) -> bytes:
    """One line of JSON that says what follows, then the bytes of each array, lowest byte first.

    Args:
        kind: What it is the state of, with the number of its form; `unpack` asks for the same.
        header: Plain values, for JSON.
        arrays: float64, int64 or bool, in the order in which they are written.
    """
    shapes = {name: [array.dtype.kind, *array.shape] for name, array in arrays.items()}
    line = json.dumps({"kind": kind, "header": header, "arrays": shapes}, sort_keys=False, allow_nan=False)
    parts = [np.ascontiguousarray(array, dtype=_TYPES[array.dtype.kind]).tobytes() for array in arrays.values()]
    return b"\n".join([line.encode(), b"".join(parts)])


def unpack(kind: str, data: bytes) -> tuple[Header, dict[str, Array]]:
    """The header and the arrays that `pack` wrote.

    Raises:
        DriftError: The bytes are no such state, or are cut off.
    """
    line, _, rest = data.partition(b"\n")
    try:
        said = json.loads(line)
        shapes = said["arrays"] if said["kind"] == kind else None
    except (ValueError, KeyError, TypeError):
        shapes = None
    if shapes is None:
        raise DriftError(
            f"expected a state of the form `{kind}`, found bytes that begin with {data[:40]!r}. "
            "Delete the state to start again from the profile."
        )
    arrays: dict[str, Array] = {}
    start = 0
    for name, (letter, *shape) in shapes.items():
        dtype = np.dtype(_TYPES[letter])
        stop = start + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        if stop > len(rest):
            raise DriftError(f"the state {kind} is cut off in {name}: {len(rest):,} bytes. Restore it from a backup.")
        arrays[name] = np.frombuffer(rest[start:stop], dtype=dtype).reshape(shape).astype(_NATIVE[letter])
        start = stop
    if start != len(rest):
        raise DriftError(f"the state {kind} has {len(rest) - start:,} bytes too many. Restore it from a backup.")
    return said["header"], arrays


_TYPES = {"f": "<f8", "i": "<i8", "b": "|b1"}
_NATIVE: dict[str, type] = {"f": np.float64, "i": np.int64, "b": np.bool_}
