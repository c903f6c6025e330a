"""What can go wrong between a stage and where its tasks run."""

from relay.handoff.errors import RelayError


class ComputeError(RelayError):
    """A task could not run, or its result did not arrive."""

    kind = "compute"


class TaskEndedError(ComputeError):
    """A task ended its process, or tried to."""

    kind = "task_ended"


class SchedulerLostError(ComputeError):
    """The scheduler stopped answering while tasks were running."""

    kind = "scheduler_lost"

    def after(self, done: int, total: int | None) -> "SchedulerLostError":
        """The same error, with how many tasks had ended before."""
        count = f"{done:,} tasks" if total is None else f"{done:,} of {total:,} tasks"
        return SchedulerLostError(f"{self.message}, after {count}", next_step=self.next_step)
