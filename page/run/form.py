"""A form from types: what a section of a recipe may say becomes fields, what was filled in becomes overrides."""

import ast
import inspect
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from page.run.field import Field, Kind
from page.run.own_fields import describe_arguments, find_own
from page.run.presets import choose_presets
from relay.handoff.errors import UsageError
from relay.handoff.override import format_value
from relay.handoff.recipe import STAGE_SECTIONS, Recipe, Section, load_recipe

FIXED = frozenset(
    ("kind", "source", "format", "function", "distance_function", "reads", "path", "url", "table", "query", "sha256")
)
"""Keys that decide which code runs and what is read: the page shows them and never sets them."""


def find_stages() -> tuple[str, ...]:
    """The stages that this machine or image holds, in the order in which they run."""
    return tuple(stage for stage in STAGE_SECTIONS if find_spec(stage) is not None)


def list_stages(recipe: Recipe) -> tuple[str, ...]:
    """The stages of this machine or image that a recipe has; ingest runs the recipes that it reads."""
    reads_others = recipe.reads != (recipe.name,)
    return tuple(stage for stage in find_stages() if stage in recipe.sections or (stage == "ingest" and reads_others))


def parse_section(recipe: Recipe, stage: str) -> Section:
    """A stage's section of a recipe, in the type that the stage declares.

    The page imports the declaration of a section and nothing else of another stage: what the form shows is then what
    the stage will accept.

    Raises:
        RecipeError, UsageError: a key is unknown, missing or of another type.
    """
    section: Section = import_module(f"{stage}.parameters").parse_parameters(recipe)
    return section


def check_overrides(name: str, overrides: Iterable[str], stages: Iterable[str], data_dir: Path | None = None) -> Recipe:
    """The recipe with the overrides, looked at by every stage that is here.

    Raises:
        RecipeError, UsageError: as the stages themselves would say.
    """
    recipe = load_recipe(name, overrides, data_dir=data_dir)
    for stage in stages:
        if stage in recipe.sections:
            parse_section(recipe, stage)
    return recipe


def describe_stage(recipe: Recipe, stage: str) -> list[Field]:
    """What the page shows of a stage's section: with the parameters of the user's function, and fixed keys.

    Raises:
        OwnCodeError, RecipeError, UsageError: the stage refuses its section.
    """
    if stage not in recipe.sections:
        return []
    section = parse_section(recipe, stage)
    own = find_own(recipe, stage, section)
    fields: list[Field] = []
    for field in describe_fields(stage, section):
        name = field.key.partition(".")[2]
        if name == "arguments":
            fields += describe_arguments(stage, own) if own is not None else []
        elif name == "timeout" and own is None and "arguments" in type(section).model_fields:
            continue  # it concerns own code only
        elif name in FIXED:
            fields.append(replace(field, kind="fixed"))
        elif stage == "model" and name in ("estimator", "options", "use"):
            fields += _describe_estimator(recipe, field, name, is_own=own is not None)
        else:
            fields.append(field)
    return [field for field in fields if field.kind != "fixed" or field.value not in (None, "", [], {})]


def _describe_estimator(recipe: Recipe, field: Field, name: str, *, is_own: bool) -> list[Field]:
    """The estimator is chosen from the recipe's offers, or from its own one and the presets."""
    section = recipe.sections["model"]
    if "estimators" in section:
        if name == "use":
            return [replace(field, kind="choice", choices=tuple(section["estimators"]))]
        is_options = name == "options"
        key = f"model.estimators.{section.get('use')}.options" if is_options else field.key
        return [replace(field, key=key, kind="toml" if is_options else "fixed")]
    if name == "use" or (name == "options" and is_own and not field.value):
        return []
    if name == "options":
        return [field]
    target = next((recipe.columns[column].type for column in recipe.with_role("target")), "")
    return [replace(field, kind="choice", choices=tuple(dict.fromkeys((field.value, *choose_presets(target)))))]


