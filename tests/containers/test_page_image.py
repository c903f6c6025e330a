"""The image of the stage `model` also holds the page, and runs the whole pipeline for it."""

import json
import subprocess
from pathlib import Path

import pytest
from engine import HARDENED, STAGES, Docker

RUN = """
mkdir -p /app/logs/runs
exec python -m page.run.supervise linear --stage ingest --stage preprocess --stage model \\
    --data-dir /app/data --log-dir /app/logs >/app/logs/runs/linear.log 2>&1
"""
"""What `page/run/job.py` starts; the supervisor truncates its standard output, which must be a file."""


def run_in_page_image(image: str, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the user and the rights that the page has in docker-compose.yml."""
    mounts = ["-v", f"{folder}/data:/app/data", "-v", f"{folder}/logs:/app/logs"]
    start = ["--entrypoint", "python", image, "/app/images/entrypoint.py", *command]
    container = ["docker", "run", "--rm", *HARDENED, *mounts, *start]
    return subprocess.run(container, capture_output=True, text=True, timeout=300, check=False)


def test_the_image_of_the_page_runs_all_stages_with_a_read_only_root(images: dict[str, str], folder: Path) -> None:
    done = run_in_page_image(images["model"], "sh", "-c", RUN, folder=folder)
    log = (folder / "logs" / "runs" / "linear.log").read_text()
    assert done.returncode == 0, done.stderr + log
    record = json.loads((folder / "data" / ".runs" / "linear.json").read_text())
    assert [(step["stage"], step["outcome"]) for step in record["steps"]] == [(stage, "ran") for stage in STAGES]
    assert (folder / "data" / "output" / "linear" / "latest" / "fitted_line.png").exists()


def test_what_the_page_ran_is_unchanged_for_the_images_of_the_stages(
    images: dict[str, str], folder: Path, run_image: Docker
) -> None:
    assert run_in_page_image(images["model"], "sh", "-c", RUN, folder=folder).returncode == 0
    done = {stage: run_image(stage, "linear") for stage in STAGES}
    assert {stage: one.returncode for stage, one in done.items()} == dict.fromkeys(STAGES, 0)
    journal = [json.loads(line) for line in (folder / "logs" / "runs.jsonl").read_text().splitlines()]
    assert [(entry["stage"], entry["outcome"]) for entry in journal[3:]] == [(stage, "unchanged") for stage in STAGES]


@pytest.mark.parametrize("program", [("page",), ("model", "page")], ids=" ".join)
def test_the_image_of_the_page_explains_how_to_serve_it(
    program: tuple[str, ...], images: dict[str, str], folder: Path
) -> None:
    done = run_in_page_image(images["model"], "python", "-m", *program, "--help", folder=folder)
    assert (done.returncode, "Serve the page." in done.stdout) == (0, True), done.stderr
