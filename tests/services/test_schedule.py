"""The DAGs of the schedule, as Airflow itself reads them, in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.airflow.schedule import DAG_ID, ScheduleError, read_interval, read_recipes

pytestmark = pytest.mark.airflow
ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".venv-airflow"

READ_DAGS = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
found = []
for settings in json.loads(sys.argv[1]):
    os.environ.update(settings)
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    dags = {dag.dag_id: {
        "catchup": dag.catchup, "runs": dag.max_active_runs, "schedule": str(dag.schedule),
        "params": {name: dag.params[name] for name in dag.params}, "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "tasks": {task.task_id: [
            sorted(task.downstream_task_ids), task.task_group.group_id, task.retries, task.retry_delay.total_seconds(),
            task.execution_timeout is not None, task.trigger_rule.value,
            [asset.name for asset in task.inlets], [asset.name for asset in task.outlets],
        ] for task in dag.tasks},
    } for dag in bag.dags.values()}
    found.append({"errors": list(bag.import_errors.values()), "dags": dags})
print(json.dumps(found))
"""

STOP_A_TASK = """
from services.airflow.tasks import StageOperator
operator = StageOperator(task_id="ingest", stage="ingest", recipe="linear")
operator.on_kill()
operator._run = "0123456789ab"
operator.on_kill()
"""


@pytest.fixture(scope="module")
def airflow_python() -> Path:
    """The Python of an environment with Airflow, made where it is missing or older than its lock."""
    lock, ready = ROOT / "services/airflow/requirements.txt", HOME / "ready"
    if ready.exists() and ready.stat().st_mtime > lock.stat().st_mtime:
        return HOME / "bin" / "python"
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if uv is None:
        pytest.skip("no uv to make .venv-airflow with")
    install = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--python",
        str(HOME / "bin" / "python"),
        "-r",
        lock,
    ]
    for command in ([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f".venv-airflow cannot be made: {done.stderr.strip().splitlines()[-1:]}")
    ready.touch()
    return HOME / "bin" / "python"


def run_there(python: Path, code: str, folder: Path, *arguments: str, **settings: str) -> str:
    """What a program prints that runs beside Airflow."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "services/airflow/dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        **settings,
    }
    command = [str(python), "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(airflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What Airflow reads with: nothing set, two recipes on a clock, and a recipe that is not there."""
    settings = [
        {},
        {"SCHEDULE_RECIPES": "credit, linear", "SCHEDULE_EVERY": "0 6 * * *"},
        {"SCHEDULE_RECIPES": "nothing", "SCHEDULE_EVERY": ""},
    ]
    printed = run_there(airflow_python, READ_DAGS, tmp_path_factory.mktemp("airflow"), json.dumps(settings))
    read: list[Any] = json.loads(printed.splitlines()[-1])
    return read


def test_one_recipe_gives_the_pipeline_in_its_order(found: list[Any]) -> None:
    assert (found[0]["errors"], sorted(found[0]["dags"])) == ([], [DAG_ID, "monitor_linear"])
    dag = found[0]["dags"][DAG_ID]
    each = [2, 30.0, True, "none_failed"]
    assert dag["tasks"] == {
        "set_seed": [["ingest"], None, *each, [], []],
        "ingest": [["preprocess"], "data_processing", *each, [], ["raw/linear"]],
        "preprocess": [["check_data"], "data_processing", *each, ["raw/linear"], ["processed/linear"]],
        "check_data": [["model"], None, *each, [], []],
        "model": [["deploy"], "model_engineering", *each, ["processed/linear"], ["model/linear"]],
        "deploy": [[], "deployment", *each, ["model/linear"], []],
    }


def test_it_runs_every_ten_minutes_one_at_a_time_and_makes_up_for_nothing(found: list[Any]) -> None:
    dag = found[0]["dags"][DAG_ID]
    assert (dag["schedule"], dag["runs"], dag["catchup"]) == ("0:10:00", 1, False)
    assert dag["params"] == {"seed": None, "reason": None, "train_anyway": False}
    assert "A line through noisy points" in dag["doc"]


def test_several_recipes_give_one_pipeline_each(found: list[Any]) -> None:
    names = [f"{DAG_ID}_credit", f"{DAG_ID}_linear", "monitor_credit", "monitor_linear"]
    assert (found[1]["errors"], sorted(found[1]["dags"])) == ([], names)
    assert {found[1]["dags"][name]["schedule"] for name in names[:2]} == {"0 6 * * *"}


def test_the_monitor_looks_every_ten_minutes_and_then_does_one_thing_or_none(found: list[Any]) -> None:
    dag = found[0]["dags"]["monitor_linear"]
    assert (dag["schedule"], dag["runs"], dag["catchup"]) == ("0:10:00", 1, False)
    assert {name: (task[0], task[5]) for name, task in dag["tasks"].items()} == {
        "look": (["choose", "roll_back"], "all_success"),
        "choose": (["roll_back", "train"], "all_success"),
        "train": ([], "all_success"),
        "roll_back": ([], "all_success"),
    }


def test_the_page_finds_the_pipeline_of_a_recipe_by_its_tags_and_never_the_monitor(found: list[Any]) -> None:
    tagged = [name for name, dag in found[0]["dags"].items() if {"relay", "linear"} <= set(dag["tags"])]
    assert tagged == [DAG_ID]


def test_a_recipe_that_is_not_there_is_shown_as_an_error_of_the_file(found: list[Any]) -> None:
    assert (found[2]["dags"], 'no recipe "nothing" in this image' in found[2]["errors"][0]) == ({}, True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", timedelta(minutes=10)),
        ("6h", timedelta(hours=6)),
        ("1d", timedelta(days=1)),
        ("*/5 * * * *", "*/5 * * * *"),
    ],
)
def test_an_interval_is_a_time_or_a_line_of_cron(said: str, meant: timedelta | str) -> None:
    assert read_interval({"SCHEDULE_EVERY": said}) == meant


