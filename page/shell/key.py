"""The API's key, typed by a person: kept in this session alone, and sent to the API alone."""

import streamlit as st

from page.shell.markdown import plain

API_KEY = "predict:api-key"
"""In the session, for all screens that ask the API."""


def typed_key() -> str:
    """The key that was typed; empty without one."""
    return str(st.session_state.get(API_KEY, ""))


def ask_for_key(why: str) -> None:
    """A field for the API's key.

    Args:
        why: a sentence without its full stop, such as "The API wants a key".
    """
    st.warning(plain(f"{why}: type it here. It is kept in this session alone."), icon=":material/key:")
    with st.form("predict:key", border=False):
        key = st.text_input("Key of the API", type="password")
        if st.form_submit_button("Use it", icon=":material/key:"):
            st.session_state[API_KEY] = key.strip()
            st.rerun()
