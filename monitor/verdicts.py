"""What the evidence means: break, harm, shift, dependence, note, or nothing; the first that holds, in this order."""

from dataclasses import dataclass

from drift.columns import drop_missing
from drift.locate import Factor as FoundFactor
from drift.locate import find_factor, find_segment
from drift.profile import SCORE, Profile
from drift.streams import REFUSED
from drift.watch import Watch
from monitor.blocks import Rows, describe_column, show_share
from monitor.progress import Progress
from monitor.subject import Reference
from relay.monitoring.report import (
    MOST_COLUMNS,
    ColumnEvidence,
    Factor,
    Interval,
    LabelState,
    Segment,
    Verdict,
    VerdictKind,
)
from relay.registry.watched import PREDICTED

LEAST_ROWS = 100
"""Below, nothing is said: "too few rows" is not "no drift"."""
QUIET_LOG10 = 1.0
"""Evidence that others may have where one column moved alone."""
SUDDEN_LOOKS = 2
CONSTANT_SHARE = 0.99
"""Of the reference in one bin: such a column was nearly constant before."""

SAID = {"new": "new values", "refused": "refused"}

NEXT_STEPS = {
    VerdictKind.BREAK: "Look at what sends these records, and correct it there. Do not train on this data.",
    VerdictKind.HARM: "The model answers worse than on its test rows. Train it again on data with these labels, or "
    "roll back: `python -m model rollback {recipe}`",
    VerdictKind.SHIFT: "Check whether the population is meant to be another one. If so, accept it (`python -m monitor "
    'accept {recipe} --why "…"`) and train again once labels are there.',
    VerdictKind.DEPENDENCE: "Look at how these columns are joined: each alone looks as before. If the next block says "
    "the same, treat it as a break.",
    VerdictKind.NOTE: "Wait for the next block: one in a hundred blocks differs by chance.",
    VerdictKind.TOO_FEW: "Wait: from 100 records on there is a verdict.",
    VerdictKind.NONE: "",
}


@dataclass(frozen=True)
class Situation:
    """What a verdict is made from."""

    recipe: str
    progress: Progress
    watch: Watch
    profile: Profile
    reference: Reference | None
    recent: Rows

    @property
    def is_moved(self) -> bool:
        """Whether the watch has an alarm: it takes it back when later records are again like the reference."""
        return self.watch.alarm is not None


def judge(situation: Situation) -> Verdict:
    """The verdict."""
    progress = situation.progress
    if progress.counted + progress.refused < LEAST_ROWS:
        return _make(situation, VerdictKind.TOO_FEW, f"too few rows: {progress.counted} were counted")
    broken = _judge_break(situation) if situation.is_moved else None
    if broken is not None:
        return broken
    if progress.labelled.harm_unix is not None:
        return _judge_harm(situation)
    if situation.is_moved:
        return _judge_shift(situation)
    return _judge_block(situation)


def list_evident(situation: Situation) -> list[ColumnEvidence]:
    """The columns by evidence, each by its strongest stream."""
    strongest: dict[str, tuple[float, str]] = {}
    for name, log10 in situation.watch.log10_evidence.items():
        what, column = name.split(": ", 1)
        if column not in strongest or log10 > strongest[column][0]:
            strongest[column] = (log10, what)
    # Inputs first: the answers move because these do.
    ranked = sorted(strongest.items(), key=lambda item: (item[0] in (SCORE, PREDICTED), -item[1][0], item[0]))
    found = []
    for column, (log10, what) in ranked[:MOST_COLUMNS]:
        if log10 > 0:
            found.append(_describe(situation, column, what, round(log10, 3)))
    return found


def _describe(situation: Situation, column: str, what: str, log10: float) -> ColumnEvidence:
    if column == REFUSED:
        progress = situation.progress
        share = progress.refused / max(progress.refused + progress.counted, 1)
        text = f"{show_share(share)} of the records were refused (reference: 0%)"
        return ColumnEvidence(name=column, what="refused", evidence_log10=log10, reference=0.0, now=share, text=text)
    return describe_column(
        column, SAID.get(what, what), log10, situation.profile, situation.reference, situation.recent
    )


def _judge_break(situation: Situation) -> Verdict | None:
    columns = list_evident(situation)
    if not columns:
        return None
    first = columns[0]
    if first.what in ("missing", "new values", "refused"):
        return _make(situation, VerdictKind.BREAK, first.text, columns)
    constant = next((one for one in columns if _is_constant(situation, one.name)), None)
    if constant is not None:
        text = f"{constant.name} has one value in all records, and had many before"
        others = [one for one in columns if one.name != constant.name]
        said = constant.model_copy(update={"what": "constant", "text": text})
        return _make(situation, VerdictKind.BREAK, text, [said, *others])
    if (found := _judge_factor(situation, columns)) is not None:
        return found
    if _is_alone_at_once(situation, columns):
        return _make(
            situation, VerdictKind.BREAK, f"{first.text}; it changed at once, and no other column did", columns
        )
    return None


def _judge_factor(situation: Situation, columns: list[ColumnEvidence]) -> Verdict | None:
    """A break where a factor explains each input that moved; where it does not, the records themselves are others."""
    limit = situation.watch.limit()
    moved = [one for one in columns if one.evidence_log10 >= limit and one.name not in (SCORE, PREDICTED)]
    factors = [_find_factor(situation, one.name) for one in moved or columns[:1]]
    if None in factors or not factors or factors[0] is None:
        return None
    factor, first = factors[0], (moved or columns)[0]
    others = [other for other in columns if other.name != first.name]
    text = f"{first.name}: {factor.text}"
    found = Factor(column=first.name, factor=factor.factor, share=round(factor.share, 6))
    return _make(situation, VerdictKind.BREAK, text, [first, *others], factor=found)


