"""What a recipe's kind of model makes of the processed rows."""

import os
from typing import TYPE_CHECKING

from model.parameters import EstimatorParameters, ModelParameters, PythonParameters
from model.style_parameters import AuthorshipParameters
from relay.handoff.recipe import Recipe

if TYPE_CHECKING:  # a check of the recipe needs no numerical library
    from model.training.own_calls import Own
    from model.training.result import Results
    from relay.handoff.dataset import Dataset
    from relay.handoff.location import DatasetLocation


def train(
    dataset: "Dataset",
    recipe: Recipe,
    parameters: ModelParameters,
    own: "Own | None" = None,
    location: "DatasetLocation | None" = None,
) -> "Results":
    """Fit or map, judge and draw.

    Args:
        dataset: processed rows.
        recipe: gives columns and seed.
        parameters: its model section.
        own: the user's function, where the section names one.
        location: where the rows lie, for workers of a cluster; None: all is done on this machine.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        RecipeError, ModelError: the recipe and these rows do not go together.
        DatasetDamagedError: the dataset was written into meanwhile.
    """
    if isinstance(parameters, EstimatorParameters):
        # Read when scikit-learn is loaded. Threads that spin while they wait make training ten times slower as soon as
        # anything else wants the processor.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from model.training.estimator.fold_task import judge_far
        from model.training.estimator.folds import find_far_folds
        from model.training.estimator.train import train_estimator

        far = None
        if location is not None and own is None:
            far = find_far_folds(dataset, location, recipe, parameters, judge_far)
        return train_estimator(dataset, recipe, parameters, own, far)
    if isinstance(parameters, PythonParameters):
        from model.training.own.train import train_own

        assert own is not None  # noqa: S101 - parse_parameters has found the function
        return train_own(dataset.table(), recipe, parameters, own)
    from model.training.authorship.far import open_far
    from model.training.authorship.train import map_styles

    with open_far(dataset, location if own is None else None) as workers:
        return map_styles(dataset.table(), recipe, parameters, own, workers)


def check(recipe: Recipe, parameters: ModelParameters) -> None:
    """Make sure that the recipe's model can be made, without data.

    Raises:
        RecipeError: it cannot.
    """
    if isinstance(parameters, EstimatorParameters):
        from model.training.estimator.train import check_estimator

        check_estimator(recipe, parameters)
    elif isinstance(parameters, AuthorshipParameters):
        from model.training.authorship.documents import check_columns, check_frequencies

        check_columns(recipe.columns, by_time=parameters.order == "time")
        check_frequencies(recipe, parameters)
