"""What the API answers about a model's monitor, as serve writes it and as the page reads it.

`GET /models/{m}/monitor` answers the fields of the newest report, and `events`, the newest first;
`GET /models/{m}/monitor/windows` a page of windows. `POST /models/{m}/monitor/accept` takes `who` and `why`, and
`POST /models/{m}/monitor/decisions` the `action` of a person besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.monitoring.report import Action, Report, VerdictKind
from relay.monitoring.store import AcceptedBaseline, Event, Window

MOST_EVENTS = 50
MOST_WINDOWS = 50

LONGEST_WHY, LONGEST_WHO = 2_000, 100
"""Characters of what a person writes, at the command line, on the page and over HTTP."""

BY_PERSONS = (Action.HOLD, Action.TRAIN)
"""What a person can decide besides accepting; the decision is kept, and the monitor takes it into account."""


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """What a list of windows says of each."""

    name: str
    version: str
    rows: int
    at_unix: float
    is_block: bool
    verdict: str
    evidence_log10: float
    action: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the monitor knows of a model."""

    report: Report
    events: tuple[Event, ...] = ()
    """Newest first."""


def write_monitor(report: Report, events: Sequence[Event]) -> dict[str, Any]:
    """The answer about a model."""
    body = report.model_dump(mode="json") | {"is_alarm": report.is_alarm}
    return body | {"events": [_write_event(event) for event in events]}


def write_windows(windows: Sequence[Window], *, has_more: bool) -> dict[str, Any]:
    """The answer of a list of windows; `next` is what `before` asks for, None at the end."""
    shown = [describe_window(window) for window in windows]
    return {
        "windows": [{name: getattr(one, name) for name in SeenWindow.__slots__} for one in shown],
        "next": shown[-1].name if shown and has_more else None,
    }


def describe_window(window: Window) -> SeenWindow:
    """What a list of windows says of one."""
    report = window.report
    return SeenWindow(
        window.name,
        window.version,
        window.rows,
        window.at_unix,
        window.is_block,
        report.verdict.kind,
        report.evidence.log10,
        report.decision.action,
    )


def read_seen(monitor: Mapping[str, Any]) -> Seen:
    """What the API's answer about a model says.

    Raises:
        ValueError: it is no such answer.
    """
    try:
        fields = {name: monitor[name] for name in Report.model_fields if name in monitor}
        events = tuple(_read_event(monitor["model"], one) for one in monitor.get("events", ()))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no answer about a monitor: {error!r}") from None
    return Seen(Report.model_validate(fields), events)


def explain_no_reference(report: Report) -> str:
    """Why the records up to a report cannot be accepted as the reference; empty where they can."""
    if report.rows.counted == 0:
        return "no record was counted yet: there is nothing to accept"
    if report.verdict.kind is VerdictKind.BREAK:
        return f"the verdict is break ({report.verdict.text}): broken data is no reference"
    return ""


def explain_no_text(text: str, most: int) -> str:
    """Why a text of a person cannot be kept; empty where it can."""
    if not 1 <= len(text) <= most:
        return f"has {len(text):,} characters, expected 1 to {most:,}"
    if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in text):
        return "has a sign that no database can hold, expected a text in UTF-8 without NUL"
    return ""


def make_baseline(report: Report, who: str, why: str, at_unix: float) -> AcceptedBaseline:
    """The records up to a report as the reference of its version."""
    return AcceptedBaseline(report.model, report.version, at_unix, who, why, report.window)


def make_decision(report: Report, action: Action, who: str, why: str, at_unix: float) -> Event:
    """What a person decided, for the decision record."""
    data: dict[str, object] = {"action": str(action), "window": report.window, "verdict": str(report.verdict.kind)}
    return Event(report.model, report.version, at_unix, "acted", who, why, data)


def _write_event(event: Event) -> dict[str, Any]:
    return {
        "version": event.version,
        "at_unix": event.at_unix,
        "kind": event.kind,
        "who": event.who,
        "text": event.text,
        "data": event.data,
    }


def _read_event(model: str, one: Mapping[str, Any]) -> Event:
    return Event(model, one["version"], one["at_unix"], one["kind"], one["who"], one["text"], dict(one["data"]))
