"""Labels that came later: cohorts of records, their realised loss, and what it was expected to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from drift.columns import Floats
from drift.estimates import Estimate, estimate_auc, estimate_calibration, estimate_mean, estimate_rate
from drift.expected import apply_map, compare_with_expected, expect_brier
from drift.harm import LossWatch
from drift.losses import LossProfile, measure_losses
from drift.profile import Profile
from monitor.decode import Answered, make_chunk, read_answered
from monitor.log.record import MOST_SKEW_SECONDS, LogReader, Position, Which
from monitor.progress import Cohort, Labelled, Progress
from monitor.subject import Subject
from relay.monitoring.report import Interval, LabelState
from relay.registry.watched import pair_outcome

COHORT_ROWS = 200
LEAST_COVERAGE = 0.9
"""Share of a cohort's records with a label, from which it is mature."""
MOST_WAITING = 50
"""Cohorts that are old enough and not covered; older ones are given up."""
MOST_JUDGED = 50
"""Cohorts that the coverage is of."""
MOST_KEPT = 2_000
"""Mature records that figures are of."""
ONE_SIDED_ROWS = 200


@dataclass(frozen=True)
class Truths:
    """The labelled records of a cohort."""

    labels: int
    kept: list[tuple[float, float, float]]
    """(score, truth, loss) of each; the loss from 0 to 1. Empty where the cohort is not covered."""


def take_labels(subject: Subject, progress: Progress, profile: Profile, log: LogReader, now_unix: float) -> None:
    """Look for labels of records that are old enough, and count those of each cohort once it is covered.

    Args:
        subject: the version; says how long a label takes.
        progress: of the version; changed.
        profile: with the loss of the test rows.
        log: opened.
        now_unix: seconds since 1970.
    """
    labelled, losses = progress.labelled, profile.losses
    if losses is None or progress.position is None:
        return
    which = Which(subject.model, subject.version)
    if cut := list(_cut_cohorts(subject, labelled, log, which, now_unix)):
        labelled.waiting += cut
        labelled.position = cut[-1].last
    watch = _open_losses(labelled, losses, subject)
    still = []
    for cohort in labelled.waiting:
        truths = _read_truths(subject, profile, log, cohort)
        if truths.labels < LEAST_COVERAGE * cohort.records:
            still.append((cohort, truths.labels))
            continue
        labelled.judged.append((cohort.records, truths.labels))
        labelled.add_mature(cohort.end_unix, truths.labels)
        labelled.kept = [*labelled.kept, *truths.kept][-MOST_KEPT:]
        looks = watch.look(np.array([loss for _, _, loss in truths.kept], np.float64))
        if labelled.harm_unix is None and any(look.log10 >= watch.limit() for look in looks):
            labelled.harm_unix = cohort.end_unix
    given_up, still = still[:-MOST_WAITING], still[-MOST_WAITING:]
    labelled.judged = [*labelled.judged, *((one.records, labels) for one, labels in given_up)][-MOST_JUDGED:]
    labelled.waiting = [cohort for cohort, _ in still]
    labelled.losses = watch.to_bytes()
    if progress.history:  # labels come after their records: the evidence as it is at the last look
        (log10,) = watch.log10_evidence.values()
        progress.history[-1] = progress.history[-1].model_copy(update={"loss_log10": round(log10, 6)})
    shown = [*labelled.judged, *((cohort.records, labels) for cohort, labels in still)]
    labelled.state = _describe(progress, profile, losses, shown) if shown else None


def read_loss_log10(progress: Progress, profile: Profile, subject: Subject) -> tuple[float, float]:
    """The evidence of the losses and the limit, as powers of ten."""
    if profile.losses is None:
        return 0.0, 2.0
    watch = _open_losses(progress.labelled, profile.losses, subject)
    return next(iter(watch.log10_evidence.values())), watch.limit()


def _open_losses(labelled: Labelled, losses: LossProfile, subject: Subject) -> LossWatch:
    if labelled.losses:
        return LossWatch.from_bytes(labelled.losses, losses)
    return LossWatch(losses, alpha=subject.section.alpha)


def _cut_cohorts(
    subject: Subject, labelled: Labelled, log: LogReader, which: Which, now_unix: float
) -> Iterator[Cohort]:
    """Consecutive records that are old enough, some hundred at a time."""
    oldest = now_unix - subject.section.label_delay.total_seconds()
    after: Position | None = labelled.position
    begin, records = after, 0
    for row in log.rows(which, after, float("inf")):
        if oldest < row.position.at_unix <= now_unix + MOST_SKEW_SECONDS:
            return  # a later one comes from a host whose clock is wrong, and is not waited for
        records += len(read_answered(row, subject.contract, subject.section.unit).numbers)
        if records >= COHORT_ROWS:
            yield Cohort(begin, row.position, records, row.position.at_unix)
            begin, records = row.position, 0


