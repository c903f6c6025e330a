"""Predict: ask the model in production, one record or a file of them; why it answers so, and what was asked before."""

import time

import streamlit as st

from page.predict.api import Api
from page.predict.ask import AwayError, Given, KeyNeededError, NothingServedError, RefusedError, Registry, Served
from page.predict.form import draw_form, draw_text
from page.predict.log import show_log
from page.predict.show import show_given
from page.predict.table import show_table
from page.settings import PageSettings, read_page_settings
from page.shell.frame import chosen_recipe, entitle, has_model, told_in_words
from page.shell.key import ask_for_key, typed_key
from page.shell.markdown import begin_large, plain, with_commands
from page.shell.switched import without_switched_off
from relay.handoff.errors import RelayError
from relay.handoff.recipe import Recipe
from relay.handoff.wording import shorten
from relay.registry.contract import Cell
from relay.registry.task import ModelTask
from relay.registry.versions import name_model

KEPT_SECONDS = 30
"""How long a description of the version counts; an answer of another version ends it at once."""


def show() -> None:
    """The page."""
    settings = without_switched_off(read_page_settings())
    source, recipe = chosen_recipe(settings)
    entitle(recipe)
    if not has_model(recipe):
        return
    answering = choose_answering(settings, source, recipe)
    try:
        served = describe(settings, source, answering)
    except NothingServedError as error:
        st.info(with_commands(begin_large(str(error))), icon=":material/block:")
        return
    except KeyNeededError as error:
        ask_for_key(begin_large(str(error)))
        return
    except RelayError as error:
        st.warning(with_commands(begin_large(str(error))), icon=":material/cloud_off:")
        st.button("Try again", icon=":material/refresh:")
        return
    say_who_answers(settings, answering, served)
    key = f"{source}:predict:{served.model}:{served.version}"
    st.header("One record" if served.contract.task != ModelTask.AUTHORSHIP else "One text", anchor=False)
    st.fragment(predict_one)(settings, source, answering, served, key)
    st.header("Many records", anchor=False)
    st.fragment(predict_many)(settings, answering, served, key)
    st.header("Last predictions", anchor=False)
    if isinstance(answering, Api):
        st.fragment(show_last)(settings, answering, served, key)
    else:
        st.caption(
            "Predictions made here are not logged. The API logs each of its own: start it (`make serve`), and the last "
            "ones stand here. Natively, start `python -m serve`, and the page with its address in `API_URL`."
        )


def choose_answering(settings: PageSettings, source: str, recipe: Recipe) -> Api | Registry:
    """Who answers: the API where there is one in the settings, else the registry's model."""
    if not settings.api_url:
        return Registry(settings, source)
    return Api(settings.api_url, name_model(recipe), typed_key())


def describe(settings: PageSettings, source: str, answering: Api | Registry) -> Served:
    """The version in production, asked once in a while; nothing that failed is kept."""
    key = name_description(settings, source)
    known = st.session_state.get(key)
    if known is not None and time.time() - known[0] < KEPT_SECONDS:
        served: Served = known[1]
        return served
    with st.spinner("Asking who is in production", show_time=True):
        served = answering.describe()
    st.session_state[key] = (time.time(), served)
    return served


def name_description(settings: PageSettings, source: str) -> str:
    """The key under which the session keeps the description."""
    where = settings.api_url or f"{settings.data_dir}|{settings.tracking_uri}"
    return f"predict:{source}|{settings.overrides}|{where}"


def say_who_answers(settings: PageSettings, answering: Api | Registry, served: Served) -> None:
    """Model, version, and which of the two is asked."""
    which = f"**{plain(served.model)}, version {plain(served.version)}**, run `{shorten(served.run_id)}`"
    if isinstance(answering, Api):
        st.markdown(f"The API at `{settings.api_url}` answers: {which}. It logs each answer.")
        return
    where = (
        f"the MLflow server `{settings.tracking_uri}`" if settings.tracking_uri else "the registry in `data/mlflow/`"
    )
    st.markdown(f"This page answers itself, from {where}: {which}. Nothing is logged.")


def predict_one(settings: PageSettings, source: str, answering: Api | Registry, served: Served, key: str) -> None:
    """The form, and the answer to what was asked last."""
    is_text = served.contract.task == ModelTask.AUTHORSHIP
    if is_text:
        record = draw_text(served.contract, key)
        current = None
    else:
        filled = draw_form(served.contract, key)
        record, current = filled.record if filled.is_asked else None, filled.record
    if record is not None:
        st.session_state.pop(f"{key}:given", None)
        with told_in_words(settings):
            try:
                st.session_state[f"{key}:given"] = (record, *ask(settings, source, answering, record))
            except (RefusedError, AwayError, NothingServedError) as error:
                st.warning(with_commands(begin_large(str(error))), icon=":material/rule:")
    known = st.session_state.get(f"{key}:given")
    if known is not None and current not in (None, known[0]):
        st.caption("The values have changed since the last answer. Press Predict to ask again.")
    elif known is not None:
        show_answer(served, key, *known)
        if known[1].version != served.version:
            st.session_state.pop(name_description(settings, source), None)
            st.info(
                f"Version {plain(known[1].version)} has become production meanwhile, and it answered.",
                icon=":material/swap_horiz:",
            )


def ask(settings: PageSettings, source: str, answering: Api | Registry, record: dict[str, Cell]) -> tuple[Given, str]:
    """The answer with its reasons, and why there are none.

    The API is asked once: variants of the record would stand in its log as if somebody had asked them. So the reasons
    are computed here, from the registry's files of the same version.
    """
    with st.spinner("Asking the model", show_time=True):
        if isinstance(answering, Registry):
            return answering.explain(record), ""
        given = answering.answer([record])
    if given.details:
        return given, ""
    with st.spinner("Looking for the reasons", show_time=True):
        try:
            ours = Registry(settings, source).explain(record)
        except RelayError as error:
            return given, str(error)
    if (ours.model, ours.version) != (given.model, given.version):
        return given, f"version {ours.version} is in production there, version {given.version} has answered"
    return Given(**{**vars(given), "reasons": ours.reasons}), ""


def show_answer(served: Served, key: str, record: dict[str, Cell], given: Given, why_not: str) -> None:
    """The answer, in the way of its kind."""
    if given.style is not None:
        from page.predict.text import show_answer as show_style

        show_style(given.style, f"{key}:style")
        st.caption(f"By {plain(given.model)}, version {plain(given.version)}; not logged.")
        return
    show_given(served.contract, given, record)
    if why_not:
        st.caption(
            plain(f"The reasons are computed from the registry's files, never by the API, and not now: {why_not}.")
        )


def predict_many(settings: PageSettings, answering: Api | Registry, served: Served, key: str) -> None:
    """The upload; what goes wrong is told in its place."""
    with told_in_words(settings):
        show_table(answering, served, f"{key}:many")


def show_last(settings: PageSettings, api: Api, served: Served, key: str) -> None:
    """The log; what goes wrong is told in its place."""
    with told_in_words(settings):
        show_log(api, served.contract, f"{key}:log")


show()
