"""A report as the screen Monitor draws it, without pandas and Arrow, so that nothing waits for them."""

import streamlit as st

from page.monitor.chart import draw_evidence
from page.monitor.table import show_table
from page.shell.markdown import begin_large, plain, with_commands
from relay.handoff.place import word_commands
from relay.handoff.wording import count, list_words, show, show_unix
from relay.monitoring.answers import Seen
from relay.monitoring.report import Action, Block, ColumnEvidence, Interval, LabelState, Report, VerdictKind

LOOKS = {
    VerdictKind.BREAK: (st.error, ":material/broken_image:", "Broken data"),
    VerdictKind.HARM: (st.error, ":material/trending_down:", "The answers have become worse"),
    VerdictKind.SHIFT: (st.warning, ":material/moving:", "The population has moved"),
    VerdictKind.DEPENDENCE: (st.warning, ":material/link_off:", "Columns no longer go together"),
    VerdictKind.NOTE: (st.info, ":material/info:", "A block of records differs"),
    VerdictKind.NONE: (st.success, ":material/check_circle:", "No drift found"),
    VerdictKind.TOO_FEW: (st.info, ":material/hourglass_empty:", "Too few records"),
}
"""Verdict -> how its box looks, and its name."""

ACTIONS = {
    Action.NONE: "nothing to do",
    Action.HOLD: "hold",
    Action.SUGGEST: "train again",
    Action.TRAIN: "the schedule trains again",
    Action.ROLLBACK: "roll back",
}

READINGS = {
    "concept": "Realised losses are above the expected ones: what the inputs mean for the target has changed.",
    "covariate": "Realised losses are as expected for these records: other records are asked about, not other rules.",
}

SCORES = {
    "brier": "Brier score ↓",
    "rate": "positive rate",
    "auc": "ROC AUC ↑",
    "calibration": "label minus score",
    "squared": "squared error ↓",
    "log": "log loss ↓",
    "error": "error rate ↓",
}
"""Name of a score in a report -> what people read, with the better direction."""

SHOWN_BLOCKS, SHOWN_EVENTS = 8, 15
SHOWN_PSI = 3


def show_report(seen: Seen) -> None:
    """All of a report, the verdict first."""
    report = seen.report
    show_verdict(report)
    show_numbers(report)
    show_evidence(report)
    show_columns(report)
    show_labels(report.labels)
    show_blocks(report.blocks)
    show_decisions(seen)
    for sentence in report.off:
        st.caption(with_commands(sentence))


def show_verdict(report: Report) -> None:
    """What the monitor concludes, since when, and what to do."""
    verdict = report.verdict
    box, icon, name = LOOKS[verdict.kind]
    since = f" Since {show_unix(verdict.since_unix)}." if verdict.since_unix is not None else ""
    advice = begin_large(word_commands(verdict.next_step))
    parts = [f"**{name}.** {with_commands(_end(verdict.sentence))}{since}", with_commands(_end(advice))]
    box("\n\n".join(part for part in parts if part), icon=icon)


def _end(text: str) -> str:
    """A text of a report as sentences of their own."""
    return text + ("" if not text or text.endswith((".", "!", "?")) else ".")


def show_numbers(report: Report) -> None:
    """Four figures: records, refused share, evidence, label coverage."""
    rows, evidence, labels = report.rows, report.evidence, report.labels
    asked = rows.counted + rows.refused
    with st.container(horizontal=True, gap="medium"):
        st.metric("Records", f"{rows.counted:,}", width="content")
        st.metric("Refused", f"{rows.refused / asked:.1%}" if asked else "–", width="content")
        st.metric(
            "Evidence (alarm from)", f"{show(max(evidence.log10, 0.0))} ({show(evidence.limit_log10)})", width="content"
        )
        coverage = labels.coverage if labels is not None else None
        st.metric("Label coverage", "–" if coverage is None else f"{coverage:.0%}", width="content")
    left_out = [f"{count(number, 'record')}: {why}" for why, number in sorted(rows.left_out.items()) if number]
    between = (
        f"Asked from {show_unix(rows.first_unix)} to {show_unix(rows.last_unix)}. "
        if rows.first_unix is not None and rows.last_unix is not None
        else ""
    )
    if between or left_out:
        st.caption(plain(between + (f"Not counted: {list_words(left_out)}." if left_out else "")))


def show_evidence(report: Report) -> None:
    """The chart of the evidence over the version's whole time in production."""
    st.header("Evidence over time", anchor=False)
    drawn = draw_evidence(report.evidence)
    if not drawn:
        st.caption("The monitor has not looked at enough records to draw a line.")
        return
    st.html(drawn)
    strongest = f" The strongest is {report.evidence.stream}." if report.evidence.stream else ""
    st.caption(
        plain(
            "One more is ten times more evidence that the records differ from the reference. The limit keeps the "
            f"promised rate of false alarms over all columns and looks.{strongest}"
        )
    )


