"""What a person can do on the screen Monitor: look now, accept, train, hold; each asks for a confirmation."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import streamlit as st

from page.monitor.source import Source, StoreSource
from page.run.form import list_stages
from page.run.job import Order, RunFiles
from page.settings import PageSettings
from page.shell.command import Command
from page.shell.markdown import begin_large, with_commands
from relay.handoff.errors import RelayError
from relay.handoff.recipe import Recipe
from relay.handoff.user import find_user
from relay.monitoring.answers import LONGEST_WHO, LONGEST_WHY, explain_no_reference
from relay.monitoring.report import Action, Report

NOTICE = "monitor:notice"
"""Key of what the last action came to, told once."""

BY_HAND = "by hand"
"""The reason of who gives none."""


@dataclass(frozen=True)
class Here:
    """Whom and what the buttons are about."""

    settings: PageSettings
    source: str
    recipe: Recipe
    monitor: Source


def show_buttons(here: Here, report: Report | None) -> None:
    """The buttons; without a report only the one that makes the first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if can_look(here.monitor) and st.button("Look now", icon=":material/visibility:"):
            look(here)
        if report is None:
            return
        is_train = report.decision.action in (Action.SUGGEST, Action.TRAIN)
        is_running = RunFiles(here.settings, here.recipe.name).is_busy()
        refusal = explain_no_reference(report)
        if st.button(
            "Accept as reference", icon=":material/task_alt:", disabled=bool(refusal),
            help=with_commands(begin_large(refusal)) or None,
        ):  # fmt: skip
            ask_accept(here, report)
        if st.button(
            "Train again", icon=":material/model_training:", type="primary" if is_train else "secondary",
            disabled=is_running,
        ):  # fmt: skip
            ask_train(here, report)
        if st.button("Hold", icon=":material/pan_tool:"):
            ask_hold(here, report)
        if is_running:
            st.caption("A run of this recipe is under way.")


def can_look(monitor: Source) -> bool:
    """Whether the monitor can run here: in containers the page has no folder of serving."""
    return isinstance(monitor, StoreSource) and find_spec("monitor") is not None


def look(here: Here) -> None:
    """Let the monitor read the log, and draw the screen again."""
    with st.spinner("Reading the prediction log", show_time=True):
        try:
            Command(here.settings, "", here.source, program="monitor").run()
        except RelayError as error:
            st.session_state[NOTICE] = (False, str(error))
        else:
            st.session_state.pop(NOTICE, None)
    st.rerun()


def show_notice() -> None:
    """What the last action came to."""
    if (notice := st.session_state.pop(NOTICE, None)) is not None:
        is_done, text = notice
        (st.success if is_done else st.error)(
            with_commands(text), icon=":material/check:" if is_done else ":material/error:"
        )


def ask_accept(here: Here, report: Report) -> None:
    """Accept the records of now as the reference."""
    sentences = (
        f"From now on, records are compared with those that version {report.version} was asked about until now, "
        "instead of its test rows.",
        "Do this where the change is known and wanted, such as a new region. It does not change the model.",
    )

    def accept(who: str, why: str) -> str:
        here.monitor.accept(report, who, why)
        return f"Accepted. The next look of the monitor compares with the records until {report.window}."

    _confirm("Accept as reference", sentences, accept, needs_why=True)


def ask_hold(here: Here, report: Report) -> None:
    """Keep that nothing is to be trained now."""
    sentences = (
        "The decision record says that you have seen this and that nothing is trained because of it for now.",
        "The alarm stays until the evidence is gone.",
    )

    def hold(who: str, why: str) -> str:
        here.monitor.decide(report, Action.HOLD, who, why)
        return "Noted in the decision record."

    _confirm("Hold", sentences, hold, needs_why=True)


def ask_train(here: Here, report: Report) -> None:
    """Start a run of the whole pipeline, as the button on the screen Run does."""
    sentences = (
        "The whole pipeline runs here, and the gate decides whether the new version is promoted.",
        *(["The monitor says hold: " + report.decision.why] if report.decision.action is Action.HOLD else []),
    )

    def train(who: str, why: str) -> str:
        order = Order(here.recipe.name, here.source, list_stages(here.recipe))
        RunFiles(here.settings, here.recipe.name).start(order)
        try:
            here.monitor.decide(report, Action.TRAIN, who, why)
        except RelayError as error:  # the run counts; its line in the record does not hold it up
            return f"A run has begun: the screen Run follows it. It is not in the decision record: {error}"
        return "A run has begun: the screen Run follows it."

    _confirm("Train again", sentences, train, needs_why=False)


def _confirm(title: str, sentences: tuple[str, ...], do: Callable[[str, str], str], *, needs_why: bool) -> None:
    """Ask for a confirmation with who and why; then do it and draw the screen again."""

    def ask_once_more() -> None:
        for sentence in sentences:
            st.markdown(with_commands(sentence))
        who = st.text_input("Your name", find_user(), max_chars=LONGEST_WHO).strip()
        why = st.text_input("Why? It is kept in the decision record.", max_chars=LONGEST_WHY).strip()
        with st.container(horizontal=True):
            if st.button(title, type="primary", key=f"monitor:{title}:yes"):
                if not who or (needs_why and not why):
                    st.error("Fill in your name and the reason." if needs_why else "Fill in your name.")
                else:
                    st.session_state[NOTICE] = _try(do, who, why or BY_HAND)
                    st.rerun()
            if st.button("Cancel", key=f"monitor:{title}:no"):
                st.rerun()

    st.dialog(title)(ask_once_more)()


def _try(do: Callable[[str, str], str], who: str, why: str) -> tuple[bool, str]:
    try:
        return True, do(who, why)
    except RelayError as error:
        return False, f"Nothing was changed: {error}"
