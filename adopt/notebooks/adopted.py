"""All files that notebooks become: recipes, their modules, and the copies of the data that they read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adopt.notebooks.emit import Context, StageFunction, write_function
from adopt.notebooks.file_paths import find_paths
from adopt.notebooks.imports import Imports, find_beside, read_imports
from adopt.notebooks.leak_steps import Corrections
from adopt.notebooks.module import Code, find_helpers, write_code
from adopt.notebooks.parameters import find_constants, find_globals
from adopt.notebooks.plan import Part, Split
from adopt.notebooks.recipe import RecipeParts, draft_ingest_recipe, draft_recipe
from adopt.notebooks.records import Notebook, Stage
from adopt.notebooks.source_lines import read_lines
from adopt.recipe.draft import Draft
from adopt.recipe.toml_text import write_toml


@dataclass(frozen=True)
class AdoptedRecipe:
    """A recipe with its module."""

    draft: Draft
    code: Code
    toml: str

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.draft.name

    @property
    def data_files(self) -> dict[str, str]:
        """File beside the notebooks -> its path below `data/`."""
        return {one.path: f"{self.name}/{one.place}" for function in self.code.functions for one in function.paths}


@dataclass(frozen=True)
class Adopted:
    """Everything that notebooks become. The last recipe is the whole pipeline; others ingest for it."""

    recipes: tuple[AdoptedRecipe, ...]

    @property
    def main(self) -> AdoptedRecipe:
        """The recipe that prepares and models."""
        return self.recipes[-1]

    @property
    def files(self) -> dict[str, str]:
        """Path below `recipes/` -> text."""
        found: dict[str, str] = {}
        for recipe in self.recipes:
            found |= recipe.code.files
            found[f"{recipe.name}.toml"] = recipe.toml
        return found


@dataclass(frozen=True)
class Wanted:
    """How the result is called."""

    name: str
    """Of the recipe."""
    title: str
    command: str
    """How it was made, for the first line of the recipe."""


def write_adopted(
    wanted: Wanted,
    notebooks: Sequence[Notebook],
    split: Split,
    frames: Mapping[tuple[Stage, str], pd.DataFrame],
    seeds: Mapping[int, int] | None = None,
    corrections: Corrections | None = None,
) -> Adopted:
    """The recipes and modules that compute what the notebooks compute.

    Args:
        wanted: names.
        notebooks: as they were read.
        split: how they are divided; it has no refusals.
        frames: stage that it enters, and name there -> each frame that crosses a border, as the notebook had it.
        seeds: for a throw-away twin: statement -> the seed of `random` and numpy that stands before it.
        corrections: statement -> the lines in its place, where leaks are corrected.

    Raises:
        NotebookError: something in them has no place in a stage; the message names the cell.
    """
    constants = find_constants(split)
    context = Context(
        split, read_lines(notebooks), constants, find_globals(split, constants), frames, seeds, corrections or {}
    )
    folder = notebooks[0].path.parent
    imports = read_imports(split.statements, find_beside(folder))
    functions = _write_functions(split.parts, context)
    loads = [one for one in functions if one.part.stage == Stage.INGEST]
    others = [one for one in functions if one.part.stage != Stage.INGEST]
    maker = _Maker(wanted, context, imports, folder)
    if len(loads) == 1:
        return Adopted((maker.make_main([*loads, *others], ()),))
    extra = [maker.make_ingest(function) for function in loads]
    return Adopted((*extra, maker.make_main(others, tuple(one.name for one in extra))))


def check_split(split: Split) -> None:
    """Find what has no place in a stage before the notebooks run again.

    Raises:
        NotebookError: as `write_adopted` raises it.
    """
    constants = find_constants(split)
    find_globals(split, constants)
    for part in split.parts:
        find_paths(part, split, constants)


def _write_functions(parts: Sequence[Part], context: Context) -> list[StageFunction]:
    found: list[StageFunction] = []
    for part in parts:
        found.append(write_function(part, context, [metric.name for one in found for metric in one.metrics]))
    return found


@dataclass(frozen=True)
class _Maker:
    wanted: Wanted
    context: Context
    imports: Imports
    folder: Path

    def make_main(self, functions: Sequence[StageFunction], reads: tuple[str, ...]) -> AdoptedRecipe:
        """The recipe of the pipeline."""
        frames = self.context.frames
        first = functions[0].part.gives[0].name if not reads else ""
        model = next(one for one in functions if one.part.stage == Stage.MODEL)
        parts = RecipeParts(
            name=self.wanted.name,
            title=self.wanted.title,
            functions=functions,
            raw=None if reads else frames[Stage.PREPROCESS, first],
            processed=self._join([frames[Stage.MODEL, one] for one in model.arguments]),
            reads=reads,
        )
        statements = [self.context.split.statements[index] for index in model.part.statements]
        return self._finish(draft_recipe(parts, statements), functions)

    def make_ingest(self, function: StageFunction) -> AdoptedRecipe:
        """A recipe that brings one of several frames."""
        frame = function.part.gives[0].name
        name = f"{self.wanted.name}_{frame.lower()}"
        draft = draft_ingest_recipe(
            name, f"{self.wanted.title}: {frame}", function, self.context.frames[Stage.PREPROCESS, frame]
        )
        return self._finish(draft, [function])

    def _join(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        return frames[0] if len(frames) == 1 else pd.concat(frames)

    def _finish(self, draft: Draft, functions: Sequence[StageFunction]) -> AdoptedRecipe:
        helpers = find_helpers(self.folder, self.imports)
        title = draft.title if draft.title.endswith(".") else f"{draft.title}."
        code = write_code(draft.name, functions, self.context, self.imports, title=title, helpers=helpers)
        return AdoptedRecipe(draft, code, write_toml(draft, self.wanted.command))
