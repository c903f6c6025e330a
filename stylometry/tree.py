"""A tree of chunks: which are joined first, as plain data to draw."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Method: TypeAlias = Literal["ward", "average", "complete", "single"]


@dataclass(frozen=True)
class Tree:
    """Chunks joined two by two.

    Attributes:
        links: The joins from the lowest up, as scipy has them: the two joined (a chunk, or k plus the number of an
            earlier join), the height, and the chunks below (k - 1, 4).
        leaves: The chunks in the order in which they stand below the tree without lines crossing (k,).
        lines: Of each join, the four corners of its bracket as x, y: up from the one, across, and down to the other;
            chunk leaves[i] stands at x = i, y = 0 (k - 1, 4, 2).
    """

    links: Floats
    leaves: Integers
    lines: Floats


def grow_tree(distances: Floats, method: Method = "ward") -> Tree:
    """The tree of a distance matrix (k, k).

    "ward" joins what raises the variance least; it takes the distances for straight lines in a space, which of the
    distances here only the Euclidean ones are, and gives even groups nevertheless, which is why it is usual.

    Raises:
        StylometryError: If the distances are not a square matrix of finite numbers with at least two rows.

    Source: Ward: Hierarchical grouping to optimize an objective function, Journal of the American Statistical
        Association 58 (1963), pp. 236-244.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if distances.ndim != 2 or len(set(distances.shape)) != 1 or len(distances) < 2 or not np.isfinite(distances).all():
        raise StylometryError(
            f"these are no distances: found an array of shape {distances.shape}, expected a square matrix of finite "
            "numbers with at least two rows. Give the matrix of a distance function as it is."
        )
    links = linkage(squareform(distances, checks=False), method)
    leaves = leaves_list(links).astype(np.int64)
    return Tree(links, leaves, _draw_brackets(links, leaves))


def _draw_brackets(links: Floats, leaves: Integers) -> Floats:
    chunks = len(leaves)
    # Place and height of every chunk, then of every join: the middle of the two that it joins.
    x, y = np.zeros(2 * chunks - 1), np.zeros(2 * chunks - 1)
    x[leaves] = np.arange(chunks)
    lines = np.empty((chunks - 1, 4, 2))
    for join, (one, other, height, _) in enumerate(links.tolist()):
        left, right = int(one), int(other)
        x[chunks + join], y[chunks + join] = (x[left] + x[right]) / 2, height
        lines[join] = [(x[left], y[left]), (x[left], height), (x[right], height), (x[right], y[right])]
    return lines
