"""Versions whose answer to a row is not the row's own: registered as not servable, shown with the rows, never promoted
by the gate."""

import io
import json
import shutil
from pathlib import Path

import pytest
from odd_models import CODE
from own_recipes import OWN, mine
from projects import LINEAR, Project

from model.__main__ import STAGE
from relay.handoff.program import main
from relay.registry.contract import Contract
from relay.results.findings import Topic, read_findings

RECIPE = LINEAR.replace("sklearn.linear_model.LinearRegression", "good")
CAUSES = {
    "rank": "depends on the rows beside it",
    "count": "changes when it is asked again",
    "noisy": "changes when it is asked again",
}


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A good pipeline as version 1, and one that ranks, one that counts and one that draws as versions 2 to 4."""
    project = mine(tmp_path_factory.mktemp("odd"), CODE, RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        for function in ("good", *CAUSES):
            assert project.run("--set", f"model.estimator={function}") == 0, project.log()
    return project


@pytest.fixture
def odd(registered: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it, with the embedded registry switched on."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "copy" / "logs"))
    shutil.copytree(registered.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy", tmp_path / "copy" / registered.recipe.name)


def by_hand(project: Project, verb: str, *more: str) -> int:
    return main(STAGE, [verb, str(project.recipe), *more, "--data-dir", str(project.data_dir)])


def read_contract(project: Project) -> Contract:
    return Contract.from_json((project.latest / "contract.json").read_bytes())


@pytest.mark.slow
def test_each_is_listed_as_not_servable_and_refused_by_the_gate_with_a_row(
    odd: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert by_hand(odd, "list", "--json") == 0
    listed = {found["version"]: found for found in json.loads(capsys.readouterr().out)}
    assert (listed[1]["unserved"], listed[1]["is_production"]) == (None, True)
    for number, cause in enumerate(CAUSES.values(), start=2):
        found = listed[number]
        assert f"its answer to a row {cause}: " in found["unserved"]
        assert found["gate"]["passes"] is False
        assert found["gate"]["why"].startswith(f"not servable: {found['unserved']}")
        assert "test rows got different answers, such as x = " in found["gate"]["why"]
    assert by_hand(odd, "list") == 0
    states = [line for line in capsys.readouterr().out.splitlines() if "not servable  " in line]
    assert len(states) == 3


@pytest.mark.slow
def test_a_version_promoted_by_hand_comes_with_a_warning_and_is_not_asked(
    odd: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert by_hand(odd, "promote", "2") == 0
    warning = next(line for line in capsys.readouterr().err.splitlines() if "WARNING" in line)
    assert "version 2 is in production and not servable: its answer to a row depends on the rows beside it" in warning
    assert by_hand(odd, "list") == 0
    assert "production, not servable" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"x": 3}')))
    assert by_hand(odd, "predict", "--json") == 1
    assert "depends on the rows beside it" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert by_hand(odd, "card", "2") == 0
    card = capsys.readouterr().out
    assert "It is not servable: its answer to a row depends on the rows beside it" in card
    assert by_hand(odd, "rollback") == 0
    assert "not servable" not in capsys.readouterr().err


def test_the_findings_say_the_outcome_with_the_rows_as_evidence(tmp_path: Path) -> None:
    odd = mine(tmp_path, CODE, RECIPE)
    assert odd.run("--set", "model.estimator=noisy", "--result-only") == 0, odd.log()
    (said,) = read_findings(odd.latest).about([Topic.BATCH_TEST])
    assert said.text.startswith("Not servable: its answer to a row changes when it is asked again: 20 of 20 test rows")
    assert [one["how"] for one in said.figures["differences"]] == ["asked again"] * 5
    assert set(said.figures["differences"][0]["record"]) == {"x"}
    assert odd.run("--set", "model.estimator=good", "--result-only") == 0
    (passed,) = read_findings(odd.latest).about([Topic.BATCH_TEST])
    assert passed.text == (
        "Batch test passed: the answers to 20 test rows are the same one at a time, in one batch, in a shuffled batch, "
        "and asked again."
    )


@pytest.mark.slow
def test_a_nested_estimator_is_judged_by_what_it_answers(odd: Project) -> None:
    assert odd.run("--set", "model.estimator=nested", "--result-only") == 0, odd.log()
    assert "changes when it is asked again" in read_contract(odd).why_unserved


def test_a_model_of_a_function_is_tested_too(tmp_path: Path) -> None:
    project = mine(tmp_path, CODE, OWN)
    assert project.run("--result-only") == 0, project.log()
    contract = read_contract(project)
    assert contract.is_from_function
    assert "changes when it is asked again" in contract.why_unserved


@pytest.mark.slow
def test_what_a_model_prints_while_it_is_tested_is_not_in_the_log(registered: Project) -> None:
    printed = [line for line in registered.log().splitlines() if "case: asked " in line]
    assert 1 <= len(printed) < 10
