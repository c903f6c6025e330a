"""Tasks that workers of a cluster find: their folder is on the workers' path."""

import os
import signal
import threading
import time
import warnings
from dataclasses import dataclass

import numpy as np
from loguru import logger

from relay.compute.folder import data_folder
from relay.handoff.errors import RecipeError


@dataclass(frozen=True)
class Number:
    """A task."""

    number: int
    seconds: float = 0.0


class OddError(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def square(task: Number) -> int:
    time.sleep(task.seconds)
    return task.number**2


def make_array(task: Number) -> np.ndarray:
    return np.arange(task.number, dtype=np.float64)


def write_file(task: Number) -> str:
    path = data_folder() / f"{task.number}.txt"
    path.write_text(str(task.number))
    time.sleep(task.seconds)
    return f"{path.parent.name}/{path.name}"


def fail(task: Number) -> int:
    raise ValueError(f"no {task.number}")


def fail_in_our_way(task: Number) -> int:
    raise RecipeError(f"recipe {task.number} is wrong", next_step="Correct it.")


def fail_oddly(task: Number) -> int:
    raise OddError("one", "two")


def leave(task: Number) -> int:
    raise SystemExit(task.number)


def interrupt(task: Number) -> int:
    raise KeyboardInterrupt


def give_a_lock(task: Number) -> object:
    return threading.Lock()


def warn(task: Number) -> int:
    warnings.warn(f"mind {task.number % 2}", stacklevel=1)
    logger.info("did {}", task.number)
    return task.number


def name_process(task: Number) -> int:
    return os.getpid()


def end_the_process(task: Number) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def take_memory(task: Number) -> int:
    held = []
    for _ in range(task.number):
        held.append(bytearray(os.urandom(1 << 20)) * 10)
        time.sleep(0.02)
    return len(held)
