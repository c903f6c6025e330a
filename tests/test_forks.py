"""The files that work for those who fork the project name only what exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CALLERS = [*WORKFLOWS, ROOT / ".ci/run"]


def read_text(path: str) -> str:
    """A file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def read(path: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load(read_text(path))


def read_targets() -> set[str]:
    """The targets of the Makefile."""
    return {
        name for line in re.findall(r"^([a-z][a-z -]*):", read_text("Makefile"), re.MULTILINE) for name in line.split()
    }


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.name)
def test_each_make_target_that_is_called_exists(path: Path) -> None:
    called = set(re.findall(r"\b(?:make|run_tests) ([a-z][\w-]*)", path.read_text(encoding="utf-8")))
    assert (called - read_targets(), called != set()) == (set(), True)


def test_the_tests_run_on_each_python_that_the_readme_promises() -> None:
    [(first, last)] = re.findall(r"You need Python 3\.(\d+) to 3\.(\d+)", read_text("README.md"))
    [least] = re.findall(r'requires-python = ">=3\.(\d+)"', read_text("pyproject.toml"))
    matrix = read(".github/workflows/checks.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert least == first
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(first), int(last) + 1)]


def test_each_folder_with_a_dockerfile_is_looked_at_for_newer_images() -> None:
    [docker] = [
        update for update in read(".github/dependabot.yml")["updates"] if update["package-ecosystem"] == "docker"
    ]
    there = {path.parent for folder in ("*", "services/*") for path in ROOT.glob(f"{folder}/*.Dockerfile")}
    assert {ROOT / folder.strip("/") for folder in docker["directories"]} == there


def test_the_hooks_call_tools_that_the_tests_pin() -> None:
    hooks = [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    called = {hook["entry"].split()[0] for hook in hooks}
    pinned = re.findall(r"^([a-z0-9-]+)==", read_text("tests/requirements.txt"), re.MULTILINE)
    assert called == {f".venv/bin/{tool}" for tool in ("ruff", "mypy")}
    assert {"ruff", "mypy"} <= set(pinned)
