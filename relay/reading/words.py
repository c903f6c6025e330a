"""Words that mean "no value", true or false."""

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.reading.arrow import Cast, merge, to_mask
from relay.reading.spellings import FALSE_WORDS, MISSING_WORDS, TRUE_WORDS


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
    return Cast(pc.if_else(missing, pa.scalar(None, pa.string()), text))


def read_truth(array: pa.Array, column: Column) -> Cast:
    """Truth values from words, or from the numbers 1 and 0."""
    if pa.types.is_string(array.type):
        cells = drop_missing(array, column)
        yes, no = _is_one_of(cells, TRUE_WORDS), _is_one_of(cells, FALSE_WORDS)
    else:
        cells = array
        yes, no = pc.equal(array, 1), pc.equal(array, 0)
    known = pc.fill_null(pc.or_(yes, no), False)
    bad = to_mask(pc.and_(pc.is_valid(cells), pc.invert(known)))
    return Cast(pc.if_else(known, yes, pa.scalar(None, pa.bool_())), merge(bad))


def _is_one_of(text: pa.Array, words: tuple[str, ...]) -> pa.Array:
    return pc.is_in(text, pa.array(words, pa.string()))
