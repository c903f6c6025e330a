"""Model files: equal bytes for equal models, only trusted types, equal predictions after reading back."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from model.training.skops_file import _clear_padding, canonise, write_model
from relay.handoff.errors import ModelError
from relay.registry.model_file import read_model

X = np.random.default_rng(0).normal(size=(80, 3))
Y = X[:, 0] + X[:, 1] > 0

TRAIN_AND_HASH = """
import hashlib, sys
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from model.training.skops_file import write_model
noise = [object() for _ in range(int(sys.argv[1]))]  # other addresses
X = np.random.default_rng(0).normal(size=(80, 3))
for model in (RandomForestClassifier(5, random_state=0), HistGradientBoostingClassifier(max_iter=5, random_state=0)):
    print(hashlib.sha256(write_model(model.fit(X, X[:, 0] > 0))).hexdigest())
encoder = make_pipeline(OneHotEncoder()).fit(np.array([["x"], ["y"]], dtype=object))
print(hashlib.sha256(write_model(encoder)).hexdigest())
"""


@pytest.mark.slow
def test_two_trainings_in_two_processes_give_the_identical_file() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN_AND_HASH, noise],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "PYTHONHASHSEED": noise},
            stdout=subprocess.PIPE,
            text=True,
        )
        for noise in ("1", "7000")
    ]
    one, other = [process.communicate()[0] for process in running]
    assert one == other
    assert len(set(one.split())) == 3


def test_without_our_order_the_same_model_gives_two_files() -> None:
    model = LogisticRegression().fit(X, Y)
    copy = LogisticRegression().fit(X, Y)
    assert skops.io.dumps(model) != skops.io.dumps(copy)
    assert write_model(model) == write_model(copy)


def test_another_model_gives_another_file() -> None:
    assert write_model(LogisticRegression().fit(X, Y)) != write_model(LogisticRegression(C=2).fit(X, Y))


def test_canonical_bytes_stay_as_they_are() -> None:
    content = write_model(LogisticRegression().fit(X, Y))
    assert canonise(content) == content


def test_members_are_sorted_and_carry_one_date() -> None:
    with ZipFile(io.BytesIO(write_model(LogisticRegression().fit(X, Y)))) as file:
        assert file.namelist() == sorted(file.namelist())
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
        KNeighborsClassifier(),
        CalibratedClassifierCV(LogisticRegression()),
    ],
)
def test_a_model_read_back_predicts_the_same(model: RandomForestClassifier) -> None:
    model.fit(X, Y)
    content = write_model(model)
    read = read_model(content, hashlib.sha256(content).hexdigest())
    assert np.array_equal(read.predict_proba(X), model.predict_proba(X))


def test_a_type_that_we_do_not_trust_is_named() -> None:
    model = GaussianProcessRegressor(kernel=Matern()).fit(X, Y.astype(float))
    with pytest.raises(ModelError, match=r"GaussianProcessRegressor needs sklearn\.gaussian_process\.kernels\.Matern"):
        write_model(model)


def test_sets_are_written_in_one_order() -> None:
    words = [f"word{number}" for number in range(50)]
    digests = {
        hashlib.sha256(canonise(skops.io.dumps({"words": set(order)}))).hexdigest() for order in (words, words[::-1])
    }
    assert len(digests) == 1
    assert skops.io.loads(canonise(skops.io.dumps({"words": set(words)}))) == {"words": set(words)}


def test_what_lies_between_the_fields_of_records_is_cleared() -> None:
    padded = np.dtype({"names": ["a", "b"], "formats": ["i1", "i8"], "offsets": [0, 8], "itemsize": 16})
    members = []
    for noise in (b"\x00", b"\xff"):
        records = np.frombuffer(bytearray(noise * 32), dtype=padded)
        records["a"], records["b"] = 1, [2, 3]
        buffer = io.BytesIO()
        np.save(buffer, records)
        members.append(buffer.getvalue())
    assert members[0] != members[1]
    assert _clear_padding("0.npy", members[0]) == _clear_padding("0.npy", members[1])
