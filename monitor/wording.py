"""A report in words: for the terminal, and as Markdown."""

import re
from collections.abc import Iterator

from relay.handoff.place import word_commands
from relay.handoff.wording import show_unix
from relay.monitoring.report import Action, Interval, Report, VerdictKind

HEADS = {
    VerdictKind.BREAK: "BREAK: the data is broken",
    VerdictKind.HARM: "HARM: the model answers worse",
    VerdictKind.SHIFT: "SHIFT: the records have changed",
    VerdictKind.DEPENDENCE: "DEPENDENCE: columns go together otherwise",
    VerdictKind.NOTE: "NOTE: one block differs",
    VerdictKind.NONE: "OK: no drift found",
    VerdictKind.TOO_FEW: "TOO FEW ROWS",
}
MARKS = re.compile(r"[|\[\]\\]")
"""What begins a cell, a link or a picture in Markdown."""
ACTIONS = {
    Action.NONE: "none",
    Action.HOLD: "do not train",
    Action.SUGGEST: "train again (suggested)",
    Action.TRAIN: "train again",
    Action.ROLLBACK: "roll back",
}
SCORES = {
    "brier": "Brier score", "rate": "positive rate", "auc": "ROC AUC", "calibration": "label minus score",
    "squared": "squared error", "log": "log loss", "error": "error rate",
}  # fmt: skip


def to_text(report: Report, waiting: int = 0) -> str:
    """The report for a terminal: what it is, where, since when, what to do."""
    lines = [f"{HEADS[report.verdict.kind]}  ({report.model} version {report.version})", ""]
    lines += [f"  {line}" for line in _list_verdict(report)]
    lines += ["", *(f"  {name:<10} {said}" for name, said in _list_facts(report, waiting))]
    return "\n".join(show_signs(line) for line in lines)


def to_markdown(report: Report) -> str:
    """The report as Markdown."""
    lines = [f"# {_escape(report.model)} version {_escape(report.version)}: {HEADS[report.verdict.kind]}", ""]
    lines += [_escape(line) + "\n" for line in _list_verdict(report)]
    lines += ["| | |", "|---|---|", *(f"| {name} | {_escape(said)} |" for name, said in _list_facts(report, 0))]
    if report.verdict.columns:
        lines += ["", "| column | what | evidence (log10) | reference | now |", "|---|---|---|---|---|"]
        for one in report.verdict.columns:
            figures = f"{one.evidence_log10:.2f} | {_show(one.reference)} | {_show(one.now)}"
            lines.append(f"| {_escape(one.name)} | {one.what} | {figures} |")
    if report.blocks:
        lines += ["", "| block | records | until | p | p of dependence | differs |", "|---|---|---|---|---|---|"]
        for block in report.blocks:
            until = show_time(block.end_unix)
            p = f"{block.p:.3g} | {_show(block.dependence_p)} | {'yes' if block.is_note else 'no'}"
            lines.append(f"| {block.number} | {block.rows:,} | {until} | {p} |")
    return "\n".join(lines) + "\n"


def show_time(at_unix: float | None) -> str:
    """A moment as people read it: 2026-11-27 10:03 UTC."""
    return "-" if at_unix is None else show_unix(at_unix)


def _list_verdict(report: Report) -> Iterator[str]:
    verdict = report.verdict
    if verdict.text:
        yield verdict.sentence + "."
    for one in verdict.columns[1 if verdict.kind is not VerdictKind.HARM else 0 :]:
        if one.evidence_log10 >= 1:
            yield f"Also {one.text}."
    if verdict.segment is not None and verdict.segment.text not in verdict.text:
        yield f"Segment: {verdict.segment.text}."
    if verdict.since_unix is not None:
        yield f"Since about {show_time(verdict.since_unix)}."
    if verdict.next_step:
        yield f"Next: {word_commands(verdict.next_step)}"


def _list_facts(report: Report, waiting: int) -> Iterator[tuple[str, str]]:
    rows, evidence = report.rows, report.evidence
    others = [f"{number:,} {reason}" for reason, number in {"refused": rows.refused, **rows.left_out}.items() if number]
    held = waiting or rows.waiting
    counted = f"{rows.counted:,} counted" + (f", {held:,} wait for the next look" if held else "")
    yield "records", counted + (f"; not counted: {', '.join(others)}" if others else "")
    if rows.last_unix is not None:
        yield "up to", show_time(rows.last_unix)
    yield "evidence", f"{_show_power(evidence.log10)} against chance; alarm from {_show_power(evidence.limit_log10)}"
    if evidence.loss_log10 > 0:
        limit = _show_power(evidence.loss_limit_log10)
        yield "", f"of the losses {_show_power(evidence.loss_log10)}; alarm from {limit}"
    yield from _list_labels(report)
    yield "decision", f"{ACTIONS[report.decision.action]}: {report.decision.why}"
    if report.baseline.kind != "version":
        who, when = report.baseline.who, show_time(report.baseline.when_unix)
        yield "reference", f"records accepted by {who} on {when}: {report.baseline.why}"
    for one in report.off:
        yield "off", one


def _list_labels(report: Report) -> Iterator[tuple[str, str]]:
    labels = report.labels
    if labels is None:
        yield "labels", "no record is old enough for a final label"
        return
    coverage = "" if labels.coverage is None else f"; {labels.coverage:.0%} of the records old enough have one"
    yield "labels", f"{labels.mature:,} records with final labels{coverage}"
    for name, found in labels.realised.items():
        said = _show_interval(found)
        if name in labels.expected:
            said += f"; expected without labels {_show_interval(labels.expected[name])}"
        if name in labels.reference:
            said += f"; on the test rows {labels.reference[name]:.4g}"
        yield "", f"{SCORES.get(name, name)} {said}"


def _show_interval(found: Interval) -> str:
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:.4g}"
    return f"{found.value:.4g} ({found.low:.4g} to {found.high:.4g})"


def _show_power(log10: float) -> str:
    """Odds as people read them: 250 : 1, or 10^12 : 1."""
    if log10 < 0:
        return "less than 1 : 1"
    return f"{round(10**log10):,} : 1" if log10 < 6 else f"10^{log10:.0f} : 1"


def _show(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def show_signs(text: str) -> str:
    """A text on one line of a terminal: other white space as a space, signs that steer the terminal by their number."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else ascii(sign)[1:-1] for sign in text)


def _escape(text: str) -> str:
    """A text in which Markdown finds no table, HTML, link or picture; what a command needs stays as it is."""
    return MARKS.sub(r"\\\g<0>", show_signs(text)).replace("<", "&lt;")
