"""A recipe: one TOML file that says where the data comes from, what its columns are, and which model."""

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from loguru import logger
from pydantic import ValidationError, field_validator

from relay.handoff.column import Column as Column
from relay.handoff.column import Section as Section
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.renamed_keys import BothNamesError, Renaming, rename_keys, rename_overrides
from relay.handoff.settings import RECIPES_DIR

STAGE_SECTIONS = ("ingest", "preprocess", "model")

_warned: set[str] = set()
"""Old names that this process has warned of: a recipe is read more than once."""

SUBCOMMANDS = frozenset(("page", "ask", "predict", "list", "history", "card", "fetch", "promote", "rollback", "track"))
"""Subcommands of `python -m model`: no recipe may have such a name, or `python -m model NAME` would mean two things."""


SectionType = TypeVar("SectionType", bound=Section)


class _Head(Section):
    """The part of a recipe that every stage reads."""

    title: str
    description: str = ""
    seed: int = 42
    columns: dict[str, Column]
    ingest: dict[str, Any]
    preprocess: dict[str, Any]
    model: dict[str, Any]

    @field_validator("columns")
    @classmethod
    def _roles_that_exist_once(cls, columns: dict[str, Column]) -> dict[str, Column]:
        if not columns:
            raise ValueError("at least one column must be declared")
        for role in ("target", "id", "time", "label"):
            names = [name for name, column in columns.items() if column.role == role]
            if len(names) > 1:
                raise ValueError(f"only one column may have the role {role}, not {' and '.join(names)}")
        return columns


@dataclass(frozen=True)
class Recipe:
    """A recipe as every stage sees it: columns checked, the stages' own sections still raw."""

    name: str
    path: Path
    title: str
    description: str
    seed: int
    columns: dict[str, Column]
    sections: Mapping[str, dict[str, Any]]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    renamed: tuple[Renaming, ...] = ()
    """Old names in the file or the overrides; the stage that reads the section warns of them."""

    @property
    def argument(self) -> str:
        """What one types to name it in a shell: its name in `recipes/`, elsewhere its path."""
        return self.name if self.path.parent == RECIPES_DIR else shlex.quote(str(self.path))

    def with_role(self, *roles: str) -> list[str]:
        """The names of the columns that have one of the roles, in the recipe's order."""
        return [name for name, column in self.columns.items() if column.role in roles]


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
            f'{_shown(path)}: "{path.stem}" is a subcommand of `python -m model`, so no recipe may have that name',
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
    raise UsageError(f'no recipe "{name}"{_nearest(name, known)}; there are {", ".join(known)}{_hint(name)}')


def _require_own_name(path: Path, folder: Path) -> Path:
    """The path, unless its datasets would take the place of a recipe's in `recipes/`.

    Raises:
        UsageError: it has the name of another recipe.
    """
    namesake = folder / path.name
    if namesake.is_file() and not path.samefile(namesake):
        raise UsageError(
            f"{path} has the name of {_shown(namesake)}, and would replace its datasets: give the file another name"
        )
    return path


def _hint(name: str) -> str:
    """What somebody wants who names a shell, in a container whose command is a recipe."""
    return "; for a shell in a container: --entrypoint bash" if name in ("bash", "sh", "python") else ""


def load_recipe(name: str, overrides: Iterable[str] = (), folder: Path = RECIPES_DIR) -> Recipe:
    """The recipe of that name or path, with overrides such as `model.chunks=50` applied.

    Raises:
        UsageError: no such recipe, or an override that names nothing.
        RecipeError: the file is not TOML, or a key is unknown, missing or of another type.
    """
    path = find_recipe(name, folder)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{_shown(path)}: not TOML: {error}") from None
    in_file = _rename_sections(document, path)
    try:
        changes, in_overrides = rename_overrides(parse_override(text) for text in overrides)
    except BothNamesError as error:
        raise UsageError(str(error)) from None
    for key, value in changes.items():
        _apply(document, key, value)
    head = _validate(_Head, document, path, (), changes)
    return Recipe(
        name=path.stem,
        path=path,
        title=head.title,
        description=head.description,
        seed=head.seed,
        columns=head.columns,
        sections={section: getattr(head, section) for section in STAGE_SECTIONS},
        overrides=changes,
        renamed=(*in_file, *in_overrides),
    )


def parse_section(recipe: Recipe, section: str, section_type: type[SectionType], *below: str) -> SectionType:
    """One section of a recipe in its type; `below` names a table inside it.

    Raises:
        RecipeError: a key is unknown (with the nearest known one), missing, or of another type.
        UsageError: the same, caused by an override.
    """
    for line in dict.fromkeys(found.text for found in recipe.renamed if found.section == section):
        if line not in _warned:
            _warned.add(line)
            logger.warning("{}. The old name works in this release only.", line)
    values: Any = recipe.sections[section]
    for key in below:
        values = values.get(key, {})
    return _validate(section_type, values, recipe.path, (section, *below), recipe.overrides)


