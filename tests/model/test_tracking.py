"""What follows a training: a run in the registry, a version, the gate's word, and the same again by hand."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import commands
import pytest
from patience import HANG_SECONDS
from projects import LINEAR, Project, linear_columns, make_project

from model.__main__ import STAGE
from model.release import track
from model.release.known import is_settled
from relay.handoff.files import hash_file
from relay.handoff.program import main
from relay.handoff.recipe import load_recipe
from relay.registry.connection import find_registry, open_registry
from relay.registry.promotion import read_history
from relay.registry.versions import GATE, find_production, list_versions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A straight line, trained and tracked once; copy it before changing anything."""
    project = make_project(tmp_path_factory.mktemp("tracked"), LINEAR, linear_columns(), "line")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        assert project.run() == 0
    return project


@pytest.fixture
def tracked(first: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it, with the embedded registry switched on."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "copy" / "logs"))
    shutil.copytree(first.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy", tmp_path / "copy" / first.recipe.name)


def client_of(project: Project) -> Any:
    address = find_registry(project.data_dir)
    assert address is not None
    return open_registry(address)


def by_hand(project: Project, verb: str, *more: str) -> int:
    return main(STAGE, [verb, str(project.recipe), "--data-dir", str(project.data_dir), *more])


def test_a_run_holds_parameters_figures_the_dataset_and_the_lineage(first: Project) -> None:
    client = client_of(first)
    (run,) = client.search_runs([client.get_experiment_by_name("line").experiment_id])
    metrics = json.loads((first.latest / "metrics.json").read_text())
    assert run.info.status == "FINISHED"
    assert run.data.params["recipe"] == "line"
    assert run.data.params["estimator"] == "sklearn.linear_model.LinearRegression"
    assert run.data.metrics["test.r2"] == pytest.approx(metrics["test"]["r2"])
    assert run.data.metrics["baseline.r2"] == pytest.approx(metrics["baseline"]["r2"])
    (dataset,) = run.inputs.dataset_inputs
    fingerprint = hash_file(first.data_dir / "processed/line.parquet")
    assert {tag.key: tag.value for tag in dataset.tags}["relay.data_sha256"] == fingerprint
    assert dataset.dataset.digest == fingerprint[:36]
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert names >= {"result", "lineage.json"}


def test_the_registered_files_are_those_of_the_result_byte_for_byte(first: Project, tmp_path: Path) -> None:
    from relay.registry.artifacts import fetch_version

    client = client_of(first)
    version = find_production(client, "line")
    assert version is not None
    fetch_version(client, version, tmp_path / "fetched")
    for name in ("model.skops", "contract.json"):
        assert (tmp_path / "fetched" / name).read_bytes() == (first.latest / name).read_bytes()
    lineage = json.loads((tmp_path / "fetched" / "lineage.json").read_text())
    assert [step["stage"] for step in lineage["steps"]] == ["model", "preprocess"]
    assert {"numpy", "scikit-learn"} - set(lineage["steps"][0]["packages"]) == set()
    assert version.model_sha256 == hash_file(first.latest / "model.skops")


def test_mlflows_own_loader_reads_the_version_and_knows_its_signature(first: Project) -> None:
    import mlflow
    import pandas as pd

    client_of(first)
    loaded = mlflow.pyfunc.load_model("models:/line@production")
    example = json.loads((first.latest / "contract.json").read_text())["example"]
    frame = pd.DataFrame(example["records"])
    assert loaded.predict(frame).tolist() == pytest.approx(example["predictions"], rel=1e-6)
    assert [(column.name, column.type.name) for column in loaded.metadata.signature.inputs] == [("x", "double")]


def test_an_unchanged_result_is_sent_once(tracked: Project) -> None:
    assert tracked.run() == 0
    assert len(list_versions(client_of(tracked), "line")) == 1


def test_an_unchanged_run_does_not_import_mlflow(tracked: Project) -> None:
    code = (
        "import sys; from relay.handoff.program import main; from model.__main__ import STAGE; "
        f"code = main(STAGE, {tracked.arguments()!r}); print(code, 'mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "False"], done.stderr


def test_a_better_line_is_promoted_and_a_worse_one_is_not(tracked: Project) -> None:
    ridge = ("--set", "model.estimator=sklearn.linear_model.Ridge", "--set")
    assert tracked.run(*ridge, "model.options.alpha=500.0") == 0
    client = client_of(tracked)
    newest, champion = list_versions(client, "line")
    assert (champion.is_production, newest.gate is not None and newest.gate["passes"]) == (True, False)
    assert "too much worse" in json.loads(newest.tags[GATE])["why"]
    assert tracked.run(*ridge, "model.options.alpha=0.0001") == 0
    found = find_production(client, "line")
    assert found is not None
    assert found.number == 3
    assert [one.version.number for one in read_history(client, "line")] == [3, 1]


@pytest.mark.parametrize(("how", "production"), [("never", 1), ("always", 2)])
def test_the_gate_can_be_switched_off_either_way(tracked: Project, how: str, production: int) -> None:
    ridge = ("--set", "model.estimator=sklearn.linear_model.Ridge", "--set", "model.options.alpha=500.0")
    assert tracked.run(*ridge, "--promote", how) == 0
    found = find_production(client_of(tracked), "line")
    assert found is not None
    assert found.number == production


def test_an_unknown_word_for_promote_in_the_environment_is_bad_usage(
    tracked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMOTE", "perhaps")
    assert tracked.run() == 2


def test_a_server_that_is_away_costs_no_result_and_the_result_is_sent_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, LINEAR, linear_columns(), "later")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert project.run() == 1
    assert "python -m model track" in project.log()
    assert (project.latest / "model.skops").exists()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert by_hand(project, "track") == 0
    address = find_registry(project.data_dir)
    assert address is not None
    assert is_settled(address, project.receipt())


def test_a_run_that_was_killed_before_the_gate_is_not_sent_again_and_gets_its_word(tracked: Project) -> None:
    from model.release.known import SETTLED

    client = client_of(tracked)
    (run,) = client.search_runs([client.get_experiment_by_name("line").experiment_id])
    client.delete_tag(run.info.run_id, SETTLED)
    assert tracked.run() == 0
    assert len(list_versions(client, "line")) == 1
    address = find_registry(tracked.data_dir)
    assert address is not None
    assert is_settled(address, tracked.receipt())


def test_an_interrupt_that_the_registry_s_client_swallowed_promotes_nothing(
    tracked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = track.decide

    def decide_while_an_interrupt_is_swallowed(*arguments: Any) -> Any:
        decision = decide(*arguments)
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(HANG_SECONDS)
        return decision

    monkeypatch.setattr("model.release.track.decide", decide_while_an_interrupt_is_swallowed)
    assert tracked.run("--force", "--set", "model.threads=1", "--promote", "always") == 130
    monkeypatch.undo()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    holder = find_production(client_of(tracked), "line")
    assert holder is not None
    assert holder.number == 1
    assert tracked.run("--set", "model.threads=1", "--promote", "always") == 0
    holder = find_production(client_of(tracked), "line")
    assert holder is not None
    assert holder.number == 2


def test_a_sending_that_was_killed_is_marked_and_done_anew(tracked: Project) -> None:
    from model.release.known import identify_result
    from relay.registry.versions import RESULT

    client = client_of(tracked)
    experiment = client.get_experiment_by_name("line").experiment_id
    (done,) = client.search_runs([experiment])
    client.delete_run(done.info.run_id)
    client.create_run(experiment, tags={RESULT: identify_result(tracked.receipt())})
    assert tracked.run() == 0
    runs = client.search_runs([experiment], order_by=["attributes.start_time"])
    assert sorted(run.info.status for run in runs) == ["FINISHED", "KILLED"]


@pytest.mark.slow
def test_two_trainings_at_once_make_two_versions_and_one_of_them_is_production(
    tracked: Project, tmp_path: Path
) -> None:
    named = LINEAR.replace("[model]", '[model]\nname = "line"')
    second = make_project(tracked.folder, named, linear_columns(), "other")
    processes = [
        commands.Command(
            [sys.executable, "-m", "model", *project.arguments("--force")],
            cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for project in (tracked, second)
    ]  # fmt: skip
    said = [process.communicate(timeout=HANG_SECONDS)[0] for process in processes]
    # One of them may find the other's promotion between its own comparison and the alias, and says so.
    codes = [process.returncode for process in processes]
    assert 0 in codes, said
    assert all(code == 0 or "meanwhile" in words for code, words in zip(codes, said, strict=True)), said
    client = client_of(tracked)
    assert [version.number for version in list_versions(client, "line")] == [3, 2, 1]
    assert sum(version.is_production for version in list_versions(client, "line")) == 1


def test_a_model_file_that_was_changed_in_the_registry_stops_the_comparison(
    tracked: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (stored,) = (tracked.data_dir / "mlflow" / "artifacts").rglob("artifacts/model.skops")
    stored.write_bytes(stored.read_bytes()[:-1] + b"!")
    assert tracked.run("--set", "model.options.fit_intercept=false") == 1
    assert "it is not loaded" in tracked.log()
    found = find_production(client_of(tracked), "line")
    assert found is not None
    assert found.number == 1


def test_promote_rollback_and_undo_by_hand(tracked: Project, capsys: pytest.CaptureFixture[str]) -> None:
    tracked.run("--set", "model.options.fit_intercept=false", "--promote", "never")
    assert by_hand(tracked, "promote", "2", "--why", "a try") == 0
    assert by_hand(tracked, "rollback", "--why", "it was bad") == 0
    assert by_hand(tracked, "rollback", "--undo") == 0
    capsys.readouterr()
    assert by_hand(tracked, "history", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(line["version"], line["why"]) for line in told] == [
        (2, "the rollback is undone"), (1, "it was bad"), (2, "a try"), (1, "the first version"),
    ]  # fmt: skip
    assert by_hand(tracked, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["2", "production"], ["1", "was"]]


@pytest.mark.parametrize("arguments", [["promote", "99"], ["rollback"], ["rollback", "--undo"]])
def test_what_makes_no_sense_by_hand_fails_in_one_line(tracked: Project, arguments: list[str]) -> None:
    assert by_hand(tracked, *arguments) == 1


def test_a_recipe_that_was_never_trained_has_nothing_to_list_or_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracked: Project
) -> None:
    recipe = tracked.folder / "fresh.toml"
    recipe.write_text(LINEAR, encoding="utf-8")
    assert load_recipe(str(recipe)).name == "fresh"
    fresh = Project(tracked.folder, recipe)
    assert [by_hand(fresh, verb) for verb in ("list", "history", "track")] == [1, 1, 1]


def test_tracking_that_is_off_is_said(linear: Project) -> None:
    assert linear.run() == 0
    assert "tracking is off" in linear.log()
    assert not (linear.data_dir / "mlflow").exists()
