"""Tasks that measure the way to a worker and back."""

import time


def nothing(task: int) -> int:
    """The task."""
    return task


def rest(seconds: float) -> None:
    """Take a while, and no processor time."""
    time.sleep(seconds)
