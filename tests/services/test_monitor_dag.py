"""The tasks of the monitor's DAG and the pipeline's check, run beside Airflow between servers that a test fills."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from monitor_reports import make_break, make_labelled

sys.path.append(str(Path(__file__).parent))

from test_deployment import Answering, server  # noqa: F401 - a fixture
from test_schedule import airflow_python, run_there  # noqa: F401 - a fixture

from relay.monitoring.answers import write_monitor
from relay.monitoring.report import Action
from services.airflow.ask import Service
from services.airflow.runs import name_run

pytestmark = pytest.mark.airflow

Server = tuple[Service, type[Answering]]

RUN_TASKS = """
import json
from airflow.sdk.exceptions import AirflowFailException
from services.airflow.tasks import check_data, look, roll_back

class Instance:
    dag_id, run_id, try_number, max_tries = "monitor_credit", "a run", 1, 2

told = []
for work in (
    lambda: look("credit", "credit", {"ti": Instance()}),
    lambda: check_data("credit"),
    lambda: check_data("credit", is_checked=False),
    lambda: roll_back("credit", "3", {"ti": Instance()}),
):
    try:
        told.append(work())
    except Exception as error:
        told.append([type(error).__name__, str(error)])
print(json.dumps(told))
"""


def fill(handler: type[Answering], report: Any, exit_code: int) -> None:
    """A runner whose runs end with this code, a registry in which version 3 is production, and the API's report."""
    end = {
        "state": "ended", "is_more": False, "after": "", "lines": [], "exit_code": exit_code,
        "outcome": None, "is_out_of_memory": False,
    }  # fmt: skip
    runs = [f"{method} /runs/{run}" for method in ("GET", "DELETE") for run in RUNS]
    handler.answers |= {name: [(200, end)] for name in runs} | {
        "POST /runs": [(200, {})],
        "POST /services/api/start": [(200, {"started": []})],
        "POST /services/model/start": [(200, {"started": []})],
        "GET /api/2.0/mlflow/registered-models/alias": [(200, {"model_version": {"version": "3"}})],
        "GET /models/credit/monitor": [(200, report)],
    }


RUNS = [name_run("monitor_credit", "a run", task) for task in ("look", "roll_back")]
"""The ids of the two runs that the tasks order."""


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> dict[str, str]:  # noqa: F811
    (tmp_path / "token").write_text("a token\n")
    url = server[0].url
    addresses = dict.fromkeys(("RUNNER_URL", "MLFLOW_TRACKING_URI", "API_URL"), url)
    return {**addresses, "RUNNER_TOKEN_FILE": str(tmp_path / "token")}


def run_tasks(airflow: Path, folder: Path, environment: dict[str, str]) -> list[Any]:
    """What `look`, the pipeline's check with and without `train_anyway`, and `roll_back` gave or raised."""
    told: list[Any] = json.loads(run_there(airflow, RUN_TASKS, folder, **environment).splitlines()[-1])
    return told


def test_broken_data_fail_the_pipeline_before_the_model_and_not_the_monitor(
    server: Server,  # noqa: F811
    airflow_python: Path,  # noqa: F811
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    fill(server[1], write_monitor(make_break(), []), exit_code=3)
    looked, checked, anyway, rolled_back = run_tasks(airflow_python, tmp_path, environment)
    assert (looked["next"], looked["version"]) == ("", "3")
    assert checked[0] == "AirflowFailException"
    assert all(text in checked[1] for text in ("window v3-10000", "MonthlyIncome", "train_anyway"))
    assert anyway is None
    assert rolled_back == ["StageError", "rollback of credit 3 ended with exit code 3: its last lines above say why"]
    ordered = [body for path, body, _ in server[1].asked if path == "POST /runs"]
    assert [(order["stage"], order["recipe"], order.get("version")) for order in ordered] == [
        ("monitor", "credit", None),
        ("rollback-harm", "credit", 3),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("action", [Action.TRAIN, Action.ROLLBACK, Action.SUGGEST])
def test_what_follows_is_what_the_monitor_decided(
    server: Server,  # noqa: F811
    airflow_python: Path,  # noqa: F811
    environment: dict[str, str],
    tmp_path: Path,
    action: Action,
) -> None:
    report = make_labelled()
    decision = report.decision.model_copy(update={"action": action})
    fill(server[1], write_monitor(report.model_copy(update={"decision": decision}), []), exit_code=0)
    looked, checked, _, rolled_back = run_tasks(airflow_python, tmp_path, environment)
    assert looked["next"] == ("" if action is Action.SUGGEST else action)
    assert looked["run_id"].startswith("monitor__credit-3-")
    assert (checked, rolled_back) == (None, {"rolled_back": "3"})


@pytest.mark.slow
def test_a_monitor_that_fails_fails_its_task(
    server: Server,  # noqa: F811
    airflow_python: Path,  # noqa: F811
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    fill(server[1], write_monitor(make_break(), []), exit_code=1)
    assert run_tasks(airflow_python, tmp_path, environment)[0][0] == "StageError"
