"""A monitor's store for the page to read, filled as the monitor commits."""

from pathlib import Path

from monitor_reports import BEGIN

from relay.monitoring.opening import open_store
from relay.monitoring.report import Report
from relay.monitoring.store import Change, Event, State, Window


def fill(serve_dir: Path, *reports: Report) -> None:
    """Commit reports, oldest first, each with its decision."""
    with open_store(serve_dir) as store:
        for number, report in enumerate(reports):
            known = store.read_state(report.model, report.version)
            state = known or State(report.model, report.version, 0, b"{}")
            at_unix = report.rows.last_unix or BEGIN
            window = Window(
                report.model, report.version, f"{report.window}-{number}", report.rows.counted, at_unix, True, report
            )
            decision = report.decision
            event = Event(
                report.model, report.version, at_unix, "decision", "monitor", decision.why,
                {"action": str(decision.action)},
            )  # fmt: skip
            store.commit(Change(state, [window], [event]))
