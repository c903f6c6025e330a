"""The parameters of a user's function as fields. Its signature is read from the source; nothing of it is imported."""

import math
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from page.run.field import Field, Kind
from relay.handoff.own.signature import SEED, Parameter
from relay.handoff.recipe import Recipe, Section

if TYPE_CHECKING:
    from relay.handoff.own.function import OwnFunction

KINDS: Mapping[Any, Kind] = {bool: "toggle", int: "integer", float: "number", str: "text", date: "date", Path: "text"}

PATH_HELP = "A file in the data folder, such as data/prices.csv."


def find_own(recipe: Recipe, stage: str, section: Section) -> "OwnFunction | None":
    """The user's function that a stage's section names; None where it names none.

    Raises:
        OwnCodeError, RecipeError, UsageError: it is not there, or its arguments are wrong.
    """
    find = getattr(import_module(f"{stage}.parameters"), "find_own", None)
    accepts = stage != "preprocess" or getattr(section, "kind", "") == "python"
    return find(section, recipe) if find is not None and accepts else None


def describe_arguments(prefix: str, own: "OwnFunction") -> list[Field]:
    """A field for each parameter of a function, in the order of its signature.

    The parameter `seed` is the recipe's seed, which has a field of its own.
    """
    return [
        _describe(f"{prefix}.arguments.{parameter.name}", parameter, own.values[parameter.name], own)
        for parameter in own.signature.parameters
        if parameter.name != SEED
    ]


def _describe(key: str, parameter: Parameter, value: Any, own: "OwnFunction") -> Field:
    kinds = [kind for kind in get_args(parameter.type) if kind is not NoneType]
    is_optional = NoneType in get_args(parameter.type)
    kind = parameter.type if not is_optional else kinds[0] if len(kinds) == 1 else None
    shown = own.signature.function
    words = parameter.help[:1].upper() + parameter.help[1:]
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        # TOML has no null: a value in the recipe cannot be taken back from here.
        offered = (None, *choices) if is_optional and value is None else choices
        return Field(key, "choice", value, words, offered, is_optional=is_optional, group=shown)
    holds_paths = kind is Path or (get_origin(kind) is list and get_args(kind)[0] is Path)
    words = f"{words} {PATH_HELP}".strip() if holds_paths else words
    drawn = KINDS.get(kind, "toml")
    if drawn == "number" and isinstance(value, float) and not math.isfinite(value):
        drawn = "fixed"  # a form has no way to write it
    return Field(
        key,
        drawn,
        str(value) if isinstance(value, Path) else _write_paths(value),
        words,
        is_optional=is_optional,
        group=shown,
        holds_paths=holds_paths,
    )


def _write_paths(value: Any) -> Any:
    return [str(item) if isinstance(item, Path) else item for item in value] if isinstance(value, list) else value
