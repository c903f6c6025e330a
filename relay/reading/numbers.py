"""Numbers from text with their decimal and thousands marks, and from values that have a type."""

import re
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError, describe_marks
from relay.reading.arrow import Cast, Mask, convert, first_index, merge, refuse_all, to_mask
from relay.reading.marks import SIGN_BEHIND, Marks, find_affixes, find_forms, find_marks
from relay.reading.moment_text import PER_SECOND
from relay.reading.words import drop_missing

EXACT_INTS_END = 2**53
"""Below this every whole number is itself as a float, so that "2.0" may stand for 2; 2**53 + 1 is 2**53 already."""

GROUPED = r"^[+-]?\d{1,3}(\.\d{3})+$"
"""A dot before each three digits: thousands, or a fraction of three digits."""

GROUPED_CELL = re.compile(GROUPED, re.ASCII)
FRACTION = re.compile(r"[+-]?[0-9]*\.[0-9]*([eE][+-]?[0-9]+)?")

WHOLE = r"^-?\d+$"
"""What Arrow reads as a whole number, but for hexadecimal ones: `0x10` is a code."""

HEXADECIMAL = r"^0[xX]"

SEEN_GROUPED, SEEN_FRACTION, SEEN_SIGN_BEHIND, SEEN_BARE = "grouped", "fraction", "sign behind", "bare"


def read_float(array: pa.Array, column: Column) -> Cast:
    """Numbers as 64-bit floats; NaN is no value."""
    return _without_missing(_float_of(array, column), column)


def read_int(array: pa.Array, column: Column) -> Cast:
    """Whole numbers, also when they are written 2.0, as a table with gaps that went through pandas has them."""
    return _without_missing(_int_of(array, column), column)


def describe_durations(array: pa.Array) -> pa.Array:
    """Durations as texts of their seconds, the same for every unit: `1.5`."""
    digits = len(str(PER_SECOND[array.type.unit])) - 1
    exact = array.cast(pa.int64()).cast(pa.decimal128(19, 0)).cast(pa.string()).to_pylist()
    return pa.array([None if count is None else _shift(count, digits) for count in exact], pa.string())


def find_dots(text: pa.Array) -> dict[str, int]:
    """The first number with a dot before each three digits, and the first with another dot, as in `Cast.seen`."""
    has_dot = to_mask(pc.match_substring(text, "."))
    if not has_dot.any():
        return {}
    first = first_index(has_dot)
    if FRACTION.fullmatch(text[first].as_py()) and not GROUPED_CELL.fullmatch(text[first].as_py()):
        return {SEEN_FRACTION: first}  # which decides, whatever follows
    grouped = to_mask(pc.match_substring_regex(text, GROUPED))
    fraction = to_mask(pc.match_substring_regex(text, f"^{FRACTION.pattern}$")) & ~grouped
    found = {SEEN_GROUPED: grouped, SEEN_FRACTION: fraction}
    return {kind: first_index(mask) for kind, mask in found.items() if mask.any()}


def _float_of(array: pa.Array, column: Column) -> Cast:
    if pa.types.is_string(array.type):
        bare, lacking = take_units(drop_missing(array, column), column)
        signs, marks = _move_signs(bare), find_marks(column)
        plain, misplaced = read_plain_numbers(signs.values, marks)
        floats, bad = convert(plain, pa.float64())
        nan = pc.fill_null(pc.is_nan(floats), False)
        known = pc.if_else(nan, _null(pa.float64()), floats)
        seen = {} if marks else find_dots(signs.values)
        return _count_bare(Cast(known, merge(bad, misplaced), {**seen, **signs.seen}, signs.counts), lacking)
    if pa.types.is_floating(array.type):
        return Cast(array)
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return Cast(array.cast(pa.float64(), safe=False))  # beyond 2**53 the nearest float
    if pa.types.is_decimal(array.type):
        # By text: Arrow's own cast is off by the last bit for some values (pyarrow 25).
        return Cast(array.cast(pa.string()).cast(pa.float64()))
    return Cast(_seconds(array)) if pa.types.is_duration(array.type) else refuse_all(array, pa.float64())


