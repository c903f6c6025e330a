"""A version whose ONNX file rounds its inputs to float32, as release 0.1 wrote them, is answered by its pipeline."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from projects import LINEAR, make_project, mark_split
from serving import lay_version

from model.parameters import EstimatorParameters, parse_parameters
from model.release.production import Production, open_model
from model.training.contract import hash_files
from model.training.estimator.memory.source import open_rows
from model.training.estimator.onnx.graph import build_graph, read_preparation
from model.training.estimator.pipeline import fit
from model.training.estimator.train import set_task
from model.training.result import render_files
from relay.handoff.recipe import load_recipe
from relay.registry.contract import Contract
from relay.registry.onnx_file import fits_float32, open_onnx
from relay.registry.versions import Version
from serve.copies import Copies
from serve.loading import load_folder
from serve.predictor import OnnxPredictor

WHOLE = 'type = "int", role = "input"'


@pytest.fixture
def lay_old(tmp_path: Path) -> Callable[[str], Any]:
    """`lay_old('type = "int", …')`: a version with an ONNX file in float32, and where it lies."""

    def lay(column: str) -> Any:
        recipe = LINEAR.replace('type = "float", role = "input", min = 0, max = 20', column)
        recipe = recipe.replace("linear_model.LinearRegression", "tree.DecisionTreeRegressor")
        middle = 1000 if "max" in column else 170_000_016
        numbers = [middle + 16 * step for step in range(-50, 0)] + [middle] * 25 + [middle + 1] * 25
        scores = [97.88 if number > middle else 2.12 for number in numbers]
        made = make_project(tmp_path, recipe, {"x": numbers, "y": scores, "split": mark_split(100)}, "line")
        results = tmp_path / "results"
        results.mkdir()
        files = render_files(made.train())
        old = write_in_float32(made)
        contract = Contract.from_json(files["contract.json"])
        hashes = {**contract.files, **hash_files({"model.onnx": old})}
        files |= {"model.onnx": old, "contract.json": contract.model_copy(update={"files": hashes}).to_json()}
        for name, content in files.items():
            (results / name).write_bytes(content)
        ref = lay_version(tmp_path / "data", results, "1")
        return middle, ref, Copies(tmp_path / "data/serve/models").location(ref)

    return lay


def write_in_float32(made: Any) -> bytes:
    recipe = load_recipe(str(made.recipe))
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, EstimatorParameters)
    task = set_task(open_rows(made.open_processed(), recipe.columns, 0, recipe.seed), recipe, parameters)
    fitted = fit(task.pipeline, task.split.train)
    return build_graph(fitted["model"], read_preparation(fitted, ["x"]), "float", outputs=1)


def test_it_is_answered_by_the_pipeline_where_an_input_may_not_be_exact(lay_old: Callable[[str], Any]) -> None:
    middle, ref, place = lay_old(WHOLE)
    contract = Contract.from_json((place / "contract.json").read_bytes())
    old = open_onnx((place / "model.onnx").read_bytes())
    assert old.predict(np.array([[middle + 1.0]]))[0, 0] == pytest.approx(2.12)  # what release 0.1 answered
    served = load_folder(place, ref)
    assert not isinstance(served.predictor, OnnxPredictor)
    answers = served.predictor.answer(served.schema.read_values([{"x": middle}, {"x": middle + 1}]))
    assert answers.predictions == pytest.approx([2.12, 97.88])
    opened = open_model(Production(Version("line", 1, "run", 0.0, is_production=True, tags={}), place, contract))
    assert opened.answer([{"x": middle}, {"x": middle + 1}]).predictions == pytest.approx([2.12, 97.88])


def test_it_is_asked_where_every_input_is_exact(lay_old: Callable[[str], Any]) -> None:
    middle, ref, place = lay_old(f"{WHOLE}, min = -10000, max = 10000")
    served = load_folder(place, ref)
    assert isinstance(served.predictor, OnnxPredictor)
    answers = served.predictor.answer(served.schema.read_values([{"x": middle}, {"x": middle + 1}]))
    assert answers.predictions == pytest.approx([2.12, 97.88])


@pytest.mark.parametrize(
    ("column", "fits"),
    [
        ({"type": "bool"}, True),
        ({"type": "float", "min": 0, "max": 1}, False),
        ({"type": "int"}, False),
        ({"type": "int", "min": 0}, False),
        ({"type": "int", "max": 0}, False),
        ({"type": "int", "min": -(2.0**24), "max": 2.0**24}, True),
        ({"type": "int", "min": -(2.0**24) - 1, "max": 0}, False),
        ({"type": "int", "min": 2.0**24, "max": 2.0**24 + 1}, False),
        ({"type": "int", "allowed": [0, 2**24]}, True),
        ({"type": "int", "allowed": [0, 2**24 + 1]}, False),
        ({"type": "int", "min": 0, "max": 98, "null": True}, True),
    ],
)
def test_float32_holds_truth_values_and_whole_numbers_up_to_2_to_the_24(column: dict[str, Any], fits: bool) -> None:
    from relay.handoff.column import Column

    declared = Column.model_validate(json.loads(json.dumps(column)) | {"role": "input"}, strict=False)
    assert fits_float32({"x": declared}) is fits
    assert fits_float32({"x": declared, "y": Column(type="float", role="input")}) is False
