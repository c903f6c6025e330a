"""What a worker of a cluster does with a task: whatever goes wrong in it, worker and caller go on."""

import os
import pickle
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident, local
from typing import TYPE_CHECKING, Any, TextIO

from loguru import logger

from relay.compute.errors import ComputeError, TaskEndedError
from relay.compute.folder import in_folder
from relay.compute.identity import describe_machine, hash_code
from relay.handoff.errors import RelayError
from relay.handoff.settings import DATA_DIR

if TYPE_CHECKING:
    from loguru import Message

DONE, RAISED, UNKNOWN = "done", "raised", "unknown"
"""How a task ended: with a result, with an error, or not begun, because this process does not know who asks."""

MOST_WARNINGS = 20
"""Of one task."""

MOST_SAID_CHARS = 2_000_000
"""Of what one task logs; what own code prints ends at half of it."""

MOST_FILES = 5
"""Of files that differ, in an answer."""

_FOLDERS: dict[str, Path] = {}
"""Session that was introduced -> its data folder, as this machine sees it."""


def introduce(question: bytes) -> dict[str, Any]:
    """How this process differs from the asker; where it does not, tasks of its session may run here.

    Args:
        question: pickled: session, data folder, probe (a file below it) and its content, machine, code.

    Returns:
        `differs`: name -> [there, here], `files`: paths of ours that are not the same, `looked_in`: where the probe
        was not found; all empty where nothing stands in the way.
    """
    asked = pickle.loads(question)  # noqa: S301 - who reaches a worker can run anything on it
    here, code = describe_machine(), hash_code()
    differs = {name: [value, here.get(name)] for name, value in asked["machine"].items() if here.get(name) != value}
    files = [path for path, digest in asked["code"].items() if code.get(path) != digest]
    folders = dict.fromkeys((DATA_DIR.of(os.environ), Path(asked["data_dir"])))
    folder = next((one for one in folders if _holds(one / asked["probe"], asked["content"])), None)
    if folder is not None and not differs and not files:
        _FOLDERS[asked["session"]] = folder
    return {
        "differs": differs,
        "files": files[:MOST_FILES],
        "files_in_all": len(files),
        "looked_in": [] if folder is not None else list(map(str, folders)),
    }


def run_task(session: str, payload: bytes) -> tuple[str, Any, Any, list[str], list[tuple[str, str]]]:
    """How the task ended, what it gave, its warnings and what it logged.

    Returns:
        `DONE`, the pickled result, its buffers; or `RAISED`, the pickled error (None where it cannot be pickled), the
        traceback as text; or `UNKNOWN`. Then what was warned of, and level and text of each line of the log.
    """
    if session not in _FOLDERS:
        return UNKNOWN, None, "this process was not introduced", [], []
    noticed: list[str] = []
    said: list[tuple[str, str]] = []
    try:
        with in_folder(_FOLDERS[session]), _on_one_thread(), _noticing(noticed), _logging(said):
            work, task = pickle.loads(payload)  # noqa: S301 - as above
            value = work(task)
        return DONE, *_pickle_result(value), noticed, said
    except BaseException as error:
        return RAISED, _pickle_error(error), traceback.format_exc(), noticed, said


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _pickle_result(value: Any) -> tuple[bytes, list[bytes]]:
    buffers: list[pickle.PickleBuffer] = []
    try:
        pickled = pickle.dumps(value, 5, buffer_callback=buffers.append)
    except Exception as error:
        raise ComputeError(f"the result of a task, a {type(value).__name__}, cannot be sent: {error}") from error
    return pickled, [bytes(buffer.raw()) for buffer in buffers]


def _pickle_error(error: BaseException) -> bytes | None:
    """The error as the caller will raise it, where it arrives as it is."""
    if isinstance(error, SystemExit):
        error = TaskEndedError(f"a task asked to exit with {error.code!r}, expected a result")
    if not isinstance(error, Exception):
        return None
    try:
        pickled = pickle.dumps(error, 5)
        if str(pickle.loads(pickled)) == str(error):  # noqa: S301 - made above
            return pickled
    except Exception:  # noqa: S110 - whatever a class does when it is made again
        pass
    return pickle.dumps(RelayError(str(error)), 5) if isinstance(error, RelayError) else None


_COLLECTED = local()
_SHOW = warnings.showwarning


@contextmanager
def _noticing(into: list[str]) -> Iterator[None]:
    """Collect what this thread warns of; each task begins as if no warning was shown before."""
    warnings.showwarning = _collect
    _COLLECTED.list = into
    try:
        with warnings.catch_warnings():
            yield
    finally:
        _COLLECTED.list = None


def _collect(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    into: list[str] | None = getattr(_COLLECTED, "list", None)
    if into is None:
        _SHOW(message, category, filename, lineno, file, line)
        return
    where = "/".join(Path(filename).parts[-2:])
    text = f"{category.__name__}: {' '.join(str(message).split())} ({where}, line {lineno})"
    if text not in into and len(into) < MOST_WARNINGS:
        into.append(text)


_CONTROLLERS: dict[int, Any] = {}
"""Number of loaded modules -> what limits the threads of the libraries that they brought; the newest alone."""


def _on_one_thread() -> Any:
    """Let numerical libraries take one thread: looking for them takes milliseconds, so only after an import."""
    from threadpoolctl import ThreadpoolController  # a head imports this module too, and may not have it

    known = len(sys.modules)
    if known not in _CONTROLLERS:
        _CONTROLLERS.clear()
        _CONTROLLERS[known] = ThreadpoolController()
    return _CONTROLLERS[known].limit(limits=1)


@dataclass
class _Said:
    """What the task of one thread has logged."""

    into: list[tuple[str, str]]
    left: int = MOST_SAID_CHARS

    def add(self, level: str, text: str) -> None:
        if self.left < 0:
            return
        self.left -= len(text)
        self.into.append((level, text) if self.left >= 0 else ("WARNING", "a task logged more than is passed on"))


_SAID: dict[int, _Said] = {}
"""Thread -> what its task has logged."""

_SINKS: list[int] = []
"""The one sink of this process: to add one takes milliseconds."""


def _keep(message: "Message") -> None:
    record = message.record
    if (said := _SAID.get(record["thread"].id)) is not None:
        said.add(record["level"].name, record["message"])


@contextmanager
def _logging(into: list[tuple[str, str]]) -> Iterator[None]:
    """Collect what this thread logs from INFO on."""
    if not _SINKS:
        _SINKS.append(logger.add(_keep, level="INFO", format="{message}"))
    _SAID[get_ident()] = _Said(into)
    try:
        yield
    finally:
        del _SAID[get_ident()]
