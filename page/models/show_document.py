"""A document on the screen."""

import re

import streamlit as st

from page.shell.markdown import plain
from relay.handoff.wording import shorten
from relay.results.blocks import Block, Code, Document, Items, Picture, Table, Words

PICTURE_WIDTH = 640

FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def show_document(document: Document) -> None:
    """Sections and all that stands in them, in a frame; the title is for files."""
    with st.container(border=True):
        for section in document.sections:
            st.markdown(f"### {plain(section.title)}")
            for block in section.blocks:
                _show_block(block)


def _show_block(block: Block) -> None:
    match block:
        case Words(text):
            st.markdown(plain(text))
        case Items(texts):
            st.markdown("\n".join(f"- {plain(text)}" for text in texts))
        case Table(names, rows):
            cells = [dict(zip(names, map(_show_cell, row), strict=True)) for row in rows]
            st.table(cells, border="horizontal", hide_index=True)
        case Code(text, language):
            st.code(text, language=language)
        case Picture(name, shows, content):
            with st.container(width=PICTURE_WIDTH):  # a picture of fixed width would be wider than a phone
                st.image(content, f"{name}: {shows}", width="stretch")


def _show_cell(text: str) -> str:
    """A fingerprint by its first digits, since a cell would cut it somewhere; the files hold it whole."""
    return f"`{shorten(text)}`…" if FINGERPRINT.fullmatch(text) else plain(text)
