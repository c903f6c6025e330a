"""From a request's records to an answer that is in the log: the one way on which predictions leave."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from loguru import logger
from msgspec import UNSET, UnsetType

from relay.handoff.errors import RelayError
from relay.registry.contract import Cell
from relay.registry.predictions import Predictions
from serve.batches import MOST_ROWS, Batches
from serve.errors import KeyReusedError, WrongParameterError
from serve.exchange import Request, Response
from serve.log.record import LogFullError, LogKeyTakenError, LogUnavailableError, PredictionLog, Row, new_id
from serve.metrics import Metrics
from serve.reading import PredictRequest, Shape, read_invocation, read_predict_request
from serve.refusals import Refusals
from serve.schema import Record
from serve.settings import Settings
from serve.store import ModelStore, Served

INLINE_RECORDS = 16
"""So many records cost less on the event loop, some 10 microseconds, than the way to another thread and back."""

THREADS = 2
"""Batches side by side. Each session computes in one thread: two batches on two cores are done sooner that way."""

LONGEST_KEY = 255

Answered = TypeVar("Answered")

_encode = msgspec.json.Encoder().encode


class PredictResponse(msgspec.Struct, kw_only=True):
    """What leaves for a request of `/predict`."""

    prediction: Cell | UnsetType = UNSET
    probability: float | UnsetType = UNSET
    predictions: list[Any]
    probabilities: list[float] | UnsetType = UNSET
    details: list[Any] | UnsetType = UNSET
    threshold: float | UnsetType = UNSET
    """Of two classes: the probability from which on the positive one is answered."""
    model: str
    model_version: str
    prediction_id: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What an answer bears besides the model's words."""

    prediction_id: str
    at_unix: float


class PredictRoutes:
    """Answers with the models of a store and puts each answer into a log first."""

    def __init__(self, store: ModelStore, log: PredictionLog, settings: Settings, metrics: Metrics) -> None:
        self._store, self._log, self._settings, self._metrics = store, log, settings, metrics
        self.refusals = Refusals(log)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="batch")
        self._batches = Batches(self._threads)

    def close(self) -> None:
        """End the threads; what they compute is finished first."""
        self._threads.shutdown()

    async def predict(self, request: Request) -> Response:
        """The answer of the first model of the settings."""
        return await self._predict(request, None)

    async def predict_by_name(self, request: Request) -> Response:
        """The answer of the model that the path names."""
        return await self._predict(request, request.path("name"))

    async def invoke(self, request: Request) -> Response:
        """The answer in MLflow's scoring protocol: what the estimator's own predict() gives."""
        served = self._take(request, None)
        body = await request.body()

        async def answer(_: _Stamp) -> tuple[PredictRequest, bytes]:
            media_type = request.header(b"content-type") or "application/json"
            asked = await self._read_large(
                len(body), lambda: read_invocation(body, media_type, served.schema, self._settings.max_rows)
            )
            predictions = await self._compute(served, served.predictor.answer_plainly, asked.records)
            return asked, _encode({"predictions": predictions})

        return await self._answer_once(request, served, body, answer)

    async def _predict(self, request: Request, name: str | None) -> Response:
        served = self._take(request, name)
        body = await request.body()

        async def answer(stamp: _Stamp) -> tuple[PredictRequest, bytes]:
            asked = await self._read_large(
                len(body), lambda: read_predict_request(body, served.schema, self._settings.max_rows)
            )
            found = await self._compute(served, served.predictor.answer, asked.records)
            return asked, _encode(compose(found, asked.shape, served, stamp))

        return await self._answer_once(request, served, body, answer)

    def _take(self, request: Request, name: str | None) -> Served:
        served = self._store.get(name)
        request.model, request.version = served.model, served.version
        return served

    async def _answer_once(self, request: Request, served: Served, body: bytes, answer: Any) -> Response:
        """The reply, from the log where the request's idempotency key was answered before."""
        key = read_key(request)
        digest = digest_request(request, body) if key is not None else None
        if key is not None and (stored := await self._log.find_key(key)) is not None:
            return repeat(request, stored, digest)
        begun, stamp = time.perf_counter(), _Stamp(new_id(), time.time())
        try:
            asked, output = await answer(stamp)
        except RelayError as error:
            self.refusals.note(served, error, request.id)
            raise
        row = Row(
            id=stamp.prediction_id,
            at_unix=stamp.at_unix,
            model=served.model,
            version=served.version,
            run_id=served.ref.run_id,
            input=_encode(asked.records),
            output=output,
            latency_us=int((time.perf_counter() - begun) * 1e6),
            client=request.id,
            idempotency_key=key,
            body_sha256=digest,
            record_keys=asked.keys,
        )
        request.rows = len(asked.records)
        try:
            is_logged = await self._append(row)
        except LogKeyTakenError as error:  # another request with the key was quicker: its answer counts
            return repeat(request, error.stored, digest)
        request.prediction_id = row.id
        self._metrics.count_predictions(served.model, served.version, len(asked.records))
        return Response(output, headers=name_headers(row)) if is_logged else admit_unlogged(row)

    async def _append(self, row: Row) -> bool:
        """Whether the row is in the log; without that an answer leaves only with PREDICTION_LOG_ON_FAILURE=answer."""
        try:
            await self._log.append(row)
        except (LogUnavailableError, LogFullError) as error:
            if self._settings.log_failure == "refuse":
                raise
            self._metrics.unlogged.inc()
            logger.warning("prediction {} leaves without being logged: {}", row.id, error)
            return False
        return True

    async def _compute(
        self, served: Served, work: Callable[[Sequence[Record]], Answered], records: Sequence[Record]
    ) -> Answered:
        if served.predictor.is_quick and len(records) <= INLINE_RECORDS:
            return work(records)
        if served.predictor.takes_batches and len(records) < MOST_ROWS:
            answered: Answered = await self._batches.answer(work, records)
            return answered
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, records)

    async def _read_large(self, size: int, read: Callable[[], Answered]) -> Answered:
        """What is read, in another thread where that takes so long that other requests would notice."""
        if size <= 65_536:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self._threads, read)


