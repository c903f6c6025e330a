"""How notebooks are divided: what is needed, where the borders are, what crosses them, what cannot be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adopt.notebooks.records import Kind, Place, Stage, Statement
from relay.handoff.errors import RelayError


class RefusalKind(StrEnum):
    """Why a notebook, or a part of one, cannot be adopted; stays the same when the wording changes."""

    LANGUAGE = "language"
    PYTHON_2 = "python_2"
    SYNTAX = "syntax"
    MISSING_PACKAGE = "missing_package"
    MISSING_FILE = "missing_file"
    MISSING_NAME = "missing_name"
    REMOVED_API = "removed_api"
    LOGIN = "login"
    TIMEOUT = "timeout"
    FAILED_CELL = "failed_cell"
    MAGIC = "magic"
    NO_RESULT = "no_result"
    NO_FRAME = "no_frame"
    CANNOT_CROSS = "cannot_cross"
    LATE_READ = "late_read"
    BORDER = "border"
    GLOBAL_WRITE = "global_write"
    UNRELATED_DATA = "unrelated_data"
    LEAK = "leak"
    OTHER = "other"


@dataclass(frozen=True)
class CellRef:
    """A cell of one of the notebooks."""

    book: int
    cell: int


@dataclass(frozen=True)
class Refusal:
    """What cannot be done: where, why, and what to change in the notebook."""

    kind: RefusalKind
    message: str
    """What was found, with its names."""
    next_step: str
    """What to change, as one sentence."""
    cells: tuple[CellRef, ...] = ()


class NotebookError(RelayError):
    """The notebooks cannot be adopted as they are.

    Args:
        refusals: All reasons that are known.
    """

    kind = "notebook"

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(" ".join(f"{refusal.message} {refusal.next_step}" for refusal in refusals))
        self.refusals = refusals


@dataclass(frozen=True)
class Remark:
    """Something that is said in the report and stops nothing: a moved border, a leak, a call that changed nothing."""

    kind: str
    """`border_moved`, `read_moved`, `figure_left_out`, `nothing_in_place`, `leak`, `random_state`, …"""
    text: str
    cells: tuple[CellRef, ...] = ()


class BorderSource(StrEnum):
    """Where the borders come from."""

    FILES = "files"
    TAGS = "tags"
    COMMENTS = "comments"
    HEADINGS = "headings"
    GIVEN = "given"
    """`--split`."""
    PROPOSED = "proposed"


@dataclass(frozen=True)
class Border:
    """Where a stage begins."""

    stage: Stage
    """The stage after it: `preprocess` or `model`."""
    at: int
    """Index of the first statement behind it; the number of statements where nothing follows."""
    source: BorderSource
    moved_from: int | None = None
    """The statement at which the files, tags, headings, … have it, where it had to move."""
    reason: str = ""
    """Why it moved."""


class CrossingWay(StrEnum):
    """How a later stage gets a value."""

    FRAME = "frame"
    """It is handed on: the frame is a result of one stage and an argument of the next."""
    FILE = "file"
    """The same, where the notebooks hand it on by a file: written in one part, read in a later one."""
    REPEATED = "repeated"
    """It is made of literals only: its statements stand in both stages."""
    RECOMPUTED = "recomputed"
    """It depends on data: its statements stand in the later stage too, and read the frame that crosses."""


@dataclass(frozen=True)
class Crossing:
    """A value that is made in one part and used in a later one."""

    stage: Stage
    """The stage that it enters."""
    name: str
    """Its name there, not qualified. For `FILE` the name that the reading statement binds; for states that are made
    again a pseudo-name, such as `rng:numpy` or `set:matplotlib`."""
    way: CrossingWay
    kind: Kind
    made_by: int
    """The last statement before the border that binds or changes it. For `FILE` the statement that writes the file."""
    value_of: int
    """The statement after which the name holds the value that crosses: for `FILE` the one that reads the file."""
    given_name: str = ""
    """Its name in the earlier part, if it has one. For `FILE` the frame that is written; empty where that is an
    expression."""
    file: str = ""
    """For `FILE`: the path."""
    is_same: bool = True
    """For `FILE`: whether the frame that is read equals the one that was written (types, index, column names)."""
    statements: tuple[int, ...] = ()
    """For `REPEATED` and `RECOMPUTED`: what the later stage repeats, in order."""
    assigned_at: int | None = None
    """Where the notebook has one name for several frames: the statement of the part, in whose place stands
    `given_name = name`; otherwise the argument has the name from the beginning."""
    split: str = ""
    """`train` or `test`, where two frames of the same columns enter the model stage."""

    @property
    def held_as(self) -> str:
        """The notebook's name for the value when `value_of` had run."""
        return self.given_name if self.assigned_at is not None else self.name


@dataclass(frozen=True)
class Part:
    """The statements of one stage; several parts have the stage `ingest` where several frames enter the next one."""

    stage: Stage
    name: str
    """The frame that an ingest part gives; the stage for others."""
    statements: tuple[int, ...]
    """What it needs, in the order in which it has to run, repeated statements included; imports and definitions of
    functions and classes are in `Split.definitions`."""
    takes: tuple[Crossing, ...] = ()
    gives: tuple[Crossing, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A statement that no result needs."""

    index: int
    reason: str
    """`shows`, `exploration`, `unused`, `figure`, `file`, `settings`, `request`, `magic`."""


class OutputKind(StrEnum):
    """What a notebook is made for."""

    FIGURE = "figure"
    METRIC = "metric"
    MODEL = "model"
    FILE = "file"
    TABLE = "table"


@dataclass(frozen=True)
class Output:
    """A result that the stages must give too."""

    kind: OutputKind
    name: str
    """`fig:0:3`, the printed text, the name of the model, the path of the file."""
    statements: tuple[int, ...]
    """The statements that make it, such as the drawing calls of a figure."""
    stage: Stage


@dataclass(frozen=True)
class Slice:
    """What the results need."""

    outputs: tuple[Output, ...]
    needed: frozenset[int]
    """Indices of the statements that an output depends on, imports and definitions included."""
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Split:
    """Notebooks divided into stages."""

    statements: tuple[Statement, ...]
    slice: Slice
    borders: tuple[Border, Border]
    parts: tuple[Part, ...]
    definitions: tuple[int, ...]
    """Needed imports, functions and classes, in their order."""
    constants: Mapping[str, int] = field(default_factory=dict)
    """Qualified name -> the statement that assigns it a literal, where that is its only one: a parameter."""
    refusals: tuple[Refusal, ...] = ()
    """Why it cannot be written; empty where it can."""
    remarks: tuple[Remark, ...] = ()

    def find(self, place: Place) -> Statement:
        """The statement at a place."""
        return next(statement for statement in self.statements if statement.place == place)
