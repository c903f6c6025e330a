"""Moments in UTC from ISO 8601, from a declared format, or from declared numbers since 1970."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.handoff.schema import ARROW_TYPES
from relay.reading.ambiguous import AmbiguousCellError, describe_bare_number, describe_mixture, show
from relay.reading.arrow import Cast, Mask, convert, first_index, is_number, merge, refuse_all, to_mask
from relay.reading.iso import read_iso
from relay.reading.marks import find_marks
from relay.reading.moment_text import (
    COMPACT_FORM,
    EXCEL,
    EXCEL_DAY_0,
    EXCEL_DAYS,
    FIRST_MOMENT,
    LAST_MOMENT,
    MICROSECONDS,
    MILLISECONDS_A_DAY,
    PER_SECOND,
    WIDTHS,
    read_by_format,
    read_full,
)
from relay.reading.numbers import read_float, read_plain_numbers
from relay.reading.words import drop_missing, write_numbers
from relay.reading.written_dates import read_written

BARE = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
COMPACT = r"^\d{8}$"

SEEN_COMPACT, SEEN_ISO = "compact", "iso"

QUICK = ("%Y", "%m", "%d", "%H", "%M", "%S", "%f")
"""Directives that Arrow reads where they have all their digits; what else they may look like, Python reads."""

_TIME = ARROW_TYPES["time"]
_TEXT = pa.string()


def read_moment(array: pa.Array, column: Column) -> Cast:
    """Moments in UTC; one without a zone counts as UTC.

    Raises:
        AmbiguousCellError: a bare number without a declared epoch or format, unless every cell is a date of 8 digits.
    """
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return _of_typed(array)
    if not (pa.types.is_string(array.type) or is_number(array.type)):
        return refuse_all(array, _TIME)
    if column.epoch is not None:
        return _by_epoch(array, column, column.epoch)
    text = drop_missing(array if pa.types.is_string(array.type) else write_numbers(array), column)
    if column.time_format is not None:
        return _by_format(text, column.time_format)
    return _by_sight(text)


def _by_sight(text: pa.Array) -> Cast:
    bare = to_mask(pc.match_substring_regex(text, BARE))
    if not bare.any():
        moments = _of_texts(text)
        known = to_mask(pc.is_valid(moments.values))
        return replace(moments, seen={**moments.seen, **({SEEN_ISO: first_index(known)} if known.any() else {})})
    compact = to_mask(pc.match_substring_regex(text, COMPACT))
    if (bare & ~compact).any():
        index = first_index(bare & ~compact)
        raise AmbiguousCellError(describe_bare_number(text[index].as_py()), index)
    moments = _by_format(text, COMPACT_FORM)
    if moments.bad is not None and (moments.bad & compact).any():
        index = first_index(moments.bad & compact)
        raise AmbiguousCellError(describe_bare_number(text[index].as_py()), index)
    others = _of_texts(pc.if_else(pa.array(compact), pa.scalar(None, _TEXT), text))
    is_other = to_mask(pc.is_valid(others.values))
    if is_other.any():
        index = max(first_index(compact), first_index(is_other))
        first, second = text[first_index(compact)].as_py(), text[first_index(is_other)].as_py()
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


def _by_epoch(array: pa.Array, column: Column, epoch: str) -> Cast:
    """Numbers since 1970 or days of a spreadsheet, and ISO 8601 beside them."""
    if not pa.types.is_string(array.type):
        return _of_numbers(array, epoch, read_float(array, column).values)
    text = drop_missing(array, column)
    plain, misplaced = read_plain_numbers(text, find_marks(column))
    if misplaced is None:
        with suppress(pa.ArrowInvalid):  # whole numbers alone, as a rule
            return _of_numbers(plain.cast(pa.int64()), epoch, plain.cast(pa.float64()))
    bare = pc.fill_null(pc.match_substring_regex(plain, BARE), False)
    numbers, _ = convert(pc.if_else(bare, plain, pa.scalar(None, _TEXT)), pa.float64())
    digits = pc.match_substring_regex(plain, r"^[+-]?\d{1,18}$")
    unsigned = pc.replace_substring_regex(plain, r"^\+", "")
    whole = pc.if_else(digits, unsigned, pa.scalar(None, _TEXT)).cast(pa.int64())
    moments = _of_numbers(whole, epoch, numbers)
    others = _of_texts(pc.if_else(bare, pa.scalar(None, _TEXT), text))
    return Cast(pc.coalesce(moments.values, others.values), merge(moments.bad, others.bad), others.seen)


def _of_numbers(values: pa.Array, epoch: str, floats: pa.Array) -> Cast:
    """Counts of a unit as moments; whole numbers exactly, finer ones cut to microseconds."""
    if epoch == EXCEL:
        return _of_days(floats)
    per_second = PER_SECOND[epoch]
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


def _of_days(floats: pa.Array) -> Cast:
    """Days of a spreadsheet as moments, to the millisecond."""
    shown = pc.and_(pc.greater_equal(floats, float(EXCEL_DAYS[0])), pc.less(floats, float(EXCEL_DAYS[1])))
    days = pc.if_else(pc.fill_null(shown, False), floats, pa.scalar(None, pa.float64()))
    counts = pc.round(pc.multiply(pc.subtract(days, float(EXCEL_DAY_0)), float(MILLISECONDS_A_DAY))).cast(pa.int64())
    bad = to_mask(pc.and_(pc.is_valid(floats), pc.invert(pc.fill_null(shown, False))))
    return Cast(pc.multiply(counts, 1_000).cast(pa.timestamp("us")).cast(_TIME), merge(bad))


def _of_counts(counts: pa.Array, shown: pa.Array) -> pa.Array:
    return pc.if_else(shown, counts, pa.scalar(None, pa.int64())).cast(pa.timestamp("us")).cast(_TIME)


def _within(counts: pa.Array) -> pa.Array:
    return pc.and_(pc.greater_equal(counts, FIRST_MOMENT), pc.less_equal(counts, LAST_MOMENT))


def _of_texts(text: pa.Array) -> Cast:
    """Moments by ISO 8601, or as dates are written besides, which are read one by one."""
    moments = _of_iso(text)
    if moments.bad is None:
        return moments
    codes = pc.if_else(pa.array(moments.bad), text, pa.scalar(None, _TEXT)).dictionary_encode()
    found: list[datetime | None] = []
    seen: dict[str, int] = {}
    for code, word in enumerate(codes.dictionary.to_pylist()):
        try:
            written = read_written(word)
        except AmbiguousCellError as error:
            raise AmbiguousCellError(str(error), _first_place(codes, code)) from None
        found.append(read_iso(word) if written is None else written.moment)
        if written is not None and written.order and written.order not in seen:
            seen[written.order] = _first_place(codes, code)
    others = pa.array(found, _TIME).take(codes.indices)
    return Cast(pc.coalesce(moments.values, others), merge(moments.bad & ~to_mask(pc.is_valid(others))), seen)


def _first_place(codes: pa.DictionaryArray, code: int) -> int:
    return int(pc.index(codes.indices, pa.scalar(code, codes.indices.type)).as_py())


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
    codes = rest.dictionary_encode()
    found = [read_by_format(word, form) or read_full(word, form) for word in codes.dictionary.to_pylist()]
    others = pa.array(found, _TIME).take(codes.indices)
    unread = to_mask(pc.is_valid(rest)) & ~to_mask(pc.is_valid(others))
    return Cast(pc.coalesce(moments, others), merge(bad, unread))


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
