"""The schedule on the screen: a button for a run through all stages, and how the last one stands."""

from collections.abc import Mapping, Sequence

import streamlit as st

from page.run.progress import Colour
from page.run.schedule import Schedule, ScheduledRun, open_schedule
from page.settings import PageSettings
from page.shell.frame import told_in_words
from page.shell.markdown import plain
from page.shell.switched import without_switched_off
from relay.handoff.recipe import parse_override
from relay.handoff.wording import show_unix

WATCH_SECONDS, LOOK_SECONDS = 2, 10
"""How often a run that goes on is looked at, and whether a new one has begun."""

COLOURS: Mapping[str, Colour] = {"success": "green", "failed": "red", "running": "blue", "up_for_retry": "red"}

WORDS = {
    "skipped": "unchanged",
    "success": "done",
    "upstream_failed": "not reached",
    "up_for_retry": "tried again soon",
}


def show_schedule(settings: PageSettings, recipe: str, overrides: Sequence[str]) -> None:
    """The part of the page about the schedule; one line where there is none."""
    st.header("On schedule", anchor=False)
    settings = without_switched_off(settings)
    if not settings.airflow_url:
        st.caption("`make schedule` runs all stages every ten minutes with Airflow, and puts a button for it here.")
        return
    seed = next((value for key, value in map(parse_override, overrides) if key == "seed"), None)
    others = [text for text in overrides if not text.startswith("seed=")]
    watched = st.session_state.get("schedule-watched", False)
    st.fragment(_follow, run_every=WATCH_SECONDS if watched else LOOK_SECONDS)(settings, recipe, seed)
    if others:
        st.caption(plain(f"A run on schedule takes the recipe as it is, with the seed alone: not {', '.join(others)}."))


def _follow(settings: PageSettings, recipe: str, seed: int | None) -> None:
    """Draw the button and the last run, as they are now."""
    with told_in_words(settings):
        schedule = open_schedule(settings)
        pipeline = schedule.find_pipeline(recipe)
        run = schedule.find_last(pipeline)
        _show_button(schedule, pipeline, run, seed)
        if run is not None:
            _show_run(run)
        # The rest of the page shows the result in force: it is drawn anew when a run has ended.
        is_watched = run is not None and not run.has_ended
        if is_watched != st.session_state.get("schedule-watched", False):
            st.session_state["schedule-watched"] = is_watched
            st.rerun()


def _show_button(schedule: Schedule, pipeline: str, run: ScheduledRun | None, seed: int | None) -> None:
    is_on = run is not None and not run.has_ended
    word = "Run all stages" if seed is None else f"Run all stages with seed {seed}"
    if st.button(word, icon=":material/event_repeat:", disabled=is_on, key="schedule-start"):
        schedule.start(pipeline, seed)
        st.session_state["schedule-watched"] = True
        st.rerun()


def _show_run(run: ScheduledRun) -> None:
    """A badge a task."""
    since = "waits for its turn" if run.started_unix is None else f"began {show_unix(run.started_unix)}"
    st.caption(f"The last run {since}: {WORDS.get(run.state, run.state)}. Airflow's own page shows its logs.")
    with st.container(horizontal=True):
        for task, state in run.tasks.items():
            st.badge(f"{task}: {WORDS.get(state, state)}", color=COLOURS.get(state, "gray"))