def show_columns(report: Report) -> None:
    """The columns that the verdict names, the factor and the segment."""
    verdict = report.verdict
    if not (verdict.columns or verdict.factor or verdict.segment):
        return
    st.header("Columns", anchor=False)
    if (factor := verdict.factor) is not None:
        st.markdown(
            plain(f"{factor.share:.0%} of the records look as if {factor.column} were multiplied by {factor.factor:g}.")
        )
    if (segment := verdict.segment) is not None:
        st.markdown(
            plain(
                f"Segment: {segment.text}. {segment.before:.0%} of the reference, {_say_share(segment.now)} of the "
                "records now."
            )
        )
    if verdict.columns:
        show_table([_describe_column(column) for column in verdict.columns])


def _describe_column(column: ColumnEvidence) -> dict[str, str]:
    is_mean = column.what in ("values", "constant")
    return {
        "Column": column.name,
        "What": column.what,
        "Evidence": show(column.evidence_log10),
        "Before": _say(column.reference, is_mean=is_mean),
        "Now": _say(column.now, is_mean=is_mean),
    }


def _say(value: float | None, *, is_mean: bool) -> str:
    return "–" if value is None else show(value) if is_mean else f"{value:.1%}"


def show_labels(labels: LabelState | None) -> None:
    """Expected beside realised scores."""
    st.header("Expected and realised", anchor=False)
    if labels is None:
        st.info(
            "No record has a label yet. Report what turned out to be true with `POST /labels` or "
            "`python -m monitor labels RECIPE FILE`; without labels, harm is not noticed.",
            icon=":material/label_off:",
        )
        return
    coverage = "" if labels.coverage is None else f", {labels.coverage:.0%} of the records that are old enough"
    st.caption(
        plain(
            f"{count(labels.labelled, 'label')}{coverage}; {labels.mature:,} final, {labels.immature:,} still waiting."
        )
    )
    if labels.is_one_sided:
        st.warning("All recent labels are of one class: others may still be on their way.", icon=":material/balance:")
    names = [*dict.fromkeys((*labels.realised, *labels.expected, *labels.reference))]
    if names:
        show_table(
            [
                {
                    "Score": SCORES.get(name, name),
                    "Expected": _say_interval(labels.expected.get(name)),
                    "Realised (95% interval)": _say_interval(labels.realised.get(name)),
                    "Test rows": show(labels.reference[name]) if name in labels.reference else "–",
                }
                for name in names
            ]
        )
    if labels.reading in READINGS:
        st.caption(READINGS[labels.reading])


def _say_interval(found: Interval | None) -> str:
    if found is None or found.value is None:
        return "–"
    if found.low is None or found.high is None:
        return show(found.value)
    return f"{show(found.value)} ({show(found.low)} to {show(found.high)})"


def _say_share(found: Interval) -> str:
    if found.value is None:
        return "an unknown share"
    bounds = "" if found.low is None or found.high is None else f" ({found.low:.0%} to {found.high:.0%})"
    return f"{found.value:.0%}{bounds}"


def show_blocks(blocks: list[Block]) -> None:
    """The last blocks of records against the reference."""
    if not blocks:
        return
    with st.expander(f"Blocks of records: the last {min(len(blocks), SHOWN_BLOCKS)}", icon=":material/view_week:"):
        st.caption("A block alone is no alarm: of a hundred blocks without any drift, about one is noted.")
        show_table([_describe_block(block) for block in reversed(blocks[-SHOWN_BLOCKS:])])


def _describe_block(block: Block) -> dict[str, str]:
    psi = sorted(
        ((name, one.value) for name, one in block.psi.items() if one.value is not None), key=lambda one: -one[1]
    )
    return {
        "Until": show_unix(block.end_unix),
        "Records": f"{block.rows:,}",
        "p": f"{block.p:.2g}",
        "p of dependence": "–" if block.dependence_p is None else f"{block.dependence_p:.2g}",
        "Noted": "yes" if block.is_note else "no",
        "Largest PSI": ", ".join(f"{name} {show(value)}" for name, value in psi[:SHOWN_PSI]) or "–",
    }


def show_decisions(seen: Seen) -> None:
    """What follows now, the reference in use, and who decided what before."""
    report = seen.report
    decision, baseline = report.decision, report.baseline
    st.header("Decisions", anchor=False)
    until = (
        f" No run is asked for before {show_unix(decision.refused_until_unix)}." if decision.refused_until_unix else ""
    )
    st.markdown(f"**Now: {ACTIONS[decision.action]}.** {with_commands(_end(begin_large(decision.why)))}{until}")
    if baseline.kind == "version":
        st.caption("Compared with the version's own test rows.")
    else:
        when = f" on {show_unix(baseline.when_unix)}" if baseline.when_unix is not None else ""
        st.caption(
            plain(
                f"Compared with the records of {baseline.window}, which {baseline.who} accepted{when}: {baseline.why}"
            )
        )
    if seen.events:
        show_table(
            [
                {
                    "When": show_unix(one.at_unix),
                    "Who": one.who,
                    "What": f"{_name_event(one.data, one.kind)}, version {one.version}",
                    "Why": one.text,
                }
                for one in seen.events[:SHOWN_EVENTS]
            ]
        )


def _name_event(data: dict[str, object], kind: str) -> str:
    return str(data.get("action") or data.get("kind") or kind).replace("_", " ")
