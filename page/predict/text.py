"""Who writes like this? A text that somebody pastes, answered by `python -m model ask` in a process of its own."""

from typing import Any

import streamlit as st

from page.shell.command import CANCELLED, TIMEOUT, Command
from page.shell.frame import told_in_words
from page.shell.markdown import begin_large, plain, with_commands
from relay.handoff.errors import UNEXPECTED, RelayError, UsageError
from relay.handoff.settings import Settings
from relay.handoff.wording import show, show_share
from relay.registry.contract import MODEL_FILE
from relay.results.load import Result
from relay.results.text_attribution import MOST_BYTES, say_extent, say_verdict

EXAMPLE = '{"the": 0.0612, "of": 0.0401}'

MOST_LABELS = 10
"""Labels in the table, the nearest first."""

SIGNS = {"yes": ":material/check:", "no": ":material/close:", "undecided": ":material/question_mark:"}


def show_question(settings: Settings, source: str, result: Result) -> None:
    """The box, and the answer to the last question as long as the model is the one that was asked."""
    st.header("Who writes like this?", anchor=False)
    if MODEL_FILE not in result.receipt.files:
        st.caption("There is no model to ask: it takes two labels with two documents each.")
        return
    st.fragment(_draw)(settings, source, result)


def _draw(settings: Settings, source: str, result: Result) -> None:
    key = f"{source}:answer"
    with st.form(f"{source}:question", border=False):
        label, placeholder = describe_box(result.receipt.parameters.get("units") == "columns")
        text = st.text_area(label, key=f"{source}:text", height=180, placeholder=placeholder)
        is_asked = st.form_submit_button("Ask", icon=":material/search:")
    if is_asked:
        st.session_state.pop(key, None)
        with told_in_words(settings), st.spinner("Comparing the text with the known ones", show_time=True):
            try:
                st.session_state[key] = ask(settings, source, text)
            except RelayError as error:
                if not is_refusal(error):
                    raise
                st.warning(with_commands(str(error)), icon=":material/short_text:")
    answer = st.session_state.get(key)
    if answer is not None and answer["model_sha256"] == result.receipt.files[MODEL_FILE]:
        show_answer(answer, key)


def describe_box(reads_rows: bool) -> tuple[str, str]:
    """Label and placeholder of the box, for a model of rows of frequencies or for one of texts."""
    if reads_rows:
        return "A row of frequencies, as a JSON object", f"Paste a row here, such as {EXAMPLE}"
    return "A text", "Paste a text here, the longer the better."


def ask(settings: Settings, source: str, text: str) -> dict[str, Any]:
    """The answer of `python -m model ask`.

    Raises:
        UsageError: the text is too long.
        CommandError: the question was refused, or failed.
    """
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        raise UsageError(f"the text is too long: expected at most {MOST_BYTES:,} bytes", next_step="Give a part of it")
    found: dict[str, Any] = Command(settings, "ask", source, content=content).run()
    return found


def is_refusal(error: RelayError) -> bool:
    """Whether a question was understood and refused, so that another text or model may be answered."""
    return error.kind not in (UNEXPECTED, TIMEOUT, CANCELLED)


def show_answer(answer: dict[str, Any], key: str) -> None:
    """Nearest labels, the verdict, the place on the map, and what to mind."""
    from page.results.maps import draw_text_on_map  # Altair: not before the first paint

    st.caption(plain(begin_large(say_extent(answer["text"]))))
    for warning in answer["warnings"]:
        st.warning(with_commands(warning), icon=":material/warning:")
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
        st.altair_chart(draw_text_on_map(answer["map"]), key=f"{key}-map", alt="The text among the known chunks")
        st.caption("The large star is your text, among the chunks that the model knows.")
