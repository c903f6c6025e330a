"""Ctrl-C and SIGTERM end a stage, wherever it is.

An exception that a signal raises inside a callback of the interpreter, as while a module is imported, is ignored there
and lost. The signal is therefore also remembered, and loops call `check`.
"""

import signal
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The stage was asked to end.

    A class of its own: where a plain KeyboardInterrupt passes through code that was compiled from text, as in
    `dataclasses`, CPython ends the process by SIGINT later, even if the exception was handled and 130 returned.
    """


_is_asked = False


def listen() -> None:
    """Let SIGINT and SIGTERM raise `Interrupted`; Docker stops a container by SIGTERM."""
    global _is_asked
    _is_asked = False
    signal.signal(signal.SIGTERM, _interrupt)
    # A shell lets its background processes ignore Ctrl-C: that stays.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def check() -> None:
    """Return unless the stage was asked to end.

    Raises:
        Interrupted: it was.
    """
    if _is_asked:
        raise Interrupted


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _is_asked
    _is_asked = True
    raise Interrupted
