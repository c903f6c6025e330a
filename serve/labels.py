"""`POST /labels`: what turned out to be true of many records at once, with an answer for each line."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import msgspec
from starlette.routing import Route

from relay.handoff.errors import RelayError
from relay.reading.one_cell import UnreadableCellError
from relay.registry.cells import describe, show_value
from serve.errors import InvalidRecordsError
from serve.exchange import Endpoint, Request, Response
from serve.label_lines import LabelFields, Line, read_lines
from serve.log.labelling import MOST_LABELS, Addition, Asked, NewLabel
from serve.log.record import PredictionLog, can_be_stored
from serve.log.values import write_label_value
from serve.metrics import Metrics
from serve.record_keys import write_key
from serve.settings import Settings
from serve.store import ModelStore
from serve.stored import FindTarget, check_label

PART = 1_000
"""Labels that are committed together: predictions are committed in between."""

Item = TypeVar("Item")

_encode = msgspec.json.Encoder().encode


class State(StrEnum):
    """What became of a line."""

    ADDED = "added"
    KNOWN = "known"
    """The record's last label says the same already: no second row."""
    SUPERSEDED = "superseded"
    """A later line of the request is about the same record, and the last one counts."""
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a line was refused."""

    UNREADABLE = "unreadable"
    UNKNOWN_PREDICTION = "unknown-prediction"
    UNKNOWN_KEY = "unknown-key"
    AMBIGUOUS_KEY = "ambiguous-key"
    UNKNOWN_MODEL = "unknown-model"
    WRONG_RECORD = "wrong-record"
    WRONG_VALUE = "wrong-value"
    TOO_MANY = "too-many-labels"


class LineAnswer(msgspec.Struct, omit_defaults=True):
    """What a caller hears of a line."""

    line: int
    state: str
    record: str = ""
    """`<prediction id>/<number>`."""
    reason: str = ""
    detail: str = ""


class _RefusedLineError(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True)
class _Work:
    """A line on its way into the log."""

    line: Line
    model: str = ""
    """Whose records bear the key."""
    key: str = ""
    prediction_id: str = ""
    number: float = 0.0
    label: NewLabel | None = None
    answer: LineAnswer | None = None

    def refuse(self, reason: Reason, detail: str) -> None:
        self.answer = LineAnswer(self.line.number, State.REFUSED, reason=reason, detail=detail)

    @property
    def fields(self) -> LabelFields:
        assert self.line.label is not None  # noqa: S101 - a line without was refused before
        return self.line.label


@dataclass(frozen=True)
class LabelRoutes:
    """Takes labels by their thousands."""

    store: ModelStore
    log: PredictionLog
    find_target: FindTarget
    settings: Settings
    metrics: Metrics = field(repr=False)

    async def add(self, request: Request) -> Response:
        """Add labels; the same request again adds nothing."""
        body = await request.body()
        media_type = request.header(b"content-type")
        works = await asyncio.to_thread(lambda: self._begin(read_lines(body, media_type, self.settings.max_rows)))
        request.rows = len(works)
        await self._find_keyed([work for work in works if work.answer is None and work.key])
        open_ = [work for work in works if work.answer is None]
        ids = dict.fromkeys(work.prediction_id for work in open_)
        asked: dict[str, Asked] = {}
        for part in _cut(list(ids)):
            asked |= await self.log.find_asked(part)
        await asyncio.to_thread(self._check, open_, asked)
        for some in _cut([work for work in open_ if work.answer is None]):
            labels = [work.label for work in some if work.label is not None]
            for work, addition in zip(some, await self.log.add_labels(labels, time.time()), strict=True):
                _answer(work, addition)
        answers = [work.answer for work in works if work.answer is not None]
        counts = {state.value: sum(answer.state == state for answer in answers) for state in State}
        self.metrics.count_labels(counts)
        return Response(await asyncio.to_thread(_encode, {**counts, "lines": answers}))

    def routes(self, guard: Any) -> list[Route]:
        """The route."""
        return [Route("/labels", Endpoint("/labels", self.add, guard), methods=["POST"])]

    def _begin(self, lines: Iterable[Line]) -> list[_Work]:
        """Each line with what names its record, or refused."""
        works = []
        for line in lines:
            works.append(work := _Work(line))
            if line.label is None:
                work.refuse(Reason.UNREADABLE, line.problem)
                continue
            try:
                self._name_record(work, line.label)
            except _RefusedLineError as error:
                work.refuse(error.reason, str(error))
        return works

    def _name_record(self, work: _Work, label: LabelFields) -> None:
        if (label.prediction_id is None) == (label.key is None):
            found = "both" if label.key is not None else "neither"
            raise _RefusedLineError(Reason.UNREADABLE, f"found {found}, expected prediction_id or key")
        if not can_be_stored(label.prediction_id, label.model, label.key if isinstance(label.key, str) else None):
            raise _RefusedLineError(Reason.UNREADABLE, "found NUL or half of a surrogate pair in a text")
        if label.prediction_id is not None:
            work.prediction_id, work.number = label.prediction_id, label.record or 0.0
            return
        if label.record is not None:
            raise _RefusedLineError(Reason.UNREADABLE, "found record beside key: a key names one record by itself")
        work.model = label.model or self._find_only()
        work.key = self._read_key(work.model, label.key)

    def _find_only(self) -> str:
        try:
            return self.store.get(None).model
        except RelayError as error:
            detail = f"found a key without model, expected the name of its model ({error})"
            raise _RefusedLineError(Reason.UNKNOWN_MODEL, detail) from None

    def _read_key(self, model: str, key: Any) -> str:
        """The key as the log has it; of a model that is not served now, as it was written."""
        status = self.store.status().get(model)
        column = None if status is None or status.served is None else status.served.schema.key
        try:
            found = write_key(key) if column is None else column.read(key)
        except UnreadableCellError:
            found = None
        if not found:
            expected = f"{describe(column.column)}, as {column.name} of {model} has it" if column else "some text"
            raise _RefusedLineError(Reason.UNKNOWN_KEY, f"key is {show_value(key)}, expected {expected}")
        return found

    async def _find_keyed(self, works: Sequence[_Work]) -> None:
        by_model: dict[str, list[_Work]] = {}
        for work in works:
            by_model.setdefault(work.model, []).append(work)
        for model, mine in by_model.items():
            for some in _cut(mine):
                found = await self.log.find_keyed(model, list(dict.fromkeys(work.key for work in some)))
                for work in some:
                    _take_keyed(work, found.get(work.key, []))

    def _check(self, works: Sequence[_Work], asked: Mapping[str, Asked]) -> None:
        """Make labels of lines; of several about one record the last one."""
        last: dict[str, _Work] = {}
        find_target = cache(self.find_target)  # a version without a copy is looked for on the disk each time
        for work in works:
            try:
                work.label = _make_label(work, asked.get(work.prediction_id), find_target)
            except _RefusedLineError as error:
                work.refuse(error.reason, str(error))
            except InvalidRecordsError as error:
                work.refuse(Reason.WRONG_VALUE, str(error))
            else:
                earlier, last[work.label.record] = last.get(work.label.record), work
                if earlier is not None:
                    earlier.answer = LineAnswer(earlier.line.number, State.SUPERSEDED, work.label.record)


def _make_label(work: _Work, asked: Asked | None, find_target: FindTarget) -> NewLabel:
    label = work.fields
    if asked is None or (label.model is not None and asked.model != label.model):
        where = f" of model {show_value(label.model)}" if label.model is not None else ""
        detail = f"found no prediction {show_value(work.prediction_id)}{where}; it may be older than what is kept"
        raise _RefusedLineError(Reason.UNKNOWN_PREDICTION, detail)
    if not (work.number.is_integer() and 0 <= work.number < asked.records):
        detail = f"record is {show_value(work.number)}, expected 0 to {asked.records - 1}"
        raise _RefusedLineError(Reason.WRONG_RECORD, detail)
    source = label.source or ""
    value = check_label(label.value, source, find_target(asked.model, asked.version))
    return NewLabel(work.prediction_id, int(work.number), write_label_value(value), source)


def _take_keyed(work: _Work, found: Sequence[tuple[str, int]]) -> None:
    shown = show_value(work.fields.key)
    if len(found) == 1:
        work.prediction_id, work.number = found[0][0], float(found[0][1])
    elif found:
        numbers = ", ".join(str(number) for _, number in sorted(found)[:5])
        detail = (
            f"key {shown} names {len(found)} records of prediction {found[0][0]}, the last one with it: records "
            f"{numbers}{'' if len(found) <= 5 else ' and more'}; name one by prediction_id and record"
        )
        work.refuse(Reason.AMBIGUOUS_KEY, detail)
    else:
        work.refuse(Reason.UNKNOWN_KEY, f"found no record of {work.model} with key {shown}; it may be older than kept")


def _answer(work: _Work, addition: Addition) -> None:
    assert work.label is not None  # noqa: S101 - it was just added
    match addition:
        case "gone":
            work.refuse(Reason.UNKNOWN_PREDICTION, f"prediction {work.prediction_id} was removed meanwhile")
        case "full":
            work.refuse(Reason.TOO_MANY, f"record {work.label.record} has {MOST_LABELS} labels, the most allowed")
        case _:
            work.answer = LineAnswer(work.line.number, addition, work.label.record)


def _cut(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + PART] for start in range(0, len(items), PART))
