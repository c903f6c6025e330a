"""The picture of a report: evidence over time against the limit."""

import io
from datetime import UTC, datetime
from typing import Any

from relay.monitoring.report import Report


def draw_evidence(report: Report) -> bytes:
    """A PNG: the evidence after each look, and the limit from which it is an alarm; the same report, the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    history, evidence = report.evidence.history, report.evidence
    times: Any = [datetime.fromtimestamp(one.at_unix, UTC) for one in history]
    figure = Figure(figsize=(8, 3.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(times, [one.log10 for one in history], color="#1f5fa8", linewidth=1.6, label="evidence")
    axes.axhline(evidence.limit_log10, color="#b3261e", linewidth=1.2, linestyle="--", label="alarm")
    if report.verdict.since_unix is not None:
        since: Any = datetime.fromtimestamp(report.verdict.since_unix, UTC)
        axes.axvline(since, color="#666666", linewidth=1.0, linestyle=":", label="began")
    axes.set_ylabel("evidence (log10)")
    axes.set_title(f"{report.model} version {report.version}: {report.verdict.kind}", loc="left", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.autofmt_xdate()
    sink = io.BytesIO()
    figure.savefig(sink, format="png", metadata={"Software": None})
    return sink.getvalue()
