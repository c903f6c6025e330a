"""A command forked from the warm interpreter and the same one in a new Python: no difference that a test could meet."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import commands
import psutil
import pytest
from commands import ROOT, Command, run
from patience import wait_for

BOTH: tuple[Callable[..., Any], ...] = (subprocess.run, run)


def variables(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a command on folders of the test."""
    return {**os.environ, "DATA_DIR": f"{folder}/data", "LOG_DIR": f"{folder}/logs", "COLUMNS": "200", **more}


def start(*arguments: str, **options: Any) -> Command:
    """`python -m <arguments>`, forked."""
    process = Command([sys.executable, "-m", *arguments], cwd=ROOT, **options)
    assert any("warm_interpreter" in word for word in psutil.Process(process.pid).cmdline())
    return process


def answers(port: int) -> bool:
    """Whether a server takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        *((program, ["--help"]) for program in commands.PROGRAMS),
        ("monitor", ["--no-such-option"]),
        ("ingest", ["no-such-recipe", "--check"]),
        ("model", ["no-such-recipe"]),
    ],
    ids=str,
)
def test_both_say_the_same_and_end_the_same(tmp_path: Path, program: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", program, *arguments]
    cold, warm = (
        do(command, cwd=ROOT, env=variables(tmp_path), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        for do in BOTH
    )
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    assert [line[8:] for line in warm.stderr.splitlines()] == [line[8:] for line in cold.stderr.splitlines()]


def test_both_write_the_same_bytes(tmp_path: Path) -> None:
    for name, do in zip(("cold", "warm"), BOTH, strict=True):
        for stage in ("ingest", "preprocess"):
            do([sys.executable, "-m", stage, "linear"], cwd=ROOT, env=variables(tmp_path / name), check=True)
    found = [
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.parquet")}
        for name in ("cold", "warm")
    ]
    assert found[0] == found[1]
    assert len(found[0]) > 1


def test_code_ends_the_same(tmp_path: Path) -> None:
    code = "import sys; from preprocess.__main__ import STAGE; sys.exit(f'{__name__} {sys.argv[1:]} {STAGE.name} {x}')"
    command = [sys.executable, "-c", code, "one", "two"]
    cold, warm = (do(command, cwd=ROOT, env=variables(tmp_path), capture_output=True, text=True) for do in BOTH)
    assert (warm.returncode, warm.stderr.splitlines()[-1]) == (cold.returncode, "NameError: name 'x' is not defined")


def test_it_is_a_child_of_the_tests_with_its_own_streams(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = start("ingest", "--list", "--json", env=variables(tmp_path), text=True, **pipes)
    assert psutil.Process(process.pid).ppid() == os.getpid()
    said, _ = process.communicate()
    assert (process.returncode, said[0], process.stdin) == (0, "[", process.stdin)
    assert not psutil.pid_exists(process.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_both_in_the_same_way(tmp_path: Path, number: signal.Signals) -> None:
    codes = []
    for kind in (subprocess.Popen, Command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = variables(tmp_path, API_PORT=str(port), MODEL_URI="models:/line@production")
        process = kind([sys.executable, "-m", "serve"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        wait_for(partial(answers, port), "the server")
        process.send_signal(number)
        codes.append(process.wait())
    assert codes[0] == codes[1]


@pytest.mark.parametrize(
    "options",
    [
        {"env": {"PYTHONHASHSEED": "7"}},
        {"env": {"LC_ALL": "C"}},
        {"env": {"OMP_NUM_THREADS": "1"}},
        {"cwd": "/"},
        {"preexec_fn": os.getpid},
        {"umask": 0o77},
    ],
    ids=lambda options: next(iter(options)),
)
def test_what_a_fork_cannot_replace_starts_a_new_python(tmp_path: Path, options: dict[str, Any]) -> None:
    more = {"cwd": ROOT, **options, "env": variables(tmp_path, **options.get("env", {}))}
    process = Command(
        [sys.executable, "-m", "ingest", "--list"], **more, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert not any("warm_interpreter" in word for word in psutil.Process(process.pid).cmdline())
    process.communicate()