def _is_constant(situation: Situation, name: str) -> bool:
    column = situation.recent.find(name)
    known = next((one for one in situation.profile.columns if one.name == name), None)
    if column is None or known is None:
        return False
    values = drop_missing(column.kind, column.values)
    largest = max(known.counts, default=0) / max(sum(known.counts), 1)
    return len(values) >= LEAST_ROWS and len(set(values.tolist())) == 1 and largest < CONSTANT_SHARE


def _find_factor(situation: Situation, name: str) -> FoundFactor | None:
    column = situation.recent.find(name)
    known = next((one for one in situation.profile.columns if one.name == name), None)
    if column is None or known is None or column.kind != "number":
        return None
    reference = situation.reference
    rows = None if reference is None else next((one.values for one in reference.columns if one.name == name), None)
    return find_factor(known, rows, column.values)


def _is_alone_at_once(situation: Situation, columns: list[ColumnEvidence]) -> bool:
    alarm, watch = situation.watch.alarm, situation.watch
    inputs = [one for one in columns if one.name not in (SCORE, PREDICTED)]
    if alarm is None or not inputs or alarm.stream.split(": ", 1)[1] != inputs[0].name:
        return False
    others = [one.evidence_log10 for one in inputs[1:]]
    return alarm.rows - alarm.since <= SUDDEN_LOOKS * watch.look_rows and max(others, default=0.0) < QUIET_LOG10


def _judge_harm(situation: Situation) -> Verdict:
    labels = situation.progress.labelled.state
    text = "the loss on labelled records is above that of the test rows"
    name = next((one for one in ("brier", "log", "squared", "error") if labels and one in labels.realised), "")
    if labels is not None and name and labels.realised[name].value is not None:
        text += f": {labels.realised[name].value:.4g}, on the test rows {labels.reference.get(name, float('nan')):.4g}"
        text += _say_reading(labels)
    found = _make(situation, VerdictKind.HARM, text, list_evident(situation))
    return found.model_copy(update={"since_unix": situation.progress.labelled.harm_unix})


def _say_reading(labels: LabelState) -> str:
    """What the realised losses tell beside those that were expected without labels."""
    if labels.reading == "covariate":
        return "; the records themselves are harder to predict"
    if labels.reading != "concept":
        return ""
    expected, before = labels.expected.get("brier"), labels.reference.get("brier")
    if expected is not None and expected.low is not None and before is not None and expected.low > before:
        return "; the records are harder to predict, and that explains a part only: what they mean has changed, too"
    return "; the records are no harder than before, so what they mean has changed"


def _judge_shift(situation: Situation) -> Verdict:
    columns, recent, reference = list_evident(situation), situation.recent, situation.reference
    segment = None
    if reference is not None and recent.count >= LEAST_ROWS:
        known = {one.name for one in reference.columns}
        shared = [one for one in recent.columns if one.name in known]
        by_name = {one.name: one for one in reference.columns}
        found = find_segment([by_name[one.name] for one in shared], shared, situation.progress.block_number)
        if found is not None:
            segment = Segment(
                text=found.text,
                conditions=[(one.column, one.relation, one.border) for one in found.conditions],
                before=round(found.before, 6),
                now=Interval(
                    value=round(found.now, 6), low=round(found.low, 6), high=round(found.high, 6), rows=recent.count
                ),
            )
    text = "the records differ from the reference"
    text += f": {columns[0].text}" if columns else ""
    if segment is not None and segment.now.value is not None:
        text += f"; {segment.text} is {show_share(segment.now.value)} of them (reference: {show_share(segment.before)})"
    return _make(situation, VerdictKind.SHIFT, text, columns, segment=segment)


def _judge_block(situation: Situation) -> Verdict:
    blocks = situation.progress.blocks
    if not blocks or not blocks[-1].is_note:
        return _make(situation, VerdictKind.NONE, "nothing has changed that the monitor could see")
    block = blocks[-1]
    columns = block.columns[:MOST_COLUMNS]
    if block.p > 0.01 and block.dependence_p is not None:
        auc = block.dependence_auc or 0.5
        text = f"columns go together otherwise than before (a classifier tells the records apart with AUC {auc:.2f})"
        found = _make(situation, VerdictKind.DEPENDENCE, text, columns)
    else:
        text = f"the last {block.rows:,} records differ: {columns[0].text}" if columns else "the last records differ"
        found = _make(situation, VerdictKind.NOTE, text, columns)
    return found.model_copy(update={"since_unix": block.begin_unix})


def _make(
    situation: Situation,
    kind: VerdictKind,
    text: str,
    columns: list[ColumnEvidence] | None = None,
    *,
    factor: Factor | None = None,
    segment: Segment | None = None,
) -> Verdict:
    since = None
    alarm = situation.watch.alarm
    if kind in (VerdictKind.BREAK, VerdictKind.SHIFT) and alarm is not None:
        since = situation.progress.find_time(alarm.since)
    return Verdict(
        kind=kind,
        since_unix=since,
        text=text,
        next_step=NEXT_STEPS[kind].format(recipe=situation.recipe),
        columns=(columns or [])[:MOST_COLUMNS],
        factor=factor,
        segment=segment,
    )