def compose(found: Predictions, shape: Shape, served: Served, stamp: _Stamp) -> PredictResponse:
    """The response in the shape of its request: a list of one cell each for values, else flat."""
    predictions = found.predictions
    response = PredictResponse(
        predictions=[[prediction] for prediction in predictions] if shape == "values" else predictions,
        model=served.model,
        model_version=served.version,
        prediction_id=stamp.prediction_id,
        timestamp=datetime.fromtimestamp(stamp.at_unix, UTC),
    )
    if shape == "one":
        response.prediction = predictions[0]
    if found.probabilities is not None:
        response.probabilities = found.probabilities
        if shape == "one":
            response.probability = found.probabilities[0]
    if served.contract.threshold is not None:
        response.threshold = served.contract.threshold
    if found.details is not None:
        response.details = found.details
    return response


def read_key(request: Request) -> str | None:
    """The request's idempotency key.

    Raises:
        WrongParameterError: it is empty or too long, has signs that are not printed, or comes twice.
    """
    keys = request.headers(b"idempotency-key")
    if not keys:
        return None
    if len(keys) > 1:
        raise WrongParameterError(f"found {len(keys)} headers Idempotency-Key, expected one")
    if not 0 < len(keys[0]) <= LONGEST_KEY or not (keys[0].isascii() and keys[0].isprintable()):
        raise WrongParameterError(f"Idempotency-Key: expected 1 to {LONGEST_KEY} printable ASCII characters")
    return keys[0]


def digest_request(request: Request, body: bytes) -> str:
    """SHA-256 of all that decides the answer: the path, the type of the body, and the body."""
    digest = hashlib.sha256()
    for part in (str(request.scope["path"]).encode(), request.header(b"content-type").encode("latin-1"), body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def repeat(request: Request, stored: Row, digest: str | None) -> Response:
    """The stored answer to the same request, byte for byte.

    Raises:
        KeyReusedError: it was another request.
    """
    if stored.body_sha256 != digest:
        raise KeyReusedError(
            f"the idempotency key belongs to prediction {stored.id}, whose request was another one: use a new key"
        )
    request.model, request.version, request.prediction_id = stored.model, stored.version, stored.id
    return Response(stored.output, headers=(*name_headers(stored), (b"idempotency-replayed", b"true")))


def admit_unlogged(row: Row) -> Response:
    """The answer, which says that it is not in the log; in MLflow's protocol only the header has room for it."""
    has_room = b'"prediction_id":' in row.output
    output = row.output[:-1] + b',"logged":false}' if has_room else row.output
    return Response(output, headers=(*name_headers(row), (b"x-prediction-logged", b"false")))


def name_headers(row: Row) -> tuple[tuple[bytes, bytes], ...]:
    """Who answered, in headers too: MLflow's protocol has no room for it in the body."""
    return (
        (b"x-prediction-id", row.id.encode()),
        (b"x-model", row.model.encode()),
        (b"x-model-version", row.version.encode()),
    )
