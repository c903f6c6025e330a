"""Which texts are copies of each other, exact or almost, and which chunks repeat a passage of another text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.shingles import Shingles, choose_step, find_shingles

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

ALIKE = 0.5
"""Share of the runs of letters from which on two texts are copies: about one word in ten may differ. Between two
essays of the Federalist it is 0.07 at most."""

FEWEST_RUNS = 8
"""Runs that two texts must share, so that a phrase in common does not make two short texts copies."""

MOST_HOLDERS = 64
"""Texts that are looked up for each run: without a limit, n copies of one text cost n² comparisons."""

_BLOCK = 256
"""Texts compared with all others at a time, to bound memory."""


@dataclass(frozen=True)
class Copies:
    """Which documents are copies of each other.

    Attributes:
        texts: For each document the first one that it is a copy of, or itself (documents,).
        contained: Pairs of a document and a longer one in which at least half of it stands, without copies (pairs, 2).
    """

    texts: Integers
    contained: Integers

    @property
    def groups(self) -> list[list[int]]:
        """The documents of each text that has copies."""
        order = np.argsort(self.texts, kind="stable")
        borders = np.flatnonzero(np.diff(self.texts[order])) + 1
        return [group.tolist() for group in np.split(order, borders) if len(group) > 1]


@dataclass(frozen=True)
class Apart:
    """Which chunks must not vouch for each other, besides those that share a document.

    Attributes:
        sources: Number of the text that each chunk is a part of; copies of one text have one number (chunks,).
        passages: Pairs of a chunk and of another source of which it repeats a passage (pairs, 2).
    """

    sources: Integers
    passages: Integers

    def find(self, chunk: int) -> Booleans:
        """Whether each chunk stands apart from this one; itself among them (chunks,)."""
        others = self.passages[self.passages[:, 0] == chunk, 1]
        found = np.isin(self.sources, np.append(others, self.sources[chunk]))
        found[self.passages[self.passages[:, 1] == self.sources[chunk], 0]] = True
        return found


def find_equal(texts: Sequence[str]) -> Copies:
    """Which of the texts are the same to the last character."""
    first_of: dict[str, int] = {}
    numbers = [first_of.setdefault(text, index) for index, text in enumerate(texts)]
    return Copies(np.array(numbers, np.int64), np.zeros((0, 2), np.int64))


def find_copies(texts: Sequence[str]) -> Copies:
    """Which of the texts are copies: of the distinct runs of letters in the longer one, half stand in the other too.

    Case, marks, signs and white space make no difference. Exact copies are found whatever their length.
    """
    shingles = find_shingles(texts, choose_step(texts))
    first_of: dict[bytes, int] = {}
    firsts = np.array(
        [first_of.setdefault(letters, index) if letters else index for index, letters in enumerate(shingles.lettering)],
        np.int64,
    )
    texts_of = firsts.copy()
    different = np.flatnonzero(firsts == np.arange(len(firsts)))
    contained = []
    sizes = shingles.sizes
    for one, other, shared in _find_pairs(shingles, different):
        smaller, larger = sorted((one, other), key=lambda index: (sizes[index], index))
        if shared >= ALIKE * sizes[larger]:
            _join(texts_of, one, other)
        else:
            contained.append((smaller, larger))
    for index in range(len(texts_of)):  # a first copy stands before the others
        texts_of[index] = _find_first(texts_of, index)
    apart = [pair for pair in sorted(contained) if texts_of[pair[0]] != texts_of[pair[1]]]
    return Copies(texts_of, np.array(apart, np.int64).reshape(-1, 2))


def find_passages(chunks: Sequence[str], sources: Integers) -> Apart:
    """Which chunks repeat, with at least half of their runs of letters, a passage of another source.

    Args:
        chunks: Text of each chunk.
        sources: Number of the text that each chunk is a part of (chunks,).
    """
    shingles = find_shingles(chunks, choose_step(chunks))
    rows = _tabulate(shingles)
    names, numbers = np.unique(sources, return_inverse=True)
    members = sparse.csr_array((np.ones(len(numbers), np.int32), (numbers, np.arange(len(numbers)))))
    held = sparse.csr_array(members @ rows)
    held.data[:] = 1
    passages = []
    for one, source, shared in _multiply(rows, _limit_holders(held)):
        hit = (shared >= np.maximum(ALIKE * shingles.sizes[one], FEWEST_RUNS)) & (numbers[one] != source)
        passages.append(np.stack([one[hit], names[source[hit]]], axis=1))
    return Apart(np.asarray(sources, np.int64), np.concatenate([np.zeros((0, 2), np.int64), *passages]))


def _find_pairs(shingles: Shingles, chosen: Integers) -> list[tuple[int, int, int]]:
    """Pairs of the chosen texts that share at least half the runs of the smaller one, and how many they share."""
    rows = sparse.csr_array(_tabulate(shingles)[chosen])
    sizes = shingles.sizes[chosen]
    found: list[tuple[int, int, int]] = []
    for one, other, shared in _multiply(rows, _limit_holders(rows)):
        hit = (shared >= np.maximum(ALIKE * np.minimum(sizes[one], sizes[other]), FEWEST_RUNS)) & (one != other)
        pairs = zip(chosen[one[hit]].tolist(), chosen[other[hit]].tolist(), shared[hit].tolist(), strict=True)
        found += [(min(pair[:2]), max(pair[:2]), pair[2]) for pair in pairs]
    return sorted(set(found))


def _tabulate(shingles: Shingles) -> Any:
    """Which text holds which run: csr_array of ones (texts, runs that occur)."""
    _, columns = np.unique(shingles.hashes, return_inverse=True)
    ones = np.ones(len(columns), np.int32)
    width = int(columns.max()) + 1 if len(columns) else 1
    return sparse.csr_array((ones, columns, shingles.offsets), shape=(len(shingles.offsets) - 1, width))


def _limit_holders(rows: Any) -> Any:
    """The same for the first MOST_HOLDERS rows of each column only, turned: csr_array (columns, rows)."""
    turned = sparse.csr_array(rows.T)
    turned.sort_indices()
    rank = np.arange(len(turned.indices)) - np.repeat(turned.indptr[:-1], np.diff(turned.indptr))
    kept = rank < MOST_HOLDERS
    ends = np.concatenate([[0], np.cumsum(kept)])[turned.indptr]
    return sparse.csr_array((turned.data[kept], turned.indices[kept], ends), shape=turned.shape)


def _multiply(rows: Any, turned: Any) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Row, holder and number of shared runs of each pair that shares any, some rows at a time."""
    for start in range(0, rows.shape[0], _BLOCK):
        product = sparse.coo_array(rows[start : start + _BLOCK] @ turned)
        yield product.row.astype(np.int64) + start, product.col.astype(np.int64), product.data.astype(np.int64)


def _find_first(texts: Integers, index: int) -> int:
    while texts[index] != index:
        index = int(texts[index])
    return index


def _join(texts: Integers, one: int, other: int) -> None:
    """Let two documents, and all that are copies of either, have the same first one."""
    first, second = sorted((_find_first(texts, one), _find_first(texts, other)))
    texts[second] = first
