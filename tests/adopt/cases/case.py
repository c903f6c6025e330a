"""What a case of the test set is: a file as people have it, and the draft that its data mean."""

import csv
import io
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


class AnyOf(tuple[Any, ...]):
    """Values that a careful person would accept, the best first."""

    __slots__ = ()


Expected = Any
"""A value, or `AnyOf`."""


def any_of(*values: Any) -> AnyOf:
    """Each of these is right."""
    return AnyOf(values)


@dataclass(frozen=True)
class Col:
    """What a column means."""

    type: Expected
    role: Expected = "input"
    null: Expected = False
    keys: Mapping[str, Expected] = field(default_factory=dict)
    """Keys of its cells, declared for the column or for the file."""
    missing: tuple[Expected, ...] = ()
    """Words that mean "no value" here."""
    kept: tuple[str, ...] = ()
    """Words that look like "no value" and are values here."""
    truth: tuple[str, str] | None = None
    """The words for true and false, where they are not among the usual ones."""
    says: tuple[str, ...] = ()
    """One of these words stands in a note or warning about the column."""
    asks: bool = False
    """The data do not tell: the draft must ask."""


@dataclass(frozen=True)
class Case:
    """One file and its draft, written from what the data mean."""

    name: str
    kind: str
    """Kind of file, for the table of scores."""
    write: Callable[[Path], str]
    """Writes the file into a folder; gives what a person types."""
    columns: Mapping[str, Col]
    """By the source's names, in its order; `@label` is the column of documents that has this role."""
    target: Expected
    """By the source's name. None: nothing is learned."""
    task: Expected
    rows: int
    """Records, without totals and page heads."""
    ingest: Mapping[str, Expected] = field(default_factory=dict)
    """Keys of `[ingest]` that are not the default, `path` and `source` left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the command, such as `sheet`."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Kind of warning and the column that it is about; the empty name stands for the table."""
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """The first values of columns after ingest. A time is a text in ISO 8601; numbers equal their texts."""


def draw(name: str) -> np.random.Generator:
    """Random numbers that are the same in each run."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def write_table(
    path: Path,
    header: Sequence[str] | None,
    rows: Iterable[Sequence[object]],
    *,
    before: str = "",
    after: str = "",
    encoding: str = "utf-8",
    **dialect: Any,
) -> str:
    """Write a delimited file, with lines before and after the table; gives its path."""
    path.write_bytes((before + make_table(header, rows, **dialect) + after).encode(encoding))
    return str(path)


def make_table(header: Sequence[str] | None, rows: Iterable[Sequence[object]], **dialect: Any) -> str:
    """A delimited text; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, **{"lineterminator": "\n"} | dialect)
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


ID = Col(any_of("int", "text"), any_of("id", "ignore"))
"""A number that names the row."""
CODE_ID = Col("text", any_of("id", "ignore"))
"""A code that names the row."""
YES_NO = Col(any_of("bool", "category"))
"""In words that Relay knows without a declaration."""
ZERO_ONE = Col(any_of("int", "bool"))
CATEGORY = Col("category")
INT = Col("int")
FLOAT = Col("float")
FREE_TEXT = Col("text", "ignore")
MAYBE_FLOAT = Col("float", null=True)
"""Measured, with gaps."""
