"""A form from types: what a section of a recipe may say becomes fields, what was filled in becomes overrides."""

import ast
import inspect
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from relay.handoff.errors import UsageError
from relay.handoff.recipe import STAGE_SECTIONS, Recipe, Section, load_recipe

Kind = Literal["toggle", "choice", "integer", "number", "text", "toml", "fixed"]


@dataclass(frozen=True)
class Field:
    """One key of a section: what it is now and what it may become."""

    key: str
    """As in an override: model.chunks."""
    kind: Kind
    value: Any
    help: str = ""
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    is_optional: bool = False

    @property
    def label(self) -> str:
        """The key as a person reads it: chunk chars."""
        return self.key.rsplit(".", 1)[-1].replace("_", " ")

    @property
    def hint(self) -> str:
        """The help and the range of a number, such as `Rows to draw. At least 1.`."""
        low, high = (None if limit is None else f"{limit:g}" for limit in (self.low, self.high))
        if low is not None and high is not None:
            return f"{self.help} From {low} to {high}.".strip()
        words = f"At least {low}." if low is not None else f"At most {high}." if high is not None else ""
        return f"{self.help} {words}".strip()


def find_stages() -> tuple[str, ...]:
    """The stages that this machine or image holds, in the order in which they run."""
    return tuple(stage for stage in STAGE_SECTIONS if find_spec(stage) is not None)


def parse_section(recipe: Recipe, stage: str) -> Section:
    """A stage's section of a recipe, in the type that the stage declares.

    The page imports the declaration of a section and nothing else of another stage: what the form shows is then what
    the stage will accept.

    Raises:
        RecipeError, UsageError: a key is unknown, missing or of another type.
    """
    section: Section = import_module(f"{stage}.parameters").parse_parameters(recipe)
    return section


def check_overrides(name: str, overrides: Iterable[str], stages: Iterable[str]) -> Recipe:
    """The recipe with the overrides, looked at by every stage that is here.

    Raises:
        RecipeError, UsageError: as the stages themselves would say.
    """
    recipe = load_recipe(name, overrides)
    for stage in stages:
        parse_section(recipe, stage)
    return recipe


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
        value = filled.get(field.key, field.value)
        if field.kind == "toml" and value is not None:
            value = _read_toml(field, value)
        if field.kind in ("integer", "number") and isinstance(value, str):
            value = _read_number(field, value.strip())
        if field.kind == "text" and field.is_optional:
            value = value or None
        if value is not None and value != field.value:
            changes.append(f"{field.key}={format_toml(value)}")
    return changes


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
        raise UsageError(f'{field.label}: found "{text}", expected {expected}, such as {format_toml(field.value or 1)}')
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


def format_toml(value: Any) -> str:
    """A value as TOML on one line; what is None in a table is left out."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {format_toml(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(format_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
