"""What is known of notebooks: their text, what a run saw, and how they are divided into stages.

Cells are counted from 1, Markdown cells included. Statements are the top-level statements of a cell's `text`, counted
from 0 (`position`). Names are qualified by the number of their notebook, counted from 0: `0:df`. What a statement
reads or writes beside names has a pseudo-name: `rng:numpy`, `rng:random`, `set:matplotlib`, `file:<path>`, `net:<url>`,
`fig:<book>:<id>`.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple


class Stage(StrEnum):
    """The stages that a notebook is divided into, in their order."""

    INGEST = "ingest"
    PREPROCESS = "preprocess"
    MODEL = "model"


class Place(NamedTuple):
    """Where a statement is: its notebook, its cell, and its position among the cell's top-level statements."""

    book: int
    cell: int
    position: int


class MagicUse(StrEnum):
    """What becomes of a magic or shell line."""

    DROPPED = "dropped"
    """It concerns display or the editor only (`%matplotlib inline`, `df?`): the text has `pass` in its place."""
    UNWRAPPED = "unwrapped"
    """The statements inside it run without it (`%time x = f()`, `%%time`, `%%capture`)."""
    REQUIREMENT = "requirement"
    """It installs packages (`!pip install x`): `pass` in the text; nothing is installed."""
    KEPT = "kept"
    """It runs as in the notebook (`files = !ls`, `%run other.py`, `%%bash`); a stage that needs it is refused."""


@dataclass(frozen=True)
class Magic:
    """A magic or shell line of a cell."""

    cell: int
    line: str
    """As it is written, its first line only."""
    use: MagicUse
    requirements: tuple[str, ...] = ()
    """The packages that it installs, as they are written."""


@dataclass(frozen=True)
class Cell:
    """A code cell that is not empty."""

    number: int
    source: str
    """As it is written."""
    text: str
    """Plain Python, which is what runs: magics are `pass`, unwrapped, or calls of `get_ipython()`. Empty for a cell
    that is not code of the notebook, such as `%%html`."""
    markdown: str = ""
    """The Markdown cells between the code cell before and this one."""
    tags: tuple[str, ...] = ()
    magics: tuple[Magic, ...] = ()
    stored_text: str = ""
    """What the file has as output: stdout and the plain text of shown values."""
    stored_error: str = ""
    """The class of the exception that the file has as output, such as `KeyError`."""


@dataclass(frozen=True)
class Notebook:
    """A notebook file."""

    path: Path
    cells: tuple[Cell, ...]

    @property
    def magics(self) -> tuple[Magic, ...]:
        """The magics and shell lines of all cells."""
        return tuple(magic for cell in self.cells for magic in cell.magics)


class Kind(StrEnum):
    """What a value is, as far as borders and slices need it."""

    FRAME = "frame"
    SERIES = "series"
    ARRAY = "array"
    """Also a sparse matrix."""
    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"
    NONE = "none"
    PLAIN = "plain"
    """A list, tuple, set or mapping of numbers, texts, truth values, None, and such containers."""
    CONTAINER = "container"
    """A list, tuple, set or mapping that holds anything else."""
    MODEL = "model"
    """An estimator that predicts or clusters, fitted or not."""
    TRANSFORMER = "transformer"
    """An estimator that only transforms, fitted or not."""
    GENERATOR = "generator"
    RNG = "rng"
    MODULE = "module"
    FUNCTION = "function"
    CLASS = "class"
    FIGURE = "figure"
    """A figure, axes, or anything else of matplotlib."""
    OTHER = "other"


@dataclass(frozen=True)
class Frame:
    """The shape of a frame when a statement had ended."""

    rows: int
    columns: tuple[str, ...]
    types: tuple[str, ...]
    """The dtype of each column, as pandas writes it."""
    has_plain_index: bool
    """Whether the index is 0, 1, 2, … without a name."""


@dataclass(frozen=True)
class Value:
    """What a name held when a statement that bound or changed it had ended."""

    kind: Kind
    fingerprint: str
    """Equal for equal values in every process; of the columns of a frame, the state of a generator, …"""
    is_fitted: bool = False
    """Of estimators: whether something was learned."""
    type: str = ""
    """Dotted name of the class."""
    frame: Frame | None = None
    function_reads: tuple[str, ...] = ()
    """Of functions that belong to the notebook: the notebook's names that its code can reach, through calls as well."""
    text: str = ""
    """`repr` of numbers, texts, truth values and short plain containers."""
    is_opaque: bool = False
    """Whether a part of it cannot be looked into, as of a database connection: its fingerprint says nothing."""


