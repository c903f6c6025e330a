"""Five short cards that walk through a finished demo, and a glossary."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from page.home.cards import go_to
from page.shell.frame import USUAL


@dataclass(frozen=True)
class Stop:
    """A card of the tour."""

    title: str
    text: str
    screen: str
    """Where it can be seen."""
    button: str


STOPS: Sequence[Stop] = (
    Stop(
        "1 · Recipe",
        "A recipe is one TOML file: where the data comes from, what its columns are, and which model learns from it. "
        "The fields on the right of Run are its values; what you change there holds for that run alone.",
        "run",
        "See its parameters",
    ),
    Stop(
        "2 · Run",
        "Three stages run one after the other: ingest reads, preprocess cleans, model learns. A stage whose inputs, "
        "code and parameters are as before does nothing.",
        "data",
        "See what each stage wrote",
    ),
    Stop(
        "3 · Result",
        "The strip at the top has the figure that decides, beside what a trivial answer would reach. Charts, tables "
        "and files to take away are below.",
        "run",
        "See the result",
    ),
    Stop(
        "4 · Trust",
        "How far to believe it: the findings say what was tested and what speaks against the result. Two runs side by "
        "side show what a change did.",
        "compare",
        "Compare two results",
    ),
    Stop(
        "5 · Models",
        "Each training becomes a version. A gate promotes it only if it is better than the version in production; you "
        "can promote and roll back by hand.",
        "models",
        "See the versions",
    ),
)

GLOSSARY = {
    "fingerprint": "The SHA-256 of a dataset's file: equal fingerprints are equal bytes.",
    "receipt": "A small JSON file beside each dataset: its fingerprint, rows, columns, and what it was made from.",
    "key": "The SHA-256 of everything that decides a result: inputs, code, packages and parameters. A stage whose key "
    "is known has nothing to do.",
    "contract": "What a model takes and gives: the names, types and limits of its inputs, and its answers.",
    "gate": "The comparison of a new version with the one in production that decides whether it is promoted.",
    "alias": "A name for a version in the registry: `production` is the version that is served.",
    "profile": "The distribution of the training data, which new data is compared with to find drift; in containers, "
    "also a group of services that is switched on together.",
    "window": "The stretch of recent predictions that the monitor looks at.",
}


def show_tour(sources: Sequence[str]) -> None:
    """The five cards; the demo is named where it is there."""
    for column, stop in zip(st.columns(len(STOPS)), STOPS, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{stop.title}**")
            st.markdown(stop.text)
            if USUAL in sources and st.button(stop.button, key=f"tour-{stop.title}", type="tertiary"):
                go_to(stop.screen, USUAL)


def show_glossary() -> None:
    """A badge for each term, which explains it on hover."""
    st.header("Words", anchor=False)
    with st.container(horizontal=True, gap="small"):
        for term, meaning in GLOSSARY.items():
            st.badge(term, color="gray", help=meaning)
