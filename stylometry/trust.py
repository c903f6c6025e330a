"""How far to trust a distance, or a map of it: does the nearest chunk of another document have the same label?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.copies import Apart
from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LeaveOneOut:
    """How often the nearest admissible chunk has the same label; shares are from 0 to 1, NaN if none was judged.

    Attributes:
        accuracy: Share of the judged chunks whose nearest neighbour has their label.
        balanced_accuracy: The same for each label alone, averaged over the labels.
        majority_share: Share of the most frequent label among the judged chunks: what naming it always would reach.
        n_judged: Chunks with a label and at least one admissible neighbour.
        n_without_neighbour: Chunks with a label but no admissible neighbour, not judged.
        n_unknown: Chunks without a label, neither judged nor used as neighbours.
        labels: The labels of rows and columns of `confusion`, sorted.
        confusion: Judged chunks by their own label (rows) and their neighbour's (columns) (labels, labels).
    """

    accuracy: float
    balanced_accuracy: float
    majority_share: float
    n_judged: int
    n_without_neighbour: int
    n_unknown: int
    labels: tuple[str, ...]
    confusion: Integers


def leave_one_out(
    distances: Floats,
    labels: Sequence[str | None],
    documents_first: Integers,
    documents_last: Integers,
    window: int = 0,
    *,
    apart: Apart | None = None,
) -> LeaveOneOut:
    """Judge each chunk by its nearest neighbour, of two equally near the one that stands first.

    Chunks that share a document do not count as neighbours: they are alike by topic, which would pass for style. For
    text in the order of time, chunks within `window` places do not count either, and nor do copies. A label found in
    one document only can never be right, and lowers the figures.

    Args:
        distances: Distances between the chunks, or between their points on a map (k, k).
        labels: Label of each chunk, None where it is not known (k,).
        documents_first: Index of the first document in each chunk (k,).
        documents_last: Index of the last document in each chunk (k,).
        window: Places before and after a chunk, in the order given, that are too near in time to count.
        apart: Copies, which do not count either; see copies.find_passages.

    Raises:
        StylometryError: If the arguments differ in the number of chunks, or no chunk has a label.
    """
    _check_lengths(distances, labels, documents_first, documents_last)
    names, classes = number_labels(labels)
    nearest = find_neighbours(distances, classes, documents_first, documents_last, window, apart=apart)
    is_judged = nearest >= 0
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (classes[is_judged], classes[nearest[is_judged]]), 1)
    return _summarise(names, confusion, n_known=int((classes >= 0).sum()), n_chunks=len(labels))


def map_distances(points: Floats) -> Floats:
    """Euclidean distances (k, k) between the points of a map (k, axes), to judge the map as the distances are."""
    from scipy.spatial.distance import cdist

    distances: Floats = cdist(points, points)
    return distances


def find_neighbours(
    distances: Floats,
    classes: Integers,
    documents_first: Integers,
    documents_last: Integers,
    window: int,
    *,
    apart: Apart | None = None,
) -> Integers:
    """Index of the nearest admissible neighbour of each chunk, -1 without any or without label (k,).

    One row at a time, so that nothing of k x k is held besides the distances.
    """
    indices = np.arange(len(classes))
    nearest = np.full(len(classes), -1)
    for chunk in np.flatnonzero(classes >= 0):
        shares_document = (documents_first <= documents_last[chunk]) & (documents_last >= documents_first[chunk])
        is_near_in_time = np.abs(indices - chunk) <= window
        is_admissible = (classes >= 0) & ~shares_document & ~is_near_in_time
        if apart is not None:
            is_admissible &= ~apart.find(int(chunk))
        admissible = np.flatnonzero(is_admissible)
        if len(admissible):
            nearest[chunk] = admissible[distances[chunk, admissible].argmin()]
    return nearest


def number_labels(labels: Sequence[str | None]) -> tuple[tuple[str, ...], Integers]:
    """The known labels sorted, and the number of each chunk's label, -1 for None (k,)."""
    names = tuple(sorted({label for label in labels if label is not None}))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([-1 if label is None else numbers[label] for label in labels], np.int64)


def _summarise(names: tuple[str, ...], confusion: Integers, *, n_known: int, n_chunks: int) -> LeaveOneOut:
    """The figures that follow from the confusion table."""
    judged = confusion.sum(axis=1)
    right = confusion.diagonal()
    n_judged = int(judged.sum())
    is_judged = judged > 0
    return LeaveOneOut(
        accuracy=float(right.sum() / n_judged) if n_judged else float("nan"),
        balanced_accuracy=float((right[is_judged] / judged[is_judged]).mean()) if n_judged else float("nan"),
        majority_share=float(judged.max() / n_judged) if n_judged else float("nan"),
        n_judged=n_judged,
        n_without_neighbour=n_known - n_judged,
        n_unknown=n_chunks - n_known,
        labels=names,
        confusion=confusion,
    )


def _check_lengths(
    distances: Floats, labels: Sequence[str | None], documents_first: Integers, documents_last: Integers
) -> None:
    found = (*distances.shape, len(labels), len(documents_first), len(documents_last))
    if len(set(found)) != 1:
        raise StylometryError(
            f"the arguments differ in the number of chunks: found {distances.shape} distances, {len(labels)} labels, "
            f"{len(documents_first)} and {len(documents_last)} documents, expected the same number of each. "
            "Take all from the same chunks."
        )
    if all(label is None for label in labels):
        raise StylometryError(
            f"no chunk can be judged: found {len(labels)} chunks, all without label, expected some with one. "
            "Give the labels that are known."
        )
