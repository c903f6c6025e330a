"""Monitor and schedule together: harm leads to a training, and a bad promotion is taken back, seen in the API."""

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow_client import Airflow, ask, find_in, wait_for
from engine import Docker, build_schedule_images, compose_in
from patience import HANG_SECONDS

from monitor.demo.borrowers import RECIPE, RECIPE_TEXT, Record, draw, write_table
from monitor.log.record import SETTLE_SECONDS

PROJECT = f"relay-test-retrain-{os.getpid()}"
PASSWORD = "a password of the tests"
PORTS = {
    "PAGE_PORT": "18950",
    "MLFLOW_PORT": "15950",
    "AIRFLOW_PORT": "18951",
    "GATEWAY_PORT": "18952",
    "GATEWAY_API_PORT": "18953",
    "API_PORT": "18954",
}
API, AIRFLOW = (f"http://127.0.0.1:{PORTS[name]}" for name in ("GATEWAY_API_PORT", "AIRFLOW_PORT"))
MONITOR = ("look", "choose", "train", "roll_back")
PIPELINE = ("set_seed", "ingest", "preprocess", "check_data", "model", "deploy")
REQUEST_RECORDS = 100


@dataclass(frozen=True)
class Stack:
    """The project, and the data folder that it works on."""

    compose: Docker
    data: Path

    def write(self, records: list[Record], late: list[int]) -> None:
        """Replace the file that the recipe reads."""
        write_table(self.data / f"{RECIPE}.csv", records, late)

    def log_in(self, dag: str, tasks: tuple[str, ...]) -> Airflow:
        """A DAG whose first run, which begins by itself, is over: no other begins in the next minutes."""
        airflow = Airflow(AIRFLOW, PASSWORD, dag, tasks)
        first = wait_for(lambda: airflow.get("/dagRuns").get("dag_runs"))[0]
        assert airflow.await_end(first["dag_run_id"])["state"] == "success"
        return airflow

    def act(self) -> tuple[int, str]:
        """`monitor --act`: its exit code, and what it says that it did."""
        done = self.compose("run", "--rm", "-T", "--no-deps", "monitor", RECIPE, "--act", check=False)
        return done.returncode, done.stdout.strip().splitlines()[-1].strip()

    def list_versions(self) -> list[dict[str, Any]]:
        """The versions, the newest first."""
        told = self.compose("run", "--rm", "-T", "--no-deps", "train", "list", RECIPE, "--json").stdout
        found: list[dict[str, Any]] = json.loads(told)
        return sorted(found, key=lambda one: -int(one["version"]))


@pytest.fixture(scope="module")
def stack(
    images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, list[Record], list[int]]]:
    """The schedule of a recipe that trains by itself, with version 1 in production; and what that was trained on."""
    assert images
    assert server_image
    build_schedule_images()
    folder = tmp_path_factory.mktemp("retrain")
    for name in ("data/recipes", "logs", "secrets"):
        (folder / name).mkdir(parents=True)
    for name, text in {"airflow_password": PASSWORD, "runner_password": "a token of the tests"}.items():
        (folder / "secrets" / name).write_text(f"{text}\n")
    recipe = RECIPE_TEXT.format(path=f"data/{RECIPE}.csv") + 'retrain = "auto"\n'
    (folder / "data" / "recipes" / f"{RECIPE}.toml").write_text(recipe, encoding="utf-8")
    settings = {
        "COMPOSE_PROFILES": "schedule",
        "RECIPES": RECIPE,
        "SCHEDULE_RECIPES": RECIPE,
        "SCHEDULE_EVERY": "1d",
        "RELAY_SECRETS": str(folder / "secrets"),
        "REGISTRY_POLL_SECONDS": "1",
        **PORTS,
    }
    compose = compose_in(folder, PROJECT, **settings)
    made = Stack(compose, folder / "data")
    usual = draw(6_000, 1)
    made.write(*usual)
    try:
        compose("up", "--detach", "--wait")
        yield (made, *usual)
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def send(records: Sequence[Record], late: Sequence[int]) -> None:
    """Ask about records, say what turned out to be true, and wait until the monitor may read both."""
    labels = []
    for start in range(0, len(records), REQUEST_RECORDS):
        part = records[start : start + REQUEST_RECORDS]
        status, answer = ask(f"{API}/models/{RECIPE}/predict", list(part))
        assert status == 200, answer
        labels += [
            {"prediction_id": answer["prediction_id"], "record": number, "value": late[start + number]}
            for number in range(len(part))
        ]
    assert find_in(ask(f"{API}/labels", labels), "added") == len(records)
    time.sleep(SETTLE_SECONDS + 1)


def await_version(version: str) -> None:
    """Return when the API answers with a version."""

    def find() -> bool:
        served = {one["model"]: one["version"] for one in find_in(ask(f"{API}/models"), "models") or ()}
        return served == {RECIPE: version}

    wait_for(find, HANG_SECONDS)


def test_harm_is_trained_on_by_the_schedule_and_a_bad_promotion_is_taken_back(
    stack: tuple[Stack, list[Record], list[int]],
) -> None:
    made, usual, usual_late = stack
    monitor, pipeline = (
        made.log_in(dag, tasks)
        for dag, tasks in ((f"monitor_{RECIPE}", MONITOR), ("ml_data_processing_pipeline", PIPELINE))
    )
    await_version("1")

    # Another population, and its labels: the order is left to the schedule, which carries it out once.
    young, young_late = draw(1_200, 5, young=0.4)
    send(young, young_late)
    made.write([*usual, *young], [*usual_late, *young_late])
    code, said = made.act()
    assert (code, said.split()[:2], "`make schedule`" in said) == (3, ["acted", "nothing:"], True), said
    looked = monitor.trigger()
    monitor.await_end(looked)
    assert monitor.states(looked) == {**dict.fromkeys(MONITOR, "success"), "roll_back": "skipped"}
    [run] = [one for one in pipeline.get("/dagRuns")["dag_runs"] if one["dag_run_id"].startswith("monitor__")]
    assert run["conf"]["reason"].startswith(f"monitor: {RECIPE} 1, harm in window v1-1200: ")
    assert pipeline.await_end(run["dag_run_id"])["state"] == "success"
    assert pipeline.states(run["dag_run_id"]) == dict.fromkeys(PIPELINE, "success")
    await_version("2")

    # A version that learned from labels that had not come yet: refused, promoted by a person all the same, and harmful.
    chance = random.Random(6)
    made.write(usual, [value if chance.random() < 0.3 else 0 for value in usual_late])
    for stage in ("ingest", "preprocess", "train"):
        made.compose("run", "--rm", "--no-deps", stage)
    assert [one["is_production"] for one in made.list_versions()] == [False, True, False]
    made.compose("run", "--rm", "--no-deps", "train", "promote", RECIPE, "3", "--why", "the newest data")
    await_version("3")
    send(*draw(2_000, 7))
    assert made.act() == (3, "acted      rolled back")
    await_version("2")
