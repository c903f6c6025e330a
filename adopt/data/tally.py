"""What the words of a text column are, counted: the sums of any number of parts."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adopt.data.dates import SIGHT, WORDS_TRIED, find_formats, may_be_times
from adopt.data.profile import Cells
from adopt.data.reading import WAYS, Numbers, form_of, has_byte, read_numbers, read_words, see_orders
from adopt.data.shapes import make_shapes
from adopt.data.units import Affix, find_affix, remove_affix
from adopt.data.words_of_nothing import SUSPECTED
from relay.reading.arrow import Mask, to_mask
from relay.reading.numbers import GROUPED
from relay.reading.spellings import FALSE_WORDS, TRUE_WORDS

Counts = NDArray[np.int64]

EXACT_END = 2**53
EXAMPLES = 3
SHAPES = 20
WORDS_SHAPED = 5_000
"""Words of one part whose shape is looked at."""

CODE = r"^0[0-9]+$"
SMALL = r"^[+-]?([1-9][0-9]{0,2}|0)$"
BARE_EXPONENT = r"^[0-9]+[eE][0-9]+$"


@dataclass
class Tally:
    """Sums over words; `add` takes in more of them."""

    cells: int = 0
    """Cells that are not empty."""
    empty: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    fits: Counter[str] = field(default_factory=Counter)
    examples: dict[str, dict[str, None]] = field(default_factory=dict)
    leading_zeros: int = 0
    exponents: int = 0
    beyond_double: int = 0
    dots: int = 0
    fractions: int = 0
    words: int = 0
    shortest: int = 0
    longest: int = 0
    word_breaks: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Way of a number -> its smallest and largest value."""
    seen: set[str] = field(default_factory=set)
    formats: list[str] = field(default_factory=list)
    whole: int = 0
    """Cells that are whole numbers without marks."""
    small: int = 0
    """Those of them below 1,000."""
    affix: Affix | None = None
    """A unit that most cells have beside a number."""
    united: int = 0
    """Cells with this unit."""
    bare: "Tally | None" = None
    """The same of the cells without the unit."""
    seeks_units: bool = True

    def add(self, raw: pa.Array, counts: Counts) -> None:
        """Take in different texts with the number of cells that each has; a null is an empty cell."""
        trimmed = pc.utf8_trim_whitespace(raw)
        is_empty = to_mask(pc.equal(pc.binary_length(pc.fill_null(trimmed, "")), 0))
        if is_empty.any():
            self.empty += int(counts[is_empty].sum())
            kept = pa.array(~is_empty)
            trimmed, raw, counts = trimmed.filter(kept), raw.filter(kept), counts[~is_empty]
        if not len(trimmed):
            return
        self._add_lengths(raw, trimmed, counts)
        self.cells += int(counts.sum())
        is_missing = to_mask(pc.is_in(trimmed, _SUSPECTED))
        if is_missing.any():
            found = trimmed.filter(pa.array(is_missing)).to_pylist()
            for word, count in zip(found, counts[is_missing].tolist(), strict=True):
                self.missing[word] += count
            trimmed, counts = trimmed.filter(pa.array(~is_missing)), counts[~is_missing]
        if len(trimmed):
            self._add_numbers(trimmed, counts)
            self._add_units(trimmed, counts)

    def finish(self) -> dict[str, Cells]:
        """Way to read -> how many cells it fits."""
        rest = self.cells - sum(self.missing.values())
        return {
            way: Cells(fits, rest - fits, tuple(self.examples.get(way, {}))) for way, fits in self.fits.items() if fits
        }

    def _add_lengths(self, raw: pa.Array, trimmed: pa.Array, counts: Counts) -> None:
        lengths = pc.utf8_length(raw)
        ends = pc.min_max(lengths)
        self.shortest = min(self.shortest or ends["min"].as_py(), ends["min"].as_py())
        self.longest = max(self.longest, ends["max"].as_py())
        if has_byte(trimmed, b" "):
            breaks = pc.count_substring(trimmed, " ").to_numpy(zero_copy_only=False)
            self.word_breaks += int((breaks * counts).sum())

    def _count(self, way: str, words: pa.Array, fits: Mask, counts: Counts) -> None:
        self.fits[way] += int(counts[fits].sum())
        kept = self.examples.setdefault(way, {})
        if len(kept) < EXAMPLES and not fits.all():
            for index in np.flatnonzero(~fits)[:WORDS_TRIED].tolist():
                if len(kept) < EXAMPLES:
                    kept[words[index].as_py()] = None

    def _add_numbers(self, words: pa.Array, counts: Counts) -> None:
        numbers = read_numbers(words)
        is_int, is_float = numbers.is_int, numbers.is_float
        self._count("int", words, is_int, counts)
        self._count("float", words, is_float, counts)
        self._note_ends("int", numbers.values, is_int)
        self._note_ends("float", numbers.values, is_float)
        if has_byte(words, b"."):
            has_dot = to_mask(pc.match_substring(words, "."))
            self.dots += int(counts[has_dot & is_float].sum())
            is_fraction = has_dot & is_float & ~is_int
            if not self.fractions and is_fraction.any():
                is_fraction &= ~to_mask(pc.match_substring_regex(words, GROUPED))
            self.fractions += int(counts[is_fraction].sum())
        self._add_codes(words, numbers, counts)
        is_decimal = bool(self.fractions and is_float.all())
        is_number = is_float | self._add_marked(words, is_int, counts, is_decimal=is_decimal)
        self.words += int(counts[~is_number].sum())
        if len(words) <= WORDS_TRIED:
            truths = to_mask(pc.is_in(pc.utf8_lower(words), _TRUTHS))
            self._count("bool", words, truths, counts)
        elif self.fits["bool"]:
            self._count("bool", words, np.zeros(len(words), bool), counts)
        # Numbers are times only where all of them are, so they have one length.
        is_whole, is_one_length = bool(is_int.all()), self.shortest == self.longest
        if self.formats or (not (is_float.all() and not (is_whole and is_one_length)) and may_be_times(words)):
            self._add_times(words, counts, is_whole=is_whole)
        if not is_int.all():
            self._add_shapes(words, counts)

    def _add_units(self, words: pa.Array, counts: Counts) -> None:
        """Count the numbers beside one unit, which the first cells choose."""
        if self.seeks_units and self.words:
            self.seeks_units = False
            self.affix = find_affix(words) if self.cells == int(counts.sum()) + sum(self.missing.values()) else None
        if self.affix is None:
            return
        bare, lacking = remove_affix(words, self.affix)
        self.united += int(counts.sum() if lacking is None else counts[~lacking].sum())
        self.bare = Tally(seeks_units=False) if self.bare is None else self.bare
        self.bare.add(bare, counts)

    def _note_ends(self, way: str, values: pa.Array, fits: Mask) -> None:
        if not fits.any():
            return
        found = pc.min_max(pc.if_else(pa.array(fits), values, pa.scalar(None, values.type)))
        low, high = float(found["min"].as_py()), float(found["max"].as_py())
        before = self.ends.get(way, (low, high))
        self.ends[way] = (min(low, before[0]), max(high, before[1]))

    def _add_codes(self, words: pa.Array, numbers: Numbers, counts: Counts) -> None:
        begins = to_mask(pc.starts_with(words, "0"))
        if begins.any():
            is_code = to_mask(pc.match_substring_regex(words.filter(pa.array(begins)), CODE))
            self.leading_zeros += int(counts[begins][is_code].sum())
        if has_byte(words, b"e") or has_byte(words, b"E"):
            self.exponents += int(counts[to_mask(pc.match_substring_regex(words, BARE_EXPONENT))].sum())
        if self.ends.get("float", (0.0, 0.0))[1] >= EXACT_END or self.ends.get("float", (0.0, 0.0))[0] <= -EXACT_END:
            large = to_mask(pc.match_substring_regex(words, r"^[+-]?[0-9]{16,}$"))
            self.beyond_double += int(counts[large & numbers.is_float & (np.abs(numbers.floats) >= EXACT_END)].sum())

    def _add_marked(self, words: pa.Array, is_int: Mask, counts: Counts, *, is_decimal: bool) -> Mask:
        """Count the numbers with other marks than a decimal dot; gives where there are any.

        Where the dot is known to be the decimal mark, ways by which it is another one are not begun.
        """
        found = none = np.zeros(len(words), bool)
        for mark, ways in WAYS.items():
            has_mark = to_mask(pc.match_substring(words, mark)) if has_byte(words, mark.encode()) else none
            for way in ways:
                if way not in self.fits and (not has_mark.any() or (is_decimal and mark == ".")):
                    continue
                looks = to_mask(pc.match_substring_regex(words, form_of(way)))
                if way not in self.fits:
                    if not (looks & has_mark).any():
                        continue
                    self.fits[way] = self.whole if way == "float," else self.small
                values, fits = read_words(words, way)
                fits &= looks
                self._count(way, words, fits, counts)
                self._note_ends(way, values, fits)
                found = found | fits
        self.whole += int(counts[is_int].sum())
        self.small += int(counts[to_mask(pc.match_substring_regex(words, SMALL))].sum()) if is_int.any() else 0
        return found

    def _add_times(self, words: pa.Array, counts: Counts, *, is_whole: bool) -> None:
        step = max(len(words) // WORDS_TRIED, 1)
        tried = words.take(pa.array(np.arange(0, len(words), step)))
        forms = find_formats(tried.to_pylist())
        for form in forms:
            if form not in self.formats and read_words(tried, f"time:{form}")[1].any():
                self.formats.append(form)
        for form in list(self.formats):
            fits = read_words(words, f"time:{form}")[1]
            self._count(f"time:{form}", words, fits, counts)
            if is_whole and not fits.all():
                self.formats.remove(form)
        if is_whole or (not forms and SIGHT not in self.fits):  # a format says more of numbers
            return
        _, by_sight = read_words(words, SIGHT)
        self._count(SIGHT, words, by_sight, counts)
        if by_sight.any():
            self.seen |= see_orders(words)

    def _add_shapes(self, words: pa.Array, counts: Counts) -> None:
        step = max(len(words) // WORDS_SHAPED, 1)
        some = words[: WORDS_SHAPED * step]
        if step > 1:
            at = np.arange(0, len(words), step)
            some, counts = words.take(pa.array(at)), counts[at] * step
        codes = make_shapes(some).dictionary_encode()
        sums = np.bincount(codes.indices.to_numpy(), counts[: len(some)], len(codes.dictionary))
        self.shapes.update(dict(zip(codes.dictionary.to_pylist(), map(int, sums), strict=True)))
        if len(self.shapes) > 50 * SHAPES:
            self.shapes = Counter(dict(self.shapes.most_common(10 * SHAPES)))


_SUSPECTED = pa.array(sorted(SUSPECTED), pa.string())
_TRUTHS = pa.array([*TRUE_WORDS, *FALSE_WORDS], pa.string())
