"""Only a registry that answers can withdraw a version: one whose files are gone is away."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from patience import wait_for
from serving import Server

from relay.handoff.files import hash_file
from relay.registry.connection import find_registry, open_registry


@dataclass
class Line:
    """A model that was trained into the embedded registry, and the service that follows it."""

    data: Path
    server: Server

    @property
    def registry(self) -> Path:
        """The folder of the embedded registry."""
        return self.data / "mlflow"

    def health(self) -> dict[str, str]:
        """What /health says of the model."""
        found: dict[str, str] = self.server.get("/health").json["models"]["line"]
        return found

    def is_away(self) -> bool:
        return "the registry is away" in self.health().get("why", "")

    def answers(self) -> tuple[int, int]:
        """The status of a prediction, and of /health."""
        return self.server.post("/predict", {"x": 5}).status, self.server.get("/health").status


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    from loguru import logger
    from projects import CASES, make_project

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "")
        recipe, columns = CASES["line"]
        project = make_project(tmp_path_factory.mktemp("gone"), recipe, columns(), "line")
        assert project.run() == 0
        logger.remove()
    settings = {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.2"}
    server = Server(project.data_dir, ("line",), settings).start()
    wait_for(lambda: server.get("/health").status == 200, "the version")
    yield Line(project.data_dir, server)
    server.stop()


def move(line: Line) -> None:
    line.registry.rename(line.registry.with_name("elsewhere"))


def empty(line: Line) -> None:
    move(line)
    line.registry.mkdir()


def empty_file(line: Line) -> None:
    empty(line)
    (line.registry / "mlflow.db").touch()


def drop_table(line: Line) -> None:
    shutil.copytree(line.registry, line.registry.with_name("elsewhere"))
    with closing(sqlite3.connect(line.registry / "mlflow.db", isolation_level=None)) as database:
        database.execute("drop table registered_model_aliases")


def cut(line: Line) -> None:
    shutil.copytree(line.registry, line.registry.with_name("elsewhere"))
    content = (line.registry / "mlflow.db").read_bytes()
    (line.registry / "mlflow.db").write_bytes(content[: len(content) // 2])


def test_a_registry_that_answers_withdraws_a_version(trained: Line) -> None:
    address = find_registry(trained.data)
    assert address is not None
    open_registry(address).delete_registered_model_alias("line", "production")
    try:
        wait_for(lambda: trained.answers() == (503, 503), "the version to be withdrawn")
    finally:
        open_registry(address).set_registered_model_alias("line", "production", "1")
    wait_for(lambda: trained.answers() == (200, 200), "the version to be back")


@pytest.mark.parametrize("harm", [move, empty, empty_file, drop_table, cut])
def test_what_was_fetched_is_served_while_the_files_of_the_registry_are_gone(
    trained: Line, harm: Callable[[Line], None]
) -> None:
    harm(trained)
    try:
        wait_for(trained.is_away, "the word that the registry is away")
        assert trained.answers() == (200, 200)
        trained.server.stop()
        trained.server.start()
        wait_for(trained.is_away, "the word that the registry is away after a new start")
        assert trained.answers() == (200, 200)
    finally:
        shutil.rmtree(trained.registry, ignore_errors=True)
        trained.registry.with_name("elsewhere").rename(trained.registry)
    wait_for(lambda: not trained.is_away(), "the registry to be back")


def test_without_a_registry_the_service_says_how_to_make_one(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", ("line",), {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.2"}).start()
    try:
        wait_for(lambda: "no registry" in server.get("/health").json["models"]["line"].get("why", ""), "the reason")
        found = server.get("/health").json["models"]["line"]
        assert "Train a model" in found["next_step"]
        assert server.post("/predict", {"x": 5}).status == 503
    finally:
        server.stop()


def test_a_changed_lineage_is_never_told_as_true(trained: Line) -> None:
    asked = trained.server.post("/predict", {"x": 5}).json["prediction_id"]
    (copy,) = (trained.data / "serve" / "models" / "line").glob("1.*/lineage.json")
    whole = copy.read_bytes()
    document = json.loads(whole)
    document["steps"][0]["fingerprint"] = "0" * 64
    trained.server.stop()
    copy.write_text(json.dumps(document))
    trained.server.start()
    wait_for(lambda: trained.server.get("/health").status == 200, "a good copy of the version")
    lineage = trained.server.get(f"/predictions/{asked}").json["lineage"]
    assert lineage["steps"] == json.loads(whole)["steps"]
    assert hash_file(copy) == hash_file(next(trained.registry.rglob("lineage.json")))
