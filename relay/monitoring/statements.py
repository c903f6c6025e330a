"""The monitor's tables and the questions to them, for SQLite, for the driver of the stages and for that of serving.

The statements are written as PostgreSQL takes them, with `$1` and so on, and `{p}` before the name of a table.
"""
# ruff: noqa: S608 - all names are our own, and values are bound

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from relay.monitoring.moment import read_moment
from relay.monitoring.report import Report
from relay.monitoring.store import AcceptedBaseline, Change, Event, MonitorStoreError, State, Window

Made = TypeVar("Made")

LONGEST_PROBLEM = 300
"""Characters that are shown of why a row cannot be read."""

SCHEMA = "monitor"
"""In PostgreSQL."""

MOST_WINDOWS = 200
"""Windows of a model that are kept."""
MOST_EVENTS = 2_000

LOCK = 7_205_759_405
"""Of the advisory lock that one process holds while it makes the tables: any number that no other program takes."""

TABLES = (
    "create table {p}state (model {text} not null, version {text} not null, revision bigint not null,"
    " body {bytes} not null, primary key (model, version))",
    "create table {p}windows (seq {seq}, model {text} not null, version {text} not null, name {text} not null,"
    " counted bigint not null, at_unix {real} not null, is_block {bool} not null, report {text} not null,"
    " unique (model, name))",
    "create table {p}events (seq {seq}, model {text} not null, version {text} not null, at_unix {real} not null,"
    " kind {text} not null, who {text} not null, what {text} not null, data {text} not null)",
    "create index {i}events_by_model on {p}events (model, seq)",
    "create table {p}baselines (seq {seq}, model {text} not null, version {text} not null, at_unix {real} not null,"
    " who {text} not null, why {text} not null, named {text} not null)",
    "create index {i}baselines_by_version on {p}baselines (model, version, seq)",
    "create table {p}runs (model {text} primary key, at_unix {real} not null)",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (TABLES,)
"""What brings a database from each version of the tables to the next one; the first makes them."""

SQLITE = {
    "p": "monitor_", "i": "monitor_", "text": "text", "bytes": "blob", "real": "real", "bool": "integer",
    "seq": "integer primary key autoincrement",
}  # fmt: skip
POSTGRES = {
    "p": f"{SCHEMA}.", "i": "", "text": 'text collate "C"', "bytes": "bytea", "real": "float8", "bool": "boolean",
    "seq": "bigint generated always as identity primary key",
}  # fmt: skip

_WINDOW = "model, version, name, counted, at_unix, is_block, report"
_EVENT = "model, version, at_unix, kind, who, what, data, seq"
_BASELINE = "model, version, at_unix, who, why, named"

READ_STATE = "select model, version, revision, body from {p}state where model = $1 and version = $2"
INSERT_STATE = (
    "insert into {p}state (model, version, revision, body) values ($1, $2, cast($3 as bigint) + 1, $4)"
    " on conflict do nothing"
)
UPDATE_STATE = (
    "update {p}state set revision = revision + 1, body = $4 where model = $1 and version = $2 and revision = $3"
)
FIND_LATEST = f"select {_WINDOW} from {{p}}windows where model = $1 order by seq desc limit 1"
FIND_OF_VERSION = f"select {_WINDOW} from {{p}}windows where model = $1 and version = $2 order by seq desc limit 1"
LIST_WINDOWS = (
    f"select {_WINDOW} from {{p}}windows where model = $1 and ($2 = '' or seq <"
    " (select seq from {p}windows where model = $1 and name = $2)) order by seq desc limit $3"
)
REMOVE_OPEN = "delete from {p}windows where model = $1 and version = $2 and not is_block"
REMOVE_WINDOW = "delete from {p}windows where model = $1 and name = $2"
INSERT_WINDOW = f"insert into {{p}}windows ({_WINDOW}) values ($1, $2, $3, $4, $5, $6, $7)"
PRUNE_WINDOWS = (
    "delete from {p}windows where model = $1 and seq not in"
    f" (select seq from {{p}}windows where model = $1 order by seq desc limit {MOST_WINDOWS})"
)
LIST_EVENTS = f"select {_EVENT} from {{p}}events where model = $1 order by seq desc limit $2"
INSERT_EVENT = (
    "insert into {p}events (model, version, at_unix, kind, who, what, data) values ($1, $2, $3, $4, $5, $6, $7)"
)
PRUNE_EVENTS = (
    "delete from {p}events where model = $1 and seq not in"
    f" (select seq from {{p}}events where model = $1 order by seq desc limit {MOST_EVENTS})"
)
INSERT_BASELINE = f"insert into {{p}}baselines ({_BASELINE}) values ($1, $2, $3, $4, $5, $6)"
FIND_BASELINE = f"select {_BASELINE} from {{p}}baselines where model = $1 and version = $2 order by seq desc limit 1"
NOTE_RUN = (
    "insert into {p}runs (model, at_unix) values ($1, $2) on conflict (model) do update set at_unix = excluded.at_unix"
)
FIND_RUN = "select at_unix from {p}runs where model = $1"

Statement = tuple[str, tuple[Any, ...]]


def for_sqlite(statement: str) -> str:
    """A statement with SQLite's names of tables and its numbered placeholders."""
    return statement.format(**SQLITE).replace("$", "?")


def for_postgres(statement: str) -> str:
    """A statement with PostgreSQL's names of tables."""
    return statement.format(**POSTGRES)


def list_statements(change: Change) -> list[Statement]:
    """What a commit does besides the state, in order."""
    model = change.state.model
    found: list[Statement] = [(REMOVE_OPEN, (model, change.state.version))] if change.windows else []
    for window in change.windows:
        found += [(REMOVE_WINDOW, (model, window.name)), (INSERT_WINDOW, list_window(window))]
    found += [(PRUNE_WINDOWS, (model,))] if change.windows else []
    for event in change.events:
        found.append((INSERT_EVENT, list_event(event)))
    return [*found, (PRUNE_EVENTS, (model,))] if change.events else found


def list_accepted(baseline: AcceptedBaseline) -> list[Statement]:
    """What accepting a baseline does."""
    one = baseline
    values = (one.model, one.version, one.at_unix, one.who, one.why, one.window)
    event = Event(one.model, one.version, one.at_unix, "accepted", one.who, one.why, {"window": one.window})
    return [(INSERT_BASELINE, values), (INSERT_EVENT, list_event(event))]


def list_window(window: Window) -> tuple[Any, ...]:
    """The values of INSERT_WINDOW."""
    report = window.report.to_json().decode()
    return (window.model, window.version, window.name, window.rows, window.at_unix, window.is_block, report)


def list_event(event: Event) -> tuple[Any, ...]:
    """The values of INSERT_EVENT."""
    data = json.dumps(event.data, sort_keys=True, ensure_ascii=False)
    return (event.model, event.version, event.at_unix, event.kind, event.who, event.text, data)


def _explained(make: Callable[[Sequence[Any]], Made]) -> Callable[[Sequence[Any]], Made]:
    """A maker whose error says what to do: another release wrote the row, or it is damaged."""

    @wraps(make)
    def explained(values: Sequence[Any]) -> Made:
        try:
            return make(values)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            what = make.__name__.removeprefix("make_")
            said = " ".join(str(error).split())[:LONGEST_PROBLEM]
            raise MonitorStoreError(
                f"the monitor's store holds a {what} that cannot be read: {said}",
                next_step="If a newer release wrote it, update Relay; else move the monitor's store away: the monitor "
                "then counts the prediction log from its beginning",
            ) from error

    return explained


@_explained
def make_state(values: Sequence[Any]) -> State:
    """The state in a row of READ_STATE."""
    model, version, revision, body = values
    if not isinstance(body, bytes | bytearray | memoryview):
        raise TypeError(f"expected bytes, found {type(body).__name__}")
    return State(model, version, int(revision), bytes(body))


@_explained
def make_window(values: Sequence[Any]) -> Window:
    """The window in a row of LIST_WINDOWS."""
    model, version, name, rows, at_unix, is_block, report = values
    return Window(model, version, name, int(rows), read_moment(at_unix), bool(is_block), Report.from_json(report))


@_explained
def make_event(values: Sequence[Any]) -> Event:
    """The event in a row of LIST_EVENTS."""
    model, version, at_unix, kind, who, text, data, seq = values
    return Event(model, version, read_moment(at_unix), kind, who, text, json.loads(data), int(seq))


@_explained
def make_baseline(values: Sequence[Any]) -> AcceptedBaseline:
    """The baseline in a row of FIND_BASELINE."""
    model, version, at_unix, who, why, window = values
    return AcceptedBaseline(model, version, read_moment(at_unix), who, why, window)


@_explained
def make_run(values: Sequence[Any]) -> float:
    """The time in a row of FIND_RUN."""
    return read_moment(values[0])
