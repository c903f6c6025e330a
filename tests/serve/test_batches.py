"""Requests that are answered together get the answers that they would get alone."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from relay.registry.predictions import Predictions
from serve.batches import MOST_ROWS, Batches


class Model:
    """Doubles numbers; the first call waits until it is let go, so that others queue behind it."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go = threading.Event()

    def answer(self, records: Any) -> Predictions:
        self.calls.append(list(records))
        assert self.go.wait(60)
        if 13 in records:
            raise ValueError("13 is unlucky")
        return Predictions([2 * record for record in records], [record / 100 for record in records])

    def answer_plainly(self, records: Any) -> list[int]:
        self.calls.append(list(records))
        return [-record for record in records]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def ask_all(
    threads: ThreadPoolExecutor,
    model: Model,
    requests: list[list[int]],
    also: Callable[[list[Any]], None] = lambda _: None,
) -> list[Any]:
    """The answers, or errors, of requests that come one after the other while the first one is computed."""

    async def ask() -> list[Any]:
        batches: Any = Batches(threads)
        tasks = []
        for records in requests:
            tasks.append(asyncio.create_task(batches.answer(model.answer, records)))
            await asyncio.sleep(0)
        while not model.calls:
            await asyncio.sleep(0.001)
        also(tasks)
        model.go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        while batches._queues:  # nothing is left behind
            await asyncio.sleep(0.001)
        return found

    return asyncio.run(ask())


def test_what_queued_meanwhile_is_one_batch_and_each_gets_its_own_answers(threads: ThreadPoolExecutor) -> None:
    model = Model()
    found = ask_all(threads, model, [[1], [2, 3], [4], [5]])
    assert model.calls == [[1], [2, 3, 4, 5]]
    assert [one.predictions for one in found] == [[2], [4, 6], [8], [10]]
    assert [one.probabilities for one in found] == [[0.01], [0.02, 0.03], [0.04], [0.05]]


def test_a_bad_row_fails_alone(threads: ThreadPoolExecutor) -> None:
    model = Model()
    found = ask_all(threads, model, [[1], [2], [13], [4]])
    assert model.calls == [[1], [2, 13, 4], [2], [13], [4]]
    assert [one if isinstance(one, ValueError) else one.predictions for one in found[:2] + found[3:]] == [[2], [4], [8]]
    assert str(found[2]) == "13 is unlucky"


def test_a_request_whose_caller_left_is_not_computed(threads: ThreadPoolExecutor) -> None:
    model = Model()
    found = ask_all(threads, model, [[1], [2], [3]], also=lambda tasks: tasks[1].cancel())
    assert model.calls == [[1], [3]]
    assert isinstance(found[1], asyncio.CancelledError)
    assert [found[0].predictions, found[2].predictions] == [[2], [6]]


def test_a_batch_has_a_limit_of_rows(threads: ThreadPoolExecutor) -> None:
    model = Model()
    many = list(range(100, 100 + MOST_ROWS - 1))
    found = ask_all(threads, model, [[1], many, [2], [3]])
    assert [len(call) for call in model.calls] == [1, MOST_ROWS, 1]
    assert found[1].predictions == [2 * number for number in many]


def test_the_two_ways_of_asking_are_not_mixed(threads: ThreadPoolExecutor) -> None:
    async def ask() -> list[Any]:
        batches: Any = Batches(threads)
        return await asyncio.gather(batches.answer(model.answer, [1]), batches.answer(model.answer_plainly, [1]))

    model = Model()
    model.go.set()
    both, plainly = asyncio.run(ask())
    assert (both.predictions, plainly) == ([2], [-1])


def test_callers_that_were_answered_together_are_answered_together_again(threads: ThreadPoolExecutor) -> None:
    sizes: list[int] = []

    def work(records: Any) -> list[Any]:
        sizes.append(len(records))
        time.sleep(0.05)
        return list(records)

    async def call(batches: Any) -> None:
        for _ in range(6):
            assert await batches.answer(work, [7]) == [7]

    async def call_all() -> None:
        batches = Batches(threads)
        await asyncio.gather(*(call(batches) for _ in range(3)))

    asyncio.run(call_all())
    assert sum(sizes) == 18
    assert sizes.count(3) >= 4  # not 1, 2, 1, 2, …, as without a pause between two batches
