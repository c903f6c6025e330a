"""What the container tests share: the project's folder, and whether an engine is there."""

import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STAGES = ("ingest", "preprocess", "model")

Docker = Callable[..., subprocess.CompletedProcess[str]]


def engine_answers() -> bool:
    """Whether a Docker engine can be reached."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
