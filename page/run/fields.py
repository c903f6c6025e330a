"""The form on the screen: one control for each field, and what was filled in as overrides."""

import shlex
from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from page.run.allowed import require_allowed
from page.run.field import Field
from page.run.form import check_overrides, describe_stage, list_overrides
from page.shell.markdown import plain, with_commands
from relay.handoff.errors import RelayError
from relay.handoff.override import format_value
from relay.handoff.recipe import Recipe
from relay.handoff.settings import Settings

LONG_CHARS = 60
"""From here on a text or a list gets several lines."""

EARLIEST, LATEST = date(1000, 1, 1), date(9999, 12, 31)
"""Dates that the calendar offers."""

AS_USUAL = "(as usual)"

SEED_HELP = "Decides which rows are kept for testing, what a made-up source draws, and every random step of the model."


def fill_in(settings: Settings, source: str, recipe: Recipe, stages: Sequence[str]) -> list[str] | None:
    """Draw the form; gives what differs from the recipe as overrides, None when a stage would refuse it."""
    sections = {stage: describe_stage(recipe, stage) for stage in reversed(stages) if stage in recipe.sections}
    sections["all stages"] = [Field("seed", "integer", recipe.seed, SEED_HELP)]
    turn = st.session_state.setdefault(f"{source}:turn", 0)
    filled: dict[str, Any] = {}
    for tab, fields in zip(st.tabs(list(sections)), sections.values(), strict=True):
        with tab:
            _show_fixed([field for field in fields if field.kind == "fixed"])
            open_fields = [field for field in fields if field.kind != "fixed"]
            filled |= _draw_fields(open_fields, f"{source}:{turn}")
    try:
        overrides = list_overrides([field for fields in sections.values() for field in fields], filled)
        check_overrides(source, [*settings.overrides, *overrides], stages, settings.data_dir)
        require_allowed(settings, source, overrides)
    except RelayError as error:
        st.error(with_commands(str(error)), icon=":material/error:")
        overrides = None
    _show_changes(source, recipe, stages, overrides)
    return overrides


def _show_fixed(fields: Sequence[Field]) -> None:
    """What the recipe alone decides."""
    if fields:
        lines = (f"{field.label}: {_write(field)}" for field in fields)
        st.caption("Set in the recipe:  \n" + "  \n".join(map(plain, lines)))


def _write(field: Field) -> str:
    return field.value if isinstance(field.value, str) else format_value(field.value)


def _draw_fields(fields: Sequence[Field], key: str) -> dict[str, Any]:
    """Draw the controls; the parameters of a user's function come first, under its name."""
    filled: dict[str, Any] = {}
    own = [field for field in fields if field.group]
    if own:
        st.markdown(f"**Parameters of {plain(own[0].group)}**")
        filled |= {field.key: draw_field(field, f"{key}:{field.key}") for field in own}
        st.markdown("**Parameters of the stage**")
    return filled | {field.key: draw_field(field, f"{key}:{field.key}") for field in fields if not field.group}


def _show_changes(source: str, recipe: Recipe, stages: Sequence[str], overrides: list[str] | None) -> None:
    """The changes as one types them in a terminal, and the way back."""
    if overrides == []:
        return
    st.button("Back to the recipe's own", on_click=_forget, args=(source,), icon=":material/undo:", type="tertiary")
    if overrides is not None:
        changes = " ".join(f"--set {shlex.quote(change)}" for change in overrides)
        st.caption("The same in a terminal:")
        commands = [f"python -m {stage} {recipe.argument} {changes}" for stage in stages]
        st.code(" &&\n".join(commands), language="bash", wrap_lines=True)


def _forget(source: str) -> None:
    """Empty the form: controls of another name begin with the recipe's values."""
    st.session_state[f"{source}:turn"] += 1


def draw_field(field: Field, key: str) -> Any:
    """Draw the control of a field; gives what was filled in.

    What is filled in stays when the person looks at another page and comes back.
    """
    kept: dict[str, Any] = {"key": key, "help": field.hint or None, "persist_state": "session"}
    match field.kind:
        case "toggle":
            return st.toggle(field.label, field.value, **kept)
        case "choice":
            at = field.choices.index(field.value)
            return st.selectbox(field.label, field.choices, at, format_func=name_choice, **kept)
        case "date":
            return st.date_input(field.label, field.value, EARLIEST, LATEST, format="YYYY-MM-DD", **kept)
        case "text":
            return _draw_text(field.label, field.value, kept)
        case _:  # a number too: a control for numbers keeps its last valid value while it shows another one
            return _draw_text(field.label, None if field.value is None else format_value(field.value), kept)


def _draw_text(label: str, text: str | None, kept: dict[str, Any]) -> str | None:
    draw = st.text_area if len(text or "") > LONG_CHARS else st.text_input
    return draw(label, text, **kept)


def name_choice(choice: Any) -> str:
    """A choice as a person reads it."""
    return AS_USUAL if choice is None else "(none)" if choice == "" else str(choice)