@dataclass(frozen=True)
class StatementRecord:
    """What a run saw while one top-level statement ran."""

    place: Place
    bound: tuple[str, ...] = ()
    """Names that hold another object than before."""
    changed: tuple[str, ...] = ()
    """Names that hold the same object with another content, aliases included: changed in place."""
    gone: tuple[str, ...] = ()
    """Names that were deleted."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Name -> what it holds now; the names of `bound` and `changed`."""
    moved: tuple[str, ...] = ()
    """Pseudo-names of states that changed: `rng:numpy`, `rng:random`, `set:matplotlib`, `set:pandas`, `set:path`."""
    files_read: tuple[str, ...] = ()
    """Paths relative to the notebook's folder, absolute where they are outside it."""
    files_written: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    """URLs that were opened, or `host:port` where only that is known; database addresses as well."""
    commands: tuple[str, ...] = ()
    """Programs that were started."""
    modules: tuple[str, ...] = ()
    """Files of modules that were loaded from the notebook's folder, as paths in it."""
    stdout: str = ""
    """What it printed, up to 1 MB."""
    shown: Value | None = None
    """The value that the cell shows, where the statement is its last expression."""
    drawn: tuple[int, ...] = ()
    """Numbers of the figures that it drew in or made."""
    error: str = ""
    """The class of the exception that ended it."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Figure:
    """A figure as it was when it was closed, or when the notebook had ended."""

    number: int
    """Counted from 0 in each notebook, in the order in which they were made."""
    data: tuple[Mapping[str, Any], ...]
    """One mapping for each axes; `kernel.figures.describe_figure` says what is in it."""
    image: Path | None = None
    """A PNG of it, in the folder of the run."""


@dataclass(frozen=True)
class Failure:
    """The statement that ended a run."""

    place: Place
    error: str
    """The class of the exception, such as `FileNotFoundError`, or `TimeoutError`, or `DeadKernelError`."""
    message: str
    """Its text."""
    traceback: tuple[str, ...] = ()
    """As IPython prints it, without colours."""


@dataclass(frozen=True)
class BookRun:
    """One notebook's part of a run."""

    records: Mapping[Place, StatementRecord]
    figures: Mapping[int, Figure] = field(default_factory=dict)
    outputs: Mapping[int, str] = field(default_factory=dict)
    """Cell -> its output in the form of `Cell.stored_text`."""
    kept: Mapping[tuple[Place, str], Path] = field(default_factory=dict)
    """Statement and name -> pickle of the value that the name held when the statement had ended."""
    failure: Failure | None = None
    tracing_seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """All notebooks run from the top, one after the other, in a copy of their folder, each in a fresh kernel."""

    books: tuple[BookRun, ...]
    folder: Path
    """The copy of the notebooks' folder, with the files that the run wrote."""
    hash_seed: int = 0
    is_seeded: bool = False
    """Whether `random` and numpy were seeded before each statement (`kernel.tracer.seed_of(*place)`)."""


@dataclass(frozen=True, eq=False)
class Statement:
    """A top-level statement: its text, and what a run saw of it."""

    index: int
    """Its number over all notebooks, in the order in which they run."""
    place: Place
    text: str
    """With its decorators, without the comments above it."""
    node: ast.stmt
    record: StatementRecord
    loads: frozenset[str]
    """The notebook's names that its text reads when it runs, in functions and comprehensions of an expression too."""
    deferred: frozenset[str]
    """Of a function or class: the notebook's names that it reads when it is called."""
    stores: frozenset[str]
    """The names that its text binds or deletes."""
    uses: frozenset[str]
    """Qualified names and pseudo-names on which it depends: read by the text, through called functions, or changed."""
    defs: frozenset[str]
    """Qualified names and pseudo-names that it binds or changes."""
    aliases: frozenset[str] = frozenset()
    """Of `defs`, what it changes without reading it, because it shares an object with something that it reads."""
    markdown: str = ""
    """Of the first statement of a cell: the Markdown above."""
    tags: tuple[str, ...] = ()
    has_magic: bool = False
    """Whether it calls `get_ipython()`, so that it only works in a notebook."""

    @property
    def is_import(self) -> bool:
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def is_definition(self) -> bool:
        """Whether it defines a function or a class."""
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
