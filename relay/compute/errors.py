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


class NoSchedulerError(ComputeError):
    """No scheduler answers where the environment says that one is."""

    kind = "no_scheduler"


class NoWorkerError(ComputeError):
    """The scheduler has no worker that can run tasks."""

    kind = "no_worker"

    @classmethod
    def of(cls, address: str, seconds: float) -> "NoWorkerError":
        """The error of a scheduler that has had no worker for so long."""
        return cls(
            f"the scheduler at {address} has had no worker for {seconds:g} s",
            next_step=f"Start one: `dask worker {address} --nworkers 1 --nthreads 1`, in containers `make cluster`.",
        )


class OtherWorkerError(ComputeError):
    """A worker has another Python, other packages or other code than this machine: its bytes might differ."""

    kind = "other_worker"


class NoDataFolderError(ComputeError):
    """A worker does not see the data folder of this machine."""

    kind = "no_data_folder"


class NoDaskError(ComputeError):
    """The environment names a scheduler, and the packages of a cluster are not installed."""

    kind = "no_dask"
