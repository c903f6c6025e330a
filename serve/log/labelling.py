"""Many labels at once: what a log must find for them, and which of them are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MOST_LABELS = 20
"""Of one record: a label is corrected sometimes, and not for ever."""

Addition = Literal["added", "known", "full", "gone"]
"""What became of a label: a new row; no row, since the record's last label is the same; no row, since the record has as
many as it may have; or no row, since the log has no such prediction any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prediction was about."""

    model: str
    version: str
    records: int
    """How many were asked about."""


@dataclass(frozen=True, slots=True)
class NewLabel:
    """What turned out to be true of a record."""

    prediction_id: str
    number: int
    """Of the record in its request, from 0."""
    value: str
    """JSON."""
    source: str

    @property
    def record(self) -> str:
        """The record's name."""
        return f"{self.prediction_id}/{self.number}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the log holds under the record of a label."""

    is_there: bool
    """Whether it has the prediction."""
    labels: int = 0
    value: str | None = None
    source: str | None = None
    """Value and source of the last label."""


def judge_labels(labels: Sequence[NewLabel], known: Sequence[Known]) -> list[Addition]:
    """What is to become of each label; `added` are those to write.

    Args:
        labels: each of another record.
        known: what the log holds, in the same order.
    """
    return [_judge(label, found) for label, found in zip(labels, known, strict=True)]


def _judge(label: NewLabel, found: Known) -> Addition:
    if not found.is_there:
        return "gone"
    if (found.value, found.source) == (label.value, label.source):
        return "known"
    return "full" if found.labels >= MOST_LABELS else "added"
