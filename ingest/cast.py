"""Raw cells become typed columns; a cell that does not parse costs its row, never the file."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.handoff.schema import ARROW_TYPES, arrow_schema
from relay.handoff.writer import Block, reject, show_cells

NULL_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")
"""Texts that mean "no value" in every column that is not text; in text and categories only the empty one does."""

TRUE_WORDS = pa.array(["true", "True", "TRUE", "1", "1.0", "yes", "t"])
FALSE_WORDS = pa.array(["false", "False", "FALSE", "0", "0.0", "no", "f"])

EPOCH_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
MICROSECONDS = 1_000_000

EXACT_INTS_END = 2**53
"""Below this every whole number is itself as a float, so that "2.0" may stand for 2; 2**53 + 1 is 2**53 already."""

FIRST_MOMENT, LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds since 1970: no calendar shows others, they come from a wrong unit."""

_TIME = ARROW_TYPES["time"]

Mask = NDArray[np.bool_]


def match_columns(found: list[str], columns: Mapping[str, Column], extra_columns: str, where: str) -> dict[str, str]:
    """Schema name -> name in the source, for a source that brings the columns `found`.

    Args:
        found: the source's column names.
        columns: the schema; a column may come under its own name or one of its `from` names.
        extra_columns: "refuse" or "drop" what the schema does not declare.
        where: name of the source, for the messages.

    Raises:
        SchemaError: a column is missing, comes twice, or is not in the schema.
    """
    matched = {}
    for name, column in columns.items():
        present = [candidate for candidate in dict.fromkeys((name, *column.source_names)) if candidate in found]
        if not present:
            raise SchemaError(f"{where}: column {name} is missing{_suggest(name, found)}; found {_listed(found)}")
        if len(present) > 1 or found.count(present[0]) > 1:
            raise SchemaError(f"{where}: column {name} comes more than once: {_listed(present)} in {_listed(found)}")
        matched[name] = present[0]
    extra = [name for name in found if name not in matched.values()]
    if extra and extra_columns == "refuse":
        raise SchemaError(
            f'{where}: unexpected column {_listed(extra)}; declare it in [columns] (role = "ignore" keeps it out of '
            'the model), or drop what is not declared with extra_columns = "drop" in [ingest]'
        )
    return matched


def conform(table: pa.Table, columns: Mapping[str, Column], rows: NDArray[np.int64]) -> Block:
    """A block in the schema's types, from a table with the schema's names in the types of the source.

    Args:
        table: texts, or values that already have a type; shape (n, columns).
        columns: the schema.
        rows: the source's row numbers, from 1; shape (n,).
    """
    arrays = []
    problems: dict[int, str] = {}
    for name, column in columns.items():
        array, bad = cast_column(table.column(name), column)
        arrays.append(array)
        for index in np.flatnonzero(bad) if bad is not None else ():
            problems.setdefault(int(index), f"{name}: not {_article(column.type)}")
    typed = pa.table(arrays, schema=arrow_schema(columns))
    if not problems:
        return Block(table=typed, read=table.num_rows)
    kept = np.ones(table.num_rows, bool)
    kept[list(problems)] = False
    bad_rows = sorted(problems)
    cells = table.take(pa.array(bad_rows)).to_pylist()
    rejected = [(int(rows[i]), problems[i], show_cells(row)) for i, row in zip(bad_rows, cells, strict=True)]
    return Block(table=typed.filter(pa.array(kept)), read=table.num_rows, rejected=reject(rejected))


def cast_column(values: pa.ChunkedArray, column: Column) -> tuple[pa.Array, Mask | None]:
    """The values in the column's declared type, and where they could not be had (None: everywhere they could).

    A cell that does not parse is null in the result.
    """
    array = values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # no rows, or more than one array may hold
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], values.type)
    target = ARROW_TYPES[column.type]
    if array.type == target and column.type in ("int", "float"):
        return array, None
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        array, broken = _convert(array, pa.string())
        if broken is not None:
            typed, bad = cast_column(pa.chunked_array([array]), column)
            return typed, broken | bad if bad is not None else broken
    if pa.types.is_null(array.type):
        return array.cast(target), None
    return _CASTS[column.type](array, column)


def _cast_text(array: pa.Array, _: Column) -> tuple[pa.Array, Mask | None]:
    text = array if array.type == pa.string() else array.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), None


def _cast_float(array: pa.Array, _: Column) -> tuple[pa.Array, Mask | None]:
    return _convert(_trimmed(array), pa.float64())


def _cast_int(array: pa.Array, _: Column) -> tuple[pa.Array, Mask | None]:
    """Whole numbers, also when they are written 2.0, as a table with gaps that went through pandas has them."""
    trimmed = _trimmed(array)
    integers, bad = _convert(trimmed, pa.int64())
    if bad is None:
        return integers, None
    floats = _convert(trimmed, pa.float64())[0]
    whole = pc.and_(pc.equal(pc.floor(floats), floats), pc.less(pc.abs(floats), float(EXACT_INTS_END)))
    usable = pc.fill_null(whole, False)
    rescued = pc.if_else(usable, floats, pa.scalar(None, pa.float64())).cast(pa.int64())
    lost = bad & ~usable.to_numpy(zero_copy_only=False)
    return pc.coalesce(integers, rescued), lost if lost.any() else None


