"""Dotted names of estimators: which ones a recipe holds, and which packages they come from. Nothing is imported."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relay.handoff.errors import RecipeError
from relay.handoff.settings import ROOT

LOCK = ROOT / "model" / "requirements.txt"

SKLEARN = "sklearn"
"""Every recipe with an estimator has it in its key already."""

CLOSED = frozenset(("conftest", "test", "tests"))
"""Modules of a package that run its tests when they are imported."""


def is_nested(value: Any) -> bool:
    """Whether an option describes an estimator: `{ estimator = "sklearn.svm.SVC", options = {…} }`."""
    return isinstance(value, Mapping) and isinstance(value.get("estimator"), str) and "." in value["estimator"]


def list_names(value: Any) -> Iterator[str]:
    """The dotted names in an estimator's options, however deep, in their order."""
    if is_nested(value):
        yield value["estimator"]
        yield from list_names(value.get("options", {}))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from list_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from list_names(inner)


def find_packages(estimator: str, options: Mapping[str, Any], lock: Path = LOCK) -> tuple[str, ...]:
    """The distributions, beside scikit-learn, that an estimator and those in its options come from.

    Raises:
        RecipeError: a name may not be imported, or the lock does not pin its package.
    """
    dotted = [estimator, *list_names(options)]
    return tuple(sorted({require_package(name, lock) for name in dotted if not name.startswith(f"{SKLEARN}.")}))


def require_package(dotted: str, lock: Path = LOCK) -> str:
    """The distribution that a dotted name comes from.

    Raises:
        RecipeError: a part of the name is private or a test, or the lock does not pin the package.
    """
    from relay.handoff.own.packages import guess_distribution, name_distributions

    parts = dotted.split(".")
    for part in parts:
        if not part.isidentifier() or part.startswith("_") or part in CLOSED:
            raise RecipeError(
                f'[model] estimator: "{dotted}" has the part "{part}", and only public classes are imported; '
                "expected a dotted name such as sklearn.linear_model.LinearRegression"
            )
    top = parts[0]
    if top == SKLEARN:
        return "scikit-learn"
    if top in sys.stdlib_module_names:
        raise RecipeError(
            f'[model] estimator: "{dotted}" is part of Python, which has no estimators; '
            "expected a dotted name such as sklearn.linear_model.LinearRegression"
        )
    found, _ = name_distributions([top], lock)
    if top not in found:
        raise RecipeError(
            f'[model] estimator: "{dotted}" comes from the package {top}, which {lock.parent.name}/{lock.name} '
            f"does not pin; expected a class of scikit-learn or of a pinned package",
            next_step=f"Add {guess_distribution(top)} to {lock.parent.name}/requirements.in, then run `make lock`.",
        )
    return found[top]
