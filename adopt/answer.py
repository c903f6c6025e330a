"""What `python -m adopt FROM --json` answers: the page's screen *New* is made from it.

Every field is plain data. Names of columns are the recipe's names, unless a field says otherwise.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AnswerNote:
    """Evidence of a guess."""

    text: str
    is_question: bool
    """Whether the guess is uncertain: a person should decide."""
    choices: tuple[str, ...]
    """Other values, the most likely first, as TOML writes them: `--set KEY=CHOICE` takes one."""
    key: str
    """The dotted key that the note is about, such as `columns.zip.type`, `ingest.delimiter` or `model.use`."""


@dataclass(frozen=True)
class AnswerHistogram:
    """`counts[i]` cells lie from `edges[i]` to `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class AnswerProfile:
    """What the cells of a column are."""

    rows: int
    nulls: int
    """Cells that the draft reads as no value: the empty ones and the missing words of this column."""
    distinct: int
    is_distinct_exact: bool
    most_frequent: tuple[tuple[str, int], ...]
    """Cells with their counts, the most frequent first."""
    quantiles: tuple[float, ...]
    """0, 5, 25, 50, 75, 95 and 100 % of a numeric column; empty for others."""
    histogram: AnswerHistogram | None
    longest: int
    """Characters of the longest cell."""
    first: str = ""
    """The earliest moment of a column of times, as a date."""
    last: str = ""


@dataclass(frozen=True)
class AnswerColumn:
    """One column of the draft: a row of the editable table."""

    name: str
    """`--set columns.NAME.name="other"` renames it."""
    source: str
    """The source's name for it."""
    type: str
    role: str
    keys: dict[str, Any]
    """Its other keys in `[columns]`, such as `null`, `min`, `allowed`, `time_format`, `from`."""
    notes: tuple[AnswerNote, ...]
    profile: AnswerProfile
    rows_kept: int
    """Rows of `rows_checked` whose cell can be read as declared and keeps the column's rules."""


@dataclass(frozen=True)
class AnswerWarning:
    """Something in the data that a person should look at."""

    kind: str
    text: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class AdoptAnswer:
    """A draft, what is known of the data, and where the recipe is."""

    name: str
    title: str
    description: str
    path: str
    """Where the recipe was written, or would be, as a path below the project or absolute."""
    is_written: bool
    """False with `--dry-run`, and where the name is taken."""
    toml: str
    """The recipe file."""
    next: str
    """The next command, such as `make run RECIPE=churn`."""
    shape: str
    """`table` or `documents`."""
    task: str
    """`binary`, `classes`, `regression`, `authorship`, `clustering` or `none`."""
    target: str | None
    ingest: dict[str, Any]
    preprocess: dict[str, Any]
    model: dict[str, Any]
    columns: tuple[AnswerColumn, ...]
    notes: tuple[AnswerNote, ...]
    """About the whole draft, its sections and their keys: every note that is not about one column."""
    warnings: tuple[AnswerWarning, ...]
    rows: int
    rows_checked: int
    """The rows among which kept rows are counted: all, or where there are many a sample of the whole table."""
    rows_kept: int
    """Rows of `rows_checked` that keep the types and rules of every column."""
    head: tuple[tuple[str | None, ...], ...]
    """The first rows, as they are written, in the order of `columns`; None where there is no value."""
    duplicate_rows: int
    problem: str = ""
    """What `--check` of a stage says is wrong with the recipe; empty where all of them accept it."""
    is_name_taken: bool = False
    """Whether a recipe of that name is there already: then nothing can be written under it."""
