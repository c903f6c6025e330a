"""The worked examples of docs/adopt.md run as they are written, and print what the page says."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.handoff.settings import ROOT

HANG_SECONDS = 300
PROGRAMS = ("adopt", "ingest", "preprocess", "model", "relay", "stylometry", "drift", "recipes")
STAGES = ("ingest", "preprocess", "model")
SKIPPED = "…"
BLOCK = re.compile(r"```(python|console|toml)\n(.*?)```", re.DOTALL)


def read_examples() -> dict[str, list[tuple[str, str]]]:
    """Title -> the blocks of code of each section that makes its own data."""
    text = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    sections = {title: BLOCK.findall(body) for title, body in zip(parts[::2], parts[1::2], strict=True)}
    return {title: blocks for title, blocks in sections.items() if any(kind == "python" for kind, _ in blocks)}


EXAMPLES = read_examples()


def test_there_are_three_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.slow
@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_runs_and_prints_what_it_says(title: str, tmp_path: Path) -> None:
    for name in PROGRAMS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for kind, block in EXAMPLES[title]:
        if kind == "python":
            run(tmp_path, ["-c", block])
        elif kind == "console":
            for command, said in split_console(block):
                require_lines("\n".join(run(tmp_path, words) for words in expand(command)), said)
        else:
            require_lines(find_recipe(tmp_path), block.splitlines())


def split_console(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, and the lines that follow it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *said = part.splitlines()
        yield command, said


def expand(command: str) -> list[list[str]]:
    """The words after `python` of each program that a command starts."""
    words = shlex.split(command)
    if words[:2] == ["make", "run"]:
        return [["-m", stage, words[2].removeprefix("RECIPE=")] for stage in STAGES]
    assert words[0] == "python", command
    return [words[1:]]


def run(folder: Path, words: list[str]) -> str:
    """What Python prints, run in a checkout of its own with an empty registry."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "MLFLOW_TRACKING_URI": "off", "PYTHONUTF8": "1"}
    ran = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def find_recipe(folder: Path) -> str:
    """The first recipe that an example wrote."""
    new = {path.name for path in (folder / "recipes").glob("*.toml")} - {
        path.name for path in (ROOT / "recipes").glob("*.toml")
    }
    return (folder / "recipes" / min(new)).read_text(encoding="utf-8")


def require_lines(found: str, said: list[str]) -> None:
    """Each line that a page shows is printed, in that order."""
    start = 0
    for line in said:
        if line.strip() not in ("", SKIPPED):
            at = found.find(line, start)
            assert at >= 0, f"{line!r} is not in:\n{found[start:]}"
            start = at + len(line)
