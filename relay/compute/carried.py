"""What is sent to workers by value, so that neither the scheduler nor a worker needs our code to answer at all.

The functions import inside, and nothing but what they import may be used in them.
"""

from typing import Any

from distributed import WorkerPlugin


def run(session: str, payload: bytes) -> tuple[str, Any, Any, list[str], list[tuple[str, str]]]:
    """On a worker: do a task. Whatever goes wrong comes back as data; see `relay.compute.worker.run_task`."""
    try:
        from relay.compute.worker import run_task

        return run_task(session, payload)
    except BaseException as error:  # a worker of another kind: SystemExit and its like would end it
        return "unknown", None, f"{type(error).__name__}: {error}", [], []


def introduce(question: bytes) -> dict[str, Any]:
    """On a worker: what it is, compared with the asker; see `relay.compute.worker.introduce`."""
    import os
    import sys

    try:
        from relay.compute.worker import introduce as answer

        return answer(question)
    except BaseException as error:
        return {"failed": f"{type(error).__name__}: {error}", "folder": os.getcwd(), "python": sys.executable}  # noqa: PTH109


class Introduction(WorkerPlugin):  # type: ignore[misc]
    """Lets each worker that joins answer the question before it gets tasks."""

    def __init__(self, question: bytes) -> None:
        self.question = question

    def setup(self, worker: Any) -> None:  # noqa: ARG002
        """On a worker, as it joins."""
        introduce(self.question)
