"""What the prediction log keeps, and what a log must do, whichever database it writes to."""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Protocol, TypeAlias

from relay.handoff.errors import RelayError
from serve.log.labelling import Addition, Asked, NewLabel
from serve.log.refusing import Refused

JsonScalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One answered request, however many records it holds."""

    id: str
    """The prediction id, of `new_id`."""
    at_unix: float
    """When it was asked, seconds since 1970."""
    model: str
    version: str
    run_id: str
    input: bytes
    """JSON of the records."""
    output: bytes
    """JSON of the answer's predictions."""
    latency_us: int
    """From the request to the answer that was ready to be logged."""
    client: str
    """The request id."""
    idempotency_key: str | None = None
    body_sha256: str | None = None
    """Digest of the request's body: tells a repeated request from another one under the same key."""
    record_keys: Sequence[str | None] | None = field(default=None, compare=False)
    """The callers' own keys of the records; None where no record brought one. A table of their own keeps them, and
    `PredictionLog.find_record_keys` finds them there."""


Stored: TypeAlias = Row
"""A row as it was read back: the same fields, the same values."""

PAGE_BYTES = 4_000_000
"""That the rows of a page may hold together; a single row may hold more."""
ROW_BYTES = 400
"""Of the other fields of a row in an answer."""

COLUMNS = tuple(one.name for one in fields(Row) if one.compare)
"""Of the table `predictions`, in the order of the fields."""


@dataclass(slots=True)
class Page:
    """Rows by time, until they hold more than a page may; at least one, however large it is."""

    rows: list[Row] = field(default_factory=list)
    size: int = 0
    is_cut: bool = False
    """Whether a row was left to the next page."""

    def take(self, row: Row) -> bool:
        """Add a row; gives whether it has room."""
        self.is_cut = bool(self.rows) and self.size + measure(row) > PAGE_BYTES
        if not self.is_cut:
            self.rows.append(row)
            self.size += measure(row)
        return not self.is_cut


@dataclass(frozen=True, slots=True)
class Label:
    """What turned out to be true of a record, as someone reported it; of several the last counts."""

    record: str
    """`<prediction id>/<number of the record, from 0>`."""
    value: JsonScalar
    at_unix: float
    source: str


@dataclass(slots=True)
class LogStats:
    """What the log did since it was opened, for `/metrics`."""

    queue_length: int = 0
    """Rows that wait for their commit or are in it, now."""
    batches: int = 0
    rows: int = 0
    """Rows committed."""
    failures: int = 0
    """Rows that could not be committed; a key that was taken is none."""
    last_commit_seconds: float = 0.0
    total_commit_seconds: float = 0.0


class LogUnavailableError(RelayError):
    """The database does not take or give rows now: away, locked for long, or its disk is full."""


class LogFullError(RelayError):
    """More rows wait for their commit than the queue may hold."""


class LogRowError(RelayError):
    """The database will never take this row, such as a text with a sign that it cannot hold."""


class LogRecordError(RelayError):
    """A label is for a record that is not in the log, or is no value of JSON."""


class LogVersionError(LogUnavailableError):
    """The database was written by a newer program."""


class LogKeyTakenError(RelayError):
    """Another row holds the idempotency key; `stored` is that row."""

    def __init__(self, stored: Row) -> None:
        super().__init__(f"idempotency key {stored.idempotency_key!r} belongs to prediction {stored.id}")
        self.stored = stored


