"""How own code failed, as data: what happened in one line, and the lines of the user's own files."""

import linecache
import signal
import traceback
from pathlib import Path
from typing import Any

from relay.handoff import errors
from relay.handoff.own.module import PACKAGE, OwnCodeError

MOST_LINES = 20
"""Lines of the user's own files that follow a message."""

PACKAGES = "site-packages"
"""Folder of installed packages."""

LONGEST_MESSAGE = 500
"""Characters of an exception's own words."""


class CalledError(Exception):
    """Own code was called and did not return; the cause is what it raised."""


def describe(error: BaseException, folder: Path, shown: str) -> dict[str, Any]:
    """An exception as data for `restore`.

    Args:
        error: what ended the work.
        folder: of the user's files.
        shown: the function, such as recipes/churn.py: clean.
    """
    cause = error.__cause__ if isinstance(error, CalledError) and error.__cause__ is not None else error
    if isinstance(cause, errors.RelayError) and not isinstance(error, CalledError):
        if cause.__cause__ is None or not _own_frames(cause.__cause__, folder):
            return {"class": type(cause).__name__, "message": cause.message, "next": cause.next_step}
        cause = cause.__cause__  # it explains what scikit-learn refuses, but this was raised in the user's own lines
    frames = _own_frames(cause, folder)
    if isinstance(error, CalledError) or frames:
        place = f"{frames[-1][0]}, line {frames[-1][1]}, in {frames[-1][2]}" if frames else shown
        lines = [line for frame in frames for line in _show(frame)][-MOST_LINES:]
        return {"class": OwnCodeError.__name__, "message": f"{place}: {_say(cause)}", "lines": lines}
    if library := _find_library(cause):
        return {"class": OwnCodeError.__name__, "message": f"{shown}: {_say(cause)}", "lines": [library]}
    return {"class": "", "message": "".join(traceback.format_exception(cause))}


def say_failure(error: BaseException, folder: Path) -> str:
    """What own code raised, in one line, with the innermost place in the user's files in `folder`."""
    frames = _own_frames(error, folder)
    return f"{frames[-1][0]}, line {frames[-1][1]}, in {frames[-1][2]}: {_say(error)}" if frames else _say(error)


def restore(record: dict[str, Any]) -> Exception:
    """The exception that a record describes, to be raised in the stage."""
    name, message = record["class"], record["message"]
    if name == OwnCodeError.__name__:
        return OwnCodeError(message, lines=tuple(record.get("lines", ())), next_step=record.get("next", ""))
    kind = getattr(errors, name, None) if name else None
    if isinstance(kind, type) and issubclass(kind, errors.RelayError):
        return kind(message, next_step=record.get("next", ""))
    if name:
        return errors.RelayError(message, next_step=record.get("next", ""))
    return RuntimeError(f"in the process of own code:\n{message}")


def explain_end(code: int, shown: str) -> str:
    """Why a process ended without a result, in one line."""
    if code >= 0:
        return f"{shown} ended its process with exit code {code} instead of returning"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if -code == signal.SIGKILL:
        return f"{shown} was killed ({name}): most likely there was no memory left"
    return f"{shown} crashed ({name}) inside a library"


def _say(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return (
            f"it called sys.exit({'' if error.code is None else repr(error.code)}); a function must return its result"
        )
    if isinstance(error, MemoryError):
        return "no memory is left (MemoryError)"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"no module named {error.name}"
    try:
        words = " ".join(str(error).split())
    except BaseException:  # an exception of own code may have a `__str__` that fails
        words = ""
    words = words.encode("utf-8", "backslashreplace").decode()  # as logs and replies can hold it
    cut = words if len(words) <= LONGEST_MESSAGE else f"{words[:LONGEST_MESSAGE]}…"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__


def _own_frames(error: BaseException, folder: Path) -> list[tuple[str, int, str, str]]:
    """File, line, function and path of each frame of the user's own files, the innermost last."""
    found = []
    root = folder.resolve()
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_absolute() and path.resolve().is_relative_to(root):
            name = f"{PACKAGE}/{path.resolve().relative_to(root).as_posix()}"
            found.append((name, frame.lineno or 0, frame.name, frame.filename))
    return found


def _find_library(error: BaseException) -> str:
    """Where a library raised what own code made it work on, as a line; empty where code of this project raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or PACKAGES not in Path(frames[-1].filename).parts:
        return ""
    parts = Path(frames[-1].filename).parts
    path = "/".join(parts[parts.index(PACKAGES) + 1 :])
    return f"  {path}, line {frames[-1].lineno}, in {frames[-1].name}"


def _show(frame: tuple[str, int, str, str]) -> list[str]:
    name, line, function, path = frame
    text = linecache.getline(path, line).strip()
    return [f"  {name}, line {line}, in {function}", *([f"    {text}"] if text else [])]
