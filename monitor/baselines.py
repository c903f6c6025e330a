"""An accepted baseline: the counts of records in place of those of the test rows, in the same bins."""

from dataclasses import replace

from monitor.decode import Answered, make_chunk, read_answered
from monitor.log.record import LogReader, Which
from monitor.progress import Progress
from monitor.subject import Subject
from relay.monitoring.store import AcceptedBaseline

MOST_ROWS = 20_000
LEAST_ROWS = 1_000
"""Records that a baseline needs: with fewer, each later block would differ from it."""


def start_from(
    subject: Subject, progress: Progress, log: LogReader, accepted: AcceptedBaseline, since_unix: float
) -> Progress:
    """The progress that begins at the accepted records; as it was where they are too few yet.

    Args:
        subject: the version.
        progress: until then.
        log: opened; still holds the records.
        accepted: who accepted what.
        since_unix: records asked from then on, up to those that were counted last, are the new reference.
    """
    answered = read_since(subject, progress, log, since_unix)
    records = sum(len(one.numbers) for one in answered)
    if records < LEAST_ROWS:
        return progress
    chunk = make_chunk(subject.contract, subject.profile, answered)
    counts = subject.profile.count(chunk.columns)
    columns = tuple(one.with_counts(counts[one.name]) for one in subject.profile.columns)
    score = subject.profile.score
    if score is not None and chunk.score is not None:
        score = score.with_counts(score.count(chunk.score))
    profile = replace(subject.profile, columns=columns, score=score, rows=chunk.rows)
    return Progress(
        position=progress.position,
        refused_position=progress.refused_position,
        counted=progress.counted,
        refused=progress.refused,
        left_out=progress.left_out,
        first_unix=progress.first_unix,
        last_unix=progress.last_unix,
        block_after=progress.position,
        block_number=progress.block_number,
        baseline_unix=accepted.at_unix,
        profile=profile.to_json(),
        decided_unix=progress.decided_unix,
        labelled=progress.labelled,
    )


def read_since(subject: Subject, progress: Progress, log: LogReader, since_unix: float) -> list[Answered]:
    """The last counted records that were asked from a time on, at most MOST_ROWS."""
    found: list[Answered] = []
    records = 0
    for row in log.rows(Which(subject.model, subject.version), None, float("inf")):
        if row.position.at_unix >= since_unix:
            one = read_answered(row, subject.contract, subject.section.unit)
            found.append(one)
            records += len(one.numbers)
            while records - len(found[0].numbers) > MOST_ROWS:
                records -= len(found.pop(0).numbers)
        if progress.position is not None and row.id == progress.position.id:
            break
    return found
