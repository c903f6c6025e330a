"""Monitor: whether the model in production meets other records than it was tested on, and what follows."""

import os

import streamlit as st

from page.monitor.act import Here, show_buttons, show_notice
from page.monitor.show import show_report
from page.monitor.source import ApiSource, NoReportError, Source, StoreSource
from page.predict.api import Api
from page.predict.ask import KeyNeededError
from page.settings import PageSettings, read_page_settings
from page.shell.frame import chosen_recipe, entitle, has_model
from page.shell.key import ask_for_key, typed_key
from page.shell.markdown import begin_large, plain, with_commands
from page.shell.switched import without_switched_off
from relay.handoff.errors import RelayError
from relay.handoff.place import VARIABLE, word_commands
from relay.handoff.recipe import Recipe
from relay.registry.versions import name_model


def show() -> None:
    """The page."""
    settings = without_switched_off(read_page_settings())
    source, recipe = chosen_recipe(settings)
    entitle(recipe)
    if not has_model(recipe):
        return
    monitor = choose_source(settings, recipe)
    if monitor is None:
        st.info(
            "Drift is found in the records that the API answers, and no API runs. Start it with `make serve`; it logs "
            "what it is asked, and this screen shows what the monitor finds there.",
            icon=":material/cloud_off:",
        )
        return
    here = Here(settings, source, recipe, monitor)
    show_notice()
    try:
        seen = monitor.read()
    except NoReportError as error:
        st.info(with_commands(word_commands(begin_large(str(error)))), icon=":material/hourglass_empty:")
        show_buttons(here, None)
        return
    except KeyNeededError as error:
        ask_for_key(begin_large(str(error)))
        return
    except RelayError as error:
        st.warning(with_commands(word_commands(begin_large(str(error)))), icon=":material/cloud_off:")
        st.button("Try again", icon=":material/refresh:")
        return
    report = seen.report
    st.markdown(
        f"**{plain(report.model)}, version {plain(report.version)}**, as the monitor last saw it "
        f"(`{report.window}`), read from {monitor.place}."
    )
    show_buttons(here, report)
    show_report(seen)


def choose_source(settings: PageSettings, recipe: Recipe) -> Source | None:
    """The API where there is one in the settings, else this machine's store; None in a container without an API."""
    model = name_model(recipe)
    if settings.api_url:
        return ApiSource(Api(settings.api_url, model, typed_key()))
    return None if os.environ.get(VARIABLE) else StoreSource(settings, model, recipe.name)


show()
