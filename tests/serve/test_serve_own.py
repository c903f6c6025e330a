"""Own code in production: the version that is served brings its code, whatever recipes/ holds by now."""

import itertools
import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from own_recipes import BUILD_POWERS, BUILT, mine
from patience import wait_for
from projects import Project
from serving import Server

from model.__main__ import STAGE
from relay.handoff.program import main

PARTS = '''
from sklearn.base import BaseEstimator, TransformerMixin

class Powers(TransformerMixin, BaseEstimator):
    """x to the powers of 0 to `degree`, moved by what another file says."""

    def __init__(self, degree=1):
        self.degree = degree

    def fit(self, frame, y=None):
        self.fitted_ = True
        return self

    def transform(self, frame):
        from .moving import move
        return move(frame[["x"]].to_numpy() ** range(self.degree + 1))
'''
KEPT = """def move(numbers):
    return numbers
"""
FLATTENED = """def move(numbers):
    return numbers * 0 + 1
"""
"""By which any model answers the mean."""


@dataclass
class Production:
    """A project with own code, its registry, and a server of its own."""

    project: Project
    key: Path
    server: Server
    trained: int = 0
    """The number of the last version."""

    def train(self) -> None:
        assert self.project.run("--promote", "always") == 0, self.project.log()
        self.trained += 1

    def roll_back(self, *more: str) -> None:
        assert main(STAGE, ["rollback", str(self.project.recipe), *more]) == 0

    def teach(self, moving: str) -> str:
        """Train a version with another file of own code; gives its number once it is served."""
        number = str(self.trained + 1)
        (self.project.folder / "moving.py").write_text(f"NUMBER = {number}\n\n\n{moving}")
        self.train()
        self.wait_for_version(number)
        return number

    def ask(self, **record: float) -> tuple[str, float]:
        """Version and answer to a record."""
        answer = self.server.post("/predict", record).json
        assert "prediction" in answer, answer
        return answer["model_version"], answer["prediction"]

    def health(self) -> Any:
        return self.server.get("/health").json["models"]["case"]

    def wait_for_version(self, version: str) -> None:
        wait_for(lambda: self.health().get("version") == version, f"version {version}")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Version 1 of an own estimator is in production, and served."""
    folder = tmp_path_factory.mktemp("production")
    key = folder / "secrets" / "code_key"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "")  # the embedded registry
        environment.setenv("CODE_KEY_FILE", str(key))
        project = mine(folder, BUILD_POWERS, BUILT)
        environment.setenv("DATA_DIR", str(project.data_dir))
        environment.setenv("LOG_DIR", str(folder / "logs"))
        (folder / "parts.py").write_text(PARTS)
        (folder / "moving.py").write_text(KEPT)
        own = {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.3", "CODE_KEY_FILE": str(key)}
        made = Production(project, key, Server(project.data_dir, ("case",), own))
        made.train()
        made.server.start()
        made.wait_for_version("1")
        yield made
        made.server.stop()


LINE = pytest.approx(7.0, abs=0.5)
"""What a line through the points answers to x = 3."""


def test_an_edit_does_not_touch_the_version_in_production(production: Production) -> None:
    version, answer = production.ask(x=3)
    assert answer == LINE
    production.project.folder.joinpath("moving.py").write_text("raise ValueError('edited')\n")
    production.server.stop()
    production.server.start()
    production.wait_for_version(version)
    assert production.ask(x=3) == (version, LINE)


@pytest.mark.slow
def test_a_version_answers_by_its_own_code_after_a_swap_and_after_the_rollback(production: Production) -> None:
    version = production.teach(KEPT)
    production.teach(FLATTENED)
    assert production.ask(x=3)[1] == production.ask(x=8)[1]
    production.roll_back()
    production.wait_for_version(version)
    assert production.ask(x=3) == (version, LINE)


@pytest.mark.slow
def test_rolling_back_between_versions_with_different_code_fails_no_request(production: Production) -> None:
    first = production.teach(KEPT)
    second = production.teach(KEPT)
    heard: Counter[tuple[int, str]] = Counter()
    is_over, numbers = threading.Event(), itertools.count()

    def call() -> None:
        connection = production.server.connect()
        while not is_over.is_set():
            connection.request("POST", "/predict", json.dumps({"x": next(numbers) % 10}))
            response = connection.getresponse()
            answer = json.loads(response.read())
            heard[response.status, answer.get("model_version", "")] += 1
        connection.close()

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    try:
        for turn in range(6):
            production.roll_back(*(["--undo"] if turn % 2 else []))
            production.wait_for_version(second if turn % 2 else first)
    finally:
        is_over.set()
        for caller in callers:
            caller.join()
    assert set(heard) == {(200, first), (200, second)}
    assert sum(heard.values()) > 100


@pytest.mark.slow
def test_another_key_refuses_the_version_and_the_one_before_goes_on(production: Production) -> None:
    production.teach(KEPT)
    old = production.key.read_bytes()
    production.key.unlink()
    version = production.teach(FLATTENED)
    assert production.key.read_bytes() != old
    production.roll_back()
    assert "is in production and another key than the one here signed its own code" in production.project.log()
    wait_for(lambda: "refused" in production.health().get("why", ""), "the refusal")
    health = production.health()
    assert (health["version"], health["ready"]) == (version, True)
    assert "its signature does not hold with the project's key" in health["why"]
    assert health["next_step"].startswith("Train it again")
    production.roll_back("--undo")


@pytest.mark.slow
def test_a_version_in_production_whose_code_is_gone_leaves_the_next_one_to_a_person(production: Production) -> None:
    number = production.teach(KEPT)
    for code in production.project.data_dir.rglob("artifacts/code"):  # as registered before versions held their code
        shutil.rmtree(code)
    (production.project.folder / "moving.py").write_text(FLATTENED)
    assert production.project.run() == 0, production.project.log()
    production.trained += 1
    assert (
        f"case {production.trained} is not promoted: the version in production cannot be compared (version {number} "
        "of case: code/recipes/moving.py cannot be read: No such file or directory): promote by hand if you want it"
    ) in production.project.log()


@pytest.mark.slow
def test_own_code_that_raises_fails_its_own_request(production: Production) -> None:
    production.teach(
        "def move(numbers):\n    if (numbers == 7).any():\n        raise SystemExit('unlucky')\n    return numbers\n"
    )
    bad = production.server.post("/predict", {"x": 7})
    assert (bad.status, bad.json["type"]) == (422, "urn:relay:problem:no-answer")
    assert "recipes/moving.py, line 6, in move: it called sys.exit('unlucky')" in bad.json["detail"]
    assert production.ask(x=3)[1] == LINE
