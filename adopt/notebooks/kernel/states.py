"""States that statements change without naming them: random numbers, settings of packages, the working folder."""

import os
import random
import sys
from typing import Any

NOT_VALUES = ("display", "plotting", "styler")
"""Options of pandas that change no value."""


def find_states() -> dict[str, object]:
    """Each state under its pseudo-name, as something that can be compared; of packages that are loaded only."""
    states: dict[str, object] = {
        "rng:random": random.getstate(),
        "set:path": (tuple(sys.path), os.getcwd(), dict(os.environ)),  # noqa: PTH109
    }
    numpy, matplotlib = sys.modules.get("numpy"), sys.modules.get("matplotlib")
    pandas, sklearn = sys.modules.get("pandas._config.config"), sys.modules.get("sklearn._config")
    if numpy is not None and hasattr(numpy, "random"):
        states["rng:numpy"] = _read_generator(numpy.random.get_state(legacy=False))
        states["set:numpy"] = numpy.geterr()
    if matplotlib is not None and hasattr(matplotlib, "rcParams"):
        # By dict's own method: looking a setting up can choose a backend.
        settings = dict.items(matplotlib.rcParams)
        states["set:matplotlib"] = {name: value for name, value in settings if name != "backend"}
    if pandas is not None:
        options = getattr(pandas, "_global_config", {})
        states["set:pandas"] = repr({name: value for name, value in options.items() if name not in NOT_VALUES})
    if sklearn is not None and hasattr(sklearn, "get_config"):
        states["set:sklearn"] = sklearn.get_config()
    return states


def _read_generator(state: dict[str, Any]) -> tuple[object, ...]:
    inner = {name: value.tobytes() if hasattr(value, "tobytes") else value for name, value in state["state"].items()}
    return inner, state.get("has_gauss"), state.get("gauss")
