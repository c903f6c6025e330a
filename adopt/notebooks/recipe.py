"""The recipe of adopted notebooks: columns from the frames that crossed, and the functions of the module."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from adopt.notebooks.emit import StageFunction
from adopt.notebooks.plan import CellRef, NotebookError, Refusal, RefusalKind
from adopt.notebooks.records import Stage, Statement
from adopt.notebooks.target import Learned, find_learned
from adopt.notes import Note
from adopt.recipe.draft import ColumnType, Draft, DraftColumn, Role, Task

MOST_CATEGORIES = 50
"""Different texts that a category has; more are text."""


@dataclass(frozen=True)
class RecipeParts:
    """What a recipe is made from."""

    name: str
    title: str
    functions: Sequence[StageFunction]
    raw: pd.DataFrame | None
    """The frame that crosses the first border; None where other recipes ingest."""
    processed: pd.DataFrame
    """The frame that crosses the second border."""
    reads: tuple[str, ...] = ()
    """Recipes that ingest for this one."""


def draft_recipe(parts: RecipeParts, statements: Sequence[Statement]) -> Draft:
    """The recipe with its functions.

    Args:
        parts: what was found.
        statements: of the model's part.

    Raises:
        NotebookError: a column holds something that no dataset can hold.
    """
    by_stage = {function.part.stage: function for function in parts.functions}
    learned = find_learned(statements, [str(name) for name in _flat(parts.processed).columns])
    raw = _flat(parts.raw) if parts.raw is not None else None
    columns = tuple(draft_columns(_flat(parts.processed), raw, learned))
    preprocess: dict[str, Any] = {"kind": "python", "function": by_stage[Stage.PREPROCESS].name}
    if parts.reads:
        preprocess["reads"] = list(parts.reads)
    return Draft(
        name=parts.name,
        title=parts.title,
        description="",
        ingest={} if parts.reads else draft_ingest(by_stage[Stage.INGEST], parts.name),
        columns=columns,
        task=Task(
            kind="regression" if learned else "none",
            target=learned.target if learned else None,
            preprocess=preprocess,
            model={"kind": "python", "function": by_stage[Stage.MODEL].name},
            notes=_explain(learned),
        ),
        seed=_find_seed(parts.functions),
    )


def draft_ingest_recipe(name: str, title: str, function: StageFunction, frame: pd.DataFrame) -> Draft:
    """A recipe that brings one of several frames, and ends after ingest."""
    return Draft(
        name=name,
        title=title,
        description="",
        ingest=draft_ingest(function, name),
        columns=tuple(draft_columns(_flat(frame), None, None)),
        task=Task(kind="none", target=None, preprocess={}, model={}),
        seed=_find_seed([function]),
    )


def draft_ingest(function: StageFunction, name: str) -> dict[str, Any]:
    """The section `[ingest]`; files that the function reads lie in `data/<name>/`."""
    section: dict[str, Any] = {"source": "python", "function": function.name}
    if function.paths:
        section["arguments"] = {one.parameter: f"data/{name}/{one.place}" for one in function.paths}
    return section


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with named levels of its index as columns."""
    named = [level for level in frame.index.names if level is not None]
    return frame.reset_index() if len(named) == frame.index.nlevels else frame.reset_index(drop=True)


def _explain(learned: Learned | None) -> tuple[Note, ...]:
    if learned is None:
        return (Note("No column is the target: no call of fit takes a column of this frame by its name."),)
    return (Note(f"Cell {learned.cell} fits a model on {learned.target}, so that is the target."),)


def draft_columns(processed: pd.DataFrame, raw: pd.DataFrame | None, learned: Learned | None) -> list[DraftColumn]:
    """A column for each of the processed frame.

    Raises:
        NotebookError: a column holds something that no dataset can hold.
    """
    found = []
    for name in processed.columns:
        series = processed[name]
        kind = guess_kind(series)
        keys: dict[str, Any] = {"null": True} if series.isna().any() else {}
        if raw is not None and name in raw.columns and (other := guess_kind(raw[name])) != kind:
            keys["raw_type"] = other
        found.append(DraftColumn(str(name), str(name), kind, _choose_role(str(name), learned), keys, ()))
    return found


def _choose_role(name: str, learned: Learned | None) -> Role:
    return "target" if learned is not None and name == learned.target else "input"


def guess_kind(series: "pd.Series[Any]") -> ColumnType:
    """The type of a column in `[columns]`.

    Raises:
        NotebookError: it holds lists, mappings or other objects.
    """
    types = pd.api.types
    if types.is_bool_dtype(series.dtype):
        return "bool"
    if types.is_integer_dtype(series.dtype):
        return "int"
    if types.is_float_dtype(series.dtype):
        return "float"
    if types.is_datetime64_any_dtype(series.dtype):
        return "time"
    if isinstance(series.dtype, pd.CategoricalDtype) and not isinstance(
        series.dtype.categories.dtype, pd.IntervalDtype
    ):
        return guess_kind(series.astype(series.dtype.categories.dtype))
    values = series.dropna()
    if not all(isinstance(value, str) for value in values):
        raise _refuse(series, next(value for value in values if not isinstance(value, str)))
    different = values.unique()
    is_trimmed = all(value == value.strip() and value for value in different)
    is_category = is_trimmed and len(different) <= min(MOST_CATEGORIES, max(len(values) // 2, 2))
    return "category" if is_category else "text"


def _refuse(series: "pd.Series[Any]", value: object) -> NotebookError:
    message = f"The column {series.name} holds {type(value).__name__}, such as {str(value)[:60]}, and a dataset cannot."
    step = "Make it a number, a text or a time before the border, or drop it."
    return NotebookError((Refusal(RefusalKind.CANNOT_CROSS, message, step, cells=tuple[CellRef, ...]()),))


def _find_seed(functions: Sequence[StageFunction]) -> int | None:
    """The value of a parameter named `seed`, which a function gets from the recipe."""
    parameters: Mapping[str, Any] = {name: one for function in functions for name, one in function.parameters.items()}
    if "seed" not in parameters:
        return None
    value = ast.literal_eval(parameters["seed"].value)
    return value if isinstance(value, int) else None
