"""Reading model files: first the digest, then the types, then the model."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern
from sklearn.linear_model import LinearRegression

from relay.registry.model_file import ModelTamperedError, ModelUntrustedError, read_model

X = np.arange(6.0).reshape(-1, 1)
CONTENT: bytes = skops.io.dumps(LinearRegression().fit(X, 2 * X.ravel()))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_the_file_of_that_digest_is_read_from_bytes_and_from_disk(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(CONTENT)
    for file in (CONTENT, tmp_path / "model.skops"):
        assert read_model(file, SHA256).predict(X) == pytest.approx(2 * X.ravel())


@pytest.mark.parametrize("changed", [CONTENT[:-1], CONTENT + b" ", b"", CONTENT[:100] + b"x" + CONTENT[101:]])
def test_any_other_file_is_refused_with_both_digests(changed: bytes) -> None:
    with pytest.raises(ModelTamperedError, match=f"SHA-256 .*, expected {SHA256[:12]}…: it was changed or cut"):
        read_model(changed, SHA256)


def test_nothing_is_parsed_before_the_digest_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    real = skops.io.get_untrusted_types
    monkeypatch.setattr(skops.io, "get_untrusted_types", lambda **more: looked.append(more) or real(**more))
    with pytest.raises(ModelTamperedError):
        read_model(CONTENT + b" ", SHA256)
    assert looked == []
    read_model(CONTENT, SHA256)
    assert len(looked) == 1


def test_a_file_on_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(b"changed")
    with pytest.raises(ModelTamperedError, match=str(tmp_path / "model.skops")):
        read_model(tmp_path / "model.skops", SHA256)


def test_a_type_that_we_do_not_trust_is_named_although_the_digest_is_right() -> None:
    content = skops.io.dumps(GaussianProcessRegressor(kernel=Matern()).fit(X, X.ravel()))
    with pytest.raises(ModelUntrustedError, match=r"the model file needs .*Matern.*add the type to OURS"):
        read_model(content, hashlib.sha256(content).hexdigest())
