"""The user's function of a training, called in the process of own code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.handoff.errors import ModelError
from relay.handoff.own.child import Child
from relay.handoff.own.frames import describe_value
from relay.handoff.own.signature import Argument

NEEDED = ("fit", "predict", "get_params")


@dataclass(frozen=True)
class Own:
    """A function of the recipe's module, with the values of its parameters."""

    child: Child
    values: Mapping[str, Any]
    data: tuple[Argument, ...] = ()
    """Its data arguments."""

    @property
    def shown(self) -> str:
        """The function as messages name it."""
        return self.child.shown

    def call(self, *data: Any) -> Any:
        """What the function gives for some data.

        Raises:
            CalledError: it raised something.
        """
        return self.child.call(self.child.load(), *data, **self.values)

    def build(self) -> Any:
        """The estimator that the function gives, not fitted yet.

        Raises:
            ModelError: it gives something without scikit-learn's interface.
        """
        estimator = self.call()
        missing = [name for name in NEEDED if not callable(getattr(estimator, name, None))]
        if missing or isinstance(estimator, type):
            lacks = "a class, not an instance of it" if isinstance(estimator, type) else f"no {', '.join(missing)}"
            raise ModelError(
                f"{self.shown} gave {describe_value(estimator)} with {lacks}; expected an unfitted estimator or "
                "Pipeline with scikit-learn's interface"
            )
        return estimator
