"""Moments in UTC from ISO 8601, from a declared format, or from declared numbers since 1970."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.handoff.schema import ARROW_TYPES
from relay.reading.ambiguous import AmbiguousCellError, describe_bare_number, describe_mixture, show
from relay.reading.arrow import Cast, Mask, convert, first_index, merge, refuse_all, to_mask
from relay.reading.marks import find_marks
from relay.reading.numbers import PER_SECOND, read_float, read_plain_numbers
from relay.reading.words import drop_missing

MICROSECONDS = 1_000_000

FIRST_MOMENT, LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds since 1970: no calendar shows others, they come from a wrong unit."""

BARE = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
COMPACT = r"^\d{8}$"
COMPACT_FORM = "%Y%m%d"

SEEN_COMPACT, SEEN_ISO = "compact", "iso"

QUICK = ("%Y", "%m", "%d", "%H", "%M", "%S", "%f")
"""Directives that Arrow reads where they have all their digits; what else they may look like, Python reads."""

WIDTHS = {
    **{f"%{letter}": r"(\d\d)" for letter in "mdHMSyIUWV"},
    **{f"%{letter}": r"(\d{4})" for letter in "YG"},
    **{f"%{letter}": r"(\d)" for letter in "wu"},
    "%j": r"(\d{3})",
    "%f": r"(\d{1,6})",
    "%%": "%",
}
"""Directive -> a number with all its digits."""

NEIGHBOURS = "%[mdHMSyIUWVYGwujf]%[mdHMSyIUWVYGwujf]"
"""Two numbers without a mark between them: with a digit fewer they could be read in two ways."""

_TIME = ARROW_TYPES["time"]
_TEXT = pa.string()


def read_moment(array: pa.Array, column: Column) -> Cast:
    """Moments in UTC; one without a zone counts as UTC.

    Raises:
        AmbiguousCellError: a bare number without a declared epoch or format, unless every cell is a date of 8 digits.
    """
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return _of_typed(array)
    if not (pa.types.is_string(array.type) or _is_number(array.type)):
        return refuse_all(array, _TIME)
    if column.epoch is not None:
        return _by_epoch(array, column, PER_SECOND[column.epoch])
    text = drop_missing(array if pa.types.is_string(array.type) else _digits(array), column)
    if column.time_format is not None:
        return _by_format(text, column.time_format)
    return _by_sight(text)


def _by_sight(text: pa.Array) -> Cast:
    bare = to_mask(pc.match_substring_regex(text, BARE))
    if not bare.any():
        moments = _of_iso(text)
        known = to_mask(pc.is_valid(moments.values))
        return replace(moments, seen={SEEN_ISO: first_index(known)} if known.any() else {})
    compact = to_mask(pc.match_substring_regex(text, COMPACT))
    if (bare & ~compact).any():
        index = first_index(bare & ~compact)
        raise AmbiguousCellError(describe_bare_number(text[index].as_py()), index)
    moments = _by_format(text, COMPACT_FORM)
    if moments.bad is not None and (moments.bad & compact).any():
        index = first_index(moments.bad & compact)
        raise AmbiguousCellError(describe_bare_number(text[index].as_py()), index)
    others = _of_iso(pc.if_else(pa.array(compact), pa.scalar(None, _TEXT), text))
    is_iso = to_mask(pc.is_valid(others.values))
    if is_iso.any():
        index = max(first_index(compact), first_index(is_iso))
        first, second = text[first_index(compact)].as_py(), text[first_index(is_iso)].as_py()
        raise AmbiguousCellError(describe_mixture(first, "", show(second)), index)
    return replace(moments, seen={SEEN_COMPACT: first_index(compact)})


def _of_typed(array: pa.Array) -> Cast:
    if pa.types.is_date(array.type):
        moments, bad = convert(array, pa.timestamp("us"))
    elif array.type.unit == "ns":  # cut to microseconds: pandas writes nanoseconds for every time
        moments, bad = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False), None
    else:
        moments, bad = convert(array, pa.timestamp("us", tz=array.type.tz))
    counts = moments.cast(pa.int64())
    shown = _within(counts)
    return Cast(_of_counts(counts, shown), merge(bad, to_mask(pc.invert(shown))))


def _by_epoch(array: pa.Array, column: Column, per_second: int) -> Cast:
    """Numbers since 1970, and ISO 8601 beside them."""
    if not pa.types.is_string(array.type):
        return _of_numbers(array, per_second, read_float(array, column).values)
    text = drop_missing(array, column)
    plain, misplaced = read_plain_numbers(text, find_marks(column))
    if misplaced is None:
        with suppress(pa.ArrowInvalid):  # whole numbers alone, as a rule
            return _of_numbers(plain.cast(pa.int64()), per_second, plain.cast(pa.float64()))
    bare = pc.fill_null(pc.match_substring_regex(plain, BARE), False)
    numbers, _ = convert(pc.if_else(bare, plain, pa.scalar(None, _TEXT)), pa.float64())
    digits = pc.match_substring_regex(plain, r"^[+-]?\d{1,18}$")
    whole = pc.if_else(digits, plain, pa.scalar(None, _TEXT)).cast(pa.int64())
    moments = _of_numbers(whole, per_second, numbers)
    iso = _of_iso(pc.if_else(bare, pa.scalar(None, _TEXT), text))
    return Cast(pc.coalesce(moments.values, iso.values), merge(moments.bad, iso.bad))


