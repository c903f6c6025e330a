"""Which file a recipe's name means, and what the file holds."""

import os
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from relay.handoff.data_recipe import NAME, require_small_file
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.settings import DATA_DIR, RECIPES_DIR

SUBCOMMANDS = frozenset(("page", "ask", "predict", "list", "history", "card", "fetch", "promote", "rollback", "track"))
"""Subcommands of `python -m model`: no recipe may have such a name, or `python -m model NAME` would mean two things."""


IN_DATA = "recipes"
"""The folder of recipes in the data folder."""


def list_recipes(folder: Path | None = None, data_dir: Path | None = None) -> list[Path]:
    """The recipe files of a folder, by name.

    Args:
        folder: None: `recipes/` and, after it, the recipes in the data folder.
        data_dir: the data folder; None: that of the environment.
    """
    if folder is not None:
        return sorted(folder.glob("*.toml"))
    there = data_recipes(data_dir).glob("*.toml") if is_apart(data_dir) else ()
    return [*sorted(RECIPES_DIR.glob("*.toml")), *sorted(path for path in there if NAME.fullmatch(path.stem))]


def data_recipes(data_dir: Path | None = None) -> Path:
    """Where recipes lie in the data folder: those that the page made, or `adopt` where `recipes/` is not writable.

    Args:
        data_dir: the data folder; None: that of the environment.
    """
    return (DATA_DIR.of(os.environ) if data_dir is None else data_dir) / IN_DATA


def is_apart(data_dir: Path | None = None) -> bool:
    """Whether the recipes in the data folder are others than those in `recipes/`."""
    return data_recipes(data_dir).resolve() != RECIPES_DIR.resolve()


def is_in_data(path: Path, data_dir: Path | None = None) -> bool:
    """Whether a recipe's file lies among the recipes in the data folder."""
    return path.parent.resolve() == data_recipes(data_dir).resolve() and is_apart(data_dir)


def find_recipe(name: str, folder: Path | None = None, data_dir: Path | None = None) -> Path:
    """The file of a recipe, given by its name or by a path.

    Args:
        name: of the recipe, or a path.
        folder: where names are looked for; None: in `recipes/`, then among the recipes in the data folder.
        data_dir: the data folder; None: that of the environment.

    Raises:
        UsageError: no such recipe (the message names the nearest one), two of that name, or its name is a subcommand's.
    """
    places = _list_places(folder, data_dir)
    path = _find_file(name, places)
    if not NAME.fullmatch(path.stem):
        raise UsageError(
            f"{path.name!r} cannot be the name of a recipe: expected at most 64 of a-z, 0-9, - and _, the first of "
            "them a letter or a digit, and .toml. Its datasets, log lines and container bear that name",
            next_step="Rename the file",
        )
    if path.stem in SUBCOMMANDS:
        raise UsageError(
            f'{show_path(path)}: "{path.stem}" is a subcommand of `python -m model`, so no recipe may have that name',
            next_step="Rename the file",
        )
    return path


def read_document(path: Path, *, is_in_data: bool) -> dict[str, Any]:
    """What a recipe's file holds.

    Args:
        path: of the file.
        is_in_data: whether it lies among the recipes in the data folder.

    Raises:
        RecipeError: it is not TOML, or cannot be a recipe in the data folder.
    """
    if is_in_data:
        require_small_file(path, show_path(path))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{show_path(path)}: not TOML: {error}") from None
    except RecursionError:
        raise RecipeError(f"{show_path(path)}: not TOML: its tables or lists are nested too deep") from None


def _list_places(folder: Path | None, data_dir: Path | None) -> tuple[Path, ...]:
    if folder is not None:
        return (folder,)
    return (RECIPES_DIR, data_recipes(data_dir)) if is_apart(data_dir) else (RECIPES_DIR,)


def _find_file(name: str, places: tuple[Path, ...]) -> Path:
    if name.endswith(".toml") or "/" in name:
        if Path(name).is_file():
            return _require_own_name(Path(name).absolute(), places)
        raise UsageError(f"no recipe file {name}: give a path to a .toml file or one of {_join(places)}")
    for place in places:
        path = place / f"{name}.toml"
        if path.is_file() or path.is_symlink():  # where a link leads, or why it may not, is said when it is read
            return _require_own_name(path, places)
    near = suggest_nearest(name, _list_names(places))
    raise UsageError(f'no recipe "{name}"{near}; there are {_join(places)}{_hint(name)}')


def _list_names(places: tuple[Path, ...]) -> list[str]:
    return [path.stem for place in places for path in list_recipes(place)]


def _join(places: tuple[Path, ...]) -> str:
    return ", ".join(_list_names(places))


def _require_own_name(path: Path, places: tuple[Path, ...]) -> Path:
    """The path, unless its datasets would take the place of another recipe's.

    Raises:
        UsageError: a recipe elsewhere has its name.
    """
    for other in (other for place in places for other in list_recipes(place)):
        # In any case of letters: a folder of data may be one in which these are one file.
        if other.name.casefold() == path.name.casefold() and other != path and not _is_same_file(path, other):
            raise UsageError(
                f"{show_path(path)} has the name of {show_path(other)}, and would replace its datasets: give the file "
                "another name, or delete one of the two"
            )
    return path


def _is_same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _hint(name: str) -> str:
    """Advice for a name that is a shell: a recipe was expected, as the command of a container."""
    return "; for a shell in a container: --entrypoint bash" if name in ("bash", "sh", "python") else ""


def suggest_nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, empty when none is near."""
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{match[0]}"?)' if match else ""


def show_path(path: Path) -> str:
    """A path as short as it can be said: below the project without the project's own folder."""
    root = RECIPES_DIR.parent
    shown = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return shown if shown.isprintable() else ascii(shown)[1:-1]
