"""Home: what there is, how it stands, and three ways to begin."""

import streamlit as st

from page.home.cards import go_to, read_cards, show_cards
from page.home.tour import show_glossary, show_tour
from page.shell.frame import USUAL, told_in_words
from page.shell.recipes import list_names
from relay.handoff.settings import read_settings

TOUR = "home:tour"


def show() -> None:
    """The page."""
    settings = read_settings()
    sources = list_names(settings)
    st.title("Relay", anchor=False)
    st.caption("From notebooks to a running pipeline: ingest, preprocess, model.")
    with st.container(horizontal=True, gap="small"):
        if USUAL in sources and st.button("Try the demo", type="primary", icon=":material/play_arrow:"):
            go_to("run", USUAL)
        if st.button("Bring your data", icon=":material/add:"):
            st.switch_page("screens/new.py")
        if st.button("Tour", icon=":material/map:"):
            st.session_state[TOUR] = not st.session_state.get(TOUR, False)
    with told_in_words(settings):
        if st.session_state.get(TOUR, False):
            show_tour(sources)
        show_cards(read_cards(settings, sources))
    show_glossary()


show()
