"""A recipe: one TOML file that says where the data comes from, what its columns are, and which model."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from loguru import logger
from pydantic import ValidationError, field_validator, model_validator

from relay.handoff.column import Column as Column
from relay.handoff.column import OpenColumns
from relay.handoff.column import Section as Section
from relay.handoff.data_recipe import require_data_only
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.override import apply_override
from relay.handoff.override import parse_override as parse_override
from relay.handoff.recipe_file import find_recipe as find_recipe
from relay.handoff.recipe_file import is_in_data, read_document, show_path, suggest_nearest
from relay.handoff.recipe_file import list_recipes as list_recipes
from relay.handoff.renamed_keys import BothNamesError, Renaming, rename_keys, rename_overrides, rename_roles
from relay.handoff.settings import RECIPES_DIR

STAGE_SECTIONS = ("ingest", "preprocess", "model")
SECTIONS = (*STAGE_SECTIONS, "monitor")

_warned: set[str] = set()
"""Old names that this process has warned of: a recipe is read more than once."""

SectionType = TypeVar("SectionType", bound=Section)


class _Head(Section):
    """The part of a recipe that every stage reads."""

    title: str
    """What the recipe is about, in a few words: the page and the plots show it."""
    description: str = ""
    """One or two sentences more."""
    seed: int = 42
    """Of everything that is drawn at random: synthetic rows, the split, estimators, own functions with a `seed`."""
    columns: dict[str, Column]
    ingest: dict[str, Any] | None = None
    preprocess: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    monitor: dict[str, Any] | None = None

    @field_validator("columns")
    @classmethod
    def _roles_that_exist_once(cls, columns: dict[str, Column]) -> dict[str, Column]:
        """At most one column has the role target, the role id, time, label, group or weight."""
        if not columns:
            raise ValueError("at least one column must be declared")
        for role in ("target", "id", "time", "label", "group", "weight"):
            names = [name for name, column in columns.items() if column.role == role]
            if len(names) > 1:
                raise ValueError(f"only one column may have the role {role}, not {' and '.join(names)}")
        return columns

    @model_validator(mode="after")
    def _sections_follow_each_other(self) -> "_Head":
        """A recipe has `[ingest]`, or `reads` in `[preprocess]`, and not both.

        `[preprocess]` and `[model]` may be missing: a recipe that others read ends after ingest, without `[monitor]`.
        """
        reads = (self.preprocess or {}).get("reads")
        if self.ingest is None and not reads:
            raise ValueError("[ingest] is missing; only a recipe with reads in [preprocess] has none")
        if self.ingest is not None and reads:
            raise ValueError(f"[preprocess] reads {reads}, so its rows are ingested by other recipes; remove [ingest]")
        if self.model is not None and self.preprocess is None:
            raise ValueError("[preprocess] is missing; a recipe with [model] needs one")
        if self.monitor is not None and self.model is None:
            raise ValueError("[model] is missing; [monitor] is about a model. Remove [monitor], or add [model]")
        return self


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
    """Those that the file has: a recipe that others read ends after ingest."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    renamed: tuple[Renaming, ...] = ()
    """Old names in the file or the overrides; the stage that reads the section warns of them."""
    is_in_data: bool = False
    """Whether its file lies among the recipes in the data folder: it has no own code and reads that folder only."""

    @property
    def argument(self) -> str:
        """What one types to name it in a shell: its name where programs look for names, elsewhere its path."""
        is_named = self.is_in_data or self.path.parent == RECIPES_DIR
        return self.name if is_named else shlex.quote(str(self.path))

    def name_beside(self, other: str) -> str:
        """What one types to name a recipe in the same folder."""
        if other == self.name or self.path.parent == RECIPES_DIR:
            return self.argument if other == self.name else other
        return shlex.quote(str(self.path.with_name(f"{other}.toml")))

    @property
    def raw_columns(self) -> dict[str, Column]:
        """The columns of the raw dataset: `[columns]` describes what preprocess makes of it where that adds some."""
        if (kind := self.sections.get("preprocess", {}).get("kind")) != "python":
            kept = {name: one for name, one in self.columns.items() if kind != "frequencies" or one.role != "input"}
            is_open = self.sections.get("ingest", {}).get("extra_columns") == "keep"
            return OpenColumns(kept, may_lack=False) if is_open else kept
        return OpenColumns(
            {
                name: column if column.raw_type is None else column.model_copy(update={"type": column.raw_type})
                for name, column in self.columns.items()
            }
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """The recipes whose raw datasets preprocess reads: its own, or those that `reads` names."""
        reads = self.sections.get("preprocess", {}).get("reads")
        return tuple(map(str, reads)) if isinstance(reads, list) else (self.name,)

    def with_role(self, *roles: str) -> list[str]:
        """The names of the columns that have one of the roles, in the recipe's order."""
        return [name for name, column in self.columns.items() if column.role in roles]


def load_recipe(
    name: str, overrides: Iterable[str] = (), folder: Path | None = None, data_dir: Path | None = None
) -> Recipe:
    """The recipe of that name or path, with overrides such as `model.chunks=50` applied.

    Args:
        name: of the recipe, or a path.
        overrides: of its keys.
        folder: where names are looked for; None: in `recipes/`, then among the recipes in the data folder.
        data_dir: the data folder; None: that of the environment.

    Raises:
        UsageError: no such recipe, or an override that names nothing.
        RecipeError: the file is not TOML, a key is unknown, missing or of another type, or a recipe in the data folder
            says what it may not.
    """
    path = find_recipe(name, folder, data_dir)
    is_in_data_folder = is_in_data(path, data_dir)
    document = read_document(path, is_in_data=is_in_data_folder)
    in_file = _rename_sections(document, path)
    try:
        changes, in_overrides = rename_overrides(parse_override(text) for text in overrides)
    except BothNamesError as error:
        raise UsageError(str(error)) from None
    for key, value in changes.items():
        apply_override(document, key, value, SECTIONS)
    head = _validate(_Head, document, path, (), changes)
    sections = {name: section for name in SECTIONS if (section := getattr(head, name)) is not None}
    if is_in_data_folder:
        require_data_only(path.stem, sections, show_path(path), list_recipes(RECIPES_DIR))
    return Recipe(
        name=path.stem,
        path=path,
        title=head.title,
        description=head.description,
        seed=head.seed,
        columns=head.columns,
        sections=sections,
        overrides=changes,
        renamed=(*in_file, *in_overrides),
        is_in_data=is_in_data_folder,
    )


def parse_section(recipe: Recipe, section: str, section_type: type[SectionType], *below: str) -> SectionType:
    """One section of a recipe in its type; `below` names a table inside it.

    Raises:
        RecipeError: a key is unknown (with the nearest known one), missing, or of another type.
        UsageError: the same, caused by an override.
    """
    for renaming in dict.fromkeys(found for found in recipe.renamed if found.section == section):
        if renaming.text in _warned:
            continue
        _warned.add(renaming.text)
        if renaming.is_old:
            logger.warning("{}. The old name works in this release only.", renaming.text)
        else:
            logger.info("{}", renaming.text)
    values: Any = _require_section(recipe, section)
    for key in below:
        values = values.get(key, {})
    return _validate(section_type, values, recipe.path, (section, *below), recipe.overrides)


def locate_beside(recipe: Recipe, name: str) -> Path:
    """The file of another recipe that one reads, in the same folder.

    Raises:
        RecipeError: it is not there, or brings no data.
    """
    path = recipe.path.with_name(f"{name}.toml")
    if not path.is_file():
        near = suggest_nearest(name, [other.stem for other in list_recipes(path.parent)])
        raise RecipeError(f'{show_path(recipe.path)}: [preprocess] reads "{name}": there is no {path.name}{near}')
    if "ingest" not in load_recipe(str(path)).sections:
        raise RecipeError(f'{show_path(recipe.path)}: [preprocess] reads "{name}", which has no [ingest] of its own')
    return path


def _require_section(recipe: Recipe, section: str) -> dict[str, Any]:
    if section not in recipe.sections:
        raise RecipeError(f"{show_path(recipe.path)} has no [{section}]: it ends before that stage")
    return recipe.sections[section]


def choose_section(
    recipe: Recipe, section: str, key: str, types: Mapping[str, type[SectionType]], default: str | None = None
) -> SectionType:
    """A section whose type is chosen by one of its keys, such as `source` or `kind`.

    Raises:
        RecipeError, UsageError: the key is missing or names no type; or as `parse_section`.
    """
    chosen = str(_require_section(recipe, section).get(key, default))
    if chosen not in types:
        found = "missing" if chosen == "None" else f'"{chosen}" is unknown{suggest_nearest(chosen, types)}'
        error = UsageError if f"{section}.{key}" in recipe.overrides else RecipeError
        raise error(f"{show_path(recipe.path)}: [{section}] {key}: {found}; expected one of {', '.join(types)}")
    return parse_section(recipe, section, types[chosen])


def _rename_sections(document: dict[str, Any], path: Path) -> list[Renaming]:
    """Put new names in place of old ones in the document that was read; gives what was renamed."""
    found: list[Renaming] = []
    for section in SECTIONS:
        if isinstance(document.get(section), dict):
            try:
                document[section], renamed = rename_keys(section, document[section])
            except BothNamesError as error:
                raise RecipeError(f"{show_path(path)}: {error}") from None
            found += [one._replace(text=f"{show_path(path)}: {one.text}") for one in renamed]
    roles = rename_roles(document.get("columns"))
    return found + [one._replace(text=f"{show_path(path)}: {one.text}") for one in roles]


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
        caused = [key for key in overrides if key_path and _is_same_branch(tuple(key.split(".")), key_path)]
        message = f"{_show_key_path(key_path)}{_explain(first, section_type)}"
        if caused:
            raise UsageError(f"override {caused[0]}={overrides[caused[0]]}: {message}") from None
        raise RecipeError(f"{show_path(path)}: {message}") from None


def _is_same_branch(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one key path lies inside the other."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def _explain(problem: Any, section_type: type[Section]) -> str:
    if problem["type"] == "extra_forbidden":
        known = _fields(section_type, problem["loc"][:-1])
        return f"unknown key{suggest_nearest(str(problem['loc'][-1]), known)}; known: {', '.join(known)}"
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
    """A key as one finds it in the file: `[model] chunks: `, `[ingest]: `, `title: `; empty for the whole file."""
    if not key_path or key_path[0] not in (*SECTIONS, "columns"):
        return f"{'.'.join(key_path)}: " if key_path else ""
    return f"[{key_path[0]}] {'.'.join(key_path[1:])}".rstrip() + ": "
