"""The loss of the test rows, against which later losses are judged."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LossProfile:
    """Mean loss of the test rows and its bound.

    Attributes:
        kind: "brier", "squared" or "log".
        mean: Mean loss of the test rows.
        bound: Upper 99.5 % bound of the mean.
        rows: Test rows.
        scale: What losses were divided by, so that they lie in [0, 1].
    """

    kind: str
    mean: float
    bound: float
    rows: int
    scale: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LossProfile":
        """What `to_json` gave."""
        return cls(**data)
