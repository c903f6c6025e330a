"""Tasks that the tests of `apart` run in a process of own code."""

from typing import Any

from relay.handoff.own.child import Child
from relay.handoff.own.frames import from_frame


def call(child: Child) -> Any:
    """What the user's function gives, as text."""
    return str(child.call(child.load(), **child.arguments))


def send(child: Child) -> int:
    """Send each frame that the user's function yields; gives how many."""
    count = 0
    for frame in child.iterate(child.call(child.load())):
        for batch in from_frame(frame, child.shown).to_batches():
            child.send(batch)
            count += 1
    return count


def fail_in_a_library(child: Child) -> None:
    """Let a library raise outside of the user's function, as an estimator does that is fitted later."""
    import numpy as np

    child.call(child.load())
    np.linalg.solve(np.zeros((2, 2)), np.zeros(2))
