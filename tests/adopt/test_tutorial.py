"""The tutorial runs as it is written, in a checkout of its own, and prints what the page says."""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import wait_for
from test_worked_examples import PROGRAMS, STAGES, require_lines, split_console

from relay.handoff.settings import ROOT

HANG_SECONDS = 600
PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(python|console|toml)\n(.*?)```", re.DOTALL)


class Checkout:
    """The programs in a folder of their own, with an empty registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (*PROGRAMS, "serve", "notebooks"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "data").mkdir()
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONUTF8": "1"}

    def run(self, command: str) -> str:
        """What a command prints."""
        return "".join(self._run(words) for words in self._expand(command))

    def _expand(self, command: str) -> list[list[str]]:
        """The words after `python` of each program that a command starts."""
        words = shlex.split(command)
        named = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        if words[:2] == ["make", "run"]:
            return [["-m", stage, named["RECIPE"]] for stage in STAGES]
        if words[:2] == ["make", "adopt"]:
            return [["-m", "adopt", named["FROM"]]]
        assert words[0] == "python", command
        return [words[1:]]

    def _run(self, words: list[str]) -> str:
        ran = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=HANG_SECONDS, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stderr + ran.stdout

    @contextmanager
    def serve(self, recipe: str) -> Iterator[str]:
        """`make api`, on a free port; gives the URL of its predictions."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {**self.environment, "MODEL_URI": f"models:/{recipe}@production", "API_PORT": str(port)}
        process = subprocess.Popen([sys.executable, "-m", "serve"], cwd=self.folder, env=environment)
        try:
            wait_for(lambda: _is_ready(f"http://127.0.0.1:{port}/health"), "the API")
            yield f"http://127.0.0.1:{port}/predict"
        finally:
            process.terminate()
            process.wait(HANG_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(command: str, url: str) -> str:
    """What `curl … -d BODY` answers, at another port."""
    body = shlex.split(command)[shlex.split(command).index("-d") + 1]
    with urllib.request.urlopen(urllib.request.Request(url, body.encode())) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_each_command_of_the_tutorial_prints_what_the_page_says(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 8
    for kind, block in blocks:
        if kind == "console":
            for command, said in split_console(block):
                if command.startswith("curl"):
                    with checkout.serve("bicycles") as url:
                        found = ask(command, url)
                else:
                    found = checkout.run(command)
                require_lines(found, said)
        else:
            ending = "py" if kind == "python" else "toml"
            require_lines((tmp_path / "recipes" / f"bicycles.{ending}").read_text(encoding="utf-8"), block.splitlines())
