"""Exact counts of character n-grams in chunks of text, as scikit-learn counts them, some dozens of times faster."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stylometry.alphabet import read_alphabet
from stylometry.blocks import choose_threads, divide, write_blocks
from stylometry.chunks import Chunks
from stylometry.counting import count_symbols
from stylometry.errors import StylometryError
from stylometry.symbols import Text

LONGEST = 5
"""Longest n-gram that is compared with scikit-learn; 128 bits would hold six characters of 21 bits."""


@dataclass(frozen=True)
class Counts:
    """How often each n-gram stands in each chunk.

    Attributes:
        code_points: The n-grams as code points, in ascending order (ngrams, n).
        matrix: Occurrences, scipy csr_array of int32 with sorted columns (chunks, ngrams).
    """

    code_points: npt.NDArray[np.int32]
    matrix: Any

    @property
    def ngrams(self) -> list[str]:
        """The n-grams as strings, in the order of the columns (ngrams,)."""
        n = self.code_points.shape[1]
        joined = self.code_points.astype("<u4").tobytes().decode("utf-32-le")
        return list(map("".join, zip(*[iter(joined)] * n, strict=True)))


def count_ngrams(chunks: Chunks, n: int = 3, *, threads: int | None = None) -> Counts:
    """Counts equal to those of CountVectorizer(analyzer="char", ngram_range=(n, n)) on the texts of the chunks.

    As there, text is lower-cased chunk by chunk, two or more white-space characters in a row count as one blank, and
    no n-gram crosses the border of a chunk.

    Args:
        chunks: The chunks, one row each.
        n: Characters in an n-gram, 1 to 5.
        threads: Threads to count with; by default one a core, fewer for little text. The result is the same.

    Raises:
        StylometryError: If n is out of range, or no chunk has n characters.
    """
    counts = count_any_ngrams(chunks, n, threads=threads)
    if not len(counts.code_points):
        raise StylometryError(
            f"nothing to count: found no chunk with {n} characters among {len(chunks)}, expected at least one. "
            "Choose longer chunks or a smaller n."
        )
    return counts


def count_any_ngrams(chunks: Chunks, n: int = 3, *, threads: int | None = None) -> Counts:
    """The same, without columns where no chunk has n characters: for a part of all chunks.

    Raises:
        StylometryError: If n is out of range.
    """
    check_n(n)
    alphabet, text = read_alphabet(Text(chunks.utf8, chunks.offsets))
    threads = threads or choose_threads(text)
    groups = [write_blocks(group, alphabet) for group in divide(text, parts=threads)]
    symbols, matrix = count_symbols(groups, bits=alphabet.bits, n=n, threads=threads, size=text.utf8.size)
    return Counts(alphabet.code_points[symbols], matrix)


def check_n(n: int) -> None:
    """Refuse lengths that are not offered.

    Raises:
        StylometryError: If n is out of range.
    """
    if not 1 <= n <= LONGEST:
        raise StylometryError(f"no such n-gram: found n = {n}, expected 1 to {LONGEST}. Choose another n.")
