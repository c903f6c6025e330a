"""Who writes like this? A text that somebody pastes, answered by `python -m model ask` in a process of its own."""

import json
import os
import subprocess
import sys
from threading import BoundedSemaphore
from typing import Any

import streamlit as st
from loguru import logger

from handoff.errors import RelayError
from handoff.settings import ROOT, Settings
from model.ask import MODEL, MOST_BYTES, say_extent, say_verdict
from model.page.frame import told_in_words
from model.page.kept import Result
from model.page.words import plain
from model.wording import show, show_share

MOST_SECONDS = 300
"""The first question to a model of 2,000 chunks takes about a minute, all others some seconds."""

AT_ONCE = BoundedSemaphore(2)
"""Each question loads a model and the numerical libraries: others wait their turn."""

MOST_LABELS = 10
"""Labels in the table, the nearest first."""

SIGNS = {"yes": ":material/check:", "no": ":material/close:", "undecided": ":material/question_mark:"}


class RefusedError(RelayError):
    """The question cannot be answered; the message says why."""


def show_question(settings: Settings, source: str, result: Result) -> None:
    """The box, and the answer to the last question as long as the model is the one that was asked."""
    st.subheader("Who writes like this?", anchor=False)
    if MODEL not in result.receipt.files:
        st.caption("There is no model to ask: it takes two labels with two documents each.")
        return
    st.fragment(_draw)(settings, source, result)


def _draw(settings: Settings, source: str, result: Result) -> None:
    key = f"{source}:answer"
    with st.form(f"{source}:question", border=False):
        text = st.text_area(
            "A text", key=f"{source}:text", height=180, placeholder="Paste a text here, the longer the better."
        )
        is_asked = st.form_submit_button("Ask", icon=":material/search:")
    if is_asked:
        st.session_state.pop(key, None)
        with told_in_words(settings), st.spinner("Comparing the text with the known ones", show_time=True):
            try:
                st.session_state[key] = ask(settings, source, text)
            except RefusedError as error:
                st.warning(plain(str(error)), icon=":material/short_text:")
    answer = st.session_state.get(key)
    if answer is not None and answer["model_sha256"] == result.receipt.files[MODEL]:
        show_answer(answer, key)


def ask(settings: Settings, source: str, text: str) -> dict[str, Any]:
    """The answer of `python -m model ask`.

    Raises:
        RefusedError: the text, the recipe or the model is not fit for it.
        RelayError: the process failed in a way that nobody foresaw, or took too long.
    """
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        raise RefusedError(f"the text is too long: expected at most {MOST_BYTES:,} bytes. Give a part of it")
    command = [sys.executable, "-m", "model", "ask", source, "--json", "--data-dir", str(settings.data_dir)]
    with AT_ONCE:
        try:
            done = subprocess.run(  # noqa: S603 - our own program, and no shell
                command, input=content, capture_output=True, cwd=ROOT, env=os.environ, timeout=MOST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise RelayError(f"no answer within {MOST_SECONDS} seconds: give a shorter text") from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        logger.error("the question to {} failed: {}", source, done.stderr.decode("utf-8", "replace"))
        raise RelayError(
            f"the question failed unexpectedly; {settings.log_dir / 'page.log'} says more. Ask again"
        ) from None
    if "error" in answer:
        raise RefusedError(answer["error"])
    return answer


def show_answer(answer: dict[str, Any], key: str) -> None:
    """Nearest labels, the verdict, the place on the map, and what to mind."""
    from model.page.charts import draw_place  # Altair: not before the first paint

    st.caption(plain(_begin_large(say_extent(answer["text"]))))
    for warning in answer["warnings"]:
        st.warning(plain(warning), icon=":material/warning:")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.table(
            [
                {
                    "Label": plain(one["label"]),
                    "Distance": show(one["distance"]),
                    "Probability": plain(show_share(one["probability"])),
                }
                for one in answer["labels"][:MOST_LABELS]
            ],
            border="horizontal",
            hide_index=True,
        )
        if len(answer["labels"]) > MOST_LABELS:
            st.caption(f"The nearest {MOST_LABELS} of {len(answer['labels'])} labels.")
        st.info(plain(say_verdict(answer["verdict"])), icon=SIGNS[answer["verdict"]["verdict"]])
        for note in answer["notes"]:
            st.caption(plain(note))
    with right:
        st.altair_chart(draw_place(answer["map"]), key=f"{key}-map", alt="The text among the known chunks")
        st.caption("The large star is your text, among the chunks that the model knows.")


def _begin_large(text: str) -> str:
    return text[:1].upper() + text[1:]
