"""A model file with the right digest that unpacks to far more than it is: nothing of it is unpacked."""

import hashlib
import zipfile
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from relay.registry import unpacked
from relay.registry.model_file import read_model
from relay.registry.unpacked import ModelTooLargeError

SETTING = "MODEL_MAX_UNPACKED_BYTES"


def pack(model: Any) -> bytes:
    """A model as a compressed skops file: zeros take no room in it."""
    content: bytes = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    return content


def with_zeros(count: int) -> LinearRegression:
    """A model with so many coefficients, all 0."""
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    model.coef_ = np.zeros(count)
    return model


def read(content: bytes) -> Any:
    """The model, read by its own digest."""
    return read_model(content, hashlib.sha256(content).hexdigest(), "version 3 of linear, model.skops")


def test_a_small_file_that_holds_many_times_its_size_is_refused_until_the_setting_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unpacked, "FREE_BYTES", 1 << 20)
    monkeypatch.delenv(SETTING, raising=False)
    content = pack(with_zeros(1_000_000))
    message = (
        r"its \d{1,2},\d{3} bytes unpack to 8,00\d,\d{3}, and without MODEL_MAX_UNPACKED_BYTES a file may hold \d,"
    )
    with pytest.raises(ModelTooLargeError, match=message):
        read(content)
    monkeypatch.setenv(SETTING, "9000000")
    assert read(content).coef_.shape == (1_000_000,)


def test_a_file_larger_than_the_setting_is_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "10000")
    message = r"unpack to 8\d,\d{3}, and the limit of MODEL_MAX_UNPACKED_BYTES is 10,000: it is not loaded"
    with pytest.raises(ModelTooLargeError, match=message):
        read(pack(with_zeros(10_000)))
    assert read(pack(with_zeros(100))).coef_.shape == (100,)
