"""The parts of a draft on the screen: counts, warnings, what to predict, the recipe and the button."""

import streamlit as st

from page.new.answer import Draft, Note
from page.new.making import create_recipe, find_problem, start_run
from page.new.state import Work, end
from page.new.wishes import NO_TARGET
from page.shell.frame import NEXT, RECIPE
from page.shell.markdown import plain, with_commands
from relay.handoff.data_recipe import NAME
from relay.handoff.settings import Settings
from relay.handoff.wording import show_share

GO = "new-go"
"""Key of the session: whether a recipe was created, and the screen Run comes next."""

MOST_WARNINGS = 3
"""Shown at once; the others are one click away."""

LEAST_SHARE = 0.99
"""Of kept rows: a stage rejects at most 1% of the rows, the default of `max_rejected_share`."""

TASKS = {
    "binary": "Classification with two classes",
    "classes": "Classification with several classes",
    "regression": "Regression",
    "authorship": "Authorship: texts by their style",
    "clustering": "Clustering",
    "none": "No model: the recipe ends with prepared data",
}


def show_counts(draft: Draft, first: Draft) -> None:
    """Rows, columns and how many rows keep the draft's types and rules."""
    share = draft.rows_kept / draft.rows_checked if draft.rows_checked else 0.0
    with st.container(horizontal=True):
        st.metric("Rows", f"{draft.rows:,}", width="content")
        st.metric("Columns", f"{len(draft.columns):,}", width="content")
        change = draft.rows_kept - first.rows_kept if draft.rows_checked == first.rows_checked else 0
        st.metric(
            "Rows that keep every type and rule",
            f"{draft.rows_kept:,} of {draft.rows_checked:,}",
            f"{change:,}" if change else None,
            help="Counted with the code that ingest and preprocess use"
            + ("" if draft.rows_checked == draft.rows else f", in {draft.rows_checked:,} rows spread over the file"),
            width="content",
        )
    if share < LEAST_SHARE:
        bad = min(draft.columns, key=lambda column: column.rows_kept, default=None)
        worst = f" Most of them in {bad.name}." if bad is not None and bad.rows_kept < draft.rows_checked else ""
        st.warning(
            plain(
                f"{draft.rows_checked - draft.rows_kept:,} rows ({show_share(1 - share)}) would be rejected, and a run "
                f"stops above 1%.{worst} Change the type or the rules below."
            ),
            icon=":material/rule:",
        )


def show_warnings(draft: Draft) -> None:
    """What a person should look at."""
    for warning in draft.warnings[:MOST_WARNINGS]:
        st.warning(with_commands(warning.text), icon=":material/warning:")
    if more := draft.warnings[MOST_WARNINGS:]:
        with st.expander(
            f"{len(more)} more warnings" if len(more) > 1 else "1 more warning", icon=":material/warning:"
        ):
            for warning in more:
                st.markdown(f"- {with_commands(warning.text)}")


def show_choices(work: Work, first: Draft, draft: Draft) -> None:
    """Target, model, and the recipe's name and title."""
    st.header("What to predict", anchor=False)
    left, right = st.columns(2)
    with left:
        _choose_target(work, first, draft)
        _say_notes(draft, "target")
    with right:
        _choose_model(work, draft)
        _say_notes(draft, "model.use")
    left, right = st.columns(2)
    with left:
        _type_name(work)
    with right:
        _type_title(work)


def _choose_target(work: Work, first: Draft, draft: Draft) -> None:
    names = {column.name: now.name for column, now in zip(first.columns, draft.columns, strict=True)}
    firsts = {now: before for before, now in names.items()}
    key = work.key("target")
    st.session_state[key] = firsts.get(draft.target or "", NO_TARGET)

    def choose() -> None:
        work.change_target(st.session_state[key])

    st.selectbox(
        "Target",
        [*names, NO_TARGET],
        key=key,
        on_change=choose,
        format_func=lambda name: names.get(name, "(no target)"),
        help="The column that the model predicts",
    )


def _choose_model(work: Work, draft: Draft) -> None:
    offers = draft.estimators
    if not offers:
        st.text_input("Model", TASKS.get(draft.task, draft.task), disabled=True, key=work.key(f"task-{draft.task}"))
        return
    key = work.key("model")
    st.session_state[key] = draft.use if draft.use in offers else next(iter(offers))

    def choose() -> None:
        work.use = st.session_state[key]

    st.selectbox(
        "Model",
        list(offers),
        key=key,
        on_change=choose,
        format_func=lambda name: f"{offers[name]} ({name})",
        help=f"{TASKS.get(draft.task, draft.task)}. The recipe offers all of them; Run switches between them.",
    )


def _say_notes(draft: Draft, key: str) -> None:
    for note in draft.notes:
        if note.key == key:
            _say(note)


def _say(note: Note) -> None:
    sign = ":material/help: " if note.is_question else ""
    st.caption(f"{sign}{plain(note.text)}")


def _type_name(work: Work) -> None:
    key = work.key("name")

    def change() -> None:
        name = st.session_state[key]
        work.name = name if NAME.fullmatch(name) else work.name

    name = st.text_input(
        "Name of the recipe", work.name, max_chars=60, key=key, on_change=change, help="a-z, 0-9, - and _"
    )
    if name != work.name:
        st.caption(
            f":material/error: Expected a-z, 0-9, - and _, with a letter or digit first. The name is still {work.name}."
        )


def _type_title(work: Work) -> None:
    key = work.key("title")

    def change() -> None:
        work.title = st.session_state[key].strip() or work.title

    st.text_input("Title", work.title, max_chars=100, key=key, on_change=change, help="What the recipe is about")


def show_recipe(
    settings: Settings, work: Work, draft: Draft, options: tuple[str, ...], problem: str, open_guesses: int
) -> None:
    """The recipe file, what is wrong with it, and the button, which says how many guesses are open.

    Raises:
        RelayError: it cannot be created or started.
    """
    with st.expander(f"Recipe: {plain(draft.path)}", icon=":material/description:"):
        st.code(draft.toml, language="toml")
    problem = problem or find_problem(settings, draft)
    if problem:
        st.error(with_commands(problem), icon=":material/error:")
    st.button(
        f"Create and run{_count(open_guesses)}",
        key=work.key("create"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(problem),
        on_click=_order,
        args=(work,),
    )
    if work.is_ordered and not problem:
        with st.spinner("Writing the recipe …"):
            _create(settings, work, options)
        go_on()


def _count(open_guesses: int) -> str:
    if not open_guesses:
        return ""
    return " with 1 open guess" if open_guesses == 1 else f" with {open_guesses} open guesses"


def _order(work: Work) -> None:
    work.is_ordered = True


def _create(settings: Settings, work: Work, options: tuple[str, ...]) -> None:
    """Write the recipe and start it. The session keeps that it is done: a script may be stopped and run again."""
    work.is_ordered = False
    name = create_recipe(settings, work.upload, options)
    end()
    st.session_state[NEXT] = name
    st.session_state[GO] = True
    start_run(settings, name)


def go_on() -> None:
    """Go to the screen Run where a recipe was created."""
    if st.session_state.pop(GO, False):
        st.switch_page("screens/run.py", query_params={RECIPE: st.session_state[NEXT]})
