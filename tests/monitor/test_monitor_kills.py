"""kill -9 while the monitor counts: no record counts twice, none is left out, and the folders are whole in the end."""

import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from borrowers import draw, make_requests, make_subject
from counts import MONITOR_KILLS
from logged import Log

from monitor.log.opening import open_log
from monitor.running import Run
from monitor.subject import Subject
from monitor.window_folder import KEEP, is_current, save_windows
from relay.monitoring.opening import open_store
from relay.monitoring.questions import Store
from relay.monitoring.store import State, Window

ROWS = 60
"""Requests of ten records that come between two kills, one each second."""
MOST_TRIES, SHORTER = 2 * MONITOR_KILLS.value + 5, 0.8
"""A run that ended before its kill is a try only, and the next kill comes sooner."""
NOW = 2_000.0 + ROWS * (MOST_TRIES + 1)
"""After the last request, however many kills there are."""
DELAY = timedelta(seconds=NOW)
"""So long that no record is old enough for a label: what labels say depends on when one looks."""


def count(log: Log, subject: Subject, place: tuple[Path, str], data_dir: Path) -> None:
    """A run of the monitor, with its store at another place than the log."""
    with open_log(log.folder, log.url) as reader, open_store(*place) as store:
        Run(subject, reader, store, NOW).work()
        windows = store.list_windows(subject.model, KEEP)
    save_windows(data_dir, windows)


def kill_during(work: Callable[[], None], seconds: float) -> bool:
    """Do the work in another process and kill it after a time; gives whether it was killed."""
    process = os.fork()
    if process == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


@pytest.mark.slow
@pytest.mark.counted
def test_no_record_counts_twice_and_none_is_left_out(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr("monitor.running.COMMIT_STEPS", 1)
    subject = make_subject(look_rows=50, block_rows=500, label_delay=DELAY)
    requests = make_requests(draw(10 * ROWS * (MOST_TRIES + 1), 5), size=10, step=1.0)
    killed, chance = (log.folder, log.url), random.Random(2)
    log.write(requests[:ROWS])
    began = time.monotonic()
    count(log, subject, killed, tmp_path / "killed")
    longest, kills, tries = time.monotonic() - began, 0, 0
    while kills < MONITOR_KILLS.value and tries < MOST_TRIES:
        tries += 1
        log.write(requests[tries * ROWS : (tries + 1) * ROWS])
        was_killed = kill_during(lambda: count(log, subject, killed, tmp_path / "killed"), chance.uniform(0, longest))
        kills += was_killed
        longest *= 1.0 if was_killed else SHORTER
    count(log, subject, killed, tmp_path / "killed")
    count(log, subject, (tmp_path / "whole", ""), tmp_path / "whole")
    found, expected = read(killed), read((tmp_path / "whole", ""))
    assert found == expected
    assert found[0] is not None
    assert (found[1][0].report.rows.counted, kills) == (10 * ROWS * (tries + 1), MONITOR_KILLS.value)
    folder = tmp_path / "killed" / "monitor" / "credit"
    assert [one.name for one in found[1] if not is_current(folder / one.name, one.report)] == []
    assert list(folder.glob(".*")) == []
    assert (folder / "latest").readlink().name == found[1][0].name
    record_property("kills of the monitor", kills)


def read(place: tuple[Path, str]) -> tuple[bytes | None, list[Window]]:
    """The state and the windows of a store."""

    def ask(store: Store) -> tuple[State | None, list[Window]]:
        return store.read_state("credit", "3"), store.list_windows("credit", KEEP)

    with open_store(*place, is_reader=True) as store:
        state, windows = ask(store)
    return state.body if state else None, windows
