import pickle
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from scipy import sparse

from stylometry.delta import DISTANCES, measure
from stylometry.parallel import Arrays, Result, Task, count_cores, on_one_core, run_each, run_here
from stylometry.words import WordCounts


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_tasks(threads: int) -> None:
    assert run_each(lambda task: task * 2, range(9), threads=threads) == list(range(0, 18, 2))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_a_task_reaches_the_caller(threads: int) -> None:
    with pytest.raises(ZeroDivisionError):
        run_each(lambda task: 1 // task, [1, 0], threads=threads)


def test_there_is_a_core() -> None:
    assert count_cores() >= 1


def test_a_task_beside_others_takes_one_core() -> None:
    before = count_cores()
    with on_one_core():
        assert count_cores() == 1
        assert list(run_here(lambda task: task + count_cores(), [1, 2])) == [2, 3]
    assert count_cores() == before


class OneByOne:
    """Runs tasks by what travels to other processes: arrays as they come from a file, and a picklable task."""

    def __init__(self) -> None:
        self.tasks = 0

    def run_each(
        self, work: Callable[[Arrays, Task], Result], shared: Arrays, tasks: Sequence[Task], *, is_exact: bool
    ) -> Iterator[Result]:
        self.tasks += len(tasks)
        for task in tasks:
            work_there, arrays, task_there = pickle.loads(pickle.dumps((work, shared, task)))
            yield work_there(arrays, task_there)


@pytest.mark.parametrize("name", DISTANCES)
def test_stripes_of_chunks_have_the_last_digits_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylometry.gaps._STRIPE", 64)
    monkeypatch.setattr("stylometry.gaps._FEWEST_COLUMNS", 1)
    monkeypatch.setattr("stylometry.distance._STRIPE", 64)
    draw = np.random.default_rng(2)
    matrix = sparse.csr_array(draw.poisson(0.4, (150, 37)).astype(np.int32))
    counts = WordCounts(tuple(map(str, range(37))), np.arange(37)[:, np.newaxis], matrix)
    for features in (None, 23):
        elsewhere = OneByOne()
        found = measure(counts, name, features=features, elsewhere=elsewhere)
        assert found.tobytes() == measure(counts, name, features=features).tobytes()
        assert elsewhere.tasks == (0 if name in ("cosine", "cosine_delta", "canberra") else 3)
