"""A recipe that is not yet written: every guess with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from adopt.notes import DataWarning, Note

ColumnType = Literal["int", "float", "bool", "text", "category", "time"]
Role = Literal["input", "target", "id", "time", "label", "group", "weight", "ignore"]


@dataclass(frozen=True)
class DraftColumn:
    """One line of `[columns]`."""

    name: str
    """The recipe's name for it."""
    source: str
    """The source's name for it."""
    type: ColumnType
    role: Role = "input"
    keys: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the column, such as `null`, `min`, `allowed`, `time_format`, `missing`."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is learned, and by which estimators."""

    kind: Literal["binary", "classes", "regression", "authorship", "clustering", "none"]
    target: str | None
    """The recipe's name of the target or label."""
    preprocess: Mapping[str, Any]
    """The keys of `[preprocess]`."""
    model: Mapping[str, Any]
    """The keys of `[model]`; empty: the recipe ends before the model."""
    notes: tuple[Note, ...] = ()
    """About target and task."""
    key_notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """Dotted key below preprocess or model, such as `model.use` -> its evidence."""


@dataclass(frozen=True)
class Draft:
    """A whole recipe."""

    name: str
    title: str
    description: str
    ingest: Mapping[str, Any]
    columns: tuple[DraftColumn, ...]
    task: Task
    notes: tuple[Note, ...] = ()
    key_notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """Dotted key, such as `ingest.delimiter` -> its evidence."""
    warnings: tuple[DataWarning, ...] = ()
    seed: int | None = None
    """None: the default of recipes."""