def _int_of(array: pa.Array, column: Column) -> Cast:
    if pa.types.is_string(array.type):
        text = drop_missing(array, column)
        bare, lacking = take_units(text, column)
        signs = _move_signs(bare)
        cast = _int_of_text(signs.values, find_marks(column), text)
        return _count_bare(replace(cast, seen=signs.seen, counts=signs.counts), lacking)
    if pa.types.is_floating(array.type):
        return _int_of_float(array)
    if pa.types.is_duration(array.type):
        counts, per_second = array.cast(pa.int64()), PER_SECOND[array.type.unit]
        seconds = pc.divide(counts, per_second)
        is_whole = pc.equal(pc.multiply(seconds, per_second), counts)
        return Cast(pc.if_else(is_whole, seconds, _null(pa.int64())), merge(to_mask(pc.invert(is_whole))))
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type) or pa.types.is_decimal(array.type):
        return Cast(*convert(array, pa.int64()))
    return refuse_all(array, pa.int64())


def _int_of_text(text: pa.Array, marks: Marks | None, shown: pa.Array) -> Cast:
    plain, misplaced = read_plain_numbers(text, marks)
    with suppress(pa.ArrowInvalid):
        if not _has_hexadecimal(plain):
            return Cast(plain.cast(pa.int64()), misplaced)
    plain = pc.replace_substring_regex(plain, r"^\+(\d)", r"\1")
    whole = pc.match_substring_regex(plain, WHOLE)
    integers, bad = convert(pc.if_else(whole, plain, _null(pa.string())), pa.int64())
    rest = pc.if_else(whole, _null(pa.string()), plain)
    if rest.null_count == len(rest):
        return Cast(integers, merge(bad, misplaced))
    if marks is None:
        grouped = to_mask(pc.match_substring_regex(rest, GROUPED))
        if grouped.any():
            index = first_index(grouped)
            raise AmbiguousCellError(describe_marks(shown[index].as_py()), index)
    floats, unreadable = convert(rest, pa.float64())
    rescued = _int_of_float(floats)
    return Cast(pc.coalesce(integers, rescued.values), merge(bad, unreadable, rescued.bad, misplaced))


def _int_of_float(floats: pa.Array) -> Cast:
    exact = pc.less(pc.abs(floats), float(EXACT_INTS_END))
    is_whole = pc.fill_null(pc.and_(pc.equal(pc.floor(floats), floats), exact), False)
    bad = to_mask(pc.and_(pc.is_valid(floats), pc.invert(is_whole)))
    return Cast(pc.if_else(is_whole, floats, _null(pa.float64())).cast(pa.int64()), merge(bad))


def take_units(text: pa.Array, column: Column) -> tuple[pa.Array, Mask | None]:
    """The texts without the units beside the numbers, and where a declared one is absent; None: nowhere."""
    affixes, lacking = find_affixes(column), None
    for pattern, kept in ((affixes.before, r"\1"), (affixes.behind, "")) if affixes is not None else ():
        if pattern:
            lacking = merge(lacking, to_mask(pc.invert(pc.match_substring_regex(text, pattern))))
            text = pc.replace_substring_regex(text, pattern, kept, max_replacements=1)
    return text, lacking


def _count_bare(cast: Cast, lacking: Mask | None) -> Cast:
    """With the number of cells that were read although a declared unit is absent."""
    bare = None if lacking is None else lacking & to_mask(pc.is_valid(cast.values))
    if bare is None or not bare.any():
        return cast
    seen, counts = {**cast.seen, SEEN_BARE: first_index(bare)}, {**cast.counts, SEEN_BARE: int(bare.sum())}
    return replace(cast, seen=seen, counts=counts)


