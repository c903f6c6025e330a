"""What the monitor says of a model, over HTTP, and what people decide about it."""

import time
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from loguru import logger
from starlette.routing import Route

from relay.monitoring.answers import (
    BY_PERSONS,
    LONGEST_WHO,
    LONGEST_WHY,
    MOST_EVENTS,
    MOST_WINDOWS,
    explain_no_reference,
    explain_no_text,
    make_baseline,
    make_decision,
    write_monitor,
    write_windows,
)
from relay.monitoring.figures import Sample, format_samples, list_samples
from relay.monitoring.report import Action, Report
from relay.monitoring.store import MonitorStoreError
from relay.registry.cells import cut, show_value
from serve.errors import (
    Flaw,
    InvalidRecordsError,
    UnknownThingError,
    WrongParameterError,
    WrongStateError,
)
from serve.exchange import Endpoint, Request, Response
from serve.log.record import can_be_stored
from serve.monitor_store import MonitorStore
from serve.schema import read_json
from serve.store import ModelStore
from serve.stored import read_limit

MONITOR, WINDOWS = "/models/{name}/monitor", "/models/{name}/monitor/windows"
ACCEPT, DECISIONS = "/models/{name}/monitor/accept", "/models/{name}/monitor/decisions"

FIGURES_SECONDS = 10.0
"""That figures of the monitor are kept: it runs every few minutes, and scrapes may come every second."""

Body = TypeVar("Body")

_encode = msgspec.json.Encoder().encode


class AcceptBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who takes the records of now for the new normal, and why."""

    who: str
    why: str


class DecisionBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a person decides about a model."""

    action: str
    who: str
    why: str


@dataclass(frozen=True)
class MonitorRoutes:
    """Reads the monitor's store, and adds what people decide."""

    store: MonitorStore

    async def state(self, request: Request) -> Response:
        """The newest report, with the last events."""
        query = _read_query(request, "version")
        report = await self._find(request, query.get("version"))
        events = await self.store.list_events(report.model, MOST_EVENTS)
        return Response(_encode(write_monitor(report, events)))

    async def windows(self, request: Request) -> Response:
        """Windows, newest first; `next` is the `before` of the next page."""
        query = _read_query(request, "limit", "before")
        limit = read_limit(query.get("limit"), MOST_WINDOWS, MOST_WINDOWS, "limit")
        report = await self._find(request)
        before = query.get("before")
        found = await self.store.list_windows(report.model, limit + 1, before or None) if can_be_stored(before) else []
        return Response(_encode(write_windows(found[:limit], has_more=len(found) > limit)))

    async def accept(self, request: Request) -> Response:
        """Take the records up to now as the reference of the version that was looked at last."""
        body = _read_body(await request.body(), AcceptBody)
        who, why = _require_words(body.who, body.why)
        report = await self._find(request)
        if refusal := explain_no_reference(report):
            raise WrongStateError(f"{report.model} version {report.version}: {refusal}")
        baseline = make_baseline(report, who, why, time.time())
        await self.store.accept(baseline)
        told = {name: getattr(baseline, name) for name in ("model", "version", "window", "who", "why", "at_unix")}
        return Response(_encode(told), 201)

    async def decide(self, request: Request) -> Response:
        """Keep what a person decided; the monitor takes it into account."""
        body = _read_body(await request.body(), DecisionBody)
        if body.action not in BY_PERSONS:
            raise _refuse("action", show_value(body.action), f"one of {', '.join(BY_PERSONS)}")
        who, why = _require_words(body.who, body.why)
        event = make_decision(await self._find(request), Action(body.action), who, why, time.time())
        await self.store.add_event(event)
        told = {"model": event.model, "version": event.version, "action": body.action, **event.data}
        return Response(_encode(told | {"who": who, "why": why, "at_unix": event.at_unix}), 201)

    def routes(self, guard: Any) -> list[Route]:
        """The routes."""
        works = {
            MONITOR: ("GET", self.state),
            WINDOWS: ("GET", self.windows),
            ACCEPT: ("POST", self.accept),
            DECISIONS: ("POST", self.decide),
        }
        return [Route(path, Endpoint(path, work, guard), methods=[method]) for path, (method, work) in works.items()]

    async def _find(self, request: Request, version: str | None = None) -> Report:
        model = request.path("name")
        found = await self.store.find_report(model, version) if can_be_stored(model, version) else None
        if found is None:
            of = f"version {cut(version)} of {cut(model)}" if version is not None else cut(model)
            raise UnknownThingError(
                f"the monitor has no report of {of} yet: run `python -m monitor RECIPE`, and see /models for the names"
            )
        return found


class MonitorFigures:
    """The monitor's figures of all models, kept for some seconds."""

    def __init__(self, store: MonitorStore, models: ModelStore) -> None:
        self._store, self._models = store, models
        self._text, self._until, self._is_away = b"", float("-inf"), False

    async def render(self) -> bytes:
        """The series in Prometheus's text format; empty before the monitor's first run, or without its store."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + FIGURES_SECONDS  # at once: others need not ask too
            try:
                self._text = format_samples(await self._list()).encode()
            except MonitorStoreError as error:
                if not self._is_away:
                    logger.warning("/metrics has no figures of the monitor, and alerts by them cannot fire: {}", error)
                self._text, self._is_away = b"", True  # an old figure would be taken for one of now
            else:
                self._is_away = False
        return self._text

    async def _list(self) -> list[Sample]:
        samples: list[Sample] = []
        for model in self._models.status():
            report = await self._store.find_report(model)
            if report is not None:
                samples += list_samples(report, await self._store.find_run(model))
        return samples


def _read_query(request: Request, *known: str) -> dict[str, str]:
    query = request.query()
    if unknown := query.keys() - set(known):
        shown = cut(", ".join(sorted(unknown)))
        raise WrongParameterError(f"found {shown}, expected {' or '.join(known)}")
    return query


def _read_body(body: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.convert(read_json(body), kind)
    except msgspec.ValidationError as error:
        raise _refuse("", str(error), f"an object with {', '.join(kind.__struct_fields__)}") from None  # type: ignore[attr-defined]


def _require_words(who: str, why: str) -> tuple[str, str]:
    """Who and why, without white space around them.

    Raises:
        InvalidRecordsError: one is empty, too long, or no text that a database can hold.
    """
    words = {"who": (who.strip(), LONGEST_WHO), "why": (why.strip(), LONGEST_WHY)}
    for name, (text, most) in words.items():
        if explain_no_text(text, most):
            raise _refuse(name, show_value(text), f"a text of 1 to {most:,} characters")
    return words["who"][0], words["why"][0]


def _refuse(name: str, found: str, expected: str) -> InvalidRecordsError:
    message = f"{name} is {found}, expected {expected}" if name else f"the body: {found}; expected {expected}"
    return InvalidRecordsError(message, (Flaw(name, found, expected, message),))
