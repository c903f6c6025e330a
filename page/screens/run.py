"""Run: choose parameters, press the button, watch, see what came out."""

import streamlit as st

from page.data.rows import STAGE_OF, Layer
from page.predict.text import show_question
from page.results.own_code import find_code
from page.results.show import show_result
from page.results.style_tabs import show_styles
from page.results.verdict import show_verdict
from page.run.fields import fill_in
from page.run.form import find_stages, list_stages
from page.run.job import Job, Order, RunFiles, Status
from page.run.progress import show_run
from page.run.schedule_show import show_schedule
from page.settings import PageSettings, read_page_settings
from page.shell.frame import chosen_recipe, entitle, told_in_words
from page.shell.markdown import plain
from relay.handoff.errors import DatasetMissingError
from relay.handoff.recipe import Recipe
from relay.registry.task import ModelTask
from relay.results.load import Result, load_latest

ALL, LAST = "Whole pipeline", "Model only"


def show() -> None:
    """The page: the run and its result on the left, the parameters on the right, below each other on a phone."""
    settings = read_page_settings()
    source, recipe = chosen_recipe(settings)
    files, stages = RunFiles(settings, recipe.name), list_stages(recipe)
    job = files.find()
    entitle(recipe)
    left, right = st.columns([2, 1], gap="large")
    with right:
        st.header("Parameters", anchor=False)
        overrides = None
        with told_in_words(settings):
            overrides = fill_in(settings, source, recipe, stages)
        if "ingest" not in find_stages():
            st.caption(
                "ingest and preprocess run in containers of their own: "
                f"`docker compose run --rm ingest {recipe.name}`, then the same with `preprocess`."
            )
        show_schedule(settings, recipe.name, overrides or ())
    with left:
        order = Order(recipe.name, source, stages, tuple(overrides or ()))
        show_button(files, job, order, is_valid=overrides is not None)
        show_run(files, job)
        with told_in_words(settings):
            if "model" in recipe.sections:
                if (result := find_latest(settings, recipe, job)) is not None:
                    show_latest(settings, source, recipe, result)
            else:
                show_last_dataset(recipe)


def find_latest(settings: PageSettings, recipe: Recipe, job: Job | None) -> Result | None:
    """The latest result; None while a run makes the first one.

    Raises:
        DatasetMissingError: nothing was trained yet, and nothing runs.
        DatasetDamagedError: a file of the result was changed, cut or taken away.
    """
    try:
        return load_latest(settings, recipe.name)
    except DatasetMissingError:
        if job is not None and job.status is Status.RUNNING:
            st.caption("The result appears here when the run has ended.")
            return None
        raise


def show_latest(settings: PageSettings, source: str, recipe: Recipe, result: Result) -> None:
    """The result in force, in the layout of its kind."""
    codes = find_code(settings, recipe, result)
    show_verdict(settings, recipe, result)
    if result.metrics["kind"] != ModelTask.AUTHORSHIP:
        show_result(settings, result, codes, key_prefix="run")
        return
    show_styles(result, codes, key_prefix="run")
    show_question(settings, source, result)


def show_last_dataset(recipe: Recipe) -> None:
    """Where the result of a recipe without a model is."""
    layer: Layer = "processed" if "preprocess" in recipe.sections else "raw"
    stage = STAGE_OF[layer]
    code = " and the own code that made them" if recipe.sections[stage].get("function") else ""
    st.info(f"This recipe ends after {stage}. The page Data shows its {layer} rows{code}.", icon=":material/database:")


def show_button(files: RunFiles, job: Job | None, order: Order, *, is_valid: bool) -> None:
    """The button and what it does; off while somebody writes the recipe's data."""
    is_running = job is not None and job.status is Status.RUNNING
    other = None if is_running else files.find_other_writer()
    with st.container(horizontal=True, vertical_alignment="center"):
        is_off = is_running or other is not None or not is_valid
        is_pressed = st.button("Run", type="primary", icon=":material/play_arrow:", disabled=is_off)
        stages = order.stages
        if len(stages) > 1 and _choose_stages() == LAST:
            stages = stages[-1:]
        force = st.checkbox("even if nothing changed", key="force", persist_state="session")
    if other is not None:
        st.info(plain(f"Running elsewhere: {other}. The button comes back when it has ended."), icon=":material/lock:")
    if is_pressed and not is_off:  # a click that was on its way when the button went off arrives all the same
        files.start(Order(order.recipe, order.source, stages, order.overrides, force=force))
        st.rerun()


def _choose_stages() -> str:
    return st.segmented_control(
        "Stages",
        [ALL, LAST],
        default=ALL,
        required=True,
        label_visibility="collapsed",
        key="stages",
        persist_state="session",
    )


show()
