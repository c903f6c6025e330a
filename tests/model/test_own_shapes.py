"""What people build from their own parts is kept and judged, and answers from a version's folder."""

from pathlib import Path
from typing import Any

import pytest
from own_recipes import BUILT, mine
from projects import Project

from relay.handoff.files import hash_file
from relay.registry.code_key import locate_key, make_key, sign
from relay.registry.contract import CONTRACT_FILE, SIGNATURE_FILE, Contract
from serve.loading import load_folder
from serve.predictor import OwnPredictor
from serve.store import VersionRef

CODE = '''
from typing import Literal

from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin


def shift(frame):
    return frame[["x"]].to_numpy() + 1.0


class Squares(TransformerMixin, BaseEstimator):
    def fit(self, frame, y=None):
        self.mean_ = float(frame["x"].mean())
        return self

    def transform(self, frame):
        frame = frame.assign(x=frame["x"].fillna(self.mean_))
        return frame.assign(square=frame["x"] ** 2)


class Steepest(RegressorMixin, BaseEstimator):
    """The line through the origin and the middle of the points, plus a constant."""

    def __init__(self, constant=1.0):
        self.constant = constant

    def fit(self, frame, y):
        self.slope_ = float(((y - self.constant) * frame["x"]).sum() / (frame["x"] ** 2).sum())
        return self

    def predict(self, frame):
        return (self.slope_ * frame["x"] + self.constant).to_numpy()


def build_model(shape: Literal["own", "function", "nested", "voting"] = "own"):
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import VotingRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    if shape == "own":
        return Steepest()
    if shape == "function":
        return make_pipeline(FunctionTransformer(shift), LinearRegression())
    if shape == "nested":
        columns = ColumnTransformer([("squares", Squares(), ["x"])])
        return TransformedTargetRegressor(make_pipeline(columns, LinearRegression()))
    return VotingRegressor([("own", Steepest()), ("line", make_pipeline(Squares(), LinearRegression()))])
'''

TYPES = {
    "own": ["Steepest"],
    "function": ["shift"],
    "nested": ["Squares"],
    "voting": ["Squares", "Steepest"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return mine(tmp_path_factory.mktemp("shapes"), CODE, BUILT)


@pytest.mark.parametrize(
    "shape", ["own", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("function", "nested", "voting"))]
)
def test_a_model_of_own_parts_is_served(project: Project, shape: str) -> None:
    from relay.registry.model_file import list_own_types

    assert project.run("--set", f'model.arguments.shape="{shape}"') == 0, project.log()
    folder = project.latest.resolve()
    content = (folder / CONTRACT_FILE).read_bytes()
    contract = Contract.from_json(content)
    assert list_own_types((folder / "model.skops").read_bytes()) == [f"recipes.case.{name}" for name in TYPES[shape]]
    assert list(contract.code) == ["recipes/case.py"]
    assert not contract.has_onnx
    served = load_signed(folder, content)
    records: Any = served.schema.read_values([{"x": 3.0}, {"x": 8.0}])
    assert isinstance(served.predictor, OwnPredictor)
    assert served.predictor.answer(records).predictions == pytest.approx([7.0, 17.0], abs=0.8)


def load_signed(folder: Path, contract: bytes) -> Any:
    """The result as a version that a training of this project has signed."""
    (folder / SIGNATURE_FILE).write_text(sign(contract, make_key(locate_key())))
    try:
        return load_folder(folder, VersionRef("case", "1", "run", hash_file(folder / CONTRACT_FILE)))
    finally:
        (folder / SIGNATURE_FILE).unlink()
