"""Images built once, and folders for containers to work in."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import STAGES, Docker, build_image, compose_in, engine_answers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test below this folder needs an engine."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.docker)
    if here and not any(item.config.option.markexpr == "not docker" for item in here) and not engine_answers():
        for item in here:
            item.add_marker(pytest.mark.skip(reason="no Docker engine answers (`docker info`)"))


@pytest.fixture(autouse=True, scope="module")
def without_the_key_of_native_tests() -> Iterator[None]:
    """Compose would take the key that tests/conftest.py names for the one that .env names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CODE_KEY_FILE", raising=False)
        yield


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """Stage -> name of its image, built as the README says."""
    return {stage: build_image(f"relay-{stage}", f"{stage}/{stage}.Dockerfile") for stage in STAGES}


@pytest.fixture(scope="session")
def server_image() -> str:
    """Name of the image of the MLflow server."""
    return build_image("relay-mlflow", "services/mlflow/mlflow.Dockerfile")


@pytest.fixture(scope="session")
def every_image(images: dict[str, str], server_image: str) -> None:
    """All images that the project builds."""
    assert images
    assert server_image
    done = compose_in(Path(), "relay")("--profile", "*", "build", "--quiet")
    assert done.returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `data` and `logs` of nobody in particular."""
    for name in ("data", "logs"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def run_image(images: dict[str, str], folder: Path) -> Docker:
    """Run a stage's image on the folder; options of `docker run` and arguments of the stage as lists."""

    def run(stage: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        mounts = ["-v", f"{folder}/data:/app/data", "-v", f"{folder}/logs:/app/logs"]
        command = ["docker", "run", "--rm", *mounts, *options, images[stage], *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.fixture
def compose(images: dict[str, str], server_image: str, folder: Path) -> Iterator[Docker]:
    """`docker compose` in a project of its own on the folder; everything goes afterwards."""
    assert images
    assert server_image
    run = compose_in(folder, f"relay-test-{os.getpid()}", PAGE_PORT="18501", MLFLOW_PORT="15000")
    yield run
    run("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")
