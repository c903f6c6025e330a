"""Raw cells become typed columns; a cell that does not parse costs its row, never the file."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from unicodedata import normalize

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relay.handoff.errors import SchemaError
from relay.handoff.override import quote_toml
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_field
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.arrow import Cast, join, simplify
from relay.reading.cell_advice import describe_expected
from relay.reading.cells import read_column
from relay.reading.columns import ReadColumns, Sighting
from relay.reading.spellings import MISSING_WORDS as NULL_WORDS

ALIKE = 0.75
"""Ratio of equal characters from which on a column may be another one under a new name: `incom` and `income` have 0.9,
`name` and `income` 0.6."""

__all__ = ["NULL_WORDS", "conform", "fits_columns", "match_columns"]


def match_columns(
    found: list[str], columns: Mapping[str, Column], extra_columns: str, where: str, section: str = "ingest"
) -> dict[str, str]:
    """Schema name -> name in the source, for a source that brings the columns `found`.

    Where the schema is open, a column may be missing, and what else comes is kept under its own name.

    Args:
        found: the source's column names.
        columns: the schema; a column may come under its own name or one of its `from` names.
        extra_columns: "refuse" or "drop" what the schema does not declare.
        where: name of the source, for the messages.
        section: of the recipe, where `extra_columns` stands.

    Raises:
        SchemaError: a column is missing, comes twice, or is not in the schema.
    """
    matched, absent = _match(found, columns, extra_columns, where, section)
    if isinstance(columns, ReadColumns):
        for name, problem in absent.items():
            columns.note_absent(name, where, problem)
    return matched


def fits_columns(found: list[str], columns: Mapping[str, Column], extra_columns: str) -> bool:
    """Whether a source that brings the columns `found` has those of the schema."""
    try:
        _match(found, columns, extra_columns, "", "ingest")
    except SchemaError:
        return False
    return True


def _match(
    found: list[str], columns: Mapping[str, Column], extra_columns: str, where: str, section: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Schema name -> name in the source, and schema name -> what a message says of a column that is absent."""
    matched: dict[str, str] = {}
    absent: dict[str, str] = {}
    is_open = isinstance(columns, ReadColumns) and columns.is_open
    may_lack = isinstance(columns, ReadColumns) and columns.may_lack
    written = _by_form(found)
    for name, column in columns.items():
        forms = dict.fromkeys(normalize("NFC", candidate) for candidate in (name, *column.source_names))
        present = [one for form in forms for one in written.get(form, ())]
        if not present and may_lack:
            continue
        if not present:
            problem = f"{where}: column {name} is missing{_suggest(name, found)}; found {_listed(found)}"
            if not (isinstance(columns, ReadColumns) and columns.is_set and column.null):
                raise SchemaError(problem)
            _refuse_renamed(name, columns, found, problem)
            absent[name] = problem
            continue
        if len(present) > 1:
            raise SchemaError(
                f"{where}: column {name} comes more than once: {_listed(dict.fromkeys(present))} in {_listed(found)}"
            )
        matched[name] = present[0]
    if absent and not matched:  # a file without any of the columns is another file
        raise SchemaError(next(iter(absent.values())))
    taken = set(matched.values())
    extra = [name for name in found if name not in taken]
    if is_open and extra_columns != "drop":
        repeated = [name for name in extra if extra.count(name) > 1 or name in matched]
        if repeated:
            raise SchemaError(f"{where}: column {repeated[0]} comes more than once in {_listed(found)}")
        return matched | {name: name for name in extra}, absent
    if extra and extra_columns == "refuse":
        raise SchemaError(
            f'{where}: unexpected column {_listed(extra)}; declare it in [columns] (role = "ignore" keeps it out of '
            f'the model), or drop what is not declared with extra_columns = "drop" in [{section}]'
        )
    return matched, absent


def _refuse_renamed(name: str, columns: Mapping[str, Column], found: list[str], problem: str) -> None:
    """Go on where no other column of the file looks like the one that it lacks."""
    known = {one for key, column in columns.items() for one in (key, *column.source_names)}
    others = [one for one in found if one not in known]
    alike = [one for one in others if one.casefold() == name.casefold()] or get_close_matches(
        name, others, n=1, cutoff=ALIKE
    )
    if alike:
        raise SchemaError(
            f'{problem}; if "{alike[0]}" is another column, declare it in [columns] with role = "ignore" and null = '
            f"true: then {name} is null in the rows of this file"
        )


