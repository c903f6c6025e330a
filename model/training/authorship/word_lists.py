"""Lists of words that a recipe names: read from files beside it, hashed for the key, and handed on."""

import hashlib
from pathlib import Path

from model.style_parameters import AuthorshipParameters
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Recipe
from relay.handoff.recipe_file import show_path

LARGEST_FILE = 5_000_000
"""Bytes: some hundred thousand words."""


def hash_lists(recipe: Recipe, parameters: AuthorshipParameters) -> dict[str, str]:
    """Name -> SHA-256 of each file that the lists name.

    Raises:
        RecipeError: one is not there, or too large.
    """
    return {
        name: hashlib.sha256(_read_file(recipe, name)).hexdigest()
        for name in (*parameters.without, parameters.feature_list)
        if name.endswith(".txt")
    }


def read_lists(recipe: Recipe, parameters: AuthorshipParameters) -> AuthorshipParameters:
    """The parameters with what the lists hold.

    Raises:
        RecipeError: a file is not there, too large, not UTF-8 or without a word.
    """
    if not parameters.without and not parameters.feature_list:
        return parameters
    from stylometry.errors import StylometryError  # with numpy, which a check of the recipe does not need
    from stylometry.word_choice import WordChoice, expand_words

    named: list[str] = []
    for name in parameters.without:
        named += _read_lines(recipe, name, are_words=True) if name.endswith(".txt") else [name]
    only = parameters.feature_list
    lines = _read_lines(recipe, only, are_words=parameters.units == "words") if only else []
    try:
        return parameters.choose(WordChoice(without=expand_words(named), only=tuple(lines)))
    except StylometryError as error:
        raise RecipeError(f"{show_path(recipe.path)}: [model] without: {error}") from None


def _read_lines(recipe: Recipe, name: str, *, are_words: bool) -> list[str]:
    try:
        lines = _read_file(recipe, name).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{_show(recipe, name)} is not UTF-8 ({error.reason} at byte {error.start}); save it so"
        ) from None
    if are_words:
        lines = [" ".join(line.lower().replace("’", "'").split()) for line in lines if "#" not in line]
    if not any(lines):
        raise RecipeError(f"{_show(recipe, name)} holds no word; expected one per line")
    return [line for line in lines if line]


def _read_file(recipe: Recipe, name: str) -> bytes:
    path = recipe.path.parent / name
    if not path.is_file() or (recipe.is_in_data and path.is_symlink()):
        raise RecipeError(f"{_show(recipe, name)} is not there; expected a file beside the recipe, one word per line")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise RecipeError(f"{_show(recipe, name)} is too large; expected at most {LARGEST_FILE:,} bytes")
    return content


def _show(recipe: Recipe, name: str) -> str:
    return show_path(Path(recipe.path.parent / name))