def _read_truths(subject: Subject, profile: Profile, log: LogReader, cohort: Cohort) -> Truths:
    which = Which(subject.model, subject.version)
    answered: list[Answered] = []
    for row in log.rows(which, cohort.after, float("inf")):
        answered.append(read_answered(row, subject.contract, subject.section.unit))
        if row.id == cohort.last.id:
            break
    else:
        return Truths(0, [])  # pruned meanwhile
    labels = log.labels([one.row.id for one in answered])
    found = {
        f"{one.row.id}/{number}": labels[one.row.id, number]
        for one in answered
        for number in one.numbers
        if labels.get((one.row.id, number)) is not None
    }
    if len(found) < LEAST_COVERAGE * cohort.records:
        return Truths(len(found), [])  # it waits: its losses are measured once it is covered
    return Truths(len(found), _measure(subject, profile, answered, found))


def _measure(
    subject: Subject, profile: Profile, answered: list[Answered], labels: dict[str, Any]
) -> list[tuple[float, float, float]]:
    chunk = make_chunk(subject.contract, profile, answered)
    places = [place for place, name in enumerate(chunk.ids) if name in labels]
    if not places or profile.losses is None:
        return []
    answers = type(chunk.answers)(
        [chunk.answers.predictions[place] for place in places],
        None if chunk.answers.probabilities is None else [chunk.answers.probabilities[place] for place in places],
    )
    outcome = pair_outcome(subject.contract, answers, [labels[chunk.ids[place]] for place in places])
    losses = measure_losses(outcome.kind, outcome.predicted, outcome.truth, scale=profile.losses.scale)
    scores = np.full(len(places), np.nan) if chunk.score is None else chunk.score[places]
    is_binary = outcome.kind in ("brier", "squared")
    truth = np.asarray(outcome.truth, np.float64) if is_binary else np.full(len(places), np.nan)
    rows = zip(scores.tolist(), truth.tolist(), losses.tolist(), strict=True)
    return [
        (score, true, loss) for score, true, loss in rows if loss == loss
    ]  # an answer without a probability has no loss


def _describe(progress: Progress, profile: Profile, losses: LossProfile, shown: list[tuple[int, int]]) -> LabelState:
    labelled = progress.labelled
    records, labels = sum(one for one, _ in shown), sum(one for _, one in shown)
    scores, truth, loss = (
        (np.array(values, np.float64) for values in zip(*labelled.kept, strict=True))
        if (labelled.kept)
        else (np.empty(0), np.empty(0), np.empty(0))
    )
    name = losses.kind
    realised = {name: _show(estimate_mean(loss), losses.scale)} if len(loss) else {}
    expected: dict[str, Interval] = {}
    reading = ""
    if losses.kind == "brier" and len(loss):
        realised |= _describe_classes(scores, truth)
    if losses.kind == "brier" and len(loss) and profile.isotonic:
        likely = expect_brier(apply_map(profile.isotonic, scores), scores)
        expected["brier"] = _show(estimate_mean(likely))
        expected["rate"] = _show(estimate_mean(apply_map(profile.isotonic, scores)))
        gap = compare_with_expected(loss, likely, test_rows=losses.rows, test_spread=losses.gap_spread or 0.0)
        if labelled.harm_unix is not None:
            reading = "concept" if gap.low > 0 else "covariate"
    last = truth[-ONE_SIDED_ROWS:]
    reference = {name: round(losses.mean * losses.scale, 6)}
    if profile.base_rate is not None:
        reference["rate"] = profile.base_rate
    return LabelState(
        labelled=labels,
        mature=labelled.mature,
        immature=max(progress.counted - labelled.mature, 0),
        coverage=round(labels / records, 6) if records else None,
        is_one_sided=losses.kind == "brier" and len(last) == ONE_SIDED_ROWS and len(set(last.tolist())) == 1,
        realised=realised,
        expected=expected,
        reference=reference,
        reading=reading,
    )


def _describe_classes(scores: Floats, truth: Floats) -> dict[str, Interval]:
    found = {"rate": _show(estimate_rate(truth)), "calibration": _show(estimate_calibration(scores, truth).gap)}
    if 0 < truth.mean() < 1:
        found["auc"] = _show(estimate_auc(scores, truth))
    return found


def _show(estimate: Estimate, scale: float = 1.0) -> Interval:
    def clean(value: float) -> float | None:
        return float(f"{value * scale:.6g}") if np.isfinite(value) else None

    return Interval(value=clean(estimate.value), low=clean(estimate.low), high=clean(estimate.high), rows=estimate.rows)
