"""Whether to train again: a decision record each time, made from the log's times and never from the clock.

The monitor orders nothing: the schedule, the page or `--act` starts what a decision asks for.
"""

from dataclasses import dataclass

from monitor.progress import Progress
from monitor.subject import Subject
from relay.monitoring.report import Action, Decision, Verdict, VerdictKind

LEAST_LABELLED = 200
MOST_RUNS = 3
"""In a month."""
MONTH_SECONDS = 30 * 86_400.0
MORE_LABELLED = 0.1
"""Records since a shift with final labels, as a share of the rows that the version was trained on, for a retraining."""
SURE_ALPHA = 0.01


@dataclass(frozen=True)
class Evidence:
    """What a decision is made from."""

    log10: float
    """Of the watch."""
    sure_log10: float
    """From which a shift is sure, whatever the recipe's alpha."""
    loss_log10: float


def decide(subject: Subject, progress: Progress, verdict: Verdict, evidence: Evidence) -> Decision:
    """What follows from a verdict; `progress` remembers when something was asked for.

    Args:
        subject: the version and what its recipe allows.
        progress: of the version.
        verdict: of now.
        evidence: of now.
    """
    strength = evidence.loss_log10 if verdict.kind is VerdictKind.HARM else evidence.log10
    blank = Decision(
        action=Action.NONE,
        why="there is no alarm",
        verdict=verdict.kind,
        evidence_log10=round(strength, 3),
        at_unix=progress.last_unix,
    )
    if verdict.kind is VerdictKind.BREAK:
        return _hold(blank, "the data is broken: training on it would teach the model the fault")
    if verdict.kind not in (VerdictKind.HARM, VerdictKind.SHIFT) or progress.last_unix is None:
        return blank
    standing, retrain = progress.decision, subject.section.retrain
    if standing is not None and standing.action is Action.ROLLBACK:
        return standing
    if standing is not None and standing.at_unix == progress.last_unix and retrain != "never":
        return _repeat(standing, subject)
    if verdict.kind is VerdictKind.HARM and _is_on_probation(subject, progress):
        days = subject.section.probation.days
        why = f"version {subject.version} was promoted less than {days} days before its labels showed harm"
        asked = {"action": Action.ROLLBACK, "why": f"{why}: version {subject.before} should serve again"}
        return blank.model_copy(update=asked)
    held = _find_reason_to_hold(subject, progress, verdict, evidence)
    return _hold(blank, held) if held else _ask(subject, progress, verdict, blank)


def _hold(blank: Decision, why: str, until: float | None = None) -> Decision:
    return blank.model_copy(update={"action": Action.HOLD, "why": why, "refused_until_unix": until})


def _ask(subject: Subject, progress: Progress, verdict: Verdict, blank: Decision) -> Decision:
    """Ask for a run, unless one was asked for within the cooldown, or too many were."""
    now, standing, until = progress.last_unix or 0.0, progress.decision, find_cooldown_end(subject, progress)
    if standing is not None and until is not None and now < until:
        if standing.verdict is verdict.kind:
            again = {"evidence_log10": blank.evidence_log10, "refused_until_unix": until}
            return _repeat(standing, subject).model_copy(update=again)
        return _hold(blank, "a run was asked for already; the cooldown lasts", until)
    if sum(now - at < MONTH_SECONDS for at in progress.decided_unix) >= MOST_RUNS:
        return _hold(blank, f"{MOST_RUNS} runs were asked for within 30 days: a person should look")
    progress.decided_unix = [*progress.decided_unix, now][-10:]
    until = find_cooldown_end(subject, progress)
    return _repeat(blank.model_copy(update={"why": verdict.text, "refused_until_unix": until}), subject)


def _repeat(decision: Decision, subject: Subject) -> Decision:
    """A decision for a run as the recipe says it now, which may have been changed since it was made."""
    action = Action.TRAIN if subject.section.retrain == "auto" else Action.SUGGEST
    return decision.model_copy(update={"action": action})


def find_cooldown_end(subject: Subject, progress: Progress) -> float | None:
    """Until when no further run is asked for: the cooldown doubles with each run that left the version in place."""
    if not progress.decided_unix:
        return None
    times = len(progress.decided_unix) - 1
    return progress.decided_unix[-1] + subject.section.cooldown.total_seconds() * 2.0 ** min(times, 10)


def _is_on_probation(subject: Subject, progress: Progress) -> bool:
    harmed = progress.labelled.harm_unix
    if subject.promoted_unix is None or subject.before is None or harmed is None:
        return False
    return harmed - subject.promoted_unix <= subject.section.probation.total_seconds()


def _find_reason_to_hold(subject: Subject, progress: Progress, verdict: Verdict, evidence: Evidence) -> str | None:
    """Why nothing is asked for; None where something is."""
    labels = progress.labelled.state
    if subject.section.retrain == "never":
        return 'the recipe says retrain = "never"'
    if progress.counted < LEAST_LABELLED:
        return f"only {progress.counted} records were counted, {LEAST_LABELLED} are needed"
    if labels is not None and labels.is_one_sided:
        return "all labels of the last records are of one class"
    if verdict.kind is VerdictKind.HARM:
        return None
    if evidence.log10 < evidence.sure_log10:
        return f"the evidence is not beyond {SURE_ALPHA:.0%}"
    return _find_immature(subject, progress, verdict)


def _find_immature(subject: Subject, progress: Progress, verdict: Verdict) -> str | None:
    needed = LEAST_LABELLED
    if subject.trained_rows is not None:
        needed = max(needed, round(MORE_LABELLED * subject.trained_rows))
    # Labels of records from before the shift tell nothing of what came with it.
    mature = progress.labelled.count_mature(verdict.since_unix)
    if mature < needed:
        return f"{mature:,} records since the shift have final labels, {needed:,} are needed to learn from it"
    return None
