"""The predictions that were answered: one with all that led to it, many by time, and what turned out to be true."""

import math
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.routing import Route

from relay.handoff.column import Column
from relay.monitoring.moment import is_moment
from relay.registry.cells import describe, show_value, validate_cell
from serve.errors import Flaw, InvalidRecordsError, UnknownThingError, WrongParameterError
from serve.exchange import Endpoint, Request, Response
from serve.log.labelling import MOST_LABELS
from serve.log.record import JsonScalar, Label, PredictionLog, Row, can_be_stored
from serve.schema import read_json

MOST_ROWS = 1_000
USUAL_ROWS = 100

LONGEST_LABEL, LONGEST_SOURCE = 1_000, 200
"""Characters of a label's text, and of who says so."""
MOST_SHOWN = 2_000
"""Labels that the answer about one prediction holds, the last ones."""

LAST_SECOND = 253_402_387_200.0
"""Of the year 9999, west of Greenwich too. Milliseconds since 1970 are far more, and no time that is meant."""

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt+][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)

FindLineage = Callable[[str, str], dict[str, Any] | None]
"""Model and version -> its lineage.json; None where no copy is kept here."""

FindTarget = Callable[[str, str], Column | None]
"""Model and version -> the column that it predicts; None where no copy is kept here."""

_encode = msgspec.json.Encoder().encode


class LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    """What turned out to be true of one record of a prediction."""

    value: JsonScalar
    record: float = 0.0
    """A whole number, however it is written: number of the record in its request, from 0."""
    source: str = ""
    """Who says so."""


class StoredPredictions:
    """What the log is asked for over HTTP."""

    def __init__(self, log: PredictionLog, find_lineage: FindLineage, find_target: FindTarget) -> None:
        self._log, self._find_lineage, self._find_target = log, find_lineage, find_target

    async def one(self, request: Request) -> Response:
        """A prediction: what was asked and answered, by which version, and from which bytes that came."""
        row = await self._get(request)
        labels = (await self._log.labels(row.id))[-MOST_SHOWN:]
        lineage = self._find_lineage(row.model, row.version)
        keys = await self._log.find_record_keys(row.id)
        brought = {"record_keys": [keys.get(number) for number in range(count_records(row))]} if keys else {}
        told = {**describe_row(row), **brought, "labels": describe_labels(labels), "lineage": lineage}
        return Response(_encode(told))

    async def many(self, request: Request) -> Response:
        """Predictions by time, oldest first; `next` is the `after` of the next page."""
        query = request.query()
        unknown = query.keys() - {"since", "after", "limit", "model"}
        if unknown:
            raise WrongParameterError(f"found {', '.join(sorted(unknown))}, expected since, after, limit or model")
        limit = read_limit(query.get("limit"), USUAL_ROWS, MOST_ROWS, "limit")
        page = await self._log.page(
            read_time(query.get("since")), query.get("after") or None, limit, query.get("model")
        )
        after = page.rows[-1].id if page.is_cut or len(page.rows) == limit else None
        return Response(_encode({"predictions": [describe_row(row) for row in page.rows], "next": after}))

    async def label(self, request: Request) -> Response:
        """Add what turned out to be true; of several labels of a record the last counts."""
        body = await request.body()
        try:
            label = msgspec.convert(read_json(body), LabelBody)
        except msgspec.ValidationError as error:
            expected = Flaw("", str(error), '{"value": …, "record": 0, "source": "…"}', f"no label: {error}")
            raise InvalidRecordsError(f"no label: {error}", (expected,)) from None
        row = await self._get(request)
        records = count_records(row)
        if not (label.record.is_integer() and 0 <= label.record < records):
            shown = show_value(label.record)
            message = f"prediction {row.id} has no record {shown}"
            raise InvalidRecordsError(message, (Flaw("record", shown, f"0 to {records - 1}", message),))
        value = check_label(label.value, label.source, self._find_target(row.model, row.version))
        record = f"{row.id}/{int(label.record)}"
        known = await self._log.count_labels(record)
        if known >= MOST_LABELS:
            raise InvalidRecordsError(
                f"record {int(label.record)} of prediction {row.id} has {known} labels, the most allowed"
            )
        await self._log.label(record, value, time.time(), label.source)
        return Response(_encode({"record": record, "value": value, "source": label.source}), 201)

    async def _get(self, request: Request) -> Row:
        found = await self._log.get(request.path("id"))
        if found is None:
            raise UnknownThingError(f"found no prediction {request.path('id')[:64]}; it may be older than what is kept")
        return found

    def routes(self, guard: Any) -> list[Route]:
        """The routes."""
        one, label = "/predictions/{id}", "/predictions/{id}/label"
        return [
            Route("/predictions", Endpoint("/predictions", self.many, guard), methods=["GET"]),
            Route(one, Endpoint(one, self.one, guard), methods=["GET"]),
            Route(label, Endpoint(label, self.label, guard), methods=["POST"]),
        ]