def choose_section(
    recipe: Recipe, section: str, key: str, types: Mapping[str, type[SectionType]], default: str | None = None
) -> SectionType:
    """A section whose type is chosen by one of its keys, such as `source` or `kind`.

    Raises:
        RecipeError, UsageError: the key is missing or names no type; or as `parse_section`.
    """
    chosen = str(recipe.sections[section].get(key, default))
    if chosen not in types:
        found = "missing" if chosen == "None" else f'"{chosen}" is unknown{_nearest(chosen, types)}'
        error = UsageError if f"{section}.{key}" in recipe.overrides else RecipeError
        raise error(f"{_shown(recipe.path)}: [{section}] {key}: {found}; expected one of {', '.join(types)}")
    return parse_section(recipe, section, types[chosen])


def parse_override(text: str) -> tuple[str, Any]:
    """The key and the typed value of `section.key=value`; a value that is not TOML counts as a string.

    Raises:
        UsageError: there is no `=`, or nothing before it.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(f'override "{text}": expected section.key=value, for example model.chunks=50')
    try:
        return key.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _rename_sections(document: dict[str, Any], path: Path) -> list[Renaming]:
    """Put new names in place of old ones in the document that was read; gives what was renamed."""
    found: list[Renaming] = []
    for section in STAGE_SECTIONS:
        if isinstance(document.get(section), dict):
            try:
                document[section], renamed = rename_keys(section, document[section])
            except BothNamesError as error:
                raise RecipeError(f"{_shown(path)}: {error}") from None
            found += [Renaming(section, f"{_shown(path)}: {one.text}") for one in renamed]
    return found


def _apply(document: dict[str, Any], key: str, value: Any) -> None:
    """Set one key of the document that was read; a table that is not there yet is made inside a section only."""
    *tables, last = key.split(".")
    target = document
    for depth, table in enumerate(tables):
        if table not in target and depth == 0:
            raise UsageError(f'override {key}: no section "{table}"{_nearest(table, (*STAGE_SECTIONS, "columns"))}')
        target = target.setdefault(table, {})
        if not isinstance(target, dict):
            raise UsageError(f"override {key}: {table} is a value, not a table")
    target[last] = value


def _validate(
    section_type: type[SectionType], values: Any, path: Path, where: tuple[str, ...], overrides: Mapping[str, Any]
) -> SectionType:
    try:
        return section_type.model_validate(values)
    except ValidationError as error:
        problems = error.errors()
        # A misspelt key is both unknown and missing: the unknown one tells more.
        first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
        key_path = (*where, *(str(step) for step in first["loc"]))
        caused = [key for key in overrides if _is_same_branch(tuple(key.split(".")), key_path)]
        message = f"{_show_key_path(key_path)}: {_explain(first, section_type)}"
        if caused:
            raise UsageError(f"override {caused[0]}={overrides[caused[0]]}: {message}") from None
        raise RecipeError(f"{_shown(path)}: {message}") from None


def _is_same_branch(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one key path lies inside the other."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def _explain(problem: Any, section_type: type[Section]) -> str:
    if problem["type"] == "extra_forbidden":
        known = _fields(section_type, problem["loc"][:-1])
        return f"unknown key{_nearest(str(problem['loc'][-1]), known)}; known: {', '.join(known)}"
    if problem["type"] == "missing":
        return "missing"
    found = f" (found {problem['input']!r})" if not isinstance(problem["input"], dict) else ""
    return str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "expected") + found


def _fields(section_type: type[Section], key_path: tuple[Any, ...]) -> list[str]:
    """The known keys at a key path inside a section; where the path leads to a table of a known type, the table's."""
    known = section_type
    for step in key_path:
        annotation = known.model_fields[step].annotation if step in known.model_fields else None
        inner = [annotation, *getattr(annotation, "__args__", ())]
        tables = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, Section)]
        known = tables[0] if tables else known
    return [info.alias or name for name, info in known.model_fields.items()]


def _show_key_path(key_path: tuple[str, ...]) -> str:
    """A key as one finds it in the file: `[model] chunks`, `[columns] age.min`, `[ingest]`, `title`."""
    if key_path[0] not in (*STAGE_SECTIONS, "columns"):
        return ".".join(key_path)
    return f"[{key_path[0]}] {'.'.join(key_path[1:])}".rstrip()


def _nearest(name: str, known: Iterable[str]) -> str:
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{match[0]}"?)' if match else ""


def _shown(path: Path) -> str:
    """A path as short as it can be said: below the project without the project's own folder."""
    root = RECIPES_DIR.parent
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
