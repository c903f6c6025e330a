"""A run on the screen: how it goes on, and how it ended."""

import signal
from collections.abc import Mapping
from textwrap import dedent
from typing import Literal

import streamlit as st

from page.run.job import Job, RunFiles, Status, Step, StepState, keep_messages
from page.shell.frame import told_in_words
from page.shell.markdown import plain, with_commands
from relay.handoff.journal import Outcome
from relay.handoff.wording import show_seconds, show_unix
from relay.results.output import ResultLocation

WATCH_SECONDS, LOOK_SECONDS = 1, 2
"""How often a run that goes on is looked at, and whether somebody else has started one."""

LINES = 12
"""Of the log."""

Colour = Literal["gray", "blue", "green", "red"]

SIGNS: Mapping[StepState, tuple[str, Colour]] = {
    StepState.WAITING: (":material/schedule:", "gray"),
    StepState.RUNNING: (":material/sync:", "blue"),
    StepState.DONE: (":material/check:", "green"),
    StepState.FAILED: (":material/close:", "red"),
    StepState.CANCELLED: (":material/stop:", "gray"),
}
"""State of a stage -> sign and colour; the word stands beside them."""


def show_run(files: RunFiles, job: Job | None) -> None:
    """Draw the run and keep looking at it."""
    seconds = WATCH_SECONDS if job is not None and job.status is Status.RUNNING else LOOK_SECONDS
    st.fragment(_follow, run_every=seconds)(files, sign(files, job))


def sign(files: RunFiles, job: Job | None) -> tuple[object, ...]:
    """What must stay equal for the rest of the page to be right: the run, the result, and who else writes."""
    latest = ResultLocation(files.settings.data_dir, files.recipe).latest
    if job is not None and job.status is Status.RUNNING:
        return (job.record.pid, job.record.started_unix)
    run = None if job is None else (job.record.pid, job.record.started_unix, job.status)
    return (run, latest.readlink() if latest.is_symlink() else None, files.find_other_writer())


def _follow(files: RunFiles, drawn: tuple[object, ...]) -> None:
    """Draw the run as it is now; when the rest of the page is no longer right, all of it."""
    with told_in_words(files.settings):
        job = files.find()
        if sign(files, job) != drawn:
            st.rerun()
        if job is not None:
            (_show_progress if job.status is Status.RUNNING else _show_end)(files, job)


def _show_progress(files: RunFiles, job: Job) -> None:
    """Elapsed time, the stages, the last lines of the log, and a way out."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Running for {show_seconds(job.seconds)}**", width="content")
            _show_steps(job)
        if not job.is_here:
            since = show_unix(job.record.started_unix)
            st.caption(plain(f"Running in {job.record.host} since {since}; it can be cancelled there."))
        messages = keep_messages(files.read_tail())[-LINES:]
        st.code("\n".join(messages) or "The first stage starts …", language=None, wrap_lines=True)
        if job.is_here and st.button("Cancel", icon=":material/stop:"):
            files.cancel(job)
            st.toast("Cancelled: the stage removes its temporary files.")


def _show_steps(job: Job) -> None:
    """A badge a stage."""
    for step in job.record.steps:
        is_stopped = step.state is StepState.RUNNING and job.status is not Status.RUNNING
        icon, colour = SIGNS[StepState.CANCELLED if is_stopped else step.state]
        took = f", {show_seconds(step.seconds)}" if step.seconds else ""
        st.badge(f"{step.stage}: {'stopped' if is_stopped else _describe(step)}{took}", icon=icon, color=colour)


def _describe(step: Step) -> str:
    """A word for a stage: its state, or what it did instead of running."""
    return step.outcome if step.outcome in (Outcome.UNCHANGED, Outcome.RESTORED) else step.state


def say_status(job: Job) -> str:
    """How a run stands, in a few words with its moment, as `failed in preprocess, 2026-11-20 10:03 UTC`."""
    failed = f" in {job.failure.stage}" if job.failure is not None else ""
    if job.status is Status.RUNNING:
        return f"running since {show_unix(job.record.started_unix)}"
    words = {Status.LOST: "stopped without an end"}.get(job.status, str(job.status))
    return f"{words}{failed}, {show_unix(job.record.ended_unix or job.record.started_unix)}"


def _show_end(files: RunFiles, job: Job) -> None:
    """How the last run ended, and what to do next; in a line where the result is newer than that run."""
    when = show_unix(job.record.ended_unix or job.record.started_unix)
    if is_older_than_result(files, job):
        st.caption(plain(f"The last run from this page: {say_status(job)}. The result below was made since."))
        return
    match job.status:
        case Status.SUCCEEDED if job.is_unchanged:
            st.info(f"Nothing has changed: the result below still holds. Checked {when}.", icon=":material/check:")
        case Status.SUCCEEDED:
            st.success(f"Done in {show_seconds(job.seconds)}, {when}.", icon=":material/check:")
        case Status.CANCELLED:
            st.info(f"Cancelled {when}. The data is whole.", icon=":material/stop:")
        case Status.LOST if files.find_other_writer() is not None:
            st.warning(
                f"The program that started the run of {when} was ended; the stage that it had begun goes on.",
                icon=":material/power_off:",
            )
        case Status.LOST:
            st.warning(
                f"The run of {when} ended without a word, as when the machine or the container stops. "
                "The data is whole: press Run again.",
                icon=":material/power_off:",
            )
        case _:
            _show_failure(job)
    if job.status is not Status.SUCCEEDED:
        with st.expander("Log of the run"):
            with st.container(horizontal=True):
                _show_steps(job)
            st.code("\n".join(keep_messages(files.read_tail())) or "(empty)", language=None, wrap_lines=True)


def is_older_than_result(files: RunFiles, job: Job) -> bool:
    """Whether another program has made or restored a result since a run of the page ended."""
    latest = ResultLocation(files.settings.data_dir, files.recipe).latest
    ended = job.record.ended_unix or job.record.started_unix
    try:
        return job.status is not Status.SUCCEEDED and latest.lstat().st_mtime > ended
    except FileNotFoundError:
        return False


def _show_failure(job: Job) -> None:
    """The message; below it, for a user's own code, the lines of its files that the error went through."""
    message, *lines = _explain_failure(job).splitlines()
    st.error(with_commands(message), icon=":material/error:")
    if lines:
        st.code(dedent("\n".join(lines)), language=None, wrap_lines=True)


def _explain_failure(job: Job) -> str:
    """The stage's own message, which says what to do; for an unexpected error, where the details are."""
    failed = job.failure
    if failed is None:
        return f"The run failed before its first stage; {job.record.log} says more."
    if failed.error is not None:
        return f"{failed.stage}: {failed.error.message}"
    if (failed.exit_code or 0) < 0:
        number = -(failed.exit_code or 0)
        return (
            f"{failed.stage} was killed by signal {number} ({signal.strsignal(number)}), which is also how a machine "
            f"without enough memory ends a process. The data is whole. Run it again."
        )
    return f"{failed.stage} ended with an unexpected error; {job.record.log} says more. The data is whole."
