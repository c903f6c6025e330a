"""An interrupt ends a stage wherever it comes, and the exit code is the stage's own."""

import subprocess
import sys
from pathlib import Path

from patience import HANG_SECONDS

ROOT = Path(__file__).resolve().parents[3]

LOST = """
import os, signal, sys, weakref
from relay.handoff import interrupt

class Thing:
    pass

interrupt.listen()
thing = Thing()
# An exception in such a callback is printed and ignored.
watched = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGTERM))
del thing
try:
    interrupt.check()
except KeyboardInterrupt:
    sys.exit(130)
"""

IN_COMPILED_TEXT = """
import sys
from relay.handoff import interrupt

interrupt.listen()
try:
    exec("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
except KeyboardInterrupt:
    sys.exit(130)
"""


def run(program: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)


def test_an_interrupt_that_the_interpreter_ignores_is_remembered() -> None:
    ended = run(LOST)
    assert ("Exception ignored" in ended.stderr, ended.returncode) == (True, 130)


def test_an_interrupt_in_compiled_text_does_not_end_the_process_by_a_signal_later() -> None:
    assert run(IN_COMPILED_TEXT).returncode == 130


def test_without_an_interrupt_nothing_ends() -> None:
    program = "from relay.handoff import interrupt; interrupt.listen(); interrupt.check(); print('on')"
    ended = run(program)
    assert (ended.stdout, ended.returncode) == ("on\n", 0)
