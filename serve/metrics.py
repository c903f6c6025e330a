"""Figures for Prometheus, right with several workers too.

With more than one worker the values lie in files that all of them map (PROMETHEUS_MULTIPROC_DIR, set before they
start): whichever worker a scrape hits adds up all. The label children of the hot path are kept: looking one up costs
more than counting.
"""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from serve.log.record import LogStats
from serve.store import Served, Status

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LATENCY_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one worker."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        self._requests = Counter("relay_requests_total", "Requests", ["route", "method", "status"], registry=own)
        self._seconds = Histogram(
            "relay_http_request_duration_seconds",
            "From a request to its answer",
            ["route"],
            buckets=LATENCY_SECONDS,
            registry=own,
        )
        self._errors = Counter("relay_errors_total", "Answers that were an error, by kind", ["kind"], registry=own)
        self._answered = Counter(
            "relay_predictions_total", "Requests that a model answered", ["model", "version"], registry=own
        )
        self._records = Counter(
            "relay_predicted_records_total", "Records that a model answered", ["model", "version"], registry=own
        )
        self._labels = Counter("relay_labels_total", "Lines of POST /labels, by state", ["state"], registry=own)
        self._watch_state()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._models: dict[tuple[str, str], tuple[Counter, Counter]] = {}
        self._seen = dict.fromkeys(self._logged, 0.0)
        self._serving: set[tuple[str, ...]] = set()
        if SHARED_FOLDER not in os.environ:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=own)

    def _watch_state(self) -> None:
        """Make the figures that `note_state` sets."""
        own = self._registry
        self._info = Gauge(
            "relay_model_info", "1 for the version that is served", ["model", "version", "run_id", "task"],
            registry=own, multiprocess_mode="livemax",
        )  # fmt: skip
        self._ready = Gauge(
            "relay_model_ready", "1 when every worker serves a version of the model", ["model"],
            registry=own, multiprocess_mode="livemin",
        )  # fmt: skip
        self._under_way = Gauge(
            "relay_requests_under_way", "Requests being answered", registry=own, multiprocess_mode="livesum"
        )
        self._queue = Gauge(
            "relay_log_queue_rows", "Predictions that wait for their commit", registry=own, multiprocess_mode="livesum"
        )
        self._commit = Gauge(
            "relay_log_last_commit_seconds", "The last commit of the prediction log", registry=own,
            multiprocess_mode="livemax",
        )  # fmt: skip
        self._logged = {
            "rows": Counter("relay_log_rows_total", "Predictions logged", registry=own),
            "batches": Counter("relay_log_commits_total", "Commits of the prediction log", registry=own),
            "failures": Counter("relay_log_failures_total", "Predictions that could not be logged", registry=own),
            "total_commit_seconds": Counter("relay_log_commit_seconds_total", "Spent in commits", registry=own),
        }
        self.unlogged = Counter(
            "relay_unlogged_answers_total",
            "Answers that left without being logged (PREDICTION_LOG_ON_FAILURE=answer)",
            registry=own,
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer and how long it took."""
        children = self._children.get((route, method, status))
        if children is None:
            children = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._children[route, method, status] = children
        children[0].inc()
        children[1].observe(seconds)

    def count_error(self, kind: str) -> None:
        """Count an answer that was an error."""
        self._errors.labels(kind).inc()

    def count_predictions(self, model: str, version: str, records: int) -> None:
        """Count a request that a model answered, and its records."""
        children = self._models.get((model, version))
        if children is None:
            children = self._answered.labels(model, version), self._records.labels(model, version)
            self._models[model, version] = children
        children[0].inc()
        children[1].inc(records)

    def count_labels(self, counts: Mapping[str, int]) -> None:
        """Count what became of the lines of a request to `/labels`."""
        for state, number in counts.items():
            self._labels.labels(state).inc(number)

    def note_state(self, states: Iterable[Status], log: LogStats, under_way: int) -> None:
        """Take over what others know: which versions are served, and how the log does."""
        served = {_describe(status.served) for status in states if status.served is not None}
        for labels in self._serving | served:
            self._info.labels(*labels).set(labels in served)
        self._serving |= served
        for status in states:
            self._ready.labels(status.model).set(status.is_ready)
        self._under_way.set(under_way)
        self._queue.set(log.queue_length)
        self._commit.set(log.last_commit_seconds)
        for name, counter in self._logged.items():
            now = float(getattr(log, name))
            counter.inc(max(now - self._seen[name], 0.0))
            self._seen[name] = now

    def render(self) -> bytes:
        """All figures, of all workers, in Prometheus's text format."""
        folder = os.environ.get(SHARED_FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        forget_dead(Path(folder))
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def forget_dead(folder: Path) -> None:
    """Take the states of workers that have ended out of the sums; what they counted stays."""
    for path in folder.glob("gauge_live*.db"):
        found = re.search(r"_(\d+)\.db$", path.name)
        if found is not None and not _is_alive(int(found[1])):
            with suppress(FileNotFoundError):  # another worker was quicker
                multiprocess.mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _describe(served: Served) -> tuple[str, str, str, str]:
    return served.model, served.version, served.ref.run_id, served.contract.task