def _move_signs(text: pa.Array) -> Cast:
    """The texts; a number with its minus behind it has it in front."""
    behind = to_mask(pc.ends_with(text, "-"))
    if not behind.any():
        return Cast(text)
    moved = pc.replace_substring_regex(text, f"^{SIGN_BEHIND.pattern}$", r"-\1")
    changed = to_mask(pc.not_equal(moved, text))
    if not changed.any():
        return Cast(text)
    return Cast(moved, None, {SEEN_SIGN_BEHIND: first_index(changed)}, {SEEN_SIGN_BEHIND: int(changed.sum())})


def _has_hexadecimal(text: pa.Array) -> bool:
    """Whether a text may be a number such as `0x10`; a quick look at the bytes of all."""
    content = text.buffers()[2]
    found = b"" if content is None else content.to_pybytes()
    if b"x" not in found and b"X" not in found:
        return False
    return bool(pc.any(pc.match_substring_regex(text, HEXADECIMAL)).as_py())


def read_plain_numbers(text: pa.Array, marks: Marks | None) -> tuple[pa.Array, Mask | None]:
    """The numbers as programs write them, null and marked where a mark is at a wrong place."""
    if marks is None or marks.are_plain:
        return text, None
    form, thousands = find_forms(marks)
    fits = pc.match_substring_regex(text, form)
    misplaced = to_mask(pc.invert(fits))
    plain = pc.if_else(fits, text, _null(pa.string()))
    if marks.thousands:
        plain = pc.replace_substring_regex(plain, thousands, "")
    if marks.decimal != ".":
        plain = pc.replace_substring(plain, marks.decimal, ".")
    return plain, merge(misplaced)


def _without_missing(cast: Cast, column: Column) -> Cast:
    """Without the numbers that the recipe declares as missing, such as -999, however they are written."""
    numbers = find_missing_numbers(column, cast.values.type)
    if not len(numbers):
        return cast
    found = pc.is_in(cast.values, numbers)
    return replace(cast, values=pc.if_else(found, _null(cast.values.type), cast.values))


def find_missing_numbers(column: Column, kind: pa.DataType) -> pa.Array:
    """The numbers among the declared words, by the column's marks where they fit; for whole numbers the exact ones."""
    words = pa.array(column.missing or (), pa.string())
    plain = pc.coalesce(read_plain_numbers(words, find_marks(column))[0], words)
    floats, _ = convert(plain, pa.float64())
    if not pa.types.is_integer(kind):
        return floats.drop_null()
    # As a float, a whole number beyond 2**53 would also stand for its neighbours.
    whole = pc.replace_substring_regex(plain, r"^\+(\d)", r"\1")
    is_whole = pc.match_substring_regex(whole, WHOLE)
    exact, _ = convert(pc.if_else(is_whole, whole, _null(pa.string())), pa.int64())
    return pc.coalesce(exact, _int_of_float(floats).values).drop_null()


def _seconds(durations: pa.Array) -> pa.Array:
    """Durations in seconds, each the nearest float."""
    counts, per_second = durations.cast(pa.int64()), PER_SECOND[durations.type.unit]
    ends = pc.min_max(counts)
    if ends["min"].as_py() is None or -EXACT_INTS_END < ends["min"].as_py() <= ends["max"].as_py() < EXACT_INTS_END:
        return pc.divide(counts.cast(pa.float64()), float(per_second))
    # Python divides whole numbers of any size and rounds once.
    return pa.array([None if count is None else count / per_second for count in counts.to_pylist()], pa.float64())


def _shift(count: str, digits: int) -> str:
    sign, number = ("-", count[1:]) if count.startswith("-") else ("", count)
    padded = number.rjust(digits + 1, "0")
    whole, fraction = padded[: len(padded) - digits], padded[len(padded) - digits :].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _null(kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(None, kind)
