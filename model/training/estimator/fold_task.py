"""A task of a cluster: one fold of a cross-validation, its rows read from the processed dataset."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from model.training.estimator.folds import FoldTask, JudgedFold, describe_arithmetic
from relay.compute.folder import data_folder
from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.recipe import Recipe
from relay.handoff.run import InputChangedError

if TYPE_CHECKING:  # what imports scikit-learn
    from model.training.estimator.cross_validation import Judge


def judge_far(task: FoldTask) -> JudgedFold:
    """The fold, judged by rows that this process reads; run by an engine of `relay.compute`.

    Raises:
        InputChangedError: the processed dataset is another one by now.
        ModelError: the estimator refuses the data or the options, as on the machine of the stage.
    """
    # As in the stage: read when scikit-learn is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from threadpoolctl import threadpool_limits

    from model.training.estimator.cross_validation import draw_folds, judge_fold
    from model.training.estimator.memory.source import open_rows
    from model.training.estimator.train import set_task

    data_dir, parameters = data_folder(), task.parameters
    location = DatasetLocation(data_dir, task.address, task.stage)
    dataset = open_dataset(location, Fingerprints(data_dir / ".state", data_dir), "python -m preprocess")
    if dataset.receipt.fingerprint != task.fingerprint:
        raise InputChangedError(task.address)
    recipe = Recipe(location.recipe, Path(), "", "", task.seed, dict(task.columns), {})
    rows = open_rows(dataset, recipe.columns, parameters.sample_rows, recipe.seed)
    found = set_task(rows, recipe, parameters)
    with threadpool_limits(parameters.threads), _noticing() as noticed:
        learn, held = next(islice(draw_folds(found), task.fold, None))
        value = judge_fold(found, task.score, _find_judge(task.judge), learn, held)
        return JudgedFold(value, tuple(noticed), describe_arithmetic(parameters))


def _find_judge(module: str) -> "Judge":
    """The function that judges the folds of a module's kind of target."""
    from model.training.estimator import binary, multiclass, regression

    judges: dict[str, Judge] = {
        binary.__name__: binary.judge_fold,
        multiclass.__name__: multiclass.judge_fold,
        regression.__name__: regression.judge_fold,
    }
    return judges[module]


@contextmanager
def _noticing() -> Iterator[dict[str, None]]:
    """The first lines of what this thread warns of, each warning shown every time; not safe beside another task."""
    noticed: dict[str, None] = {}
    thread = get_ident()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        # Of a socket of the cluster, whenever it is collected.
        if get_ident() == thread and not issubclass(category, ResourceWarning):
            noticed.setdefault(str(message).splitlines()[0])

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield noticed
