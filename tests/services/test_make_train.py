"""`make train` runs the stages one after the other, and none behind one that failed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORE = "compose up --detach --wait mlflow"
INGEST, PREPROCESS, TRAIN = (f"compose run --rm --no-deps {stage}" for stage in ("ingest", "preprocess", "train"))


@pytest.mark.parametrize(
    ("failing", "asked"),
    [
        ("none", [STORE, INGEST, PREPROCESS, TRAIN]),
        ("mlflow", [STORE]),
        ("ingest", [STORE, INGEST]),
        ("preprocess", [STORE, INGEST, PREPROCESS]),
        ("train", [STORE, INGEST, PREPROCESS, TRAIN]),
    ],
)
def test_a_stage_waits_for_the_one_before_it_and_a_failure_is_the_last(
    failing: str, asked: list[str], tmp_path: Path
) -> None:
    for name in ("Makefile", "services/stack", "relay/handoff/renamed_variables.py"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".env").touch()
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$*" >> asked\ncase "$*" in *" {failing}") exit 3 ;; esac\n')
    docker.chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", "train"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{docker.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert (told, done.returncode == 0) == (asked, failing == "none"), done.stderr
