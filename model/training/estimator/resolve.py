"""From the dotted name in a recipe to a scikit-learn estimator, or to a message that names the nearest one."""

import importlib
import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils.discovery import all_estimators

from relay.handoff.errors import RecipeError


def build_estimator(dotted: str, options: Mapping[str, Any], seed: int) -> BaseEstimator:
    """The estimator of that name with these keyword arguments, not fitted yet.

    Args:
        dotted: such as `sklearn.linear_model.LinearRegression`.
        options: its keyword arguments.
        seed: its random_state, where it takes one and the options name none.

    Raises:
        RecipeError: no such estimator or argument (the nearest one is named), or neither regressor nor classifier.
    """
    chosen = find_estimator(dotted)
    known = [name for name in inspect.signature(chosen).parameters if name not in ("args", "kwargs")]
    for name in options:
        if name not in known:
            raise RecipeError(
                f'[model] options: {dotted} takes no "{name}"{suggest(name, known)}; known: {", ".join(known)}'
            )
    seeded = {"random_state": seed} if "random_state" in known else {}
    try:
        estimator = chosen(**{**seeded, **options})
        is_predictor = is_classifier(estimator) or is_regressor(estimator)
    except (TypeError, AttributeError) as error:  # parts that are missing, or that a recipe cannot name
        raise RecipeError(f"[model] options: {dotted} cannot be made from them: {error}") from None
    if not is_predictor:
        raise RecipeError(f"[model] estimator: {dotted} is neither a regressor nor a classifier")
    return estimator


def find_estimator(dotted: str) -> type[BaseEstimator]:
    """The class of that name inside scikit-learn.

    Raises:
        RecipeError: there is none; the message names the nearest one.
    """
    module, _, name = dotted.rpartition(".")
    if module.startswith("sklearn.") and not any(part.startswith("_") for part in dotted.split(".")):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ModuleNotFoundError:
            found = None
        if inspect.isclass(found) and issubclass(found, BaseEstimator):
            return found
    raise RecipeError(
        f'[model] estimator: scikit-learn has no estimator "{dotted}"{_suggest_estimator(dotted)}; '
        "expected a dotted name such as sklearn.linear_model.LinearRegression"
    )


def suggest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, empty when none is near."""
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{match[0]}"?)' if match else ""


def _suggest_estimator(dotted: str) -> str:
    """The nearest estimator: the class of the same name when only the module is wrong."""
    public = {name: f"{_public_module(kind)}.{name}" for name, kind in all_estimators(["classifier", "regressor"])}
    name = dotted.rpartition(".")[2]
    return suggest(dotted, [public[name]] if name in public else public.values())


def _public_module(kind: type) -> str:
    parts = kind.__module__.split(".")
    private = [index for index, part in enumerate(parts) if part.startswith("_")]
    return ".".join(parts[: private[0]] if private else parts)
