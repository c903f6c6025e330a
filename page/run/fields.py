"""The form on the screen: one control for each field, and what was filled in as overrides."""

import shlex
from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.run.form import Field, check_overrides, describe_fields, format_toml, list_overrides, parse_section
from page.shell.markdown import plain
from relay.handoff.errors import RelayError
from relay.handoff.recipe import Recipe
from relay.handoff.settings import Settings
from relay.handoff.wording import list_words

LONG_CHARS = 60
"""From here on a text or a list gets several lines."""

AS_USUAL = "(as usual)"

SEED_HELP = "Decides which rows are kept for testing, what a made-up source draws, and every random step of the model."


def fill_in(settings: Settings, source: str, recipe: Recipe, stages: Sequence[str]) -> list[str] | None:
    """Draw the form; gives what differs from the recipe as overrides, None when a stage would refuse it."""
    sections = {stage: describe_fields(stage, parse_section(recipe, stage)) for stage in reversed(stages)}
    sections["all stages"] = [Field("seed", "integer", recipe.seed, SEED_HELP)]
    turn = st.session_state.setdefault(f"{source}:turn", 0)
    filled: dict[str, Any] = {}
    for tab, fields in zip(st.tabs(list(sections)), sections.values(), strict=True):
        with tab:
            fixed = [f"{field.label} is {field.value}" for field in fields if field.kind == "fixed"]
            if fixed:
                st.caption(plain(f"Here {list_words(fixed)}."))
            open_fields = [field for field in fields if field.kind != "fixed"]
            filled |= {field.key: draw_field(field, f"{source}:{turn}:{field.key}") for field in open_fields}
    try:
        overrides = list_overrides([field for fields in sections.values() for field in fields], filled)
        check_overrides(source, [*settings.overrides, *overrides], stages)
    except RelayError as error:
        st.error(plain(str(error)), icon=":material/error:")
        overrides = None
    _show_changes(source, recipe, stages, overrides)
    return overrides


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
        case "text":
            return _draw_text(field.label, field.value, kept)
        case _:  # a number too: a control for numbers keeps its last valid value while it shows another one
            return _draw_text(field.label, None if field.value is None else format_toml(field.value), kept)


def _draw_text(label: str, text: str | None, kept: dict[str, Any]) -> str | None:
    draw = st.text_area if len(text or "") > LONG_CHARS else st.text_input
    return draw(label, text, **kept)


def name_choice(choice: Any) -> str:
    """A choice as a person reads it."""
    return AS_USUAL if choice is None else "(none)" if choice == "" else str(choice)
