"""From rows of the log to columns: records that count, and why others do not."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from drift.columns import Column, Columns, Floats
from drift.profile import Profile
from drift.ties import Keys, hash_ids
from monitor.log.record import Row
from relay.monitoring.marks import find_reason
from relay.reading.iso import read_iso
from relay.registry.contract import Cell, Contract
from relay.registry.predictions import NUMERIC, Predictions, make_frame
from relay.registry.task import ModelTask
from relay.registry.watched import watch_answers, watch_inputs

UNREADABLE = "unreadable"
SAME_REQUEST = "same request"
DAY_SECONDS = 86_400.0
WEEKDAYS = 7
FIRST_WEEKDAY = 3
"""1970 began on a Thursday; Monday is 0."""


@dataclass(frozen=True)
class Answered:
    """The records of one request that count."""

    row: Row
    numbers: tuple[int, ...]
    """Of the records in their request."""
    records: tuple[dict[str, Cell], ...]
    predictions: tuple[Any, ...]
    probabilities: tuple[float, ...]
    """NaN where the answer has none."""
    distances: tuple[float, ...] = ()
    """Authorship: to the nearest known text."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Reason -> records that do not count."""

    @property
    def ids(self) -> list[str]:
        """What identifies each record: `<prediction id>/<number>`."""
        return [f"{self.row.id}/{number}" for number in self.numbers]


@dataclass(frozen=True)
class Chunk:
    """Some records of one or more requests, as columns, and how many were refused before them."""

    columns: Columns
    score: Floats | None
    ids: list[str]
    at_unix: Floats
    """(records,)."""
    answers: Predictions
    refused: int = 0

    @property
    def rows(self) -> int:
        """Records that were answered."""
        return len(self.ids)


def read_answered(row: Row, contract: Contract, unit: str) -> Answered:
    """The records of a row.

    Args:
        row: of the log.
        contract: of the version.
        unit: `record`, or `request`: one record of each request counts, drawn by the prediction id.
    """
    try:
        records, answer = json.loads(row.input), json.loads(row.output)
        predictions = [one[0] if isinstance(one, list) else one for one in answer["predictions"]]
        probabilities = answer.get("probabilities") or [float("nan")] * len(records)
        distances = _read_distances(contract, answer, len(records))
        _check(contract, records, predictions, probabilities)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        return Answered(row, (), (), (), (), left_out=((UNREADABLE, 1),))
    if reason := find_reason(row.client):
        return Answered(row, (), (), (), (), left_out=((reason, len(records)),))
    chosen = range(len(records))
    if unit == "request" and len(records) > 1:
        place = int.from_bytes(hashlib.sha256(row.id.encode()).digest()[8:16]) % len(records)
        chosen = range(place, place + 1)
    others = len(records) - len(chosen)
    return Answered(
        row,
        tuple(chosen),
        tuple(records[number] for number in chosen),
        tuple(predictions[number] for number in chosen),
        tuple(probabilities[number] for number in chosen),
        tuple(distances[number] for number in chosen) if distances else (),
        ((SAME_REQUEST, others),) if others else (),
    )


def make_chunk(contract: Contract, profile: Profile, answered: Sequence[Answered], refused: int = 0) -> Chunk:
    """The records of requests as columns of the profile.

    Args:
        contract: of the version.
        profile: says which columns are watched.
        answered: the requests, in the order of the log.
        refused: records that were refused before them.
    """
    answers = _join_answers(contract, answered)
    frame = make_frame(contract.inputs, [record for one in answered for record in one.records])
    watched = watch_answers(contract, answers)
    found = {one.name: one for one in (*watch_inputs(frame, contract.inputs, contract.asking), *watched.columns)}
    columns = [Column(*found[one.name]) for one in profile.columns]
    return Chunk(
        columns=columns,
        score=watched.score,
        ids=[name for one in answered for name in one.ids],
        at_unix=np.array([one.row.position.at_unix for one in answered for _ in one.numbers], np.float64),
        answers=answers,
        refused=refused,
    )


