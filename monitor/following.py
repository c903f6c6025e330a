"""Follow the log: count its records in the order of commits, in looks and blocks.

However the runs of the monitor cut the log, the same records give the same looks and blocks: a run ends behind the
request that completed a look, and leaves the rest to the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from drift.betting import Look
from drift.columns import Column
from drift.profile import Profile
from drift.watch import Watch
from monitor.blocks import Rows, close_block
from monitor.decode import (
    DAY_SECONDS,
    WEEKDAYS,
    Answered,
    Chunk,
    Tally,
    add_refused,
    find_weekdays,
    join_columns,
    make_chunk,
    read_answered,
)
from monitor.log.record import SETTLE_SECONDS, LogReader, Position, Refused, Which
from monitor.progress import MOST_BLOCKS, Progress
from monitor.subject import Reference, Subject
from relay.monitoring.report import Block, EvidencePoint

LEAST_BLOCK_ROWS = 200
"""Of a block that is closed after a day."""


@dataclass(frozen=True)
class Step:
    """What is known behind a request that completed at least one look."""

    looks: tuple[Look, ...]
    recent: Rows
    """Of the open block and the last closed one; under an alarm, those since the change."""
    block: Block | None
    """If one was closed."""


@dataclass
class Gathering:
    """Requests that are not yet counted."""

    answered: list[Answered] = field(default_factory=list)
    records: int = 0
    refused: int = 0
    refused_requests: str = ""
    refused_position: Position | None = None
    tally: Tally = field(default_factory=Tally)


class Follower:
    """Counts what is new in the log of one version.

    Attributes:
        progress: of the version; changed at each step.
        watch: the evidence.
        waiting: records behind the last complete look, once `steps` has ended.
    """

    def __init__(self, subject: Subject, progress: Progress, profile: Profile, reference: Reference | None) -> None:
        self.progress, self.waiting = progress, 0
        self._subject, self._profile, self._reference = subject, profile, reference
        section = subject.section
        if progress.watch:
            self.watch = Watch.from_bytes(progress.watch, profile)
        else:
            groups = WEEKDAYS if section.season == "weekday" else 1
            self.watch = Watch(profile, look_rows=section.look_rows, alpha=section.alpha, refused=True, groups=groups)
        self._closed: list[Chunk] = []
        self._open: list[Chunk] = []

    def steps(self, log: LogReader, until_unix: float) -> Iterator[Step]:
        """What is new, in looks.

        Args:
            log: opened.
            until_unix: now.
        """
        which = Which(self._subject.model, self._subject.version)
        refused = _Ahead(log.refused(which, self.progress.refused_position))
        gathering, is_begun = Gathering(refused_position=self.progress.refused_position), False
        for row in log.rows(which, self.progress.position, until_unix):
            if not is_begun:
                self._restore_blocks(log, which)
                is_begun = True
            for one in refused.take_until(row.position.at_unix):
                self._gather_refused(gathering, one)
            answered = read_answered(row, self._subject.contract, self._subject.section.unit)
            gathering.answered.append(answered)
            gathering.records += len(answered.numbers)
            gathering.tally.add(answered)
            if self._is_full(gathering):
                yield self._count(gathering)
                gathering = Gathering(refused_position=gathering.refused_position)
        # Where all records are refused no row comes that they could stand before.
        for one in refused.take_until(until_unix - SETTLE_SECONDS):
            self._gather_refused(gathering, one)
            if self._is_full(gathering):
                yield self._count(gathering)
                gathering = Gathering(refused_position=gathering.refused_position)
        self.waiting = gathering.records + gathering.refused

    def read_recent(self, log: LogReader) -> Rows:
        """The records of the last step, for a run that found nothing new."""
        self._restore_blocks(log, Which(self._subject.model, self._subject.version))
        return self._find_recent()

    def _is_full(self, gathering: Gathering) -> bool:
        """Whether what was gathered completes a look."""
        waiting = self.watch.rows % self.watch.look_rows + gathering.records + gathering.refused
        return waiting >= self.watch.look_rows

    def _gather_refused(self, gathering: Gathering, one: Refused) -> None:
        by_request = self._subject.section.unit == "request"
        gathering.refused += one.requests if by_request else one.records
        gathering.refused_requests = f"refused {one.position.order} {one.position.id}"
        gathering.refused_position = one.position

    def _restore_blocks(self, log: LogReader, which: Which) -> None:
        """Read the last two blocks again: their counts alone would not tell where a shift lies."""
        progress = self.progress
        self._closed = self._read_again(log, which, progress.recent_after, progress.block_after)
        self._open = self._read_again(log, which, progress.block_after, progress.position)

    def _read_again(self, log: LogReader, which: Which, after: Position | None, last: Position | None) -> list[Chunk]:
        """The requests between two positions that were counted already; none where the log has lost them."""
        found = list[Answered]()
        if last is None or after == last:
            return []
        for row in log.rows(which, after, float("inf")):
            found.append(read_answered(row, self._subject.contract, self._subject.section.unit))
            if row.id == last.id:
                is_any = any(one.numbers for one in found)
                return [make_chunk(self._subject.contract, self._profile, found)] if is_any else []
        return []

    def _count(self, gathering: Gathering) -> Step:
        progress = self.progress
        chunk = make_chunk(self._subject.contract, self._profile, gathering.answered, gathering.refused)
        looks = self.watch.look(*add_refused(chunk, gathering.refused_requests), groups=find_weekdays(chunk))
        times = [one.row.position.at_unix for one in gathering.answered]
        if gathering.answered:
            progress.position = gathering.answered[-1].row.position
        elif gathering.refused_position is not None:
            times = [gathering.refused_position.at_unix]
        progress.refused_position = gathering.refused_position
        progress.counted += chunk.rows
        progress.refused += chunk.refused
        for reason, records in gathering.tally.left_out.items():
            progress.left_out[reason] = progress.left_out.get(reason, 0) + records
        progress.first_unix = min(times) if progress.first_unix is None else progress.first_unix
        progress.last_unix = times[-1]
        for look in looks:
            progress.add_point(EvidencePoint(at_unix=times[-1], rows=look.rows, log10=round(look.log10, 6)))
        if self.watch.alarm is None:
            progress.alarm_unix = None
        elif progress.alarm_unix is None:
            progress.alarm_unix = times[-1]
        progress.watch = self.watch.to_bytes()
        if chunk.rows:
            self._open.append(chunk)
        block = self._close_block()
        return Step(looks, self._find_recent(), block)

    def _close_block(self) -> Block | None:
        """Close the open block if it is full, or a day old and not too small."""
        progress, section, rows = self.progress, self._subject.section, _gather(self._open)
        is_old = rows.count >= LEAST_BLOCK_ROWS and rows.times[1] - rows.times[0] >= DAY_SECONDS
        if rows.count < section.block_rows and not is_old:
            return None
        progress.block_number += 1
        block = close_block(progress.block_number, self._profile, self._reference, rows, section.alpha)
        progress.blocks = [*progress.blocks, block][-MOST_BLOCKS:]
        progress.recent_after, progress.block_after = progress.block_after, progress.position
        self._closed, self._open = self._open, []
        return block

    def _find_recent(self) -> Rows:
        """What a verdict is about: never a few records alone because a block was just closed."""
        alarm = self.watch.alarm
        since = None if alarm is None else self.progress.find_time(alarm.since)
        return _gather([*self._closed, *self._open], since)


def _gather(chunks: list[Chunk], since: float | None = None) -> Rows:
    """The records of chunks; those later than a time, if there are any."""
    if not chunks:
        return Rows([], None, (0.0, 0.0), 0)
    columns, score = join_columns(chunks)
    at_unix = np.concatenate([chunk.at_unix for chunk in chunks])
    if since is not None and (is_later := at_unix > since).any():
        columns = [Column(one.name, one.kind, one.values[is_later]) for one in columns]
        score, at_unix = None if score is None else score[is_later], at_unix[is_later]
    return Rows(columns, score, (float(at_unix[0]), float(at_unix[-1])), len(at_unix))


class _Ahead:
    """An iterator whose next value can be looked at."""

    def __init__(self, refused: Iterator[Refused]) -> None:
        self._refused = refused
        self._next = next(refused, None)

    def take_until(self, at_unix: float) -> Iterator[Refused]:
        """Those that come next and are not later than a time."""
        while self._next is not None and self._next.position.at_unix <= at_unix:
            yield self._next
            self._next = next(self._refused, None)
