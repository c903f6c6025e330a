"""What the monitor knows of a version between two runs, to and from JSON."""

import base64
import json
from bisect import insort
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from monitor.log.record import Position
from relay.monitoring.moment import read_moment
from relay.monitoring.report import MOST_HISTORY, Block, Decision, EvidencePoint, LabelState

FORMAT = 1
TIMES = ("first_unix", "last_unix", "baseline_unix", "alarm_unix")
MOST_BLOCKS = 20
"""Closed blocks that a report shows."""
MOST_MATURED = 500
"""Covered cohorts whose times are kept, of about 200 records each."""


@dataclass(frozen=True)
class Cohort:
    """Consecutive records of the log that get their labels together."""

    after: Position | None
    """Behind which its rows begin."""
    last: Position
    """Its last row."""
    records: int
    end_unix: float


@dataclass
class Labelled:
    """What labels told so far."""

    position: Position | None = None
    """Up to here cohorts were cut."""
    waiting: list[Cohort] = field(default_factory=list)
    """Cohorts that are older than the delay and not covered."""
    judged: list[tuple[int, int]] = field(default_factory=list)
    """(records, labels) of the last cohorts that were old enough."""
    losses: bytes = b""
    """State of the watch of losses."""
    kept: list[tuple[float, float, float]] = field(default_factory=list)
    """(score, truth, loss) of the last mature records."""
    mature: int = 0
    matured: list[tuple[float, int]] = field(default_factory=list)
    """(time of its last record, labels) of each covered cohort, by time; the oldest ones are taken together."""
    state: LabelState | None = None
    harm_unix: float | None = None
    """When the losses alarmed first."""

    def add_mature(self, end_unix: float, labels: int) -> None:
        """Count the labels of a cohort that is covered."""
        self.mature += labels
        insort(self.matured, (end_unix, labels))  # a cohort may be covered after later ones
        if len(self.matured) > MOST_MATURED:
            (_, first), (end, second), *others = self.matured
            self.matured = [(end, first + second), *others]

    def count_mature(self, since_unix: float | None) -> int:
        """Final labels of records from a time on; of a cohort that lies on both sides of it none is counted.

        Args:
            since_unix: None for all.
        """
        if since_unix is None:
            return self.mature
        begins = [float("-inf"), *(end for end, _ in self.matured)]
        return sum(labels for begin, (_, labels) in zip(begins, self.matured, strict=False) if begin >= since_unix)


@dataclass
class Progress:
    """All that is carried from one run to the next; committed as a whole."""

    format: int = FORMAT
    position: Position | None = None
    """Up to here the log was counted."""
    refused_position: Position | None = None
    counted: int = 0
    refused: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    first_unix: float | None = None
    last_unix: float | None = None
    watch: bytes = b""
    """State of the watch; empty before the first record."""
    history: list[EvidencePoint] = field(default_factory=list)
    block_after: Position | None = None
    """Behind which the rows of the open block begin."""
    recent_after: Position | None = None
    """The same of the block before that, which was closed last."""
    blocks: list[Block] = field(default_factory=list)
    block_number: int = 0
    baseline_unix: float | None = None
    """Of the accepted baseline that the watch began from; None for the version's own test rows."""
    profile: dict[str, Any] | None = None
    """Of that baseline."""
    decision: Decision | None = None
    """The last one that asked for something."""
    decided_unix: list[float] = field(default_factory=list)
    """When runs were asked for."""
    alarm_unix: float | None = None
    """Time of the record that completed the evidence."""
    labelled: Labelled = field(default_factory=Labelled)
    kind: str = "none"
    """The last verdict."""

    def add_point(self, point: EvidencePoint) -> None:
        """Add a look to the history; the older half is thinned when it is full."""
        self.history.append(point)
        if len(self.history) > MOST_HISTORY:
            half = MOST_HISTORY // 2
            self.history = [*self.history[:half][::2], *self.history[half:]]

    def find_time(self, rows: int) -> float | None:
        """When about so many records had been counted."""
        at = [point.at_unix for point in self.history if point.rows <= rows]
        return at[-1] if at else self.first_unix

    def to_bytes(self) -> bytes:
        """As the store keeps it."""
        return json.dumps(_to_plain(self), sort_keys=True, allow_nan=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Progress":
        """What `to_bytes` gave.

        Raises:
            ValueError: another program wrote it.
        """
        said = json.loads(content)
        found = said.get("format") if isinstance(said, dict) else type(said).__name__
        if found != FORMAT:
            raise ValueError(f"the monitor's state has the format {found}, known is {FORMAT}")
        labelled = said["labelled"]
        _check_times(*(said[name] for name in TIMES), *said["decided_unix"], labelled["harm_unix"])
        _check_times(*(one["end_unix"] for one in labelled["waiting"]))
        labelled |= {
            "position": _position(labelled["position"]),
            "waiting": [
                Cohort(**one | {"after": _position(one["after"]), "last": _position(one["last"])})
                for one in labelled["waiting"]
            ],
            "judged": [tuple(one) for one in labelled["judged"]],
            "kept": [tuple(one) for one in labelled["kept"]],
            "matured": [(read_moment(end), labels) for end, labels in labelled["matured"]],
            "losses": base64.b64decode(labelled["losses"]),
            "state": labelled["state"] and LabelState(**labelled["state"]),
        }
        return cls(
            **said
            | {
                "position": _position(said["position"]),
                "refused_position": _position(said["refused_position"]),
                "block_after": _position(said["block_after"]),
                "recent_after": _position(said["recent_after"]),
                "watch": base64.b64decode(said["watch"]),
                "history": [EvidencePoint(**one) for one in said["history"]],
                "blocks": [Block(**one) for one in said["blocks"]],
                "decision": said["decision"] and Decision(**said["decision"]),
                "labelled": Labelled(**labelled),
            }
        )


def _position(said: dict[str, Any] | None) -> Position | None:
    return None if said is None else Position(**said | {"at_unix": read_moment(said["at_unix"])})


def _check_times(*found: float | None) -> None:
    for at_unix in found:
        if at_unix is not None:
            read_moment(at_unix)


def _to_plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Position | Cohort):
        return asdict(value)
    if isinstance(value, Progress | Labelled):
        return {one.name: _to_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, list | tuple):
        return [_to_plain(one) for one in value]
    return value
