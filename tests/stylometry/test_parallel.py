import pytest

from stylometry.parallel import count_cores, on_one_core, run_each, run_here


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
