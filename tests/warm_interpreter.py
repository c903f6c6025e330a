"""An interpreter that has imported what a program needs, and becomes that program in a process forked from it.

Started by `commands.py`, which see. It reads requests from a socket; all of a request but its descriptors is JSON.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

LENGTH_BYTES = 8
STREAMS = 3
"""Descriptors of a request: standard input, output and error."""
NOT_FLUSHED = 120
"""The exit code of a Python that could not write its last words."""


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Answer requests; gives one in the process that becomes its program, and None when there are no more."""
    while True:
        head, streams, _, _ = socket.recv_fds(connection, LENGTH_BYTES, STREAMS)
        if not head:
            return None
        request = json.loads(_receive(connection, int.from_bytes(head, "big")))
        if "modules" in request:
            for name in request["modules"]:
                importlib.import_module(name)
            gc.collect()
            gc.freeze()  # else the first collection of each process would copy the pages of all that was imported
            connection.sendall(b"imported")
            continue
        if _fork(connection):
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for descriptor in (*streams, connection.fileno()):
                os.close(descriptor)
            connection.detach()
            return dict(request)
        for stream in streams:
            os.close(stream)


def _receive(connection: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        content += connection.recv(length - len(content))
    return content


def _fork(connection: socket.socket) -> bool:
    """Whether this is the new process. The one between ends, so that the new one gets the tests for a parent."""
    sys.stdout.flush()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        connection.sendall(b"forked")
        return False
    parent = os.getpid()
    number = os.fork()
    if number:
        connection.sendall(number.to_bytes(LENGTH_BYTES, "big"))
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.0005)
    return True


def become(request: dict[str, Any]) -> None:
    """Make this process what `python -m <program> …` or `python -c …` would be."""
    if request["session"]:
        os.setsid()
    os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = request["folder"]
    sys.argv = [request["how"], *request["arguments"]]
    sys.orig_argv = [sys.executable, request["how"], request["what"], *request["arguments"]]


def run(how: str, what: str) -> int:
    """The exit code of `python -m <what>`, or of `-c`; minus the signal when it ends by Ctrl-C."""
    try:
        if how == "-m":
            runpy._run_module_as_main(what)  # type: ignore[attr-defined]  # what `-m` calls
        else:
            exec(compile(what, "<string>", "exec"), vars(sys.modules["__main__"]))
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def end(code: int) -> NoReturn:
    """End as Python does, but without taking apart, for half a second, all that was imported."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = NOT_FLUSHED
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code)


if __name__ == "__main__":
    # A Ctrl-C is meant for the programs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[0] = str(Path.cwd())  # the project instead of the folder of this file, as with `-m`
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        become(wanted)
        end(run(wanted["how"], wanted["what"]))
