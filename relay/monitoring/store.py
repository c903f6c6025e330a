"""What the monitor keeps, whichever database; `monitoring.questions` says what a store does.

All that one run learned is committed in one transaction: windows, state and cursor, events. So a run that is killed
anywhere has counted each record of the log once or not yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.handoff.errors import RelayError
from relay.monitoring.report import Report


class MonitorStoreError(RelayError):
    """The store cannot be read or written now."""

    kind = "monitor_store"


class MonitorBusyError(MonitorStoreError):
    """Another run of the monitor committed meanwhile; nothing of this one was."""

    kind = "monitor_busy"


@dataclass(frozen=True, slots=True)
class State:
    """What the monitor knows of one version between two runs."""

    model: str
    version: str
    revision: int
    """Counts commits: a run that began from an older one is refused."""
    body: bytes
    """JSON of the monitor's own: cursors, counts, evidence. No other program reads it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A report as it was at the end of a window."""

    model: str
    version: str
    name: str
    rows: int
    """Counted records of the version at its end."""
    at_unix: float
    """Of its last record."""
    is_block: bool
    """Whether a block of records was closed with it."""
    report: Report


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: an alarm, a decision, an accepted baseline."""

    model: str
    version: str
    at_unix: float
    kind: str
    """`verdict`, `decision`, `accepted`, `acted`."""
    who: str
    """A person or `monitor`."""
    text: str
    data: dict[str, object] = field(default_factory=dict)
    seq: int = 0
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class AcceptedBaseline:
    """A window that a person accepted as the new reference of a version."""

    model: str
    version: str
    at_unix: float
    who: str
    why: str
    window: str
    """Name of the newest window when it was accepted."""


@dataclass(frozen=True, slots=True)
class Change:
    """All that one run commits."""

    state: State
    """With the revision that the run began from; 0 for the first one."""
    windows: Sequence[Window] = ()
    events: Sequence[Event] = ()
