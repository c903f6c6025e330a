"""The report of a version, from all that is known."""

from dataclasses import dataclass

from drift.profile import Profile
from monitor.baselines import LEAST_ROWS
from monitor.following import Follower
from monitor.labelled import read_loss_log10
from monitor.progress import Progress
from monitor.subject import Subject
from relay.monitoring.report import Baseline, Decision, Evidence, Report, RowCounts, Verdict
from relay.monitoring.store import AcceptedBaseline


@dataclass(frozen=True)
class Compared:
    """What the records are compared with."""

    profile: Profile
    accepted: AcceptedBaseline | None
    is_pending: bool = False
    """Whether a baseline was accepted that has too few records yet."""


def name_window(subject: Subject, progress: Progress) -> str:
    """The name of the window that ends here."""
    return f"v{subject.version}-{progress.counted}"


def make_report(subject: Subject, follower: Follower, compared: Compared, judged: tuple[Verdict, Decision]) -> Report:
    """The report behind the last counted record."""
    progress = follower.progress
    loss_log10, loss_limit = read_loss_log10(progress, compared.profile, subject)
    log10 = follower.watch.log10_evidence
    strongest = max(log10, key=lambda name: log10[name], default="")
    verdict, decision = judged
    return Report(
        model=subject.model,
        version=subject.version,
        recipe=subject.recipe,
        window=name_window(subject, progress),
        verdict=verdict,
        rows=RowCounts(
            counted=progress.counted,
            refused=progress.refused,
            left_out=dict(progress.left_out),
            waiting=follower.waiting if not progress.counted else 0,
            first_unix=progress.first_unix,
            last_unix=progress.last_unix,
        ),
        evidence=Evidence(
            log10=round(log10.get(strongest, 0.0), 6),
            stream=strongest,
            limit_log10=round(follower.watch.limit(), 6),
            loss_log10=round(loss_log10, 6),
            loss_limit_log10=round(loss_limit, 6),
            history=progress.history,
        ),
        blocks=progress.blocks,
        labels=progress.labelled.state,
        decision=decision,
        baseline=describe_baseline(compared.accepted),
        off=list_off(subject, compared, follower.watch.groups),
    )


def describe_baseline(accepted: AcceptedBaseline | None) -> Baseline:
    """Which reference counts."""
    if accepted is None:
        return Baseline()
    return Baseline(
        kind="accepted", window=accepted.window, who=accepted.who, when_unix=accepted.at_unix, why=accepted.why
    )


def list_off(subject: Subject, compared: Compared, groups: int) -> list[str]:
    """What is not watched, and why."""
    found = []
    if compared.is_pending:
        found.append(f"The accepted baseline is not used yet: it needs {LEAST_ROWS:,} records since the change.")
    if compared.accepted is not None:
        found.append("Dependence and segments are not looked for: an accepted baseline keeps counts only.")
    elif subject.reference is None:
        found.append("Dependence and segments are not looked for: the recipe says keep_rows = false.")
    if compared.profile.losses is None:
        found.append("Losses are not watched: the version has no test rows with a target.")
    if compared.profile.score is None:
        found.append("The score is not watched: the model gives none.")
    if groups > 1:
        found.append(
            "The watch compares values and scores with earlier records of the same weekday, not with the reference: "
            "it sees no difference that was there from the first record on. Blocks compare with the reference."
        )
    if (groups > 1) != (subject.section.season == "weekday"):
        found.append(
            f'The recipe says season = "{subject.section.season}" now: '
            "it counts from the next version or accepted baseline on."
        )
    return found
