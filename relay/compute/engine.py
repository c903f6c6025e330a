"""What the stages know of an engine: tasks go in, results come out in the order of the tasks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Protocol, TypeVar

from relay.compute.errors import SchedulerLostError
from relay.handoff import interrupt

Task = TypeVar("Task")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Pending(Protocol[Result_co]):
    """A task that was submitted."""

    def result(self) -> Result_co:
        """What the task gave, once it has ended.

        Raises:
            Exception: what the task raised.
            ComputeError: the task could not run, or ended its process.
        """
        ...

    def cancel(self) -> None:
        """Give the task up. One that has begun may run to its end; its result is dropped."""
        ...

    def wait(self) -> None:
        """Return once a task that was given up no longer runs on this machine."""
        ...


class Engine(Protocol):
    """Runs tasks. `open_engine` gives one."""

    @property
    def name(self) -> str:
        """The engine as the log names it: `2 threads of this machine`."""
        ...

    @property
    def slots(self) -> int:
        """How many tasks run at the same time; at least 1. More workers may join a cluster later."""
        ...

    @property
    def shares_processes(self) -> bool:
        """Whether two tasks may run in one process at the same time, and so share what is global, as warnings are."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether tasks run in this process, which sees all files of this machine."""
        ...

    def submit(self, work: Callable[[Task], Result], task: Task) -> Pending[Result]:
        """A pending result of `work(task)`.

        Args:
            work: a function at the top of a module of ours. It takes all that it reads from its task, and finds files
                by `relay.compute.folder.data_folder`. It runs on one core and may run more than once.
            task: small: a frozen dataclass of paths below the data folder, numbers of row groups, and parameters. Both
                task and result must be picklable.
        """
        ...


def run_in_order(
    engine: Engine, work: Callable[[Task], Result], tasks: Iterable[Task], *, ahead: int | None = None
) -> Iterator[Result]:
    """The result of each task, in the order of the tasks.

    Args:
        engine: where they run.
        work: what is done with each task; see `Engine.submit`.
        tasks: taken one by one, when there is room for the next.
        ahead: the most tasks that are submitted and not yet given out; None: twice as many as run at the same time.
            It bounds the memory that waiting results take.

    When a task fails, or the iterator is closed, the others are given up, and none runs on this machine any more.

    Raises:
        Exception: what the first failed task raised.
        ComputeError: a task could not run, or the cluster was lost.
        ValueError: `ahead` is below 1.
    """
    if ahead is not None and ahead < 1:
        raise ValueError(f"ahead must be at least 1, not {ahead}")
    return _run_in_order(engine, work, tasks, ahead)


def _run_in_order(
    engine: Engine, work: Callable[[Task], Result], tasks: Iterable[Task], ahead: int | None
) -> Iterator[Result]:
    upcoming = iter(tasks)
    waiting: deque[Pending[Result]] = deque()
    done = 0
    try:
        while _fill(waiting, engine, work, upcoming, ahead):
            interrupt.check()
            result = waiting[0].result()
            waiting.popleft()
            done += 1
            # Before the result is given out, so that the engine has work while the caller uses it.
            _fill(waiting, engine, work, upcoming, ahead, given_out=1)
            yield result
    except SchedulerLostError as error:
        raise error.after(done, len(tasks) if isinstance(tasks, Sized) else None) from None
    finally:
        give_up(waiting)


def _fill(
    waiting: deque[Pending[Result]],
    engine: Engine,
    work: Callable[[Task], Result],
    upcoming: Iterator[Task],
    ahead: int | None,
    given_out: int = 0,
) -> bool:
    """Submit tasks until there are enough, counting results in the caller's hands; gives whether some are waiting."""
    while len(waiting) + given_out < (ahead or 2 * engine.slots):
        try:
            task = next(upcoming)
        except StopIteration:
            break
        waiting.append(engine.submit(work, task))
    return bool(waiting)


def give_up(pending: Iterable[Pending[Any]]) -> None:
    """Cancel all of them, and return once none runs on this machine."""
    left = list(pending)
    for one in left:
        one.cancel()
    for one in left:
        one.wait()
