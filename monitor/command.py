"""`python -m monitor RECIPE`: look at what is new in the prediction log, and say what it means."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.places import find_serve_folder
from monitor.wording import to_text
from relay.handoff.disk import explain_refusal, is_refusal
from relay.handoff.errors import describe_error
from relay.handoff.files import write_atomically
from relay.handoff.journal import Entry, write_journal
from relay.handoff.journal import Outcome as Ended
from relay.handoff.lock import one_writer
from relay.handoff.log import try_log
from relay.handoff.logbook import make_run_id
from relay.handoff.place import word_commands
from relay.handoff.recipe import Recipe, load_recipe
from relay.handoff.run import format_utc
from relay.handoff.settings import Settings
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.monitoring.opening import open_store
from relay.monitoring.report import Report

ALARM = 3
"""Exit code of a run whose verdict is an alarm."""


@dataclass(frozen=True)
class Looked:
    """What a run of the monitor found."""

    report: Report
    waiting: int
    is_changed: bool


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line may hold."""
    add_recipe_options(parser)
    parser.add_argument(
        "--act", action="store_true", help="also do what the decision says: start a training run, or roll back"
    )
    parser.add_argument("--run-id", default="", metavar="ID", help="id of the run in the journal (default: random)")


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Read the log, commit what was learned, write the window's folder, and answer with the report.

    Raises:
        RelayError: it cannot be done.
    """
    settings = read_verb_settings(options)
    unlogged = try_log("monitor", settings.log_dir, settings.log_level)
    if unlogged is not None:
        raise explain_refusal(unlogged, settings.log_dir)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    with _journal(recipe, settings, options.run_id) as ended:
        looked = look(recipe, settings)
        ended["rows"] = looked.report.rows.counted
        ended["rejected_rows"] = looked.report.rows.refused
        ended["outcome"] = Ended.RAN if looked.is_changed else Ended.UNCHANGED
    report = looked.report
    acted = ""
    if options.act:
        from monitor.acting import act

        acted = word_commands(act(recipe, settings, report).text)
    body: dict[str, Any] = report.model_dump(mode="json") | {"is_alarm": report.is_alarm, "waiting": looked.waiting}
    text = to_text(report, looked.waiting) + (f"\n  {'acted':<10} {acted}" if acted else "")
    body |= {"acted": acted} if acted else {}
    return VerbAnswer(body, text, exit_code=ALARM if report.is_alarm else 0)


def look(recipe: Recipe, settings: Settings, now_unix: float | None = None) -> Looked:
    """One run over the version in production.

    Raises:
        RelayError: registry, log or store cannot be used.
    """
    from monitor.gate import tell_gate
    from monitor.log.opening import open_log
    from monitor.running import Run
    from monitor.subject import find_subject
    from monitor.window_folder import KEEP, save_windows
    from relay.monitoring.figures import format_figures

    now_unix = time.time() if now_unix is None else now_unix
    folder = find_serve_folder(settings)
    subject = find_subject(recipe, settings)
    (settings.data_dir / "monitor" / subject.model).mkdir(parents=True, exist_ok=True)
    # One at a time: a second run would count the same records, and lose them when it commits.
    started = format_utc(datetime.fromtimestamp(now_unix, UTC))
    with one_writer(settings.data_dir, f"monitor/{subject.model}", "monitor", started):
        with open_log(folder, settings.database_url) as log, open_store(folder, settings.database_url) as store:
            outcome = Run(subject, log, store, now_unix).work()
            store.note_run(subject.model, now_unix)  # for the API's figure of the last success
            windows = store.list_windows(subject.model, KEEP)
            accepted = store.find_baseline(subject.model, subject.version)
        if accepted is not None:
            tell_gate(settings, accepted)
        save_windows(settings.data_dir, windows)
        path = settings.log_dir / "metrics" / f"monitor-{subject.model}.prom"
        write_atomically(path, format_figures(outcome.report, now_unix).encode(), sync=False)
    return Looked(outcome.report, outcome.waiting, outcome.is_changed)


@contextmanager
def _journal(recipe: Recipe, settings: Settings, run_id: str) -> Iterator[dict[str, Any]]:
    """Journal how the run ends, as runs of stages are journalled."""
    started, said = datetime.now(UTC), dict[str, Any]()
    try:
        yield said
    except BaseException as error:
        is_cancelled = isinstance(error, KeyboardInterrupt)
        if isinstance(error, OSError) and is_refusal(error):
            said["error"] = explain_refusal(error, settings.data_dir, settings.log_dir).record
        else:
            said["error"] = None if is_cancelled else describe_error(error)
        said["outcome"] = Ended.CANCELLED if is_cancelled else Ended.FAILED
        raise
    finally:
        now = datetime.now(UTC)
        entry = Entry(
            stage="monitor",
            recipe=recipe.name,
            started_at_utc=format_utc(started),
            ended_unix=now.timestamp(),
            seconds=round((now - started).total_seconds(), 3),
            run_id=run_id or make_run_id(),
            **said,
        )
        write_journal(settings.log_dir, entry, with_metrics=False)  # the figures of the monitor have its file
