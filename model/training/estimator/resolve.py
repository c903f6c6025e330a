"""From the dotted name in a recipe to an estimator, or to a message that names the nearest one."""

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils.discovery import all_estimators

from model.training.estimator.names import LOCK, SKLEARN, is_nested, require_package
from relay.handoff.column import Column
from relay.handoff.errors import RecipeError

NEEDED = ("fit", "predict", "get_params")
"""What an estimator of another package must have: scikit-learn's interface."""

TRUTH = {"true": True, "false": False}

Options = Mapping[str, Any]


def build_estimator(
    dotted: str, options: Options, seed: int, target: Column | None = None, lock: Path = LOCK
) -> BaseEstimator:
    """The estimator of that name with these keyword arguments, not fitted yet.

    Args:
        dotted: such as `sklearn.linear_model.LinearRegression`.
        options: its keyword arguments. `{ estimator = "…", options = {…} }` becomes an estimator, however deep, and the
            keys of `class_weight` become classes of the target.
        seed: its random_state, where it takes one and the options name none; also of the estimators in its options.
        target: the column to be learned.
        lock: must pin the package of a name outside scikit-learn.

    Raises:
        RecipeError: no such estimator or argument (the nearest one is named), or neither regressor nor classifier.
    """
    chosen = find_estimator(dotted, lock)
    estimator = _make(chosen, dotted, _read_options(options, seed, target, lock), seed)
    try:
        is_predictor = is_classifier(estimator) or is_regressor(estimator)
    except (TypeError, AttributeError) as error:  # parts that a recipe cannot name, or another interface
        raise RecipeError(f"[model] options: {dotted} cannot be made from them: {error}") from None
    if not is_predictor:
        raise RecipeError(f"[model] estimator: {dotted} is neither a regressor nor a classifier")
    return estimator


def _make(chosen: type, dotted: str, options: Options, seed: int) -> Any:
    signature = inspect.signature(chosen).parameters
    takes_others = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.values())
    known = dict.fromkeys([*signature, *(_list_base_parameters(chosen) if takes_others else ())])
    named = [name for name in known if name not in ("args", "kwargs")]
    for name in options:
        if name not in named and not takes_others:
            raise RecipeError(
                f'[model] options: {dotted} takes no "{name}"{suggest(name, named)}; known: {", ".join(named)}'
            )
    seeded = {"random_state": seed} if "random_state" in named else {}
    try:
        return chosen(**{**seeded, **options})
    except Exception as error:  # classes of other packages raise errors of their own
        words = (str(error) or type(error).__name__).splitlines()[0]
        raise RecipeError(f"[model] options: {dotted} cannot be made from them: {words}") from None


def _list_base_parameters(chosen: type) -> list[str]:
    """The parameters of base classes, for a class that passes on what it does not know itself."""
    makers = [base.__dict__.get("__init__") for base in chosen.__mro__[1:]]
    found = [name for maker in makers if inspect.isfunction(maker) for name in inspect.signature(maker).parameters]
    return [name for name in found if name != "self"]


