"""A disk that is full while a promoted version is fetched: the old one answers, and the new one when there is room."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from counts import spread
from patience import wait_for
from projects import CASES, make_project
from serve_load import wait_until_ready
from serving import Server
from small_disk import SmallDisk

from relay.registry.connection import find_registry, open_registry

pytestmark = [pytest.mark.slow, pytest.mark.counted]


def test_a_version_that_finds_no_room_is_served_when_there_is_some(
    tmp_path: Path,
    larger_disk: SmallDisk,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    recipe, columns = CASES["line"]
    project = make_project(tmp_path, recipe, columns(), "line")
    for _ in (1, 2):
        assert project.run("--force", "--promote", "always") == 0
    address = find_registry(project.data_dir)
    assert address is not None
    registry = open_registry(address)
    folder = larger_disk.folder / "serve"
    place = {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.2", "SERVE_DIR": str(folder)}
    server = Server(project.data_dir, ("line",), {**place, "PREDICTION_LOG_ON_FAILURE": "answer"}).start()

    def served() -> str:
        """The version that answers; it must answer."""
        answer = server.post("/predict", {"x": 5})
        assert answer.status == 200, answer.body
        return str(answer.json["model_version"])

    def tells(word: str) -> bool:
        return word in server.get("/health").json["models"]["line"].get("why", "")

    try:
        wait_until_ready(server)
        (copy,) = (folder / "models" / "line").glob("2.*")
        needed = sum(-(-path.stat().st_size // 4096) * 4096 for path in copy.rglob("*") if path.is_file())
        sizes, there = spread(needed), 2
        for size in sizes:
            for path in (folder / "models" / "line").glob(f"{3 - there}.*"):
                shutil.rmtree(path)  # else it is served from its copy
            larger_disk.leave(size)
            registry.set_registered_model_alias("line", "production", str(3 - there))
            wait_for(lambda: tells("No space left"), "its word that there is no room")
            assert served() == str(there)
            larger_disk.make_room()
            there = 3 - there
            wait_for(lambda there=there: served() == str(there), "the new version")
            wait_for(lambda: not tells("No space left"), "the end of its word")
    finally:
        server.stop()
    record_property("sizes of a full disk while a version is fetched", len(sizes))
