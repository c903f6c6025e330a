"""A distance that a user's function measures: called like ours, and held to what a distance is."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model.style_parameters import AuthorshipParameters
from model.training.result import Results
from relay.handoff.errors import ModelError
from relay.results.findings import Finding, Topic
from stylometry.delta import Distance, add_distance

if TYPE_CHECKING:
    from model.training.own_calls import Own

Floats = npt.NDArray[np.float64]

FEATURES = 500
"""Where the recipe says no number."""

CLOSE = 1e-9
"""Share of the largest distance by which the two directions between two texts may differ."""

NO_MODEL = Finding(
    Topic.DATA,
    "The distance is a function in the recipe's own module, so no model is saved for new texts.",
)


def adopt_distance(own: "Own", parameters: AuthorshipParameters) -> AuthorshipParameters:
    """The parameters with the user's function as their distance, known by its name in this process."""
    name = parameters.distance_function

    def between(one: Floats, other: Floats | None) -> Floats:
        others = one if other is None else other
        found = check_distances(own.call(one.copy(), others.copy()), (len(one), len(others)), own.shown)
        return found if other is not None else check_mirrored(found, own.shown)

    add_distance(name, Distance(parameters.distance_of, f"the function {name}", FEATURES, between))
    return parameters.model_copy(update={"distance": name})


def leave_model_out(results: Results) -> Results:
    """The results without a model: one would need the function wherever it answers."""
    return replace(
        results,
        model=None,
        contract=None,
        monitored={},
        findings=(results.findings[0], NO_MODEL, *results.findings[1:]),
    )


def check_distances(given: Any, shape: tuple[int, int], shown: str) -> Floats:
    """What a function gave, as distances.

    Raises:
        ModelError: it is no table of that shape, or holds something that is no distance.
    """
    try:
        found = np.array(given, np.float64)
    except (TypeError, ValueError):
        raise ModelError(f"{shown} gave {type(given).__name__}; expected an array of {shape} numbers") from None
    if found.shape != shape:
        raise ModelError(f"{shown} gave an array of {found.shape}; expected {shape}, a row per text of the first table")
    if not np.isfinite(found).all() or found.min(initial=0.0) < 0:
        worst = "a value that is not finite" if not np.isfinite(found).all() else f"{found.min():g}"
        raise ModelError(f"{shown} gave {worst}; expected distances from 0 up")
    return found


def check_mirrored(found: Floats, shown: str) -> Floats:
    """Distances among the same texts, zero from a text to itself.

    Raises:
        ModelError: one from a text to another is another than the way back, or from a text to itself.
    """
    allowed = CLOSE * found.max(initial=1.0)
    if np.abs(found - found.T).max(initial=0.0) > allowed or np.abs(found.diagonal()).max(initial=0.0) > allowed:
        raise ModelError(f"{shown} is no distance; expected 0 from a text to itself, and the same in both directions")
    mirrored: Floats = (found + found.T) / 2
    np.fill_diagonal(mirrored, 0.0)
    return mirrored
