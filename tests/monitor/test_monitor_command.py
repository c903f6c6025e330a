"""The command line: a report in words and as JSON, exit code 3 for an alarm, files that say the same."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from borrowers import draw, draw_labels, make_requests, make_subject
from logged import Log

from monitor.__main__ import VERBS, main
from relay.handoff.journal import JOURNAL
from relay.handoff.place import VARIABLE
from relay.monitoring.opening import open_store
from relay.monitoring.report import Report

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and a version of `credit` that needs no registry."""
    (tmp_path / "data").mkdir()
    for name, folder in (("DATA_DIR", "data"), ("LOG_DIR", "logs"), ("SERVE_DIR", "serve")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for module in ("subject", "accept", "export"):
        monkeypatch.setattr(f"monitor.{module}.find_subject", lambda *_: make_subject(retrain="auto"), raising=True)
    return tmp_path


@pytest.fixture
def command(place: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("credit", "--json")`: exit code and standard output."""
    assert place.is_dir()

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(arguments)
        return code, capsys.readouterr().out

    return run


def send_broken(place: Path) -> None:
    frame = draw(1_400, 5)
    frame.loc[(frame.index >= 400) & (np.random.default_rng(1).random(1_400) < 0.5), "income"] = np.nan
    Log(place / "serve", "").write(make_requests(frame, size=10))


def test_help_lists_all_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert [name for name in VERBS if f"\n  {name}" not in said] == []


def test_an_alarm_ends_with_3_and_says_what_where_and_what_to_do(place: Path, command: Command) -> None:
    send_broken(place)
    code, said = command("credit")
    first, second = said.splitlines()[0], said.splitlines()[2]
    assert (code, first) == (3, "BREAK: the data is broken  (credit version 3)")
    assert second.strip().startswith("income: ")
    assert "of the values are missing (reference: 5.35%)" in second
    assert "Do not train on this data." in said
    code, said = command("credit", "--json")
    body = json.loads(said)
    assert (code, body["verdict"]["kind"], body["is_alarm"], body["waiting"]) == (3, "break", True, 0)


def test_a_run_leaves_folder_figures_and_journal(place: Path, command: Command) -> None:
    send_broken(place)
    command("credit")
    folder = place / "data" / "monitor" / "credit"
    latest = folder / "latest"
    names = ["columns.parquet", "evidence.parquet", "evidence.png", "receipt.json", "report.json", "report.md"]
    assert sorted(path.name for path in latest.iterdir()) == names
    assert Report.from_json((latest / "report.json").read_bytes()).window == latest.readlink().name == "v3-1400"
    assert pq.read_table(latest / "evidence.parquet").num_rows == 7
    figures = (place / "logs" / "metrics" / "monitor-credit.prom").read_text()
    assert 'relay_monitor_alarm{model="credit",version="3",kind="break"} 1.0' in figures
    command("credit")
    entries = [json.loads(line) for line in (place / "logs" / JOURNAL).read_text().splitlines()]
    assert [(one["stage"], one["outcome"], one["rows"]) for one in entries] == [
        ("monitor", "ran", 1_400),
        ("monitor", "unchanged", 1_400),
    ]


def test_a_folder_that_is_gone_or_changed_is_written_again_with_the_same_bytes(place: Path, command: Command) -> None:
    send_broken(place)
    command("credit")
    folder = place / "data" / "monitor" / "credit"
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("v3-*/*")}
    (folder / "v3-1000" / "report.json").write_text("{}")
    (folder / "v3-1400" / "receipt.json").unlink()
    (folder / ".v3-1600.tmp").mkdir()
    command("credit")
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("v3-*/*")} == before
    assert not (folder / ".v3-1600.tmp").exists()


def test_a_failed_run_is_journalled_with_its_reason(place: Path, command: Command) -> None:
    (place / "serve").mkdir()
    (place / "serve" / "predictions.sqlite").write_bytes(b"nonsense" * 200)
    code, said = command("credit", "--json")
    assert (code, json.loads(said)["error"]["kind"]) == (1, "log_away")
    entry = json.loads((place / "logs" / JOURNAL).read_text())
    assert (entry["outcome"], entry["error"]["kind"]) == ("failed", "log_away")


def test_broken_data_is_not_accepted_and_a_shift_is(place: Path, command: Command) -> None:
    code, said = command("accept", "credit", "--why", "new", "--json")
    assert (code, "nothing to accept" in json.loads(said)["error"]["message"]) == (2, True)
    send_broken(place)
    command("credit")
    code, said = command("accept", "credit", "--why", "new", "--json")
    assert (code, "broken data is no reference" in json.loads(said)["error"]["message"]) == (2, True)
    Log(place / "serve", "").write(make_requests(draw(3_000, 6), 200, size=10))
    command("credit")
    assert command("accept", "credit", "--why", " ")[0] == 2
    with open_store(place / "serve") as store:
        assert store.find_baseline("credit", "3") is None


def test_two_windows_are_compared_side_by_side(place: Path, command: Command) -> None:
    send_broken(place)
    command("credit")
    code, said = command("compare", "credit", "v3-1000", "3")
    assert (code, said.splitlines()[0].split()) == (0, ["v3-1000", "v3-1400"])
    assert any(line.startswith("PSI income") for line in said.splitlines())
    code, said = command("compare", "credit", "v3-77", "3", "--json")
    assert (code, "v3-1400, v3-1000" in json.loads(said)["error"]["message"]) == (2, True)


def test_records_are_exported_with_score_and_id(place: Path, command: Command) -> None:
    send_broken(place)
    command("credit")
    code, said = command("export", "credit", "--rows", "300", "--to", str(place / "out"))
    assert code == 0
    table = pq.read_table(said.strip())
    assert table.num_rows == 300
    assert table.column("(record)")[-1].as_py() == f"{139:032x}/9"
    assert {"age", "income", "plan", "(score)", "(prediction)", "(asked_at_unix)"} <= set(table.column_names)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The programs that are started, and not run."""
    found: list[list[str]] = []

    begin = subprocess.run

    def run(words: list[str], **options: Any) -> Any:
        if words[1:2] != ["-m"]:  # a library asks the system
            return begin(words, **options)
        found.append(words[2:4])
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr("monitor.acting.subprocess.run", run)
    return found


def test_a_decision_is_acted_on_once_and_a_break_never(place: Path, command: Command, started: list[list[str]]) -> None:
    log = Log(place / "serve", "")
    send_broken(place)
    assert "nothing: the decision is hold" in command("credit", "--act")[1]
    assert started == []
    log.execute("delete from {p}predictions")
    (place / "serve" / "monitor.sqlite").unlink()
    frame = pd.concat([draw(600, 5), draw(1_000, 6, young=0.5)], ignore_index=True)
    log.write(make_requests(frame), draw_labels(frame))
    command("credit")
    said = command("credit", "--act")[1]
    assert "trained; the gate decided" in said
    assert started == [["ingest", "credit"], ["preprocess", "credit"], ["model", "credit"]]
    assert "acted on already" in command("credit", "--act")[1]
    assert len(started) == 3


def test_in_a_container_an_order_to_train_is_left_to_those_that_may_and_says_whom(
    place: Path, command: Command, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.concat([draw(600, 5), draw(1_000, 6, young=0.5)], ignore_index=True)
    Log(place / "serve", "").write(make_requests(frame), draw_labels(frame))
    command("credit")
    monkeypatch.setenv(VARIABLE, "1")
    code, said = command("credit", "--act")
    last = said.splitlines()[-1]
    assert (code, started, last.split()[:2]) == (3, [], ["acted", "nothing:"])
    assert "`make schedule`" in last
    assert last.endswith("By hand: `make train RECIPE=credit`")
    assert "`docker compose run --rm monitor accept credit --why" in said
    monkeypatch.delenv(VARIABLE)
    assert "trained" in command("credit", "--act")[1]
