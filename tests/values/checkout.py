"""The programs of a checkout, run as a user runs them.

`RELAY_CHECKOUT` names another checkout of the project, an older one say: the same tests then show what it does.
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import commands
import pyarrow.parquet as pq
import pytest
from loguru import logger

from relay.handoff.program import main

STAGES = ("ingest", "preprocess", "model")
CHECKOUT = Path(os.environ.get("RELAY_CHECKOUT") or Path(__file__).resolve().parent.parent.parent)
HANG_SECONDS = 300


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    exit_code: int
    output: str
    log: str


def run_here(stage: str, arguments: list[str], environment: dict[str, str]) -> Ran:
    """The same as the command, in this process, which has imported the libraries already."""
    output, log = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(log):
        for name, text in ({"MLFLOW_TRACKING_URI": "off"} | environment).items():
            patch.setenv(name, text)
        patch.chdir(CHECKOUT)
        try:
            code = main(import_module(f"{stage}.__main__").STAGE, arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    logger.remove()
    return Ran(code, output.getvalue(), log.getvalue())


@dataclass(frozen=True)
class Project:
    """A folder with data and recipes of a test's own, and the commands of the checkout."""

    folder: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file beside the recipes."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def recipe(self, text: str, name: str = "values") -> str:
        """Write a recipe; gives its path as one types it. `{folder}` in it is the folder of `write`."""
        return str(self.write(f"{name}.toml", text.replace("{folder}", str(self.folder))))

    def run(self, program: str, *arguments: str, **environment: str) -> Ran:
        """`python -m <program> <arguments>` in the checkout, on the project's own folders."""
        more = [*self._data, "--log-dir", str(self.folder / "logs")]
        if program in STAGES and "RELAY_CHECKOUT" not in os.environ:
            return run_here(program, [*arguments, *more], environment)
        return self._run([program, *arguments, *more], None, environment)

    def ask(self, program: str, *arguments: str, content: str, **environment: str) -> Ran:
        """A subcommand that reads standard input and writes no log, such as `python -m model ask values`."""
        return self._run([program, *arguments, *self._data], content, environment)

    @property
    def _data(self) -> list[str]:
        return ["--data-dir", str(self.folder / "data")]

    def _run(self, command: list[str], content: str | None, environment: dict[str, str]) -> Ran:
        ran = commands.run(
            [sys.executable, "-m", *command],
            cwd=CHECKOUT,
            env=os.environ | {"MLFLOW_TRACKING_URI": "off"} | environment,
            capture_output=True,
            input=content,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def rows(self, address: str) -> list[dict[str, Any]]:
        """The rows of a dataset, such as raw/values."""
        rows: list[dict[str, Any]] = pq.read_table(self.folder / "data" / f"{address}.parquet").to_pylist()
        return rows

    def receipt(self, address: str) -> Any:
        """The receipt of a dataset."""
        return json.loads((self.folder / "data" / f"{address}.json").read_text(encoding="utf-8"))

    def text(self, path: str) -> str:
        """A text file below the data folder, such as output/values/findings.md."""
        return (self.folder / "data" / path).read_text(encoding="utf-8")
