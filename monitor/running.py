"""One run of the monitor: load what is known, follow the log, judge, decide, and commit all of it together."""

from dataclasses import dataclass, replace

from drift.errors import DriftError
from drift.profile import Profile
from monitor.baselines import start_from
from monitor.blocks import Rows
from monitor.decisions import SURE_ALPHA, Evidence, decide
from monitor.following import Follower, Step
from monitor.labelled import read_loss_log10, take_labels
from monitor.log.record import LogReader
from monitor.progress import Progress
from monitor.reporting import Compared, make_report
from monitor.subject import Subject
from monitor.verdicts import Situation, judge
from relay.handoff.errors import RelayError
from relay.monitoring.questions import Store
from relay.monitoring.report import Action, Decision, Report, Verdict
from relay.monitoring.store import Change, Event, State, Window

COMMIT_STEPS = 25
"""Steps after which a long run commits what it has."""
ASKING = (Action.SUGGEST, Action.TRAIN, Action.ROLLBACK)


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    report: Report
    is_changed: bool
    """Whether anything was committed."""
    waiting: int
    """Records that the next look will count."""


class Run:
    """A run over one version.

    Args:
        subject: the version.
        log: opened.
        store: opened for writing.
        now_unix: seconds since 1970.
    """

    def __init__(self, subject: Subject, log: LogReader, store: Store, now_unix: float) -> None:
        self._subject, self._log, self._store, self._now = subject, log, store, now_unix
        kept = store.read_state(subject.model, subject.version)
        self._state = kept or State(subject.model, subject.version, 0, b"")
        progress = _read_progress(kept)
        accepted = store.find_baseline(subject.model, subject.version)
        if accepted is not None and accepted.at_unix != progress.baseline_unix:
            progress = start_from(subject, progress, log, accepted, self._find_since())
        profile = self._read_baseline(progress) or subject.profile
        is_accepted = progress.baseline_unix is not None
        self._compared = Compared(
            profile,
            accepted if is_accepted else None,
            is_pending=accepted is not None and accepted.at_unix != progress.baseline_unix,
        )
        reference = None if is_accepted else subject.reference
        try:
            self._follower = Follower(subject, progress, profile, reference)
            read_loss_log10(progress, profile, subject)  # before anything is counted, whether it can be read
        except (DriftError, KeyError, TypeError) as error:
            raise _explain_state(self._state, error) from error
        self._reference = reference
        self._windows: list[Window] = []
        self._events: list[Event] = []
        self._is_changed = False

    def work(self) -> Outcome:
        """Count what is new and commit it.

        Raises:
            MonitorBusyError: another run overtook this one.
            RelayError: the log or the store cannot be used.
        """
        progress, recent = self._follower.progress, Rows([], None, (0.0, 0.0), 0)
        for number, step in enumerate(self._follower.steps(self._log, self._now), 1):
            recent = step.recent
            self._take(step)
            if step.block is not None or number % COMMIT_STEPS == 0:
                self._commit()
        take_labels(self._subject, progress, self._compared.profile, self._log, self._now)
        if not recent.count:
            recent = self._follower.read_recent(self._log)
        report = self._judge(recent)
        is_block = self._is_block(report)
        self._windows = [one for one in self._windows if one.is_block and one.name != report.window]
        self._windows.append(self._make_window(report, is_block=is_block))
        known = self._store.find_report(self._subject.model, self._subject.version)
        if self._state.body != progress.to_bytes() or known != report:
            self._commit()
        return Outcome(report, self._is_changed, self._follower.waiting)

    def _take(self, step: Step) -> None:
        report = self._judge(step.recent)
        self._windows = [one for one in self._windows if one.is_block]
        self._windows.append(self._make_window(report, is_block=step.block is not None))

    def _judge(self, recent: Rows) -> Report:
        """The report of now; an event for what is new in it."""
        progress, watch = self._follower.progress, self._follower.watch
        situation = Situation(self._subject.recipe, progress, watch, self._compared.profile, self._reference, recent)
        verdict = judge(situation)
        before = progress.decision
        loss_log10, _ = read_loss_log10(progress, self._compared.profile, self._subject)
        strongest = max(watch.log10_evidence.values(), default=0.0)
        evidence = Evidence(strongest, watch.limit(SURE_ALPHA), loss_log10)
        decision = decide(self._subject, progress, verdict, evidence)
        if verdict.kind.value != progress.kind:
            self._add_event("verdict", verdict.text, verdict)
            progress.kind = verdict.kind.value
        known = None if before is None else (before.action, before.at_unix)
        if decision.action in ASKING and known != (decision.action, decision.at_unix):
            self._add_event("decision", f"{decision.action}: {decision.why}", decision)
            progress.decision = decision
        return make_report(self._subject, self._follower, self._compared, (verdict, decision))

    def _add_event(self, kind: str, text: str, data: Verdict | Decision) -> None:
        at_unix = self._follower.progress.last_unix or self._now
        subject = self._subject
        event = Event(subject.model, subject.version, at_unix, kind, "monitor", text, data.model_dump(mode="json"))
        self._events.append(event)

    def _make_window(self, report: Report, *, is_block: bool) -> Window:
        subject, progress = self._subject, self._follower.progress
        return Window(
            subject.model, subject.version, report.window, progress.counted, progress.last_unix or 0.0, is_block, report
        )

    def _is_block(self, report: Report) -> bool:
        """Whether a block was closed where the report's window ends, in this run or in an earlier one."""
        windows = [*self._windows, *self._store.list_windows(self._subject.model, 3)]
        return any(one.name == report.window and one.is_block for one in windows)

    def _commit(self) -> None:
        state = replace(self._state, body=self._follower.progress.to_bytes())
        self._state = self._store.commit(Change(state, self._windows, self._events))
        self._windows, self._events, self._is_changed = [], [], True

    def _read_baseline(self, progress: Progress) -> Profile | None:
        if not progress.profile:
            return None
        try:
            return Profile.from_json(progress.profile)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _explain_state(self._state, error) from error

    def _find_since(self) -> float:
        """From when on records belong to the baseline that was accepted."""
        report = self._store.find_report(self._subject.model, self._subject.version)
        if report is None or report.verdict.since_unix is None:
            return 0.0
        return report.verdict.since_unix


def _read_progress(kept: State | None) -> Progress:
    if kept is None:
        return Progress()
    try:
        return Progress.from_bytes(kept.body)
    except (ValueError, KeyError, TypeError) as error:
        raise _explain_state(kept, error) from error


def _explain_state(state: State, error: Exception) -> RelayError:
    return RelayError(
        f"the monitor's state of {state.model} {state.version} cannot be read: {error}",
        next_step="If a newer release wrote it, update Relay; else move the monitor's store away to count again",
    )