def conform(table: pa.Table, columns: Mapping[str, Column], rows: NDArray[np.int64]) -> Block:
    """A block in the schema's types, from a table with the schema's names in the types of the source.

    Args:
        table: texts, or values that already have a type; shape (n, columns).
        columns: the schema.
        rows: the source's row numbers, from 1; shape (n,).

    Raises:
        AmbiguousCellError: a cell can be read in two ways, by itself or beside cells that came before.
    """
    arrays, fields = [], []
    problems: dict[int, str] = {}
    for name in _list_columns(table, columns):
        column = columns.get(name)
        if column is None:
            cast = _keep(table.column(name))
            arrays.append(cast.values)
            fields.append(pa.field(name, cast.values.type))
            for index in np.flatnonzero(cast.bad) if cast.bad is not None else ():
                problems.setdefault(int(index), f"{name}: not UTF-8 text")
            continue
        fields.append(arrow_field(name, column))
        if isinstance(columns, ReadColumns) and columns.is_absent(name) and name not in table.column_names:
            arrays.append(pa.nulls(table.num_rows, fields[-1].type))
            continue
        cast = _read(name, table.column(name), column, rows)
        if isinstance(columns, ReadColumns):
            seen = {kind: Sighting(int(rows[at]), _show(table, name, at)) for kind, at in cast.seen.items()}
            columns.note(name, seen, cast.counts)
        arrays.append(cast.values)
        for index in np.flatnonzero(cast.bad) if cast.bad is not None else ():
            expected = describe_expected(column, _show(table, name, int(index)))
            problems.setdefault(int(index), f"{name}: not {expected}")
    typed = pa.table(arrays, schema=pa.schema(fields))
    if not problems:
        return Block(table=typed, read=table.num_rows)
    kept = np.ones(table.num_rows, bool)
    kept[list(problems)] = False
    bad_rows = sorted(problems)
    cells = table.take(pa.array(bad_rows)).to_pylist()
    rejected = [(int(rows[i]), problems[i], show_cells(row)) for i, row in zip(bad_rows, cells, strict=True)]
    return Block(table=typed.filter(pa.array(kept)), read=table.num_rows, rejected=reject(rejected))


def _list_columns(table: pa.Table, columns: Mapping[str, Column]) -> list[str]:
    """The names of the block: the schema's; where it is open those that came, and those that this file alone lacks."""
    if not isinstance(columns, ReadColumns) or not columns.is_open:
        return list(columns)
    lacking = [name for name in columns if name not in table.column_names and columns.is_absent(name)]
    return [*table.column_names, *lacking]


def _keep(values: pa.ChunkedArray) -> Cast:
    """A column that the schema does not know, in the type that it came with; bytes are text, large ones are bytes."""
    array = join(values)
    return Cast(array.cast(pa.binary())) if pa.types.is_large_binary(array.type) else simplify(array)


def _read(name: str, values: pa.ChunkedArray, column: Column, rows: NDArray[np.int64]) -> Cast:
    try:
        return read_column(values, column)
    except AmbiguousCellError as error:
        raise AmbiguousCellError(f"column {name}, row {rows[error.index]:,}: {error}") from None


def _show(table: pa.Table, name: str, index: int) -> str:
    cell = table.column(name)[index].as_py()
    return cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)


def _by_form(names: list[str]) -> dict[str, list[str]]:
    """The names by the form in which they are compared: accents may be written as characters of their own, or not."""
    forms: dict[str, list[str]] = {}
    for name in names:
        forms.setdefault(normalize("NFC", name), []).append(name)
    return forms


def _suggest(name: str, found: list[str]) -> str:
    """The name that comes nearest, first one that differs in capitals only, as a line of TOML."""
    match = [other for other in found if other.casefold() == name.casefold()] or get_close_matches(name, found, n=1)
    return f' (is it "{match[0]}"? then say from = {quote_toml(match[0])} in [columns])' if match else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
