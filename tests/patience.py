"""How long the tests wait for what must come. No test judges a time: this only ends a test that hangs."""

import time
from collections.abc import Callable

HANG_SECONDS = 120.0
"""Longer than anything takes on a slow and busy machine."""


def wait_for(is_so: Callable[[], object], what: str, pause: float = 0.01) -> None:
    """Return as soon as it is so.

    Raises:
        AssertionError: it never came.
    """
    deadline = time.monotonic() + HANG_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited {HANG_SECONDS:.0f} s for {what}"
        time.sleep(pause)
