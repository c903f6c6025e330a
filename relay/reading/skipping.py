"""Rows that are no records: those that `skip_if` names, and blank ones."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.errors import RecipeError
from relay.handoff.writer import REJECTED_SCHEMA, reject, show_cells
from relay.reading.arrow import is_bytes, is_text, join, simplify
from relay.reading.cells import write_words
from relay.reading.format_keys import SkipRule

BLANK = "left out as blank"
"""The reason for rows in which every cell is empty or white space."""

NAMES_AGAIN = "repeats the names of the columns"
"""The reason for a header between rows, as it stands where files were put one behind the other."""

SPACES = " \t\n\f\r"
"""White space that makes no content: what `\\s` is in Arrow's patterns."""

Indices = NDArray[np.int64]


def is_blank(cells: Iterable[str]) -> bool:
    """Whether a row has no content."""
    return not any(cell.strip(SPACES) for cell in cells)


def describe_rule(rule: SkipRule) -> str:
    """Why a row is left out, as the log and the receipt say it."""
    what = f"= {json.dumps(rule.value, ensure_ascii=False)}" if rule.pattern is None else f"matches {rule.pattern!r}"
    return f"left out by skip_if: {rule.column} {what}"


def find_sources(
    rules: Sequence[SkipRule], found: Sequence[str], matched: Mapping[str, str], name: str
) -> list[tuple[SkipRule, str]]:
    """The rules with the names under which their columns stand in the file.

    Args:
        rules: of the recipe.
        found: names in the file.
        matched: schema name -> name in the file.
        name: of the file, for the message.

    Raises:
        RecipeError: a rule names no column.
    """
    sources = []
    for rule in rules:
        source = matched.get(rule.column) or rule.column
        if source not in found:
            shown = ", ".join(f'"{column}"' for column in found)
            raise RecipeError(
                f'[ingest] skip_if: "{rule.column}" is no column of the recipe or of {name}; found {shown}'
            )
        sources.append((rule, source))
    return sources


def matches(rule: SkipRule, cell: str) -> bool:
    """Whether a cell is one by which the rule leaves out its row."""
    return cell.strip() == rule.value if rule.pattern is None else re.search(rule.pattern, cell) is not None


def find_matches(rule: SkipRule, cells: pa.ChunkedArray) -> Indices:
    """Where a rule leaves out rows, by the texts or bytes of its column."""
    array = join(cells).dictionary_encode()
    words = [
        value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for value in array.dictionary.to_pylist()
    ]
    wanted = [index for index, word in enumerate(words) if word is not None and matches(rule, word)]
    if not wanted:
        return np.empty(0, np.int64)
    found = pc.is_in(array.indices, pa.array(wanted, array.indices.type))
    return np.flatnonzero(found.to_numpy(zero_copy_only=False))


def find_names(table: pa.Table, names: Mapping[str, str]) -> Indices:
    """The rows whose cells are the names of their columns; column of the table -> name in the file.

    A column that is typed holds no such cell, and in a single column a cell may well be its name.
    """
    mask = None
    for name, source in names.items() if len(names) > 1 else ():
        column = table.column(name)
        if not is_text(column.type) and not is_bytes(column.type):
            return np.empty(0, np.int64)
        same = pc.equal(column, pa.scalar(source.encode() if is_bytes(column.type) else source, column.type))
        mask = same if mask is None else pc.and_(mask, same)
        if not pc.any(mask).as_py():
            return np.empty(0, np.int64)
    return np.empty(0, np.int64) if mask is None else np.flatnonzero(pc.fill_null(mask, False).to_numpy())


def leave_out(
    table: pa.Table, rules: Iterable[tuple[SkipRule, str]], numbers: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64], pa.Table]:
    """The rows that are records, their numbers, and the others as `Block.left_out` has them.

    Args:
        table: of any types.
        rules: with the names of their columns in the table.
        numbers: of the rows; shape (n,).
    """
    reasons: dict[int, str] = {}
    for rule, name in rules:
        for index in find_matches(rule, pa.chunked_array([write_words(simplify(join(table.column(name))).values)])):
            reasons.setdefault(int(index), describe_rule(rule))
    if not reasons:
        return table, numbers, REJECTED_SCHEMA.empty_table()
    kept = np.ones(table.num_rows, bool)
    kept[list(reasons)] = False
    shown = [
        (int(numbers[index]), reason, show_cells(table.slice(index, 1).to_pylist()[0]))
        for index, reason in sorted(reasons.items())
    ]
    return table.filter(pa.array(kept)), numbers[kept], reject(shown)


def find_empty(table: pa.Table) -> Indices:
    """The rows in which every cell is null, empty or white space; one column without nulls answers the question."""
    columns = sorted(table.columns, key=lambda column: is_text(column.type) or is_bytes(column.type))
    mask: NDArray[np.bool_] | None = None
    for column in columns:
        found = _find_empty(column)
        mask = found if mask is None or found is None else mask & found
        if mask is None or not mask.any():
            return np.empty(0, np.int64)
    return np.empty(0, np.int64) if mask is None else np.flatnonzero(mask)


def _find_empty(column: pa.ChunkedArray) -> NDArray[np.bool_] | None:
    """Where a column has no content; None where each cell has."""
    if is_text(column.type) or is_bytes(column.type):
        likely = [_find_likely(chunk) for chunk in column.cast(pa.binary()).chunks]
        flags: NDArray[np.bool_] = np.concatenate(likely) if likely else np.zeros(0, bool)
        where = np.flatnonzero(flags)
        if len(where):
            cells = column.take(pa.array(where)).cast(pa.binary())
            flags[where] = pc.fill_null(pc.match_substring_regex(cells, r"^\s*$"), True).to_numpy()
        return flags
    return None if column.null_count == 0 else column.is_null().to_numpy()


def _find_likely(cells: pa.Array) -> NDArray[np.bool_]:
    """Where a text is null, empty, or begins with white space, by one byte of each, which is quick."""
    if not len(cells):
        return np.zeros(0, bool)
    _, offsets, data = cells.buffers()
    places = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    first = content[np.minimum(places[:-1], len(content) - 1)]
    flags: NDArray[np.bool_] = (places[:-1] == places[1:]) | (first <= ord(" "))
    return flags
