"""The API answers models that were trained on float32, or by row groups, as their training promised."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import NUMBERS, Project, make_project, mixed_columns
from serving import Server, lay_version

from relay.registry.contract import Contract
from relay.registry.model_file import read_model
from relay.registry.predictions import predict_with_model

RECIPE = (
    NUMBERS.partition("[model]")[0]
    + """[model]
kind = "estimator"
estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
options = { max_iter = 20 }
"""
)

WAYS = {
    "float32": ("model.memory=float32",),
    "stream": (
        "model.estimator=sklearn.linear_model.SGDClassifier", 'model.options={loss = "log_loss"}',
        "model.memory=stream", "model.sample_rows=500",
    ),
}  # fmt: skip


@pytest.fixture
def serve(tmp_path: Path) -> Any:
    servers: list[Server] = []

    def start(project: Project) -> Server:
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        lay_version(tmp_path / "data", project.latest.resolve(), "1")
        servers.append(Server(tmp_path / "data", (project.recipe.stem,)).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("way", WAYS)
def test_a_record_gets_the_answer_of_the_model_in_the_model_file(
    way: str, tmp_path: Path, serve: Callable[[Project], Server]
) -> None:
    project = make_project(tmp_path / "made", RECIPE, mixed_columns(800), way)
    assert project.run(*(part for one in WAYS[way] for part in ("--set", one))) == 0
    contract = Contract.from_json((project.latest / "contract.json").read_bytes())
    model = read_model(project.latest / "model.skops", contract.files["model.skops"])
    records = [
        {"age-in_years": age, "income": income, "is member?": True}
        for age, income in ((40, 0.1), (60, None), (30, 2867.3333333333335), (80, 1e6 + 1 / 3))
    ]
    promised = predict_with_model(contract, model, records)
    answer = serve(project).post("/invocations", {"dataframe_records": records})
    assert answer.status == 200, answer.body
    assert answer.json["predictions"] == promised.predictions
