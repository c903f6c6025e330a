"""Words that mean "no value", true or false, and texts and categories as they are written."""

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.reading.arrow import Cast, first_index, merge, to_mask
from relay.reading.number_text import write_number
from relay.reading.spellings import MISSING_WORDS, find_numbers_of_truth, find_truth

LARGEST_PLAIN = 1e16
"""Floats of whole numbers below are written without an exponent."""

SEEN_BLANKS = "blanks"


def drop_missing(text: pa.Array, column: Column) -> pa.Array:
    """The texts without blanks around them, null where they mean "no value"."""
    words = MISSING_WORDS if column.missing is None else ("", *column.missing)
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(_is_one_of(trimmed, words), pa.scalar(None, pa.string()), trimmed)


def read_text(text: pa.Array, column: Column) -> Cast:
    """The texts as they are. Null: the empty one, and the words that the recipe declares as missing."""
    missing = pc.equal(text, "")
    if column.missing:
        missing = pc.or_(missing, _is_one_of(pc.utf8_trim_whitespace(text), tuple(column.missing)))
    if not pc.any(missing).as_py():
        return Cast(text)
    return Cast(pc.if_else(missing, pa.scalar(None, pa.string()), text))


def read_category(text: pa.Array, column: Column) -> Cast:
    """The texts without white space around them; null as in `read_text`."""
    trimmed = pc.utf8_trim_whitespace(text)
    if pc.sum(pc.binary_length(trimmed)) == pc.sum(pc.binary_length(text)):
        return read_text(text, column)
    cast = read_text(trimmed, column)
    changed = to_mask(pc.and_kleene(pc.not_equal(trimmed, text), pc.is_valid(cast.values)))
    if not changed.any():  # blanks alone, which are no value
        return cast
    return Cast(cast.values, None, {SEEN_BLANKS: first_index(changed)}, {SEEN_BLANKS: int(changed.sum())})


def write_numbers(numbers: pa.Array) -> pa.Array:
    """Numbers as texts, the same for every type: 1 and 1.0 are `1`."""
    if pa.types.is_decimal(numbers.type):
        plain = pc.replace_substring_regex(numbers.cast(pa.string()), r"^([^.eE]*\.[0-9]*?)0+$", r"\1")
        return pc.replace_substring_regex(plain, r"\.$", "")
    if not pa.types.is_floating(numbers.type):
        return numbers.cast(pa.string())
    floats = numbers.cast(pa.float64())
    is_whole = pc.and_(pc.equal(pc.floor(floats), floats), pc.less(pc.abs(floats), LARGEST_PLAIN))
    is_whole = pc.fill_null(is_whole, False)
    whole = pc.if_else(is_whole, floats, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(pa.string())
    codes = pc.if_else(is_whole, pa.scalar(None, pa.float64()), floats).dictionary_encode()
    others = pa.array([write_number(number) for number in codes.dictionary.to_pylist()], pa.string())
    return pc.coalesce(whole, others.take(codes.indices))


def read_truth(array: pa.Array, column: Column) -> Cast:
    """Truth values from words, or from numbers: 1 and 0, or those that the recipe declares."""
    cells = drop_missing(array, column) if pa.types.is_string(array.type) else array
    codes = cells.dictionary_encode()  # few in a column of truth values
    found = codes.dictionary.to_pylist()
    if pa.types.is_string(array.type):
        words = find_truth(column)
        values = [words.get(word.casefold()) for word in found]
    else:
        numbers = find_numbers_of_truth(column)
        values = [numbers.get(number) for number in found]
    truth = pa.array(values, pa.bool_()).take(codes.indices)
    return Cast(truth, merge(to_mask(pc.and_(pc.is_valid(cells), pc.is_null(truth)))))


def _is_one_of(text: pa.Array, words: tuple[str, ...]) -> pa.Array:
    return pc.is_in(text, pa.array(words, pa.string()))
