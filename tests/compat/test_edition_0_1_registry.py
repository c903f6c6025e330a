"""The registry that release 0.1 left is read, used and continued by the present code.

Each number and name was written down from what release 0.1 said of the archive.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from edition_folders import EDITION_MODELS, Edition

from model.__main__ import STAGE
from relay.handoff.program import main
from relay.registry.artifacts import fetch_version
from relay.registry.connection import find_registry, open_registry
from relay.registry.contract import MODEL_FILE, ONNX_FILE
from relay.registry.model_file import read_model
from relay.registry.onnx_file import open_onnx
from relay.registry.predictions import find_difference, predict_with_model, predict_with_onnx
from relay.registry.promotion import read_history
from relay.registry.task import ModelTask
from relay.registry.versions import find_production, list_versions, read_version
from serve.loading import load_folder
from serve.store import VersionRef

VERSIONS = {
    "linear": [(3, False, "r2", -0.0502, False), (2, False, "r2", 0.9962, False), (1, True, "r2", 0.9967, True)],
    "visits": [(2, False, "roc_auc", 0.8838, False), (1, True, "roc_auc", 0.9113, True)],
    "flowers": [(1, True, "balanced_accuracy", 0.9, True)],
    "styles": [(1, True, "balanced_accuracy", 1.0, True)],
    "papers": [(1, True, "balanced_accuracy", 1.0, True)],
}
"""Model -> number, whether in production, name and value of the score, and whether the gate passed it; newest first."""

REGISTERED = {
    ("linear", 1): (ModelTask.REGRESSION, "LinearRegression", 18.44878),
    ("linear", 2): (ModelTask.REGRESSION, "Ridge", 18.47907),
    ("linear", 3): (ModelTask.REGRESSION, "DummyRegressor", 20.90265),
    ("visits", 1): (ModelTask.BINARY, "LogisticRegression", 1),
    ("visits", 2): (ModelTask.BINARY, "HistGradientBoostingClassifier", 1),
    ("flowers", 1): (ModelTask.MULTICLASS, "RandomForestClassifier", "tulip"),
    ("styles", 1): (ModelTask.AUTHORSHIP, "AuthorshipClassifier", "Ann"),
    ("papers", 1): (ModelTask.AUTHORSHIP, "AuthorshipClassifier", "MADISON"),
}
"""Model and version -> task, estimator, and the first answer of the example in its contract."""


@pytest.fixture(scope="module")
def client(edition: Edition) -> Any:
    """A client of the registry, which lies in another folder than the one in which it was made."""
    address = find_registry(edition.data)
    assert address is not None
    return open_registry(address)


@pytest.mark.parametrize("name", EDITION_MODELS)
def test_versions_keep_their_score_and_the_word_of_the_gate(client: Any, name: str) -> None:
    found = []
    for version in list_versions(client, name):
        assert version.score is not None
        assert version.gate is not None
        score, value = version.score
        found.append((version.number, version.is_production, score, round(value, 4), version.gate["passes"]))
    assert found == VERSIONS[name]


def test_the_history_tells_the_promotion_and_the_rollback(client: Any) -> None:
    history = [(one.version.number, one.period) for one in read_history(client, "linear")]
    assert [(number, p.number, p.since, p.until, p.by, p.why, p.before, p.undoes) for number, p in history] == [
        (1, 2, "2026-11-26T16:30:44.058734Z", None, "ada on laptop", "the line was better", None, 2),
        (2, 1, "2026-11-26T16:30:39.547905Z", "2026-11-26T16:30:44.138130Z", "ada on laptop", "try the ridge", 1, None),
        (1, 1, "2026-11-26T16:29:12.034256Z", "2026-11-26T16:30:39.613328Z", "ada on laptop", "the first version", *(
            None, None)),
    ]  # fmt: skip
    assert history[1][1].ended_why == "version 1 became production: the line was better"


def test_a_promotion_and_a_rollback_continue_the_history(own_edition: Edition) -> None:
    folder = ["--data-dir", str(own_edition.data)]
    assert main(STAGE, ["promote", "linear", "2", "--expected", "1", *folder]) == 0
    assert main(STAGE, ["rollback", "linear", "--expected", "2", *folder]) == 0
    address = find_registry(own_edition.data)
    assert address is not None
    client = open_registry(address)
    history = [(one.version.number, one.period.number, one.period.undoes) for one in read_history(client, "linear")]
    # By number, not by time: the clock of this machine may be behind that of the archive.
    assert sorted(history) == [(1, 1, None), (1, 2, 2), (1, 3, 2), (2, 1, None), (2, 2, None)]
    keys = [key for key in read_version(client, "linear", 1).tags if key.startswith("relay.tenure.")]
    assert sorted(keys) == ["relay.tenure.0001", "relay.tenure.0002", "relay.tenure.0003"]


@pytest.mark.parametrize(("name", "number"), REGISTERED)
def test_a_registered_model_answers_its_example_as_it_did(client: Any, tmp_path: Path, name: str, number: int) -> None:
    contract = fetch_version(client, read_version(client, name, number), tmp_path / "version")
    found = (contract.task, contract.estimator, contract.example.predictions[0])
    assert found == REGISTERED[name, number]
    model = read_model(tmp_path / "version" / MODEL_FILE, contract.files[MODEL_FILE])
    assert find_difference(contract, predict_with_model(contract, model, contract.example.records)) == ""
    has_onnx = contract.estimator in (
        "LinearRegression",
        "Ridge",
        "LogisticRegression",
        "HistGradientBoostingClassifier",
    )
    assert contract.has_onnx is has_onnx
    if has_onnx:
        onnx = open_onnx((tmp_path / "version" / ONNX_FILE).read_bytes())
        assert find_difference(contract, predict_with_onnx(contract, onnx, contract.example.records)) == ""


@pytest.mark.parametrize("name", EDITION_MODELS)
def test_the_service_loads_the_production_version_from_the_registry(client: Any, tmp_path: Path, name: str) -> None:
    version = find_production(client, name)
    assert version is not None
    fetch_version(client, version, tmp_path / "version")
    ref = VersionRef(name, str(version.number), version.run_id, version.tags["relay.contract_sha256"])
    served = load_folder(tmp_path / "version", ref)
    first = served.predictor.answer(served.schema.read_values(served.contract.example.records)).predictions[0]
    assert first == (pytest.approx(18.44878) if name == "linear" else REGISTERED[name, 1][2])
    assert served.lineage is not None
    assert served.lineage["revision"] == "83e6b407b49747d65b993a23071536f38f140b98"


def test_the_verbs_list_versions_and_history(edition: Edition, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--data-dir", str(edition.data)]
    assert main(STAGE, ["list", edition.recipe("visits"), "--json", *folder]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["is_production"]) for one in listed] == [(2, False), (1, True)]
    assert main(STAGE, ["history", "linear", "--json", *folder]) == 0
    history = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["why"]) for one in history] == [
        (1, "the line was better"),
        (2, "try the ridge"),
        (1, "the first version"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linear", ["# linear, version 1", "| x \\< 4.6452858969 | 5 | 0.969 |", "It passed: the first version."]),
        ("visits", ["# visits, version 1", "| ingest | 299 | 1 | 0 |", "LogisticRegression"]),
        ("papers", ["# papers, version 1", "| preprocess | 18 | 0 | 0 |", "2 documents labelled DISPUTED"]),
    ],
)
def test_the_card_is_made_of_what_the_registry_keeps(
    edition: Edition, capsys: pytest.CaptureFixture[str], name: str, said: list[str]
) -> None:
    assert main(STAGE, ["card", edition.recipe(name), "--data-dir", str(edition.data)]) == 0
    card = capsys.readouterr().out
    assert [text for text in said if text not in card] == []
