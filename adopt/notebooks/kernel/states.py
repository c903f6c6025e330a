"""States that statements change without naming them: random numbers, settings of packages, the working folder."""

import os
import random
import sys

from adopt.notebooks.kernel.fingerprint import Fingerprint

NOT_VALUES = ("display", "plotting", "styler")
"""Options of pandas that change no value."""


def find_states() -> dict[str, str]:
    """The fingerprint of each state, under its pseudo-name; of packages that are loaded only."""
    states: dict[str, object] = {"rng:random": random.getstate(), "set:path": (sys.path, os.getcwd(), dict(os.environ))}  # noqa: PTH109
    numpy, matplotlib = sys.modules.get("numpy"), sys.modules.get("matplotlib")
    pandas, sklearn = sys.modules.get("pandas._config.config"), sys.modules.get("sklearn._config")
    if numpy is not None and hasattr(numpy, "random"):
        states["rng:numpy"] = numpy.random.get_state(legacy=False)
        states["set:numpy"] = numpy.geterr()
    if matplotlib is not None and hasattr(matplotlib, "rcParams"):
        # By dict's own method: looking a setting up can choose a backend.
        states["set:matplotlib"] = {
            name: repr(value) for name, value in dict.items(matplotlib.rcParams) if name != "backend"
        }
    if pandas is not None:
        options = getattr(pandas, "_global_config", {})
        states["set:pandas"] = {name: value for name, value in options.items() if name not in NOT_VALUES}
    if sklearn is not None and hasattr(sklearn, "get_config"):
        states["set:sklearn"] = sklearn.get_config()
    return {name: Fingerprint(state).digest for name, state in states.items()}
