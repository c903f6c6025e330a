"""Where does text in the order of time divide? The pseudo-F of every place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BoundaryRank:
    """How well a boundary divides text in the order of time, among all places where it could be divided in two.

    Attributes:
        f: Pseudo-F of the boundary.
        rank: 1 if no other place divides better.
        positions: Number of places compared.
        best: The place that divides best: chunks before it.
        pseudo_f: Pseudo-F of every place, NaN where a side would be too short (k,); index: chunks before it.
    """

    f: float
    rank: int
    positions: int
    best: int
    pseudo_f: Floats


def rank_boundary(distances: Floats, boundary: int, *, shortest: int = 2) -> BoundaryRank:
    """The place of a claimed boundary among all divisions of the chunks, in their order, into two.

    Pseudo-F compares the squared distances across a division with those within its sides. Of text in the order of time
    every division has a high one; a boundary between authors should have the highest, or nearly.

    Args:
        distances: Distances between the chunks, in the order of time (k, k).
        boundary: Chunks before the claimed boundary.
        shortest: Chunks that each side must have.

    Raises:
        StylometryError: If the boundary leaves a side shorter.

    Source: Anderson: A new method for non-parametric multivariate analysis of variance, Austral Ecology 26 (2001),
        pp. 32-46. All divisions share the sums before and after each chunk, so all cost k² together.
    """
    chunks = len(distances)
    shortest = max(shortest, 1)
    if not shortest <= boundary <= chunks - shortest or chunks < 3:
        raise StylometryError(
            f"no such boundary: found {boundary} chunks before it and {chunks - boundary} after, expected at least "
            f"{shortest} on each side and three together. Choose another boundary, or cut shorter chunks."
        )
    pseudo_f = _divide_everywhere(distances)
    pseudo_f[:shortest] = np.nan
    pseudo_f[chunks - shortest + 1 :] = np.nan
    f = float(pseudo_f[boundary])
    rank = 1 + int((pseudo_f > f).sum())
    return BoundaryRank(f, rank, int((~np.isnan(pseudo_f)).sum()), int(np.nanargmax(pseudo_f)), pseudo_f)


def _divide_everywhere(distances: Floats) -> Floats:
    """Pseudo-F of the division before each chunk, NaN before the first (k,); infinite if no side varies in itself."""
    chunks = len(distances)
    before = np.array([distances[chunk, :chunk] @ distances[chunk, :chunk] for chunk in range(chunks)])
    after = np.array([distances[chunk, chunk + 1 :] @ distances[chunk, chunk + 1 :] for chunk in range(chunks)])
    sizes = np.arange(1, chunks)
    left = np.cumsum(before)[:-1] / sizes
    right = np.cumsum(after[::-1])[::-1][1:] / (chunks - sizes)
    within = left + right
    between = before.sum() / chunks - within
    pseudo_f = np.full(chunks, np.nan)
    pseudo_f[1:] = np.divide(between * (chunks - 2), within, where=within > 0, out=np.full(chunks - 1, np.inf))
    return pseudo_f
