"""What all pages share: the choice of the recipe, and errors told in words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from loguru import logger

from page.shell.markdown import plain, with_commands
from page.shell.recipes import list_names, require_known
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError, RelayError
from relay.handoff.log import try_log
from relay.handoff.recipe import Recipe, load_recipe
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.settings import Settings, read_settings

RECIPE = "recipe"
"""Key of the choice, and its name in the address: `?recipe=linear` survives a reload and can be sent to others."""

NEXT = "next_recipe"
"""Key of a recipe that a screen chose for the next one: a control that is drawn can no longer be set."""

LONGEST_SHOWN = 60
"""Characters of a name that an address gave."""

UNKNOWN = "unknown_recipe"
"""Key of what the address named and is not there."""

USUAL = "docstrings"
"""The recipe of the demo, and of an address without one."""


@cache
def open_log(log_dir: Path, level: str) -> None:
    """Write the page's log, once a process; where the folder cannot be written, to standard error only."""
    try_log("page", log_dir, level)


@contextmanager
def told_in_words(settings: Settings) -> Iterator[None]:
    """Every error below becomes a message that says what to do; a traceback goes to the log alone."""
    try:
        yield
    except (DatasetMissingError, DatasetDamagedError) as error:
        st.warning(with_commands(str(error)), icon=":material/database:")
    except RelayError as error:
        st.error(with_commands(str(error)), icon=":material/error:")
    except OSError as error:
        logger.exception("the page could not read or write")
        st.error(
            plain(f"{error.strerror or error}: {error.filename or settings.data_dir}. Make room or give the rights.")
        )
    except Exception:
        logger.exception("the page failed")
        st.error(
            plain(
                f"This part of the page failed unexpectedly. {settings.log_dir / 'page.log'} says more; load it again."
            ),
            icon=":material/error:",
        )


def choose_recipe(settings: Settings) -> None:
    """The field at the top of every page; its choice is in the session and in the address."""
    usual = settings.recipes[0] if settings.recipes else USUAL
    # The first one is what an address without a recipe means.
    names = sorted(list_names(settings), key=lambda name: name != usual)
    if NEXT in st.session_state:
        st.session_state[RECIPE] = st.session_state.pop(NEXT)
    note_unknown(names)
    st.selectbox(
        "Recipe",
        names,
        key=RECIPE,
        bind="query-params",
        persist_state="session",
        format_func=lambda name: Path(name).stem,
        label_visibility="collapsed",
        width=320,
        on_change=st.session_state.pop,
        args=(UNKNOWN, None),
    )
    if unknown := st.session_state.get(UNKNOWN):
        st.warning(plain(f"There is no recipe {unknown}; choose one here."), icon=":material/link_off:")


def note_unknown(names: Sequence[str]) -> None:
    """Remember that the address names a recipe that is not there: the field shows the first one in its place."""
    asked = st.query_params.get(RECIPE, "")
    if asked and asked not in [Path(name).stem for name in names]:
        hint = suggest_nearest(asked, [Path(name).stem for name in names])
        st.session_state[UNKNOWN] = f'"{asked[:LONGEST_SHOWN]}"{hint}'


def chosen_recipe(settings: Settings) -> tuple[str, Recipe]:
    """The chosen recipe, as one names it and as it is read.

    Raises:
        RecipeError, UsageError: it is not a valid one, or not one of the page's.
    """
    source = require_known(settings, str(st.session_state[RECIPE]))
    return source, load_recipe(source, settings.overrides, data_dir=settings.data_dir)


def entitle(recipe: Recipe) -> None:
    """The page's heading."""
    st.title(plain(" ".join(recipe.title.split())), anchor=False)
    if recipe.description:
        st.caption(plain(recipe.description))


def has_model(recipe: Recipe) -> bool:
    """Whether a recipe has a model; if not, the screen says so."""
    if "model" not in recipe.sections:
        st.info("This recipe has no model: it prepares data only. The page Data shows it.", icon=":material/database:")
        return False
    return True


def settings_now() -> Settings:
    """The settings of the environment, with the log open."""
    settings = read_settings()
    open_log(settings.log_dir, settings.log_level)
    return settings
