"""The values that a recipe gives to a user's function, checked by the function's own types."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, create_model

from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.files import hash_file
from relay.handoff.own.signature import REQUIRED, SEED, Parameter, Signature
from relay.handoff.recipe import Recipe
from relay.handoff.recipe_file import suggest_nearest

LAX = (date, Path)
"""TOML, a form and a command line may write these as texts."""


def resolve_arguments(signature: Signature, given: Mapping[str, Any], recipe: Recipe, section: str) -> dict[str, Any]:
    """Each parameter's value: as given in `[<section>.arguments]`, else its default; the seed is the recipe's.

    Raises:
        RecipeError: a value is of another type, unknown, or missing; the message names function, parameter, what was
            expected and what was found.
        UsageError: the same, caused by an override.
    """
    seeded = {SEED: recipe.seed} if signature.takes_seed and SEED not in given else {}
    try:
        checked = make_model(signature).model_validate({**seeded, **given})
    except ValidationError as error:
        raise _explain(error.errors()[0], signature, recipe, section) from None
    return {parameter.name: getattr(checked, f"p_{parameter.name}") for parameter in signature.parameters}


def make_model(signature: Signature) -> type[BaseModel]:
    """A pydantic model with a field for each parameter, known by the parameter's name."""
    fields: dict[str, Any] = {f"p_{one.name}": (_loosen(one.type), _describe(one)) for one in signature.parameters}
    config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=False)
    return create_model(f"Arguments of {signature.function}", __config__=config, **fields)


def _describe(parameter: Parameter) -> Any:
    default = ... if parameter.default is REQUIRED else parameter.default
    return Field(default, alias=parameter.name, description=parameter.help or None)


def _loosen(kind: Any) -> Any:
    """The type, with dates and paths in it that may be written as texts."""
    if kind in LAX:
        return Annotated[kind, Strict(False)]
    if isinstance(kind, UnionType):
        first, *others = map(_loosen, get_args(kind))
        for other in others:
            first = first | other
        return first
    if get_origin(kind) is list:
        inner: Any = _loosen(get_args(kind)[0])
        return list[inner]
    return kind


def _explain(problem: Any, signature: Signature, recipe: Recipe, section: str) -> RecipeError | UsageError:
    name, *below = map(str, problem["loc"])
    key = f"{section}.arguments.{name}"
    where = f"{signature.shown}: parameter {'.'.join((name, *below))}"
    known = [parameter.name for parameter in signature.parameters]
    if problem["type"] == "extra_forbidden":
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        found = f"{signature.shown} has no parameter {name}{suggest_nearest(name, known)}; {takes}"
    elif problem["type"] == "missing":
        found = f"{where} has no default; set it in [{section}.arguments] or with --set {key}=…"
    else:
        expected = str(problem["msg"]).replace("Input should be", "expected").replace("Value error, ", "")
        found = f"{where}: {expected}, found {problem['input']!r}"
    if any(override == key or override.startswith(f"{key}.") for override in recipe.overrides):
        return UsageError(found)
    return RecipeError(found)


def to_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON has them: dates and paths as texts."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON, with what tells dates and paths from texts; `unpack` gives them back."""
    return {name: [_kind(value), _plain(value)] for name, value in values.items()}


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `pack` made JSON of, typed."""
    return {name: _unpack(kind, value) for name, (kind, value) in packed.items()}


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"list {_kind(value[0])}" if value else "list"
    return "date" if isinstance(value, date) else "path" if isinstance(value, Path) else ""


def _unpack(kind: str, value: Any) -> Any:
    if kind.startswith("list"):
        return [_unpack(kind.removeprefix("list").strip(), item) for item in value]
    return date.fromisoformat(value) if kind == "date" else Path(value) if kind == "path" else value


def locate_file(path: Path, data_dir: Path, base: Path) -> Path:
    """The file that a `Path` means.

    It counts from the data folder where it begins with `data/`, else from the recipe's, as for the source `file`.
    """
    text = path.as_posix()
    return data_dir / text.removeprefix("data/") if text.startswith("data/") else base / path


def locate_files(values: Mapping[str, Any], data_dir: Path, base: Path) -> dict[str, Any]:
    """Parameter -> the file, or the list of files, that its value means; other parameters are left out."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Path):
            found[name] = locate_file(value, data_dir, base).absolute()
        elif isinstance(value, list) and value and all(isinstance(item, Path) for item in value):
            found[name] = [locate_file(item, data_dir, base).absolute() for item in value]
    return found


def hash_files(shown: str, files: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SHA-256 of each file that a parameter names, for the key.

    Args:
        shown: the function as messages name it.
        files: parameter -> the file, or the list of files, that it names.

    Raises:
        RecipeError: a file is not there.
    """
    found = {}
    for name, path in _flatten(files):
        try:
            found[f"file of {name}"] = hash_file(path)
        except OSError as error:
            raise RecipeError(f"{shown}: the file of parameter {name}, {path}: {error.strerror}") from None
    return found


def _flatten(files: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for name, value in files.items():
        if isinstance(value, list):
            yield from ((f"{name}.{number}", path) for number, path in enumerate(value))
        else:
            yield name, value
