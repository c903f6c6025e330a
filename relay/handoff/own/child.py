"""The process of own code: `python -m relay.handoff.own.child`, started by `apart` and by nothing else.

It imports the user's module, does one task with it, and answers over a pipe. It ends when the stage ends.
"""

import contextlib
import ctypes
import faulthandler
import importlib
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from relay.handoff.own import channel
from relay.handoff.own.failure import CalledError, describe
from relay.handoff.own.loading import WORKERS, OwnFinder, admit, load_function, write_environment
from relay.handoff.own.module import OwnCodeError

PR_SET_PDEATHSIG = 1
MOST_WARNINGS = 20


class Child:
    """What a task of ours finds in the process of own code."""

    def __init__(self, order: Any, pipe: int) -> None:
        self.arguments: Any = order["arguments"]
        """Of the task, as JSON has them."""
        self.shown: str = order["shown"]
        """The user's function, as messages name it."""
        self.finder = OwnFinder(Path(order["folder"]), order["files"])
        self._module, self._function = order["module"], order["function"]
        self._pipe = pipe
        self._schema: Any = None

    def load(self, name: str = "") -> Callable[..., Any]:
        """The user's function, or another name of its module; the module is imported at the first call.

        Raises:
            CalledError: importing it failed.
        """
        loaded: Callable[..., Any] = self._guard(
            lambda: load_function(self.finder, self._module, name or self._function)
        )
        return loaded

    def admit(self) -> None:
        """Let the user's modules be imported by whatever names them, such as a model file."""
        admit(self.finder)

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """What a function of the user gives.

        Raises:
            CalledError: it raised something.
        """
        return self._guard(lambda: function(*arguments, **named))

    def iterate(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values of an iterator of the user, one at a time.

        Raises:
            CalledError: it raised something.
        """
        iterator = self._guard(lambda: iter(values))
        end = object()
        while (value := self._guard(lambda: next(iterator, end))) is not end:
            yield value

    def send(self, batch: Any) -> None:
        """Hand one Arrow record batch to the stage, and its schema where that differs from the last one's."""
        if self._schema is None or not self._schema.equals(batch.schema):
            self._schema = batch.schema
            channel.send(self._pipe, channel.SCHEMA, batch.schema.serialize())
        channel.send(self._pipe, channel.BATCH, batch.serialize())

    def _guard(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except OwnCodeError:
            raise
        except BaseException as error:
            raise CalledError from error


def main(order_pipe: int, pipe: int) -> None:
    """Do one task and answer; this never returns."""
    order = channel.read_order(order_pipe)
    _end_with(order["parent"], order_pipe, pipe)
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    noticed = _collect_warnings(Path(order["folder"]))
    child = Child(order, pipe)
    os.environ |= write_environment(child.finder.folder.absolute(), child.finder.files)
    sys.path.insert(0, str(WORKERS))  # what it starts takes over this path
    try:
        _seed(order["seed"])
        module, _, task = order["task"].partition(":")
        result = getattr(importlib.import_module(module), task)(child)
        answer = (channel.DONE, {"result": result, "warnings": noticed})
    except BaseException as error:
        answer = (channel.FAILED, describe(error, child.finder.folder, child.shown))
    if child.finder.refused:  # own code may have caught the error
        answer = (channel.FAILED, describe(OwnCodeError(child.finder.refused[0]), child.finder.folder, child.shown))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    with contextlib.suppress(OSError):
        channel.send_json(pipe, *answer)
    os._exit(0)  # threads that own code left behind do not hold it


def _end_with(parent: int, order_pipe: int, pipe: int) -> None:
    """End this process, and those that it starts, when the stage ends, however that ends."""
    os.set_inheritable(pipe, False)
    if os.fork() == 0:
        if os.fork() == 0:  # own code that waits for its children must not wait for this one
            _watch(order_pipe)
        os._exit(0)
    os.wait()
    os.close(order_pipe)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _watch(order_pipe: int) -> None:
    """Wait until the stage has gone, then kill the process group. Code that holds Python's lock cannot delay that."""
    try:
        os.dup2(order_pipe, 0)
        os.closerange(1, os.sysconf("SC_OPEN_MAX"))  # an open pipe would keep the stage waiting
        while os.read(0, 1):
            pass
        os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(0)


def _seed(seed: int) -> None:
    """Seed `random` and NumPy's older generator, which code in notebooks uses."""
    random.seed(seed)
    import numpy as np  # Arrow imports it all the same

    np.random.seed(seed % 2**32)


def _collect_warnings(folder: Path) -> list[str]:
    """A list that gets each different warning in words; they are printed as well."""
    noticed: list[str] = []
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        usual(message, category, filename, lineno, file, line)
        path = Path(filename)
        is_own = path.is_relative_to(folder)
        where = f" (recipes/{path.relative_to(folder).as_posix()}, line {lineno})" if is_own else ""
        text = f"{category.__name__}: {' '.join(str(message).split())}{where}"
        if text not in noticed and len(noticed) < MOST_WARNINGS:
            noticed.append(text)

    warnings.simplefilter("default")
    warnings.filterwarnings("ignore", message=".*non-interactive.*")  # plt.show() shows nothing, by design
    warnings.showwarning = show
    return noticed


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
