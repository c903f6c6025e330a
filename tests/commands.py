"""The programs of this checkout, started as commands: most of them forked from an interpreter that is warm already.

A command takes most of a second to start, and a training four: almost all of it imports. `Command` is a `Popen` that
lets an interpreter import once what a program needs, `warm_interpreter.py`, and fork it for each command: what the new
process does from there is what `python -m` does. It is a child of the tests like any other. What a fork cannot replace
starts a new Python: another folder, another interpreter, options of Popen for the moment between fork and exec,
variables that Python or a library reads when it starts, a terminal. A test of starting, of memory or of what is
imported uses `subprocess`.
"""

import atexit
import ctypes
import inspect
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.registry.connection import QUIET  # which MLflow wants to find when it is imported

ROOT = Path(__file__).resolve().parent.parent

PR_SET_CHILD_SUBREAPER = 36
"""Of prctl: whose children's children get this process for a parent when theirs ends."""

BEFORE_START = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "OPENBLAS_", "MKL_", "MPLCONFIGDIR", "MALLOC_", "ARROW_")
"""Beginnings of variables that are read before a program is, or when a library is imported."""

SHORT = ("relay.handoff.program", "relay.handoff.verbs")
"""For an answer that needs neither data nor numbers, such as a help."""

READING = (
    "relay.handoff.program", "relay.handoff.dataset", "relay.handoff.schema", "relay.handoff.writer",
    "relay.handoff.progress", "pyarrow.parquet", "pyarrow.compute", "pyarrow.csv", "relay.tables.publish",
)  # fmt: skip
INGEST = (
    *READING, "ingest.parameters", "ingest.sources.file", "ingest.sources.http", "ingest.sources.synthetic",
    "relay.reading.formats.delimited", "relay.reading.formats.records",
)  # fmt: skip
PREPROCESS = (*READING, "preprocess.parameters", "preprocess.documents", "preprocess.table")
ASKING = (*SHORT, "relay.registry.connection", "model.parameters", "model.release.commands")
NUMBERS = ("numpy", "scipy.stats", "sklearn.linear_model", "sklearn.ensemble", "skops.io")
TRAINING = (
    *READING, *ASKING, *NUMBERS, "relay.results.output", "model.training.result", "model.training.estimator.train",
    "model.training.estimator.regression", "model.training.estimator.classification", "model.training.authorship.train",
    "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "onnx.helper", "skl2onnx",
)  # fmt: skip
ANSWERING = (*ASKING, *NUMBERS, "model.ask.records", "model.ask.text")
SERVING = ("uvicorn", "uvloop", "httptools", "starlette.applications", "asyncpg", "serve.settings", *NUMBERS)
WATCHING = (*READING, "numpy", "scipy.stats", "relay.monitoring.opening", "monitor.command")
DRAFTING = (*READING, "adopt.data_command", "adopt.draft_data")
PAGE = ("streamlit", "streamlit.web.bootstrap", "altair", "pandas", "page.settings")
TRACKING = ("mlflow", "mlflow.store.tracking.sqlalchemy_store", "sqlalchemy.dialects.sqlite")

PROGRAMS: dict[str, tuple[str, ...]] = {
    "ingest": INGEST, "preprocess": PREPROCESS, "model": TRAINING, "serve": SERVING, "monitor": WATCHING, "page": PAGE,
    "adopt": DRAFTING,
}  # fmt: skip
VERBS: dict[str, tuple[str, ...]] = {
    "ask": ANSWERING, "predict": ANSWERING, "page": PAGE,
    **dict.fromkeys(("list", "history", "card", "fetch", "promote", "rollback", "track"), ASKING),
}  # fmt: skip
"""The subcommands of `model`."""


