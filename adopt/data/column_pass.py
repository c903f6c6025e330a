"""One column in one pass: its different words while they are few, afterwards sums alone."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.hashing import DistinctCount, hash_texts
from adopt.data.order import OrderCheck
from adopt.data.tally import Tally
from relay.reading.arrow import simplify
from relay.reading.cells import write_words

MOST = 20
"""Words that are listed with their counts."""
FOLLOWED = 200
"""Words that are counted on once a column has too many different ones."""


@dataclass(frozen=True)
class Words:
    """Different words of a column with their counts."""

    words: pa.Array
    counts: np.ndarray[tuple[int], np.dtype[np.int64]]


class ColumnPass:
    """What is known of a column so far.

    Args:
        limit: different words up to which all are kept.
        largest: bytes of different words up to which all are kept.
    """

    def __init__(self, name: str, arrow_type: pa.DataType, limit: int, largest: int) -> None:
        self.name = name
        self.arrow_type = arrow_type
        self.rows = 0
        self.tally = Tally()
        self.order = OrderCheck()
        self.distinct = DistinctCount(limit)
        self._limit, self._largest = limit, largest
        self._bytes = 0
        self._parts: list[pa.Table] = []
        self._size = 0
        self._followed: pa.Array | None = None
        self._follow_counts = np.zeros(0, np.int64)

    @property
    def is_exact(self) -> bool:
        """Whether all different words are still kept."""
        return self._followed is None

    def take(self, values: pa.Array) -> None:
        """Take in the column's next cells."""
        text = to_text(values)
        self.rows += len(text)
        self.order.take(text)
        if self._followed is None:
            self._take_words(text)
        else:
            self._take_rows(text)

    def kept_words(self) -> Words:
        """The different words, as long as all are kept."""
        table = self._merge()
        return Words(table.column("w").combine_chunks(), table.column("n").to_numpy())

    def finish(self) -> Words | None:
        """End the pass; gives the different words where all were kept."""
        if self._followed is not None:
            return None
        found = self.kept_words()
        self.tally.add(found.words, found.counts)
        return found

    def most_frequent(self, found: Words | None) -> tuple[tuple[str, int], ...]:
        """The most frequent words that are not empty."""
        if found is None:
            assert self._followed is not None  # noqa: S101 - else the words are there
            found = Words(self._followed, self._follow_counts)
        counts: Counter[str] = Counter()
        at = np.argsort(-found.counts, kind="stable")[: 10 * MOST]
        words = pc.utf8_trim_whitespace(found.words.take(pa.array(at))).to_pylist()
        for word, count in zip(words, found.counts[at].tolist(), strict=True):
            if word:
                counts[word] += count
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST])

    def _take_words(self, text: pa.Array) -> None:
        found = pc.value_counts(text)
        part = pa.table({"w": found.field(0), "n": found.field(1)})
        self._parts.append(part)
        self._size += len(found)
        self._bytes += part.nbytes
        if self._size > 2 * self._limit or self._bytes > 2 * self._largest:
            table = self._merge()
            if len(table) > self._limit or self._bytes > self._largest:
                self._let_go(table)

    def _merge(self) -> pa.Table:
        whole = pa.concat_tables(self._parts) if self._parts else _NO_WORDS
        merged = whole.group_by("w", use_threads=False).aggregate([("n", "sum")])
        merged = merged.select(["w", "n_sum"]).rename_columns(["w", "n"])
        self._parts, self._size, self._bytes = [merged], len(merged), merged.nbytes
        return merged

    def _let_go(self, table: pa.Table) -> None:
        """From here on keep sums, and go on counting the words that were most frequent."""
        words, counts = table.column("w").combine_chunks(), table.column("n").to_numpy()
        self.tally.add(words, counts)
        self.distinct.add(hash_texts(words.drop_null()))
        at = np.argsort(-counts, kind="stable")[:FOLLOWED]
        at = at[counts[at] > 1]
        self._followed, self._follow_counts = words.take(pa.array(at)), counts[at].copy()
        self._parts = []

    def _take_rows(self, text: pa.Array) -> None:
        self.tally.add(text, np.ones(len(text), np.int64))
        self.distinct.add(hash_texts(text.drop_null()))
        if len(self._follow_counts):
            at = pc.index_in(text, self._followed).drop_null().to_numpy()
            self._follow_counts += np.bincount(at, minlength=len(self._follow_counts))


def to_text(values: pa.Array) -> pa.Array:
    """Cells as texts, each type as ingest writes it in a column of words."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_nested(values.type):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    if pa.types.is_null(values.type):
        return values.cast(pa.string())
    plain = simplify(values).values
    if pa.types.is_binary(plain.type) or pa.types.is_null(plain.type):
        return pa.nulls(len(values), pa.string())
    return write_words(plain)


_NO_WORDS = pa.table({"w": pa.array([], pa.string()), "n": pa.array([], pa.int64())})