class PredictionLog(Protocol):
    """A log in which a prediction stays once `append` has returned."""

    @property
    def stats(self) -> LogStats:
        """What the log did since it was opened."""

    async def start(self) -> None:
        """Open the database and bring its tables to this version.

        A database that is away is no error: the log goes on trying, and `is_healthy` says why it waits.

        Raises:
            LogVersionError: the database was written by a newer program.
        """

    async def append(self, row: Row) -> None:
        """Commit a row; returns when it is on the disk.

        A caller that is cancelled meanwhile leaves a row that may be committed.

        Raises:
            LogFullError: too many rows wait already; nothing was written.
            LogUnavailableError: no commit within the time allowed. The row may be found later when the connection
                broke while it was being committed.
            LogKeyTakenError: another row, of this process or of another, holds the idempotency key.
            LogRowError: the database will never take this row.
        """

    async def find_key(self, key: str) -> Stored | None:
        """The row with an idempotency key; waits for one that is being committed by this process.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def get(self, id: str) -> Stored | None:  # noqa: A002 - the name of the field
        """The row with an id.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def page(self, since: float | None, after: str | None, limit: int, model: str | None) -> Page:
        """Rows by time, at most `limit` and about `PAGE_BYTES`: asked at or after `since`, behind the row `after`.

        A row is seen when it is committed, and may then stand before one that was seen earlier: whoever follows the
        log stays some seconds behind.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def label(self, record: str, value: JsonScalar, at_unix: float, source: str) -> None:
        """Add what turned out to be true of a record.

        Raises:
            LogRecordError: the record's prediction is not in the log, or the record is not named `<prediction id>/<n>`.
            LogUnavailableError: the database does not answer; the label may have been added.
        """

    async def labels(self, id: str) -> list[Label]:  # noqa: A002
        """All labels of a prediction's records, oldest first.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def count_labels(self, record: str) -> int:
        """The labels of one record.

        Raises:
            LogRecordError: the record is not named `<prediction id>/<n>`.
            LogUnavailableError: the database does not answer.
        """

    async def find_record_keys(self, id: str) -> dict[int, str]:  # noqa: A002
        """Number of a record of a prediction -> its key, of those that brought one.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def find_asked(self, ids: Sequence[str]) -> dict[str, Asked]:
        """Id -> what the prediction was about, of those that are there.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def find_keyed(self, model: str, keys: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """A caller's key -> the records, id and number, that bear it in the model's last prediction in which one does.

        Raises:
            LogUnavailableError: the database does not answer.
        """

    async def add_labels(self, labels: Sequence[NewLabel], at_unix: float) -> list[Addition]:
        """Commit labels together, each of another record; one that says what the record's last label says is no row.

        Raises:
            LogUnavailableError: the database does not answer; the labels may have been added. To repeat is safe.
        """

    async def note_refused(self, rows: Sequence[Refused]) -> None:
        """Add counts of refused records; the oldest make room where there are many.

        Raises:
            LogUnavailableError: the database does not answer; the counts may have been added.
        """

    async def is_healthy(self) -> str | None:
        """Nothing when rows can be committed, else why not."""

    def find_set_aside(self) -> list[str]:
        """The names of damaged files that this log once was, and that still lie beside it."""

    async def prune(self, before_unix: float) -> int:
        """Remove the predictions asked before that time, with their labels; gives how many.

        Raises:
            LogUnavailableError: the database does not answer; what was removed until then stays removed.
        """

    async def close(self) -> None:
        """Commit what waits, then close the database."""


def new_id() -> str:
    """A prediction id: 32 hexadecimal digits that sort by the time they were made.

    Source: RFC 9562, UUID version 7 with the fraction of the millisecond in rand_a (section 6.2, method 3).
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    noise = int.from_bytes(os.urandom(8)) & (1 << 62) - 1 | 1 << 63
    return f"{milliseconds:012x}7{fraction:03x}{noise:016x}"


def measure(row: Row) -> int:
    """The bytes that a row takes in an answer, nearly."""
    return len(row.input) + len(row.output) + ROW_BYTES


def begin_page(since: float | None, after: str | None, at_unix_of_after: float | None) -> tuple[float, str]:
    """Time and id that the rows of a page stand behind.

    Where the row `after` is gone it was pruned, and with it all rows before it: what is there comes behind it.
    """
    begin = (-math.inf if since is None else since, "")
    return begin if after is None or at_unix_of_after is None else max(begin, (at_unix_of_after, after))


def can_be_stored(*texts: str | None) -> bool:
    """Whether the log can hold these texts: PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair."""
    try:
        return b"\0" not in "".join(text for text in texts if text).encode()
    except UnicodeEncodeError:
        return False