def join_columns(chunks: Sequence[Chunk]) -> tuple[Columns, Floats | None]:
    """Columns and scores of several chunks, one behind the other."""
    first = chunks[0]
    columns = [
        Column(column.name, column.kind, np.concatenate([chunk.columns[place].values for chunk in chunks]))
        for place, column in enumerate(first.columns)
    ]
    scores = [chunk.score for chunk in chunks if chunk.score is not None]
    return columns, np.concatenate(scores) if scores else None


def add_refused(chunk: Chunk, keys_of: str) -> tuple[Columns, Floats | None, Keys, npt.NDArray[np.bool_]]:
    """The chunk as `Watch.look` takes it, with its refused records first; these have no values.

    Args:
        chunk: with how many records were refused.
        keys_of: what identifies the refused ones.
    """
    none = chunk.refused
    columns = [
        Column(one.name, one.kind, np.concatenate([_make_missing(one.kind, none), one.values])) for one in chunk.columns
    ]
    score = None if chunk.score is None else np.concatenate([np.full(none, np.nan), chunk.score])
    keys = hash_ids([*(f"{keys_of}/{number}" for number in range(none)), *chunk.ids])
    return columns, score, keys, np.arange(none + chunk.rows) < none


def find_weekdays(chunk: Chunk) -> npt.NDArray[np.int64]:
    """Weekday (UTC) of each record of the chunk, Monday 0, refused records first; theirs does not matter (records,).

    Args:
        chunk: with how many records were refused.
    """
    days = (chunk.at_unix // DAY_SECONDS).astype(np.int64)
    return np.concatenate([np.zeros(chunk.refused, np.int64), (days + FIRST_WEEKDAY) % WEEKDAYS])


@dataclass
class Tally:
    """How many records do not count, by reason."""

    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, answered: Answered) -> None:
        """Count those of a request."""
        for reason, records in answered.left_out:
            self.left_out[reason] = self.left_out.get(reason, 0) + records


def _make_missing(kind: str, rows: int) -> npt.NDArray[Any]:
    return np.full(rows, np.nan) if kind == "number" else np.full(rows, None, object)


def _check(contract: Contract, records: list[Any], predictions: list[Any], probabilities: list[Any]) -> None:
    """Raise ValueError or TypeError for a value of another kind: one damaged row must not stop all later runs."""
    if not (len(records) == len(predictions) == len(probabilities)):
        raise ValueError("records and answers do not match")
    if contract.task == ModelTask.REGRESSION:
        probabilities = [*probabilities, *predictions]
    for value in probabilities:
        _check_number(value)
    for record in records:
        for name, column in contract.inputs.items():
            value = record.get(name)
            if value is None:
                continue
            if column.type in NUMERIC:
                _check_number(value)
            elif column.type == "time":
                _check_moment(value)
            elif not str(value).isascii():
                str(value).encode()


def _check_moment(value: Any) -> None:
    if read_iso(str(value)) is None:
        raise ValueError(f"expected a moment, found {value!r}")


def _check_number(value: Any) -> None:
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"expected a number, found {type(value).__name__}")
    float("nan" if value is None else value)


def _read_distances(contract: Contract, answer: dict[str, Any], rows: int) -> list[float]:
    if contract.task != ModelTask.AUTHORSHIP:
        return []
    details = answer.get("details")
    distances = [one["labels"][0]["distance"] for one in details] if details else [float("nan")] * rows
    if len(distances) != rows:
        raise ValueError("records and distances do not match")
    for distance in distances:
        _check_number(distance)
    return distances


def _join_answers(contract: Contract, answered: Sequence[Answered]) -> Predictions:
    predictions = [one for request in answered for one in request.predictions]
    probabilities = [one for request in answered for one in request.probabilities]
    details: list[Any] | None = None
    if contract.task == ModelTask.AUTHORSHIP:
        details = [{"labels": [{"distance": one}]} for request in answered for one in request.distances]
    return Predictions(predictions, probabilities if contract.gives_probabilities else None, details)
