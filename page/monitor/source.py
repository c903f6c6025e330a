"""Where the screen Monitor reads reports and writes decisions: the API, else the monitor's store on this machine."""

import time
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from page.predict.api import Api
from page.predict.ask import AwayError, NothingServedError
from page.settings import PageSettings
from relay.handoff.errors import RelayError, UsageError
from relay.monitoring.answers import (
    MOST_EVENTS,
    Seen,
    explain_no_reference,
    make_baseline,
    make_decision,
    read_seen,
)
from relay.monitoring.opening import open_store
from relay.monitoring.questions import Store
from relay.monitoring.report import Action, Report


class NoReportError(RelayError):
    """The monitor has not looked at this model yet; the message says what to do next."""

    kind = "no_report"


class Source(Protocol):
    """The monitor of one model."""

    @property
    def place(self) -> str:
        """Where it reads, for people."""

    def read(self) -> Seen:
        """The newest report, the last decisions and windows.

        Raises:
            NoReportError: the monitor has not looked at the model yet.
            RelayError: it cannot be read; the message says what to do next.
        """

    def accept(self, report: Report, who: str, why: str) -> None:
        """Take the records of now as the new reference of the report's version.

        Raises:
            RelayError: it could not be done.
        """

    def decide(self, report: Report, action: Action, who: str, why: str) -> None:
        """Keep in the decision record what a person decided.

        Raises:
            RelayError: it could not be done.
        """


@dataclass(frozen=True)
class ApiSource:
    """The API's monitor of a model: in containers the page mounts no folder of serving."""

    api: Api

    @property
    def place(self) -> str:
        """See `Source`."""
        return f"the API at `{self.api.url}`"

    def read(self) -> Seen:
        """See `Source`."""
        try:
            found = self.api.ask(self._address)
        except NothingServedError:
            raise NoReportError(
                f"the API has no report of the monitor about {self.api.model}: let the monitor look at its log, "
                f"`docker compose run --rm monitor {self.api.model}` (natively `python -m monitor {self.api.model}`)"
            ) from None
        try:
            return read_seen(found)
        except ValueError:
            raise AwayError(
                f"the API at {self.api.url} answers about the monitor in another form: update the API and the page to "
                "the same version of Relay"
            ) from None

    def accept(self, report: Report, who: str, why: str) -> None:  # noqa: ARG002 - the API knows the newest one
        """See `Source`."""
        self.api.ask(f"{self._address}/accept", {"who": who, "why": why})

    def decide(self, report: Report, action: Action, who: str, why: str) -> None:  # noqa: ARG002 - as above
        """See `Source`."""
        self.api.ask(f"{self._address}/decisions", {"action": action, "who": who, "why": why})

    @property
    def _address(self) -> str:
        return f"/models/{quote(self.api.model)}/monitor"


@dataclass(frozen=True)
class StoreSource:
    """The monitor's store of this machine, beside the prediction log."""

    settings: PageSettings
    model: str
    recipe: str

    @property
    def place(self) -> str:
        """See `Source`."""
        return "PostgreSQL" if self.settings.database_url else f"`{self.settings.monitor_dir}`"

    def read(self) -> Seen:
        """See `Source`."""
        with self._open(is_reader=True) as store:
            report = store.find_report(self.model)
            if report is None:
                raise NoReportError(
                    f"the monitor has not looked at {self.model} yet: serve it (`python -m serve`), ask it, then press "
                    f"Look now, or run `python -m monitor {self.recipe}`"
                )
            events = tuple(store.list_events(self.model, MOST_EVENTS))
        return Seen(report, events)

    def accept(self, report: Report, who: str, why: str) -> None:
        """See `Source`."""
        if refusal := explain_no_reference(report):
            raise UsageError(refusal)
        with self._open(is_reader=False) as store:
            store.accept(make_baseline(report, who, why, time.time()))

    def decide(self, report: Report, action: Action, who: str, why: str) -> None:
        """See `Source`."""
        with self._open(is_reader=False) as store:
            store.add_event(make_decision(report, action, who, why, time.time()))

    def _open(self, *, is_reader: bool) -> Store:
        return open_store(self.settings.monitor_dir, self.settings.database_url, is_reader=is_reader)
