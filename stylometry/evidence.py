"""Could it be chance, or time? Tests of how far labels and distances belong together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.copies import Apart
from stylometry.errors import StylometryError
from stylometry.trust import find_neighbours, number_labels

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_ROUNDING = 1e-12
"""Accuracies closer than this are the same share of chunks."""


@dataclass(frozen=True)
class LabelTest:
    """An accuracy, and what the same distances give when the labels are arranged otherwise.

    Attributes:
        accuracy: Share of the chunks whose nearest admissible neighbour has their label.
        usual: Mean of that share over the other arrangements.
        p: Share of the arrangements, the given one included, that do at least as well: (1 + b) / (1 + arrangements).
        arrangements: Number of other arrangements.
        least_p: What p cannot be below: the share of the arrangements, the given one included, that divide the chunks
            just as the given labels do, under whatever names. Few documents, or periods of equal length, have few
            different divisions.
    """

    accuracy: float
    usual: float
    p: float
    arrangements: int
    least_p: float


@dataclass(frozen=True)
class Silhouette:
    """How much nearer chunks are to their own label than to the next one, -1 to 1.

    Attributes:
        mean: Mean over all chunks with a label.
        of_label: Mean over the chunks of each label.
    """

    mean: float
    of_label: dict[str, float]


def permutation_test(
    distances: Floats,
    labels: Sequence[str | None],
    documents_first: Integers,
    documents_last: Integers,
    *,
    permutations: int = 999,
    seed: int = 0,
    apart: Apart | None = None,
) -> LabelTest:
    """The accuracy of trust.leave_one_out against labels drawn by lot among the documents.

    Whole documents change their labels, because chunks of one document are alike whoever wrote it. For text in the
    order of time take shift_test: there almost any real division beats a random one.

    Args:
        distances: Distances between the chunks (k, k).
        labels: Label of each chunk, None where it is not known: such chunks stay out (k,).
        documents_first: Index of the first document in each chunk (k,).
        documents_last: Index of the last document in each chunk (k,).
        permutations: How many drawings.
        seed: Seed of the drawings.
        apart: Copies, which are no neighbours; copies with one label change it together.

    Raises:
        StylometryError: If chunks of one document have different labels, or no chunk can be judged.

    Source: Ojala, Garriga: Permutation tests for studying classifier performance, JMLR 11 (2010), pp. 1833-1863; the
        p-value: Phipson, Smyth: Permutation p-values should never be zero, Statistical Applications in Genetics and
        Molecular Biology 9 (2010), article 39.
    """
    _, classes = number_labels(labels)
    known = np.flatnonzero(classes >= 0)
    owners, owner_of = np.unique(documents_first[known], return_inverse=True)
    drawn = np.full(len(owners), -1)
    drawn[owner_of] = classes[known]
    if (documents_first[known] != documents_last[known]).any() or (drawn[owner_of] != classes[known]).any():
        raise StylometryError(
            "labels cannot be drawn among the documents: found chunks of several documents, or documents of several "
            "labels, expected chunks within documents of one label each. Cut within (cut_within), or use shift_test."
        )
    if apart is not None:
        units, owner_of = np.unique(np.stack([apart.sources[known], classes[known]]), axis=1, return_inverse=True)
        drawn = units[1]
    generator = np.random.default_rng(seed)
    arranged = (generator.permutation(drawn)[owner_of] for _ in range(permutations))
    neighbours = find_neighbours(distances, classes, documents_first, documents_last, 0, apart=apart)
    return _compare(classes, neighbours, known, arranged)


def shift_test(
    distances: Floats,
    labels: Sequence[str | None],
    documents_first: Integers,
    documents_last: Integers,
    *,
    window: int = 0,
    shifts: int = 999,
    seed: int = 0,
    apart: Apart | None = None,
) -> LabelTest:
    """The accuracy of trust.leave_one_out against the same labels moved along the order of the chunks, in a circle.

    The labels keep their runs, so what drifts with time helps the moved labels as it helps the given ones; only where
    first and last label differ, a move parts one run more, which makes p a little too small. For a single boundary
    boundary.rank_boundary says more.

    Args:
        distances: Distances between the chunks, in the order of time (k, k).
        labels: Label of each chunk, None where it is not known: such chunks stay out (k,).
        documents_first: Index of the first document in each chunk (k,).
        documents_last: Index of the last document in each chunk (k,).
        window: Places before and after a chunk that are too near in time to count.
        shifts: How many shifts to draw, if there are more than these.
        seed: Seed of the drawing.
        apart: Copies, which are no neighbours.

    Raises:
        StylometryError: If no chunk can be judged.
    """
    _, classes = number_labels(labels)
    known = np.flatnonzero(classes >= 0)
    every = np.arange(1, len(known))
    chosen = every if len(every) <= shifts else np.random.default_rng(seed).choice(every, shifts, replace=False)
    arranged = (np.roll(classes[known], shift) for shift in chosen.tolist())
    neighbours = find_neighbours(distances, classes, documents_first, documents_last, window, apart=apart)
    return _compare(classes, neighbours, known, arranged)


def silhouette(distances: Floats, labels: Sequence[str | None], *, apart: Apart | None = None) -> Silhouette:
    """How well the labels part the chunks: (b - a) / max(a, b) for each, 0 for a label of one chunk.

    a is the mean distance to the others of the same label, b the least mean distance to another label's chunks.

    Args:
        distances: Distances between the chunks (k, k).
        labels: Label of each chunk, None where it is not known: such chunks stay out (k,).
        apart: Copies of a chunk, whose distance from it does not count.

    Raises:
        StylometryError: If there are not two labels.

    Source: Rousseeuw: Silhouettes, Journal of Computational and Applied Mathematics 20 (1987), pp. 53-65.
    """
    names, classes = number_labels(labels)
    if len(names) < 2:
        raise StylometryError(f"no silhouette: found {len(names)} labels, expected at least two. Give more labels.")
    members = (classes[:, np.newaxis] == np.arange(len(names))).astype(np.float64)
    known = np.flatnonzero(classes >= 0)
    sums = (distances @ members)[known]
    sizes = np.tile(members.sum(axis=0), (len(known), 1))
    own = np.arange(len(known)), classes[known]
    sizes[own] -= 1  # a chunk is no distance from itself
    if apart is not None:
        _leave_copies_out(distances, members, known, apart, (sums, sizes))
    alone = sizes[own] == 0
    within = sums[own] / np.where(alone, 1, sizes[own])
    means = np.divide(sums, sizes, where=sizes > 0, out=np.full(sums.shape, np.inf))
    means[own] = np.inf
    beyond = means.min(axis=1)
    alone |= ~np.isfinite(beyond)
    larger = np.maximum(within, beyond)
    widths = np.divide(beyond - within, larger, where=~alone & (larger > 0), out=np.zeros(len(known)))
    of_label = {name: float(widths[own[1] == number].mean()) for number, name in enumerate(names)}
    return Silhouette(float(widths.mean()), of_label)


def _leave_copies_out(
    distances: Floats, members: Floats, known: Integers, apart: Apart, totals: tuple[Floats, Floats]
) -> None:
    """Take each known chunk's copies from the sums of its distances to each label, and from their numbers."""
    for row, chunk in enumerate(known.tolist()):
        copies = np.flatnonzero(apart.find(chunk))
        copies = copies[copies != chunk]
        if len(copies):
            totals[0][row] -= distances[chunk, copies] @ members[copies]
            totals[1][row] -= members[copies].sum(axis=0)


def _compare(classes: Integers, neighbours: Integers, known: Integers, arranged: Iterable[Integers]) -> LabelTest:
    """The accuracy of the classes and of others for the known chunks; who is nearest does not depend on them."""
    judged = known[neighbours[known] >= 0]
    if not len(judged):
        raise StylometryError(
            f"no chunk can be judged: found none of {len(classes)} with a label and a neighbour from another document. "
            "Give more documents."
        )
    given = float((classes[judged] == classes[neighbours[judged]]).mean())
    others, same = [], 0
    moved = classes.copy()
    labels = len(np.unique(classes[known]))
    for arrangement in arranged:
        moved[known] = arrangement
        # As many pairs of old and new label as labels: the same chunks are together.
        same += len(np.unique(classes[known] * (labels + 1) + arrangement)) == labels
        others.append(float((moved[judged] == moved[neighbours[judged]]).mean()))
    better = sum(other >= given - _ROUNDING for other in others)
    usual = float(np.mean(others)) if others else float("nan")
    number = 1 + len(others)
    return LabelTest(given, usual, (1 + better) / number, len(others), (1 + same) / number)
