"""Where the monitor keeps what it knows, whichever database: the values, and what a store must do.

All that one run learned is committed in one transaction: windows, state and cursor, events. So a run that is killed
anywhere has counted each record of the log once or not yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

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


class Store(Protocol):
    """The monitor's tables. Reading works while another process writes."""

    def __enter__(self) -> Self:
        """Open the store, and make its tables where it may write."""

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def read_state(self, model: str, version: str) -> State | None:
        """What the last run of this version left; None before the first one."""

    def commit(self, change: Change) -> State:
        """Commit a run as a whole; gives the state with its new revision.

        Raises:
            MonitorBusyError: another run of this version committed since `change.state` was read.
            MonitorStoreError: the database does not answer, or its disk is full; nothing was committed.
        """

    def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""

    def list_windows(self, model: str, limit: int = 50, *, before: str | None = None) -> list[Window]:
        """Windows of a model, newest first, at most `limit`; those behind the window `before` in this order."""

    def list_events(self, model: str, limit: int = 100) -> list[Event]:
        """Events of a model, newest first."""

    def add_event(self, event: Event) -> None:
        """Keep one event."""

    def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event; the monitor's next run starts again from it."""

    def note_run(self, model: str, at_unix: float) -> None:
        """Keep when the monitor last read the prediction log of a model to its end."""

    def find_run(self, model: str) -> float | None:
        """When the monitor last read the prediction log of a model to its end; None before the first time."""

    def find_baseline(self, model: str, version: str) -> AcceptedBaseline | None:
        """The baseline that was accepted last for a version; None for its own test rows."""
