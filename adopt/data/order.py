"""Whether the cells of a column never get smaller, read as numbers or times."""

import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.dates import SIGHT, find_formats, may_be_times
from adopt.data.reading import read_numbers, read_words
from adopt.data.words_of_nothing import SUSPECTED
from relay.reading.arrow import Mask

LOOKED_AT = 500
"""Cells of each part by which most columns are known not to be sorted."""


class OrderCheck:
    """Follows the ways in which all cells so far are read and none is smaller than the one before."""

    def __init__(self) -> None:
        self._last: dict[str, pa.Scalar] | None = None
        self.count = 0
        self.is_strict = True
        """Whether no two neighbours were equal."""

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that are left; none where there were no two cells to compare."""
        return tuple(self._last or ()) if self.count > 1 else ()

    def take(self, text: pa.Array) -> None:
        """Take in the next cells."""
        if self._last == {} or not len(text):
            return
        for part in (text[:LOOKED_AT], text[LOOKED_AT:]):
            self._take(part)

    def _take(self, text: pa.Array) -> None:
        words = pc.utf8_trim_whitespace(text.drop_null())
        words = words.filter(pc.and_(pc.not_equal(words, ""), pc.invert(pc.is_in(words, _SUSPECTED))))
        if not len(words):
            return
        if self._last is None:
            self._last = dict.fromkeys(self._begin(words))
        self.count += len(words)
        self._last = {way: last for way in self._last if (last := self._follow(way, words)) is not None}

    def _begin(self, words: pa.Array) -> list[str]:
        if not may_be_times(words):
            return ["float"]
        forms = [f"time:{form}" for form in find_formats(words[:LOOKED_AT].to_pylist())]
        return ["float", *forms, SIGHT]

    def _follow(self, way: str, words: pa.Array) -> pa.Scalar | None:
        """The last value; None where one cannot be read or is smaller than the one before it."""
        values, fits = _read(words, way)
        if not fits.all():
            return None
        assert self._last is not None  # noqa: S101 - set before
        before = self._last[way]
        if before is not None:
            values = pa.concat_arrays([pa.array([before.as_py()], values.type), values])
        rises = pc.greater_equal(values[1:], values[:-1])
        if not pc.all(rises, min_count=0).as_py():
            return None
        self.is_strict &= bool(pc.all(pc.not_equal(values[1:], values[:-1]), min_count=0).as_py())
        return values[-1]


def _read(words: pa.Array, way: str) -> tuple[pa.Array, Mask]:
    if way != "float":
        return read_words(words, way)
    numbers = read_numbers(words)
    return pa.array(numbers.floats), numbers.is_float


_SUSPECTED = pa.array(sorted(SUSPECTED), pa.string())