def _read_options(value: Any, seed: int, target: Column | None, lock: Path) -> Any:
    """The options with estimators where they describe some, and classes as the target has them."""
    if is_nested(value):
        return _make_nested(value, seed, target, lock)
    if isinstance(value, Mapping):
        return {
            name: _read_class_weight(inner, target)
            if name == "class_weight" and isinstance(inner, Mapping)
            else _read_options(inner, seed, target, lock)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        found = [_read_options(inner, seed, target, lock) for inner in value]
        # A name and an estimator, as VotingClassifier and Pipeline take them: TOML has no pairs.
        return tuple(found) if len(value) == 2 and isinstance(value[0], str) and is_nested(value[1]) else found
    return value


def _make_nested(value: Options, seed: int, target: Column | None, lock: Path) -> Any:
    if unknown := sorted(set(value) - {"estimator", "options"}):
        raise RecipeError(
            f'[model] options: {value["estimator"]} stands beside "{unknown[0]}"; expected estimator and options only'
        )
    chosen = find_class(value["estimator"], lock)
    if not callable(getattr(chosen, "fit", None)):
        raise RecipeError(f"[model] options: {value['estimator']} has no fit, so it is no estimator")
    return _make(chosen, value["estimator"], _read_options(value.get("options", {}), seed, target, lock), seed)


def _read_class_weight(weights: Options, target: Column | None) -> dict[Any, Any]:
    """The weights by class: a key of TOML is a text, and the classes may be numbers or truth values."""
    if target is None:
        return dict(weights)
    found = {}
    for key, weight in weights.items():
        label = _read_class(str(key), target)
        if label is None or (target.allowed is not None and label not in target.allowed):
            known = f"one of {target.allowed}" if target.allowed is not None else f"a class of type {target.type}"
            raise RecipeError(f'[model] options: class_weight has the class "{key}"; expected {known}')
        found[label] = weight
    return found


def _read_class(text: str, target: Column) -> Any:
    """A class in the target's type; None where the text names none of them."""
    try:
        if target.type == "int":
            return int(text)
        if target.type == "float":
            return float(text)
    except ValueError:
        return None
    return TRUTH.get(text.lower()) if target.type == "bool" else text


def find_estimator(dotted: str, lock: Path = LOCK) -> type[BaseEstimator]:
    """The class of that name, of scikit-learn or of a pinned package, with fit and predict.

    Raises:
        RecipeError: no such class, or it may not be imported; of scikit-learn the message names the nearest one.
    """
    if "." in dotted and not dotted.startswith(f"{SKLEARN}."):
        found = find_class(dotted, lock)
        lacking = [name for name in NEEDED if not callable(getattr(found, name, None))]
        if lacking:
            raise RecipeError(
                f"[model] estimator: {dotted} has no {', '.join(lacking)}; expected scikit-learn's interface"
            )
    else:
        found = find_class(dotted, lock) if "." in dotted and not _is_private(dotted) else None
        if found is None or not issubclass(found, BaseEstimator):
            raise _explain_unknown(dotted)
    estimator: type[BaseEstimator] = found
    return estimator


def find_class(dotted: str, lock: Path = LOCK) -> Any:
    """The class of that name. Only what the lock pins is imported, and nothing private.

    Raises:
        RecipeError: it may not be imported, or no such class exists.
    """
    package = require_package(dotted, lock)
    module, _, name = dotted.rpartition(".")
    top = dotted.partition(".")[0]
    if find_spec(top) is None:
        raise RecipeError(
            f"[model] estimator: {dotted}: the package {package} is pinned but not installed",
            next_step="Run `make install`, or build the images again.",
        )
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError:
        found = None
    except Exception as error:  # a package that cannot be loaded here: a library of the system may be missing
        raise RecipeError(f"[model] estimator: {dotted} cannot be imported: {str(error).splitlines()[0]}") from None
    if inspect.isclass(found) and (top == SKLEARN or found.__module__.partition(".")[0] == top):
        return found
    if top == SKLEARN:
        raise _explain_unknown(dotted)
    raise RecipeError(f'[model] estimator: {top} has no class "{dotted}"; expected the dotted name of one')


def suggest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, empty when none is near."""
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{match[0]}"?)' if match else ""


def _explain_unknown(dotted: str) -> RecipeError:
    return RecipeError(
        f'[model] estimator: scikit-learn has no estimator "{dotted}"{_suggest_estimator(dotted)}; '
        "expected a dotted name such as sklearn.linear_model.LinearRegression"
    )


def _is_private(dotted: str) -> bool:
    return any(part.startswith("_") for part in dotted.split("."))


def _suggest_estimator(dotted: str) -> str:
    """The nearest estimator: the class of the same name when only the module is wrong."""
    public = {name: f"{_public_module(kind)}.{name}" for name, kind in all_estimators(["classifier", "regressor"])}
    name = dotted.rpartition(".")[2]
    return suggest(dotted, [public[name]] if name in public else public.values())


def _public_module(kind: type) -> str:
    parts = kind.__module__.split(".")
    private = [index for index, part in enumerate(parts) if part.startswith("_")]
    return ".".join(parts[: private[0]] if private else parts)
