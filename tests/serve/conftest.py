"""Models trained once for all tests of the service, and servers that serve them."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# The model stage's tests have the projects that these tests serve, those of the log the databases.
TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "model"), str(TESTS / "serve_log")]

pytest.register_assert_rewrite("serve_load")

from log_places import Place, PostgresPlace, SqlitePlace  # noqa: E402
from mlflow_server import mlflow_server  # noqa: E402, F401
from once import make_once  # noqa: E402
from postgres_server import guarded_url, postgres_server, postgres_url  # noqa: E402, F401
from serving import Server, lay_version  # noqa: E402
from small_disk import larger_disk, small_disk  # noqa: E402, F401


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`results("line")`: the folder that a training of this case leaves; more rows of data are another model."""
    from projects import CASES, make_project

    from model.training.result import render_files

    @cache
    def train(case: str, **more: Any) -> Path:
        def train_case(folder: Path) -> None:
            recipe, columns = CASES[case]
            project = make_project(folder, recipe, columns(**more), case)
            (folder / "results").mkdir()
            for name, content in render_files(project.train()).items():
                (folder / "results" / name).write_bytes(content)

        return make_once(tmp_path_factory, f"results of {case} {more}", train_case) / "results"

    return train


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, results: Callable[..., Path]) -> Iterator[Callable[..., Server]]:
    """`start("line", "mixed", API_MAX_ROWS="3")`: a server of these models; stopped after the module."""
    servers = []

    def start_server(*cases: str, in_force: bool = True, **environment: str) -> Server:
        data = tmp_path_factory.mktemp("served") / "data"
        for case in cases:
            lay_version(data, results(case), "1", put_in_force=in_force)
        servers.append(Server(data, cases, environment).start())
        return servers[-1]

    yield start_server
    for server in servers:
        server.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a server of one test."""
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, data: Path) -> Place:
    """Where a server of this data folder keeps its log, once for each database."""
    if request.param == "sqlite":
        return SqlitePlace(data / "serve")
    return PostgresPlace(request.getfixturevalue("postgres_url"), data / "serve")


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, results: Callable[..., Path]
) -> Iterator[tuple[Server, Place]]:
    """For all tests, once for each database: a server of `mixed`, whose records may bring keys, and of
    `line`, whose records may not; and the place of its log."""
    data = tmp_path_factory.mktemp("served") / "data"
    place: Place = SqlitePlace(data / "serve")
    address = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        place = PostgresPlace(server.url(server.make_database()), data / "serve")
        address = {"USE_POSTGRES": "true", "DATABASE_URL": place.url}
    for case in ("mixed", "line"):
        lay_version(data, results(case), "1")
    started = Server(data, ("mixed", "line"), address).start()
    yield started, place
    started.stop()
