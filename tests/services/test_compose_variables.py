"""Compose accepts the old names of variables, and `make` says what they are called now."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from relay.handoff.renamed_variables import NEW_NAMES

ROOT = Path(__file__).parents[2]
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docker-compose*.yml"))]


@pytest.mark.parametrize(("old", "new"), NEW_NAMES.items())
def test_compose_reads_an_old_variable_only_where_the_new_one_is_not_set(old: str, new: str) -> None:
    news = [found for text in TEXTS for found in re.findall(rf"\$\{{{new}\b.{{0,40}}", text)]
    olds = [found for text in TEXTS for found in re.findall(rf"\$\{{{old}\b", text)]
    assert [found for found in news if not found.startswith(f"${{{new}:-${{{old}:-")] == []
    assert len(news) == len(olds) > 0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` needs of a checkout to look at the variables."""
    for name in (
        "Makefile",
        "services/stack/__init__.py",
        "services/stack/old_variables.py",
        "services/stack/env_file.py",
        "relay/handoff/renamed_variables.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def ask_make(folder: Path, **environment: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if name not in NEW_NAMES.keys() | NEW_NAMES.values()}
    done = subprocess.run(
        ["make", "--silent", ".RENAMED"],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr.splitlines()


def test_make_names_each_old_variable_of_the_environment_and_of_the_file_once(checkout: Path) -> None:
    (checkout / ".env").write_text("RELAY_DATA=/srv/data\nRELAY_LOGS=\nIMAGE_TAG=2\n")
    assert ask_make(checkout, RELAY_DATA="/srv/data", RELAY_VERSION="1") == [
        "The variable RELAY_DATA is now called HOST_DATA_DIR. The old name works in this release only.",
        "The variable RELAY_VERSION is ignored because IMAGE_TAG is set. Remove RELAY_VERSION.",
    ]


def test_make_says_nothing_without_old_variables(checkout: Path) -> None:
    shutil.copy(ROOT / ".env.example", checkout / ".env")
    assert ask_make(checkout) == []


def test_every_command_that_builds_or_runs_containers_looks_at_the_variables() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([a-z][\w -]*):(?!=)(.*)\n((?:\t.*\n)+)", text, re.M)
    by_compose = {
        names: needs for names, needs, body in rules if re.search(r"docker compose .*\b(build|up|run)\b", body)
    }
    assert {names: ".RENAMED" in needs for names, needs in by_compose.items()} == dict.fromkeys(by_compose, True)
    assert sorted(by_compose) == ["build docker-build", "train", "update"]
    # The program that starts the others looks by itself.
    starting = [names for names, _, body in rules if "services.stack start" in body]
    assert starting == ["up", "serve", "schedule", "dev", "dev-postgres", "dev-full", "monitoring"]
    assert "tell_old_variables()" in (ROOT / "services" / "stack" / "__main__.py").read_text(encoding="utf-8")
