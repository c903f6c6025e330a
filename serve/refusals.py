"""Counts records that were refused, beside the answers: the monitor wants to know of data that no longer fits.

What is counted in memory reaches the log some seconds later, and is lost where the log does not take it: no answer
waits for it, and none fails by it.
"""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from loguru import logger

from relay.handoff.errors import RelayError
from relay.monitoring.marks import find_reason
from serve.errors import InvalidRecordsError, NoAnswerError, RequestError
from serve.log.record import PredictionLog
from serve.log.refusing import Refused
from serve.problems import find_meaning
from serve.store import Served

PAUSE_SECONDS = 2.0
MOST_KINDS = 1_000
"""Model, version and reason: counted between two writes; others are passed over."""

OTHER = "(other)"
REFUSED_BY_DATA = (InvalidRecordsError, NoAnswerError)

_PLACE = re.compile(r"(?:\[(\d+)\]\.?)?(.*)", re.DOTALL)


@dataclass(slots=True)
class _Count:
    at_unix: float
    requests: int = 0
    records: int = 0
    by_column: Counter[str] = field(default_factory=Counter)


class Refusals:
    """The counts of one worker."""

    def __init__(self, log: PredictionLog) -> None:
        self._log = log
        self._counts: dict[tuple[str, str, str], _Count] = {}

    def note(self, served: Served, error: Exception, client: str) -> None:
        """Count a request that was refused for its records.

        Args:
            served: the version that was asked.
            error: by which it was refused.
            client: the request's id, which says whether it counts.
        """
        if not isinstance(error, REFUSED_BY_DATA) or find_reason(client):
            return
        at = served.model, served.version, find_meaning(error).kind
        if at not in self._counts and len(self._counts) >= MOST_KINDS:
            return
        count = self._counts.setdefault(at, _Count(time.time()))
        found = find_columns(error, served)
        count.requests += 1
        count.records += max(len({place for place, _ in found}), 1)
        count.by_column.update(column for _, column in found)

    async def write_on(self) -> None:
        """Write every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what was counted; where the log does not take it, it is lost."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        rows = [
            Refused(count.at_unix, *at, count.requests, count.records, count.by_column) for at, count in counts.items()
        ]
        try:
            await self._log.note_refused(rows)
        except RelayError as error:
            logger.warning("the counts of refused records of some seconds are lost: {}", error)


def find_columns(error: RequestError, served: Served) -> set[tuple[str, str]]:
    """Record and column of each problem; the names that callers make up are one."""
    known = served.contract.inputs.keys() | served.contract.record_key.keys()
    found = set()
    for flaw in error.flaws:
        match = _PLACE.fullmatch(flaw.field)
        place, name = (match[1] or "", match[2]) if match else ("", "")
        found.add((place, name if name in known else OTHER))
    return found
