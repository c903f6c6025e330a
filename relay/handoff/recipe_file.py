"""Which file a recipe's name means."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from relay.handoff.errors import UsageError
from relay.handoff.settings import RECIPES_DIR

SUBCOMMANDS = frozenset(("page", "ask", "predict", "list", "history", "card", "fetch", "promote", "rollback", "track"))
"""Subcommands of `python -m model`: no recipe may have such a name, or `python -m model NAME` would mean two things."""


def list_recipes(folder: Path = RECIPES_DIR) -> list[Path]:
    """The recipe files of a folder, by name."""
    return sorted(folder.glob("*.toml"))


def find_recipe(name: str, folder: Path = RECIPES_DIR) -> Path:
    """The file of a recipe, given by its name in `recipes/` or by a path.

    Raises:
        UsageError: no such recipe (the message names the nearest one), or its name is a subcommand's.
    """
    path = _find_file(name, folder)
    if path.stem in SUBCOMMANDS:
        raise UsageError(
            f'{show_path(path)}: "{path.stem}" is a subcommand of `python -m model`, so no recipe may have that name',
            next_step="Rename the file",
        )
    return path


def _find_file(name: str, folder: Path) -> Path:
    known = [path.stem for path in list_recipes(folder)]
    if name.endswith(".toml") or "/" in name:
        if Path(name).is_file():
            return _require_own_name(Path(name).absolute(), folder)
        raise UsageError(f"no recipe file {name}: give a path to a .toml file or one of {', '.join(known)}")
    path = folder / f"{name}.toml"
    if path.is_file():
        return path
    raise UsageError(f'no recipe "{name}"{suggest_nearest(name, known)}; there are {", ".join(known)}{_hint(name)}')


def _require_own_name(path: Path, folder: Path) -> Path:
    """The path, unless its datasets would take the place of a recipe's in `recipes/`.

    Raises:
        UsageError: it has the name of another recipe.
    """
    namesake = folder / path.name
    if namesake.is_file() and not path.samefile(namesake):
        raise UsageError(
            f"{path} has the name of {show_path(namesake)}, and would replace its datasets: give the file another name"
        )
    return path


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
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
