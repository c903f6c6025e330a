"""What a store of the monitor does, whichever database: the questions and commits that all of them share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Self, TypeVar

from relay.monitoring import statements as sql
from relay.monitoring.report import Report
from relay.monitoring.store import AcceptedBaseline, Change, Event, MonitorBusyError, State, Window

Made = TypeVar("Made")
Execute = Callable[[str, Sequence[Any]], int]
"""Runs a statement with its values; gives the rows that it changed."""

BUSY = "another run of the monitor has committed meanwhile: nothing was counted twice. Run it again"


class Store(ABC):
    """The monitor's tables. Reading works while another process writes."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Open the store, and make its tables where it may write."""

    @abstractmethod
    def __exit__(self, *_: object) -> None:
        """Close it."""

    def read_state(self, model: str, version: str) -> State | None:
        """What the last run of this version left; None before the first one."""
        return self._find(sql.READ_STATE, (model, version), sql.make_state)

    def commit(self, change: Change) -> State:
        """Commit a run as a whole; gives the state with its new revision.

        Raises:
            MonitorBusyError: another run of this version committed since `change.state` was read.
            MonitorStoreError: the database does not answer, or its disk is full; nothing was committed.
        """
        state = change.state
        with self._writing() as execute:
            save = sql.UPDATE_STATE if state.revision else sql.INSERT_STATE
            if execute(save, (state.model, state.version, state.revision, state.body)) != 1:
                raise MonitorBusyError(f"{state.model} {state.version}: {BUSY}")
            for statement, values in sql.list_statements(change):
                execute(statement, values)
        return replace(state, revision=state.revision + 1)

    def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""
        if version is None:
            found = self._find(sql.FIND_LATEST, (model,), sql.make_window)
        else:
            found = self._find(sql.FIND_OF_VERSION, (model, version), sql.make_window)
        return found.report if found else None

    def list_windows(self, model: str, limit: int = 50, *, before: str | None = None) -> list[Window]:
        """Windows of a model, newest first, at most `limit`; those behind the window `before` in this order."""
        return self._list(sql.LIST_WINDOWS, (model, before or "", limit), sql.make_window)

    def list_events(self, model: str, limit: int = 100) -> list[Event]:
        """Events of a model, newest first."""
        return self._list(sql.LIST_EVENTS, (model, limit), sql.make_event)

    def add_event(self, event: Event) -> None:
        """Keep one event."""
        self._write([(sql.INSERT_EVENT, sql.list_event(event)), (sql.PRUNE_EVENTS, (event.model,))])

    def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event; the monitor's next run starts again from it."""
        self._write(sql.list_accepted(baseline))

    def note_run(self, model: str, at_unix: float) -> None:
        """Keep when the monitor last read the prediction log of a model to its end."""
        self._write([(sql.NOTE_RUN, (model, at_unix))])

    def find_run(self, model: str) -> float | None:
        """When the monitor last read the prediction log of a model to its end; None before the first time."""
        return self._find(sql.FIND_RUN, (model,), sql.make_run)

    def find_baseline(self, model: str, version: str) -> AcceptedBaseline | None:
        """The baseline that was accepted last for a version; None for its own test rows."""
        return self._find(sql.FIND_BASELINE, (model, version), sql.make_baseline)

    def _find(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> Made | None:
        found = self._list(statement, values, make)
        return found[0] if found else None

    def _write(self, statements: list[sql.Statement]) -> None:
        with self._writing() as execute:
            for statement, values in statements:
                execute(statement, values)

    @abstractmethod
    def _list(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> list[Made]:
        """What is made of each row that a question gives; nothing where there are no tables."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Execute]:
        """A transaction: committed at its end, rolled back by an exception."""
