"""An accepted shift reaches the version in the registry, once, and a rollback for harm carries its evidence."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.acting import list_commands
from monitor.gate import tell_gate
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import Settings
from relay.monitoring.report import Action, Decision, Evidence, Report, RowCounts, Verdict, VerdictKind
from relay.monitoring.store import AcceptedBaseline
from relay.registry.connection import find_registry, open_registry
from relay.registry.versions import read_version


def accept(why: str) -> AcceptedBaseline:
    return AcceptedBaseline(model="credit", version="1", at_unix=1.0, who="ann", why=why, window="v1-400")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Settings(data_dir=tmp_path, log_dir=tmp_path / "logs", tracking_uri="")


def test_an_accepted_shift_is_noted_once_with_the_version(settings: Settings) -> None:
    assert not tell_gate(settings, accept("no registry yet"))
    address = find_registry(settings.data_dir, settings.tracking_uri)
    assert address is not None
    client: Any = open_registry(address)
    client.create_registered_model("credit")
    client.create_model_version("credit", source=str(settings.data_dir))
    for why in ("a new branch", "accepted again by the next run"):
        assert tell_gate(settings, accept(why))
    assert read_version(client, "credit", 1).accepted.endswith("(a new branch)")


def test_a_rollback_for_harm_is_one_of_the_probation_with_its_evidence(settings: Settings) -> None:
    decision = Decision(
        action=Action.ROLLBACK, why="its labels show harm", verdict=VerdictKind.HARM, evidence_log10=3.2
    )
    report = Report(
        model="credit", version="3", recipe="credit", window="v3-2000", verdict=Verdict(kind=VerdictKind.HARM),
        rows=RowCounts(counted=2_000), evidence=Evidence(log10=0.0, limit_log10=3.0), decision=decision,
    )  # fmt: skip
    (command,) = list_commands(load_recipe("credit"), settings, report)
    assert command[3:8] == ["rollback", "credit", "--probation", "--expected", "3"]
    evidence = json.loads(command[command.index("--evidence") + 1])
    assert evidence == {"verdict": "harm", "log10": 3.2, "window": "v3-2000"}
