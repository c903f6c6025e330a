"""Sample weights on their way to an estimator, whatever it is wrapped in."""

import inspect
from typing import Any

from sklearn.pipeline import Pipeline

from model.training.estimator.rows import Weights
from relay.handoff.errors import ModelError

ARGUMENT = "sample_weight"

INNER = ("estimator", "regressor", "base_estimator")
"""Where scikit-learn's estimators keep the one that they wrap."""


def name_weights(estimator: Any) -> str | None:
    """The keyword under which `fit` takes the weights of rows; None where it takes none.

    A Pipeline passes them on to its last step: `model__sample_weight`.
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = name_weights(last)
        return None if inner is None else f"{name}__{inner}"
    parameters = inspect.signature(estimator.fit).parameters
    if ARGUMENT in parameters:
        return ARGUMENT
    if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    wrapped = next((found for name in INNER if hasattr(found := getattr(estimator, name, None), "fit")), None)
    return ARGUMENT if wrapped is None else name_weights(wrapped)


def weigh_fit(estimator: Any, weights: Weights) -> dict[str, Any]:
    """The arguments by which `fit` weighs rows; none where all count alike.

    Raises:
        ModelError: there are weights, and the estimator takes none.
    """
    if weights is None:
        return {}
    return {require_weights(estimator): weights}


def require_weights(estimator: Any) -> str:
    """The keyword under which `fit` takes the weights of rows.

    Raises:
        ModelError: it takes none.
    """
    name = name_weights(estimator)
    if name is None:
        last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        raise ModelError(
            f"{type(last).__name__}.fit takes no sample_weight, and a column has the role weight",
            next_step='Choose another estimator, or give the column role = "ignore".',
        )
    return name
