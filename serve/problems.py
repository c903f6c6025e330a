"""What can go wrong with a request, and the one table that says how each is answered (RFC 9457)."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException

from relay.handoff.errors import RelayError
from relay.monitoring.store import MonitorStoreError
from serve.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientLeftError,
    Flaw,
    InvalidRecordsError,
    KeyMissingError,
    KeyReusedError,
    MalformedBodyError,
    ModelNotReadyError,
    NoAnswerError,
    OverloadedError,
    RequestError,
    SampleMissingError,
    SeveralModelsError,
    TooManyRowsError,
    TooSlowError,
    UnknownThingError,
    WrongHostError,
    WrongMediaTypeError,
    WrongParameterError,
    WrongStateError,
)
from serve.exchange import Response
from serve.log.record import LogFullError, LogRecordError, LogRowError, LogUnavailableError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Meaning:
    """How an error is answered: its status and its name, which `type` and the metrics bear."""

    status: int
    kind: str
    title: str
    closes: bool = False
    """Whether the connection ends: what is still to come on it cannot be told from a new request."""
    retry_after: int | None = None
    """Seconds after which to ask again."""


TABLE: dict[type[Exception], Meaning] = {
    MalformedBodyError: Meaning(400, "malformed-body", "The body cannot be read"),
    WrongParameterError: Meaning(400, "wrong-parameter", "A parameter is not as it must be"),
    WrongHostError: Meaning(400, "wrong-host", "The request must name one host", closes=True),
    KeyMissingError: Meaning(401, "key-missing", "A key is needed"),
    UnknownThingError: Meaning(404, "not-found", "There is no such thing"),
    BodyTimeoutError: Meaning(408, "body-timeout", "The body did not arrive in time", closes=True),
    SeveralModelsError: Meaning(409, "several-models", "Several models are served: name one"),
    WrongStateError: Meaning(409, "wrong-state", "This cannot be done as things stand"),
    BodyTooLargeError: Meaning(413, "body-too-large", "The body is too large", closes=True),
    TooManyRowsError: Meaning(413, "too-many-rows", "Too many records"),
    WrongMediaTypeError: Meaning(415, "wrong-media-type", "This type of body is not understood"),
    InvalidRecordsError: Meaning(422, "invalid-records", "The records do not keep the model's contract"),
    KeyReusedError: Meaning(422, "key-reused", "The idempotency key belongs to another request"),
    NoAnswerError: Meaning(422, "no-answer", "The model has no answer to these values"),
    ClientLeftError: Meaning(499, "client-left", "The caller has left", closes=True),
    ModelNotReadyError: Meaning(503, "model-not-ready", "No model may be served", retry_after=10),
    LogUnavailableError: Meaning(503, "log-away", "The prediction log cannot be used", retry_after=5),
    LogFullError: Meaning(503, "log-full", "Too many predictions wait for the log", retry_after=1),
    LogRowError: Meaning(422, "not-loggable", "The prediction log does not take such a text"),
    LogRecordError: Meaning(404, "not-found", "There is no such thing"),
    MonitorStoreError: Meaning(503, "monitor-away", "What the monitor keeps cannot be used", retry_after=5),
    SampleMissingError: Meaning(503, "sample-missing", "The rows are not there"),
    TooSlowError: Meaning(503, "too-slow", "The answer was not ready in time", retry_after=5),
    OverloadedError: Meaning(503, "overloaded", "Too many requests are under way", retry_after=1),
}

WORDS = {
    404: "There is no such path; /docs lists those that there are",
    405: "This path does not take this method; /docs says which it takes",
    500: "The service failed to answer; its log says why, under this request_id",
}

UNKNOWN = Meaning(500, "internal-error", "Something failed inside")


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of an answer that is an error."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[Flaw, ...] = ()


_encode = msgspec.json.Encoder().encode


def find_meaning(error: BaseException) -> Meaning:
    """What an error means to the caller."""
    if isinstance(error, HTTPException):
        return Meaning(error.status_code, HTTPStatus(error.status_code).phrase.lower().replace(" ", "-"), error.detail)
    return TABLE.get(type(error), UNKNOWN) if isinstance(error, Exception) else UNKNOWN


def describe_problem(error: BaseException, request_id: str) -> Response:
    """The answer to a request that failed; nothing of an unknown error leaves but the id to look it up with."""
    meaning = find_meaning(error)
    flaws = error.flaws if isinstance(error, RequestError) else ()
    detail = str(error) if isinstance(error, RelayError) else WORDS.get(meaning.status, WORDS[500])
    problem = Problem(f"urn:relay:problem:{meaning.kind}", meaning.title, meaning.status, detail, request_id, flaws)
    headers = [(b"connection", b"close")] if meaning.closes else []
    if meaning.retry_after is not None:
        headers.append((b"retry-after", str(meaning.retry_after).encode()))
    if meaning.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="relay"'))
    if isinstance(error, HTTPException) and error.headers:
        headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    return Response(_encode(problem), meaning.status, MEDIA_TYPE, tuple(headers))