@pytest.mark.parametrize("said", ["0m", "10", "10 minutes", "-1h", "* * * *"])
def test_another_interval_is_refused(said: str) -> None:
    with pytest.raises(ScheduleError, match="expected a time such as 10m"):
        read_interval({"SCHEDULE_EVERY": said})


@pytest.mark.parametrize("said", ["../linear", "Linear", "linear,nothing"])
def test_a_recipe_that_is_not_there_is_refused(said: str) -> None:
    with pytest.raises(ScheduleError, match="there are credit, docstrings"):
        read_recipes({"SCHEDULE_RECIPES": said})


def test_the_models_name_is_the_recipes_or_its_own(tmp_path: Path) -> None:
    for name, model in {"one": "", "two": 'name = "other"'}.items():
        (tmp_path / f"{name}.toml").write_text(f'title = "T"\n[model]\n{model}\n')
    read = read_recipes({"SCHEDULE_RECIPES": "one,two,one"}, tmp_path)
    assert [(one.dag_id, one.model) for one in read] == [(f"{DAG_ID}_one", "one"), (f"{DAG_ID}_two", "other")]


def test_a_recipe_has_the_tasks_of_its_stages(tmp_path: Path) -> None:
    sections = {"all": ("ingest", "preprocess", "model"), "raw": ("ingest",), "reads": ("preprocess",)}
    for name, of in sections.items():
        (tmp_path / f"{name}.toml").write_text('title = "T"\n' + "".join(f"[{section}]\n" for section in of))
    read = read_recipes({"SCHEDULE_RECIPES": ",".join(sections)}, tmp_path)
    assert [(one.stages, one.model) for one in read] == [
        (("ingest", "preprocess", "model"), "all"),
        (("ingest",), ""),
        (("ingest", "preprocess"), ""),
    ]


def test_a_task_that_is_ended_stops_its_container(airflow_python: Path, tmp_path: Path) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[str] = []

    class Runner(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"null")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Runner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "token").write_text("a token\n")
    url = f"http://127.0.0.1:{server.server_port}"
    run_there(airflow_python, STOP_A_TASK, tmp_path, RUNNER_URL=url, RUNNER_TOKEN_FILE=str(tmp_path / "token"))
    server.shutdown()
    server.server_close()
    assert asked == ["/runs/0123456789ab/stop Bearer a token"]
