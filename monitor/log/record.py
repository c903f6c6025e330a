"""What the monitor reads of the prediction log, and in which order.

Rows are read in the order in which they were committed, not in that of their times: a row that is committed late, with
an earlier time than rows that were read already, then comes after them. So no row is lost and none counts twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from relay.handoff.errors import RelayError
from relay.monitoring.moment import is_moment

SETTLE_SECONDS = 10.0
"""The monitor stays so far behind: counts of refused records are written a few seconds after the requests."""

MOST_SKEW_SECONDS = 60.0
"""A row that is dated this much later than now comes from a host whose clock is wrong, and is not waited for."""

PAGE_BYTES = 8_000_000
"""That the rows which are read at once may hold together, apart from a single larger one."""
PAGE_ROWS = 500


class LogAwayError(RelayError):
    """The prediction log cannot be read now."""

    kind = "log_away"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log: behind this row."""

    order: int
    """Of the row's commit."""
    id: str
    at_unix: float


@dataclass(frozen=True, slots=True)
class Row:
    """One answered request."""

    position: Position
    input: str
    output: str
    client: str
    """The request's id."""

    @property
    def id(self) -> str:
        """The prediction id."""
        return self.position.id


@dataclass(frozen=True, slots=True)
class Refused:
    """Counts of records that were refused, of some seconds."""

    position: Position
    """Its `id` is empty."""
    requests: int
    records: int
    by_column: str
    """JSON: column -> records."""


@dataclass(frozen=True, slots=True)
class Which:
    """Whose rows."""

    model: str
    version: str


class LogReader(Protocol):
    """A prediction log, open for reading."""

    def __enter__(self) -> Self:
        """Open it."""

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def rows(self, which: Which, after: Position | None, until_unix: float) -> Iterator[Row]:
        """Rows in the order of their commits, behind a position, up to the first one that is asked at or after a time.

        Raises:
            LogAwayError: the log cannot be read.
        """

    def refused(self, which: Which, after: Position | None) -> Iterator[Refused]:
        """Counts of refused records in the order of their commits, behind a position.

        Raises:
            LogAwayError: the log cannot be read.
        """

    def labels(self, ids: Sequence[str]) -> dict[tuple[str, int], Any]:
        """(prediction id, number of the record) -> label; of several the last one counts.

        Raises:
            LogAwayError: the log cannot be read.
        """


def read_row(order: int, id_: str, at_unix: object, rest: tuple[str, str, str], known_unix: float) -> Row:
    """A row of the log; one with an impossible time is damaged: it gets a time that is known, and holds no records.

    Args:
        order: of its commit.
        id_: the prediction id.
        at_unix: as it is kept.
        rest: input, output and the request's id.
        known_unix: the time of the row before, or of now.
    """
    if is_moment(at_unix):
        return Row(Position(order, id_, at_unix), *rest)
    return Row(Position(order, id_, known_unix), "", "", rest[2])


def is_settled(at_unix: object, now_unix: float) -> bool:
    """Whether all that belongs to a row has been committed; nothing waits for a row with an impossible time."""
    if not is_moment(at_unix):
        return True
    return at_unix < now_unix - SETTLE_SECONDS or at_unix > now_unix + MOST_SKEW_SECONDS
