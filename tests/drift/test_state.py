"""State as bytes and back."""

import numpy as np
import pytest

from drift.errors import DriftError
from drift.state import pack, unpack

ARRAYS = {"wealth": np.array([0.1, -np.inf, 1e-300]), "counts": np.arange(6).reshape(2, 3), "seen": np.array([True])}


def test_each_bit_survives() -> None:
    header, arrays = unpack("form 1", pack("form 1", {"rows": 7, "alarm": None, "share": 0.1}, ARRAYS))
    assert header == {"rows": 7, "alarm": None, "share": 0.1}
    assert {name: array.tobytes() for name, array in arrays.items()} == {
        name: array.tobytes() for name, array in ARRAYS.items()
    }
    assert arrays["counts"].shape == (2, 3)


def test_bytes_are_those_of_another_machine() -> None:
    data = pack("form 1", {}, {"counts": np.array([1, -2]), "wealth": np.array([0.5])})
    line = b'{"kind": "form 1", "header": {}, "arrays": {"counts": ["i", 2], "wealth": ["f", 1]}}\n'
    assert data == line + b"\x01" + bytes(7) + b"\xfe" + b"\xff" * 7 + b"\x00\x00\x00\x00\x00\x00\xe0\x3f"


@pytest.mark.parametrize("data", [b"", b"text", b"{}\n", b"[1]\n", b'{"kind": "form 2", "arrays": {}, "header": {}}\n'])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DriftError, match="expected a state of the form `form 1`"):
        unpack("form 1", data)


def test_a_state_of_another_length_is_refused() -> None:
    data = pack("form 1", {}, ARRAYS)
    with pytest.raises(DriftError, match="cut off in seen"):
        unpack("form 1", data[:-1])
    with pytest.raises(DriftError, match="1 bytes too many"):
        unpack("form 1", data + b"x")