def describe_fields(prefix: str, section: Section) -> list[Field]:
    """The fields of a section, in the order in which its type declares them."""
    dumped = section.model_dump(mode="json")
    helps = read_help(type(section))
    fields = []
    for name, info in type(section).model_fields.items():
        value = dumped.get(name, getattr(section, name))  # a field that is kept out of the key is not dumped
        fields.append(_describe(f"{prefix}.{name}", info.annotation, info.metadata, value, helps.get(name, "")))
    return fields


def _describe(key: str, annotation: Any, metadata: Iterable[Any], value: Any, text: str) -> Field:
    is_optional = NoneType in get_args(annotation)
    inner = [kind for kind in get_args(annotation) if kind is not NoneType] if is_optional else [annotation]
    kind = inner[0] if len(inner) == 1 else None
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        # What the recipe says cannot be unsaid by an override: "as usual" is offered only while it says nothing.
        offered = (None, *choices) if is_optional and value is None else choices
        return Field(key, "choice" if len(choices) > 1 else "fixed", value, text, offered, is_optional=is_optional)
    kinds: dict[Any, Kind] = {bool: "toggle", int: "integer", float: "number", str: "text"}
    low, high = _find_bounds(metadata)
    return Field(key, kinds.get(kind, "toml"), value, text, low=low, high=high, is_optional=is_optional)


def _find_bounds(metadata: Iterable[Any]) -> tuple[float | None, float | None]:
    """The closed bounds; an open one stays for the type itself to check."""
    bounds: dict[str, float | None] = {"ge": None, "le": None}
    for rule in metadata:
        for name in bounds:
            bounds[name] = getattr(rule, name, bounds[name])
    return bounds["ge"], bounds["le"]


@cache
def read_help(section: type[Section]) -> dict[str, str]:
    """Field -> the docstring under it, those of parent types included."""
    helps: dict[str, str] = {}
    for parent in reversed([kind for kind in section.__mro__ if issubclass(kind, Section)]):
        (declaration,) = ast.parse(inspect.getsource(parent)).body
        assert isinstance(declaration, ast.ClassDef)  # noqa: S101 - the source of a class
        for line, below in zip(declaration.body, declaration.body[1:], strict=False):
            match line, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    helps[name] = inspect.cleandoc(text).replace("\n", " ")
    return helps


def list_overrides(fields: Iterable[Field], filled: Mapping[str, Any]) -> list[str]:
    """What was filled in and differs, as overrides; an emptied field stays as the recipe has it.

    Raises:
        UsageError: a list or table is not TOML, or a text is not a number.
    """
    changes = []
    for field in fields:
        if field.key not in filled:
            continue
        value = filled[field.key]
        if field.kind == "toml" and value is not None:
            value = _read_toml(field, value)
        if field.kind in ("integer", "number") and isinstance(value, str):
            value = _read_number(field, value.strip())
        if field.kind == "text" and field.is_optional:
            value = value or None
        if value is not None and value != _compare(field):
            changes.append(f"{field.key}={format_value(value)}")
    return changes


def _compare(field: Field) -> Any:
    """The recipe's value as it comes back from the form: TOML has no null in a table, and types write theirs."""
    return (
        _read_toml(field, format_value(field.value))
        if field.kind == "toml" and field.value is not None
        else field.value
    )


def _read_number(field: Field, text: str) -> int | float | None:
    """The number in a field; None where it is empty."""
    if not text:
        return None
    try:
        value = int(text) if field.kind == "integer" else float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        expected = "a whole number" if field.kind == "integer" else "a number"
        example = format_value(field.value or 1)
        raise UsageError(f'{field.label}: found "{text}", expected {expected}, such as {example}')
    return value


def _read_toml(field: Field, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if not text.strip():
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f'{field.label}: not TOML ({error}); expected such as ["a", "b"] or {{ name = 1 }}') from None