def check_label(value: JsonScalar, source: str, target: Column | None) -> JsonScalar:
    """The label as the model's target has it.

    Args:
        value: as it came.
        source: who says so.
        target: the column that the model predicts; None where it is not known here.

    Raises:
        InvalidRecordsError: it is no value of the target, or a text that is too long or that no log can hold.
    """
    texts = [source, *([value] if isinstance(value, str) else [])]
    if not can_be_stored(*texts):
        raise _refuse_label("value", "a text with NUL or half of a surrogate pair", "a text without them")
    for field, text, most in (("source", source, LONGEST_SOURCE), ("value", value, LONGEST_LABEL)):
        if isinstance(text, str) and len(text) > most:
            raise _refuse_label(field, f"{len(text):,} characters", f"at most {most:,} characters")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refuse_label("value", show_value(value), "a number that JSON can hold")
    if target is None:
        return value
    found, is_kept = validate_cell(value, target)
    if not is_kept:
        raise _refuse_label("value", show_value(value), describe(target))
    return value if target.type == "time" else found


def _refuse_label(field: str, found: str, expected: str) -> InvalidRecordsError:
    message = f"no label: {field} is {found}, expected {expected}"
    return InvalidRecordsError(message, (Flaw(field, found, expected, message),))


def describe_row(row: Row) -> dict[str, Any]:
    """A row of the log, for answers; input and output stand as they were kept."""
    return {
        "prediction_id": row.id,
        "timestamp": _show_moment(row.at_unix),
        "model": row.model,
        "model_version": row.version,
        "run_id": row.run_id,
        "input": msgspec.Raw(row.input),
        "output": msgspec.Raw(row.output),
        "latency_us": row.latency_us,
        "request_id": row.client,
    }


def _show_moment(at_unix: float) -> datetime | None:
    """A time of the log; None for an impossible one, which a damaged log can hold."""
    return datetime.fromtimestamp(at_unix, UTC) if is_moment(at_unix) else None


def count_records(row: Row) -> int:
    """How many records a prediction is about."""
    return len(msgspec.json.decode(row.input))


def describe_labels(labels: list[Label]) -> list[dict[str, Any]]:
    """Labels, oldest first."""
    return [
        {
            "record": label.record,
            "value": label.value,
            "timestamp": _show_moment(label.at_unix),
            "source": label.source,
        }
        for label in labels
    ]


def read_limit(text: str | None, usual: int, most: int, name: str) -> int:
    """How many rows are asked for.

    Raises:
        WrongParameterError: not a whole number from 1 to `most`.
    """
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise WrongParameterError(f"{name}={text[:20]}: expected a whole number from 1 to {most:,}")
    return int(text)


def read_time(text: str | None) -> float | None:
    """Seconds since 1970 from such a number, or from a date or time of ISO 8601; one without a zone is UTC.

    Raises:
        WrongParameterError: it is neither.
    """
    if text is None:
        return None
    # A plus sign arrives as a space.
    seconds = float(text) if NUMBER.fullmatch(text) else _read_moment(text.replace(" ", "+"))
    if not 0 <= seconds < LAST_SECOND:
        raise WrongParameterError(
            f"since={text[:40]}: expected a time such as 2026-11-20T10:00:00Z, or seconds since 1970"
        )
    return seconds


def _read_moment(text: str) -> float:
    """Seconds since 1970, 0 for what was before; NaN where this is no time."""
    found = MOMENT.fullmatch(text)
    if found is None:
        return math.nan
    try:
        # A leap second has no number of its own.
        moment = datetime.fromisoformat(re.sub(r"(:[0-9]{2}):60", r"\1:59", text.upper()))
    except ValueError:
        return math.nan
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