def list_modules(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """What the warm interpreter imports before it becomes a program; nothing for one that it does not know."""
    first = arguments[0] if arguments else ""
    modules = PROGRAMS.get(program, ())
    if program == "model":
        modules = VERBS.get(first, modules)
    if modules and {"--help", "--list", "--check"} & {*arguments}:
        return SHORT
    is_tracked = program == "model" and first != "page" and environment.get("MLFLOW_TRACKING_URI") != "off"
    return (*modules, *(TRACKING if is_tracked else ()))


def list_modules_of_code(code: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """What it imports before it runs code that names these programs, itself or in an argument."""
    named = {*re.findall(r"\w+", " ".join(code))}
    modules = [list_modules(program, (), environment) for program in PROGRAMS if program in named]
    return tuple(name for some in modules for name in some)


class Warm:
    """The one interpreter of this process of the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, str(Path(__file__).with_name("warm_interpreter.py")), str(theirs.fileno())]
        usual = {name: text for name, text in os.environ.items() if not name.startswith(BEFORE_START)} | AT_START
        with theirs:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=usual | QUIET, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        self._connection, self._imported = ours, set[str]()
        atexit.register(self.close)

    def fork(self, modules: Sequence[str], streams: Sequence[int], request: Mapping[str, Any]) -> int:
        """The process id of a program; a child of this process."""
        missing = [name for name in modules if name not in self._imported]
        if missing:
            self._send({"modules": missing}, ())
            assert self._connection.recv(len(b"imported")) == b"imported", missing
            self._imported.update(missing)
        change = ctypes.CDLL(None).prctl
        assert change(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        try:
            self._send(request, streams)
            number = int.from_bytes(self._connection.recv(8, socket.MSG_WAITALL), "big")
            assert self._connection.recv(len(b"forked"), socket.MSG_WAITALL) == b"forked"
        finally:
            change(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        return number

    def _send(self, request: Mapping[str, Any], streams: Sequence[int]) -> None:
        content = json.dumps(request).encode()
        socket.send_fds(self._connection, [len(content).to_bytes(8, "big")], streams)
        self._connection.sendall(content)

    def close(self) -> None:
        """Let it end."""
        self._connection.close()
        self._process.wait()


_lock = threading.Lock()
_warm: list[Warm] = []


class Command(subprocess.Popen[Any]):
    """`Popen` for `python -m <program> …` and `python -c …`, forked from a warm interpreter where that is the same."""

    def _execute_child(self, *given: Any) -> None:
        start = super()._execute_child  # type: ignore[misc]
        options = dict(inspect.signature(start).bind(*given).arguments)
        command, environment = options["args"], _all_variables(options["env"])
        handles = [options[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        streams = [handle if handle != -1 else number for number, handle in enumerate(handles)]
        modules: tuple[str, ...] = ()
        if _can_fork(options, environment, streams):
            how, *words = command[1:]
            modules = (
                list_modules(words[0], words[1:], environment)
                if how == "-m"
                else list_modules_of_code(words, environment)
            )
        if not modules:
            start(*given)
            return
        request = {
            "how": command[1], "what": command[2], "arguments": command[3:], "environment": environment,
            "folder": str(ROOT), "umask": _read_umask(), "session": options["start_new_session"],
        }  # fmt: skip
        with _lock:
            if not _warm:
                _warm.append(Warm())
            self.pid = _warm[0].fork(modules, streams, request)
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(options[name] for name in pipes))  # type: ignore[attr-defined]


def run(
    command: Sequence[str | Path],
    *,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess.run calls it
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> "subprocess.CompletedProcess[Any]":
    """`subprocess.run` of a `Command`."""
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Command(list(map(str, command)), **options) as process:
        try:
            output, errors = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, output, errors)
    if check:
        done.check_returncode()
    return done


def _all_variables(given: Mapping[Any, Any] | None) -> dict[str, str]:
    return {os.fsdecode(name): os.fsdecode(text) for name, text in (os.environ if given is None else given).items()}


def _can_fork(options: Mapping[str, Any], environment: Mapping[str, str], streams: Sequence[int]) -> bool:
    command = options["args"]
    usual = {
        "executable": None, "preexec_fn": None, "pass_fds": (), "shell": False, "gid": None, "gids": None, "uid": None,
        "umask": -1, "close_fds": True, "restore_signals": True, "process_group": -1,
    }  # fmt: skip
    return (
        sys.platform == "linux"
        and isinstance(command, list)
        and all(isinstance(word, str) for word in command)
        and command[:1] == [sys.executable]
        and command[1:2] in (["-m"], ["-c"])
        and len(command) > 2
        and options["cwd"] is not None
        and Path(options["cwd"]).resolve() == ROOT
        and all(options.get(name, text) == text for name, text in usual.items())
        and _before_start(environment) == AT_START
        and not any(os.isatty(stream) for stream in streams)
    )


def _before_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if text and name.startswith(BEFORE_START)}


def _read_umask() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Umask:")), 8)


AT_START = _before_start(os.environ)
"""What the warm interpreter begins with."""
