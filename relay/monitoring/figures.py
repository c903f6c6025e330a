"""A report as figures for Prometheus: `logs/metrics/monitor-<model>.prom`, and the API's `/metrics`.

Whichever of the two is scraped, the same report gives the same series; rules and dashboards take the newest of both.
"""

from collections.abc import Iterable, Iterator, Mapping

from relay.monitoring.report import Interval, LabelState, Report, VerdictKind

HEADS = {
    "relay_monitor_alarm": "1 while the verdict is of this kind, 0 otherwise",
    "relay_monitor_verdict": "1 for the verdict of the newest report",
    "relay_monitor_decision": "1 for what follows from the verdict",
    "relay_monitor_evidence_log10": "Strongest evidence that records, or losses, differ from the reference; log10",
    "relay_monitor_limit_log10": "Evidence from which it is an alarm; log10",
    "relay_monitor_column_evidence_log10": "Evidence of each column that the verdict names; log10",
    "relay_monitor_factor": "Factor by which a column's values look multiplied",
    "relay_monitor_factor_share": "Share of the records whose value looks multiplied",
    "relay_monitor_rows_total": "Records of the version, by what became of them",
    "relay_monitor_psi": "Population stability index of the newest block, without its bias",
    "relay_monitor_score": "Scores on labelled records, without labels, and on the test rows; interval of 95 %",
    "relay_monitor_label_coverage": "Share of the records older than the label delay that have a label",
    "relay_monitor_last_success_timestamp_seconds": "When the monitor last read the prediction log to its end",
}
"""Name -> meaning. A series without a value, such as the coverage without labels, is left out."""

ALARMS = tuple(kind for kind in VerdictKind if kind.is_alarm)

Sample = tuple[str, Mapping[str, str], float]


def list_samples(report: Report, succeeded_unix: float | None = None) -> Iterator[Sample]:
    """Name, labels and value of each series; labels of model and version come first.

    Args:
        report: the newest one of a version.
        succeeded_unix: when the monitor last succeeded; None leaves that series out.
    """
    for name, labels, value in _list_own(report):
        yield name, {"model": report.model, "version": report.version, **labels}, value
    if succeeded_unix is not None:
        yield "relay_monitor_last_success_timestamp_seconds", {"model": report.model}, succeeded_unix


def format_figures(report: Report, succeeded_unix: float | None = None) -> str:
    """The series of one report in Prometheus's text format."""
    return format_samples(list_samples(report, succeeded_unix))


def format_samples(samples: Iterable[Sample]) -> str:
    """Series in Prometheus's text format, those of one name together, as that wants them."""
    samples = list(samples)
    lines: list[str] = []
    for name, meaning in HEADS.items():
        found = [f"{name}{_write_labels(labels)} {value!r}\n" for of, labels, value in samples if of == name]
        lines += [f"# HELP {name} {meaning}\n# TYPE {name} gauge\n", *found] if found else []
    return "".join(lines)


def _list_own(report: Report) -> Iterator[Sample]:
    verdict, evidence = report.verdict, report.evidence
    for kind in ALARMS:
        yield "relay_monitor_alarm", {"kind": kind}, float(verdict.kind is kind)
    yield "relay_monitor_verdict", {"kind": verdict.kind}, 1.0
    yield "relay_monitor_decision", {"action": report.decision.action}, 1.0
    yield "relay_monitor_evidence_log10", {"of": "records"}, evidence.log10
    yield "relay_monitor_limit_log10", {"of": "records"}, evidence.limit_log10
    yield "relay_monitor_evidence_log10", {"of": "loss"}, evidence.loss_log10
    yield "relay_monitor_limit_log10", {"of": "loss"}, evidence.loss_limit_log10
    for column in verdict.columns:
        yield "relay_monitor_column_evidence_log10", {"column": column.name, "what": column.what}, column.evidence_log10
    if verdict.factor is not None:
        column_of = {"column": verdict.factor.column}
        yield "relay_monitor_factor", column_of, verdict.factor.factor
        yield "relay_monitor_factor_share", column_of, verdict.factor.share
    counts = {"counted": report.rows.counted, "refused": report.rows.refused, **report.rows.left_out}
    for became, rows in counts.items():
        yield "relay_monitor_rows_total", {"kind": became}, float(rows)
    for name, psi in report.blocks[-1].psi.items() if report.blocks else ():
        if psi.value is not None:
            yield "relay_monitor_psi", {"column": name}, psi.value
    if report.labels is not None:
        yield from _list_scores(report.labels)


def _list_scores(labels: LabelState) -> Iterator[Sample]:
    if labels.coverage is not None:
        yield "relay_monitor_label_coverage", {}, labels.coverage
    for kind, scores in (("realised", labels.realised), ("expected", labels.expected)):
        for score, interval in scores.items():
            for bound, value in _list_bounds(interval):
                yield "relay_monitor_score", {"score": score, "kind": kind, "bound": bound}, value
    for score, value in labels.reference.items():
        yield "relay_monitor_score", {"score": score, "kind": "reference", "bound": "value"}, value


def _list_bounds(interval: Interval) -> Iterator[tuple[str, float]]:
    for bound, value in (("value", interval.value), ("low", interval.low), ("high", interval.high)):
        if value is not None:
            yield bound, value


def _write_labels(labels: Mapping[str, str]) -> str:
    escaped = {
        name: text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for name, text in labels.items()
    }
    return "{" + ",".join(f'{name}="{text}"' for name, text in escaped.items()) + "}"
