"""New: drop a data file, correct the draft, create the recipe and run it."""

import streamlit as st

from page.new.made import show_made
from page.new.parts import ask_part, note_offer
from page.new.questions import show_questions
from page.new.show import go_on, show_choices, show_counts, show_recipe, show_warnings
from page.new.state import Work, begin, draft_first, draft_now, end, find_work
from page.new.table import draw_first_rows, draw_table, show_evidence
from page.new.uploads import ENDINGS, PACKED, keep_file, remove_old_scratch
from page.settings import PageSettings, read_page_settings
from page.shell.command import ADOPT_SECONDS, CommandError
from page.shell.frame import told_in_words
from page.shell.markdown import plain
from relay.handoff.errors import RelayError

MB = 1024 * 1024
"""As the server counts: Streamlit's `server.maxUploadSize`."""

TURN = "new-turn"


def show() -> None:
    """The screen."""
    go_on()
    settings = read_page_settings()
    st.title("New recipe", anchor=False)
    st.caption(
        "Upload a data file. Relay looks at all of its rows and drafts a recipe: what its columns hold, what to "
        "predict, and which model to train. Correct it, then create and run it."
    )
    with told_in_words(settings):
        take_file(settings)
    work = find_work()
    if work is not None:
        with told_in_words(settings):
            show_work(settings, work)
    with told_in_words(settings):
        show_made(settings)


def take_file(settings: PageSettings) -> None:
    """The field for a file; one that arrives is kept, and the work on it begins.

    Raises:
        UploadError: it is not taken.
        OSError: it cannot be kept.
    """
    turn = st.session_state.setdefault(TURN, 0)
    file = st.file_uploader(
        "Data file",
        type=[*ENDINGS, *PACKED],
        max_upload_size=settings.upload_mb,
        key=f"new-file:{turn}",
        help="A table as CSV, Excel, JSON, JSON lines or Parquet, also packed. Its rows stay on this server.",
    )
    if file is None:
        return
    remove_old_scratch(settings, 2 * ADOPT_SECONDS)
    upload = keep_file(settings, file.name, file.getbuffer(), settings.upload_mb * MB)
    begin(upload)
    st.session_state[TURN] += 1  # an empty field: the server need not keep the file in memory
    st.rerun()


def show_work(settings: PageSettings, work: Work) -> None:
    """The draft of a file.

    Raises:
        RelayError: the file cannot be read.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(work.upload.given), anchor=False, width="content")
        if st.button("Close", icon=":material/close:", type="tertiary", help="The file stays; see below"):
            end()
            st.rerun()
        place = st.empty()  # beside the heading, where a spinner that comes and goes moves nothing
    if not ask_part(work):
        return
    try:
        with place:
            first = draft_first(settings, work)
    except CommandError as error:
        if not note_offer(work, error):
            raise
        st.rerun()
    problem = ""
    try:
        with place:
            draft, options = draft_now(settings, work, first)
    except CommandError as error:
        draft, options, problem = work.shown or first, (), str(error)
    except RelayError as error:  # a cell of the table
        draft, options, problem = work.shown or first, (), str(error)
    else:
        work.shown = draft
    show_counts(draft, first)
    show_warnings(draft)
    st.header("First rows", anchor=False)
    draw_first_rows(draft)
    show_choices(work, first, draft)
    st.header("Columns", anchor=False)
    open_guesses = show_questions(work, first, draft)
    draw_table(draft, work.table_key)
    show_evidence(draft)
    show_recipe(settings, work, draft, options, problem, open_guesses)


show()
