"""What the container tests share: the project's folder, whether an engine is there, and how it is asked for things."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STAGES = ("ingest", "preprocess", "model")
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--cap-add", "CHOWN", "--cap-add", "SETUID", "--cap-add", "SETGID"),
)
"""Options of `docker run` that give a container the rights it has in docker-compose.yml."""

Docker = Callable[..., subprocess.CompletedProcess[str]]


def build_image(image: str, dockerfile: str) -> str:
    """The image's name, once it is built as the README says."""
    command = ["docker", "build", "-q", "-t", image, "-f", dockerfile, "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return image


def build_schedule_images() -> None:
    """Build the images that the schedule adds to those of the stages."""
    build_image("relay-serve", "serve/serve.Dockerfile")
    build_image("relay-airflow", "services/airflow/airflow.Dockerfile")
    build_image("relay-runner", "services/runner/runner.Dockerfile")


def list_variables(folder: Path, project: str, **settings: str) -> dict[str, str]:
    """The environment of such a project's commands."""
    return {
        **os.environ,
        "COMPOSE_PROJECT_NAME": project,
        "HOST_DATA_DIR": f"{folder}/data",
        "HOST_LOG_DIR": f"{folder}/logs",
        "RECIPES": "linear",
        # As docker-compose.yml has it: what the shell says goes before that, and the tests' own says that it is off.
        "MLFLOW_TRACKING_URI": "",
        **settings,
    }


def compose_in(folder: Path, project: str, *, root: Path = ROOT, **settings: str) -> Docker:
    """`docker compose` as a project of that name, which works on the folder's `data` and `logs`; `root`: a checkout."""
    environment = list_variables(folder, project, **settings)

    def run(*arguments: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", *arguments]
        done = subprocess.run(
            command, cwd=root, env=environment | more, capture_output=True, text=True, timeout=400, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def find_users(container: str, health_check: str) -> set[str]:
    """The users of a container's processes; the health check, which the engine starts as root, is left out."""
    top = ["docker", "top", container, "-eo", "pid,uid,args"]
    lines = subprocess.run(top, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    return {line.split()[1] for line in lines if health_check not in line}


def engine_answers() -> bool:
    """Whether a Docker engine can be reached."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