def _of_numbers(values: pa.Array, per_second: int, floats: pa.Array) -> Cast:
    """Counts of a unit as moments; whole numbers exactly, finer ones cut to microseconds."""
    scaled = pc.round(pc.multiply(floats, MICROSECONDS / per_second))
    shown = pc.and_(pc.greater_equal(scaled, float(FIRST_MOMENT)), pc.less_equal(scaled, float(LAST_MOMENT)))
    known = pc.if_else(pc.fill_null(shown, False), scaled, pa.scalar(None, pa.float64())).cast(pa.int64())
    if pa.types.is_integer(values.type):
        whole = pc.if_else(pc.fill_null(shown, False), values, pa.scalar(None, values.type)).cast(pa.int64())
        exact = (
            pc.multiply(whole, MICROSECONDS // per_second)
            if per_second <= MICROSECONDS
            else pc.divide(whole, per_second // MICROSECONDS)
        )
        known = pc.coalesce(exact, known)
    bad = to_mask(pc.and_(pc.is_valid(floats), pc.invert(pc.fill_null(shown, False))))
    return Cast(known.cast(pa.timestamp("us")).cast(_TIME), merge(bad))


def _of_counts(counts: pa.Array, shown: pa.Array) -> pa.Array:
    return pc.if_else(shown, counts, pa.scalar(None, pa.int64())).cast(pa.timestamp("us")).cast(_TIME)


def _within(counts: pa.Array) -> pa.Array:
    return pc.and_(pc.greater_equal(counts, FIRST_MOMENT), pc.less_equal(counts, LAST_MOMENT))


def _of_iso(text: pa.Array) -> Cast:
    text = pc.replace_substring_regex(text, r"(\.\d{6})\d+", r"\1")  # finer than we keep
    zoned = pc.match_substring_regex(text, r"(Z|:\d\d.*[+-]\d\d(:?\d\d)?)$")
    with_zone, bad_zoned = convert(pc.if_else(zoned, text, pa.scalar(None, _TEXT)), _TIME)
    plain, bad_plain = convert(pc.if_else(zoned, pa.scalar(None, _TEXT), text), pa.timestamp("us"))
    counts = pc.coalesce(with_zone, plain.cast(_TIME)).cast(pa.int64())
    shown = _within(counts)  # Arrow reads the year 0, and a zone may lead out of 1 to 9999
    return Cast(_of_counts(counts, shown), merge(bad_zoned, bad_plain, to_mask(pc.invert(shown))))


def _by_format(text: pa.Array, form: str) -> Cast:
    """Moments in a format of Python's `strptime`; directives without a mark between them need all their digits."""
    quick = _iso_pattern(form)
    moments = pa.nulls(len(text), _TIME)
    rest = text
    bad: Mask | None = None
    if quick is not None:
        pattern, iso = quick
        fits = pc.match_substring_regex(text, pattern)
        written = pc.replace_substring_regex(pc.if_else(fits, text, pa.scalar(None, _TEXT)), pattern, iso)
        plain, bad = convert(written, pa.timestamp("us"))
        counts = plain.cast(pa.int64())
        shown = _within(counts)
        moments, bad = _of_counts(counts, shown), merge(bad, to_mask(pc.invert(shown)))
        rest = pc.if_else(fits, pa.scalar(None, _TEXT), text)
    if rest.null_count == len(rest):
        return Cast(moments, bad)
    if re.search(NEIGHBOURS, form.replace("%%", "")) is None:
        others = _by_python(rest, form)
    else:
        whole = pc.match_substring_regex(rest, _full_pattern(form))
        others = _by_python(pc.if_else(whole, rest, pa.scalar(None, _TEXT)), form)
        bad = merge(bad, to_mask(pc.invert(whole)))
    return Cast(pc.coalesce(moments, others.values), merge(bad, others.bad))


def _by_python(text: pa.Array, form: str) -> Cast:
    codes = text.dictionary_encode()
    found = [_parse(word, form) for word in codes.dictionary.to_pylist()]
    moments = pa.array(found, _TIME).take(codes.indices)
    return Cast(moments, merge(to_mask(pc.is_valid(text)) & ~to_mask(pc.is_valid(moments))))


def _parse(word: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(word, form)  # noqa: DTZ007 - without a zone it counts as UTC
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso_pattern(form: str) -> tuple[str, str] | None:
    """A pattern for the format, and how a cell that matches it is written by ISO 8601; None where that cannot be."""
    parts = re.findall(r"%.|[^%]+", form)
    directives = [part for part in parts if part.startswith("%") and part != "%%"]
    if not set(directives) <= set(QUICK) or len(set(directives)) < len(directives) or "%Y" not in directives:
        return None
    pattern = "".join(WIDTHS.get(part) or re.escape(part) for part in parts)
    at = {directive: rf"\{number}" for number, directive in enumerate(directives, 1)}
    clock = f"{at.get('%H', '00')}:{at.get('%M', '00')}:{at.get('%S', '00')}"
    fraction = f".{at['%f']}" if "%f" in at else ""
    return f"^{pattern}$", f"{at['%Y']}-{at.get('%m', '01')}-{at.get('%d', '01')} {clock}{fraction}"


def _full_pattern(form: str) -> str:
    """A pattern by which each number has all its digits."""
    parts = re.findall(r"%.|[^%]+", form)
    return f"^{''.join(WIDTHS.get(part) or ('.+' if part[0] == '%' else re.escape(part)) for part in parts)}$"


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _digits(array: pa.Array) -> pa.Array:
    """Numbers as texts: whole ones without a fraction, as a table with gaps that went through pandas has them."""
    if not pa.types.is_floating(array.type):
        return array.cast(_TEXT)
    whole = pc.fill_null(pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 2.0**53)), False)
    integers = pc.if_else(whole, array, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(_TEXT)
    return pc.coalesce(integers, array.cast(_TEXT))