def _cast_bool(array: pa.Array, _: Column) -> tuple[pa.Array, Mask | None]:
    if array.type == pa.bool_():
        return array, None
    text = _trimmed(array)
    yes, no = pc.is_in(text, TRUE_WORDS), pc.is_in(text, FALSE_WORDS)
    known = pc.or_(yes, no)
    bad = pc.and_(pc.is_valid(text), pc.invert(known)).to_numpy(zero_copy_only=False)
    return pc.if_else(known, yes, pa.scalar(None, pa.bool_())), bad if bad.any() else None


def _cast_time(array: pa.Array, column: Column) -> tuple[pa.Array, Mask | None]:
    """Moments in UTC: from ISO 8601 (without a zone it counts as UTC) or from a number since 1970."""
    if pa.types.is_timestamp(array.type):
        # Nanoseconds are cut to microseconds: pandas writes them for every time.
        exact = pa.timestamp("us", tz=array.type.tz)
        if array.type.unit == "ns":
            return array.cast(exact, safe=False).cast(_TIME), None
        moments, bad = _convert(array, exact)
        return moments.cast(_TIME), bad
    trimmed = _trimmed(array)
    numbers, not_numbers = _convert(trimmed, pa.float64())
    # Whole units of a second stay exact; a float holds today's seconds to a tenth of a microsecond.
    moments, outside = _to_moments(pc.round(pc.multiply(numbers, MICROSECONDS / EPOCH_PER_SECOND[column.epoch])))
    if not_numbers is None:
        return moments, outside if outside.any() else None
    parsed, unparsed = _parse_iso(pc.if_else(pa.array(not_numbers), trimmed, pa.scalar(None, pa.string())))
    bad = outside if unparsed is None else outside | unparsed
    return pc.coalesce(moments, parsed), bad if bad.any() else None


def _to_moments(scaled: pa.Array) -> tuple[pa.Array, Mask]:
    """Microseconds since 1970 as moments, null and marked where they are on no calendar."""
    shown = pc.and_(pc.greater_equal(scaled, float(FIRST_MOMENT)), pc.less_equal(scaled, float(LAST_MOMENT)))
    known = pc.if_else(shown, scaled, pa.scalar(None, pa.float64()))
    outside: Mask = pc.fill_null(pc.invert(shown), False).to_numpy(zero_copy_only=False)
    return known.cast(pa.int64()).cast(pa.timestamp("us")).cast(_TIME), outside


def _parse_iso(text: pa.Array) -> tuple[pa.Array, Mask | None]:
    text = pc.replace_substring_regex(text, r"(\.\d{6})\d+", r"\1")  # finer than we keep
    zoned = pc.match_substring_regex(text, r"(Z|:\d\d.*[+-]\d\d(:?\d\d)?)$")
    with_zone, bad_zoned = _convert(pc.if_else(zoned, text, pa.scalar(None, pa.string())), _TIME)
    plain, bad_plain = _convert(pc.if_else(zoned, pa.scalar(None, pa.string()), text), pa.timestamp("us"))
    bad = [mask for mask in (bad_zoned, bad_plain) if mask is not None]
    return pc.coalesce(with_zone, plain.cast(_TIME)), np.logical_or.reduce(bad) if bad else None


_CASTS = {
    "text": _cast_text,
    "category": _cast_text,
    "float": _cast_float,
    "int": _cast_int,
    "bool": _cast_bool,
    "time": _cast_time,
}


def _trimmed(array: pa.Array) -> pa.Array:
    """The texts without blanks around them, null where they say so; values of another type as they print."""
    text = pc.utf8_trim_whitespace(array if array.type == pa.string() else array.cast(pa.string()))
    return pc.if_else(pc.is_in(text, pa.array(NULL_WORDS)), pa.scalar(None, pa.string()), text)


def _convert(array: pa.Array, target: pa.DataType) -> tuple[pa.Array, Mask | None]:
    """The array in the target type, null and marked where a value does not parse.

    Arrow refuses a whole array for one bad value: halves are tried until the bad ones stand alone, so that a few bad
    values among n cost about log n casts each.
    """
    try:
        return array.cast(target), None
    except pa.ArrowInvalid:
        if len(array) == 1:
            return pa.nulls(1, target), np.ones(1, bool)
    middle = len(array) // 2
    (left, left_bad), (right, right_bad) = _convert(array[:middle], target), _convert(array[middle:], target)
    bad = np.zeros(len(array), bool)
    bad[:middle] = False if left_bad is None else left_bad
    bad[middle:] = False if right_bad is None else right_bad
    return pa.concat_arrays([left, right]), bad


def _article(type_name: str) -> str:
    names = {"int": "a whole number", "float": "a number", "bool": "true or false", "time": "a time"}
    return names.get(type_name, "UTF-8 text")


def _suggest(name: str, found: Iterable[str]) -> str:
    match = get_close_matches(name, list(found), n=1)
    return f' (is it "{match[0]}"? then say from = "{match[0]}" in [columns])' if match else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
