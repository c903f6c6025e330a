"""The folds of a cross-validation on the workers of a cluster, where there is one."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from loguru import logger

from model.parameters import EstimatorParameters
from model.training.estimator.names import find_packages
from relay.compute.engine import run_in_order
from relay.compute.opening import open_engine
from relay.handoff.column import Column
from relay.handoff.location import DatasetLocation
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.handoff.dataset import Dataset
    from relay.handoff.recipe import Recipe


@dataclass(frozen=True)
class FoldTask:
    """What is learned from which rows, and which fold is judged. Small: rows do not travel."""

    address: str
    """Of the processed dataset, below the data folder."""
    stage: str
    fingerprint: str
    columns: Mapping[str, Column]
    parameters: EstimatorParameters
    seed: int
    judge: str
    """The module whose `judge_fold` judges."""
    score: str
    fold: int
    """From 0."""


@dataclass(frozen=True)
class JudgedFold:
    """What a fold gave, and where."""

    value: float
    """The deciding score."""
    warnings: tuple[str, ...]
    """The first line of each different warning, in the order of the first of each."""
    arithmetic: str
    """See `describe_arithmetic`."""


@dataclass(frozen=True)
class FarFolds:
    """What workers need to know of a training to judge its folds."""

    location: DatasetLocation
    """Of the processed rows, which each worker reads itself."""
    fingerprint: str
    columns: Mapping[str, Column]
    parameters: EstimatorParameters
    seed: int
    work: "Callable[[FoldTask], JudgedFold]"
    """`fold_task.judge_far`, which imports what is imported here."""

    def judge(self, score: str, judge: str, advance: "Callable[[int], object]") -> list[JudgedFold] | None:
        """Each fold as a worker has judged it; None where the workers cannot do it as this machine would.

        Args:
            score: the deciding metric.
            judge: the module whose `judge_fold` judges.
            advance: told after each fold.

        Raises:
            ComputeError: the cluster cannot be used, or was lost.
            ModelError: the estimator refuses a fold.
            InputChangedError: the processed dataset is another one by now.
        """
        tasks = [
            FoldTask(
                address=self.location.address,
                stage=self.location.stage,
                fingerprint=self.fingerprint,
                columns=dict(self.columns),
                parameters=self.parameters,
                seed=self.seed,
                judge=judge,
                score=score,
                fold=fold,
            )
            for fold in range(self.parameters.cv_folds)
        ]
        found = []
        # What the connection warns of on this machine says nothing about the model.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_engine(self.location.data_dir) as engine:
                if engine.shares_processes:
                    logger.warning(
                        "a worker of {} has several threads, which mix what estimators warn of: the folds are judged "
                        "on this machine. Start workers with --nthreads 1",
                        engine.name,
                    )
                    return None
                for one in run_in_order(engine, self.work, tasks):
                    found.append(one)
                    advance(1)
        return found


def find_far_folds(
    dataset: "Dataset",
    location: DatasetLocation,
    recipe: "Recipe",
    parameters: EstimatorParameters,
    work: "Callable[[FoldTask], JudgedFold]",
) -> FarFolds | None:
    """Where folds are judged, if not here: None without folds, or without a cluster.

    Args:
        dataset: the open processed rows.
        location: where they lie.
        recipe: gives columns and seed.
        parameters: its model section.
        work: `fold_task.judge_far`.

    Raises:
        UsageError: DASK_SCHEDULER_ADDRESS is not the address of a scheduler.
    """
    if not parameters.cv_folds or not DASK_SCHEDULER_ADDRESS.of(os.environ):
        return None
    return FarFolds(location, dataset.receipt.fingerprint, recipe.columns, parameters, recipe.seed, work)


def describe_arithmetic(parameters: EstimatorParameters) -> str:
    """What else decides the last digits of a fit: BLAS, its kernels, vector units, threads, packages.

    Where two machines differ in it, their figures may. Asked within the limits of a training's threads.
    """
    import numpy as np
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
    from threadpoolctl import threadpool_info

    blas = ("internal_api", "version", "architecture")
    kernels = {
        " ".join(str(found.get(name)) for name in blas) for found in threadpool_info() if found["user_api"] == "blas"
    }
    vectors = {str(kind["current"]) for kinds in np.lib.introspect.opt_func_info().values() for kind in kinds.values()}
    packages = [f"{name} {version(name)}" for name in find_packages(parameters.estimator, parameters.options)]
    return "; ".join(
        [f"{_openmp_effective_n_threads()} threads", *sorted(kernels), *sorted(vectors), *sorted(packages)]
    )
