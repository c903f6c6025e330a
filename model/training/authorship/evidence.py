"""Could it be chance, time, or a choice? What stands beside the accuracy of a map, as figures and in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.style_parameters import AuthorshipParameters
from relay.handoff.wording import show, show_share
from relay.results.findings import Finding, Topic
from stylometry.boundary import BoundaryRank, rank_boundary
from stylometry.chunks import Chunks
from stylometry.copies import Apart
from stylometry.evidence import LabelTest, Silhouette, permutation_test, shift_test, silhouette
from stylometry.stability import FEWEST_WORDS, say_if_short

Floats = npt.NDArray[np.float64]

RARE = 0.05
"""Usual border of a p value; a convention, not a law."""

APART = 0.25
"""Silhouette from which one speaks of structure. Source: Kaufman, Rousseeuw: Finding Groups in Data (1990), p. 88."""

SHORTEST_PERIOD = 2
"""Chunks on each side of a boundary: a single one has no scatter."""


@dataclass(frozen=True)
class Boundary:
    """A change of label in the order of time, ranked among all places within its two periods."""

    before: str
    after: str
    rank: BoundaryRank


@dataclass(frozen=True)
class Evidence:
    """What the same distances give otherwise; None where it cannot be asked."""

    test: LabelTest | None
    in_order: bool
    """Whether labels were moved along the order of the chunks, rather than drawn among the documents."""
    silhouette: Silhouette | None
    boundaries: tuple[Boundary, ...]
    words: npt.NDArray[np.int64]
    """Words of each chunk (chunks,); empty where that is not known."""


def gather_evidence(
    chunks: Chunks,
    distances: Floats,
    words: npt.NDArray[np.int64],
    *,
    parameters: AuthorshipParameters,
    seed: int,
    apart: Apart | None = None,
) -> Evidence:
    """Tests of how far labels and distances belong together.

    Args:
        chunks: chunks, without label where it is unknown, with at least one that can be judged.
        distances: distances between them (chunks, chunks).
        words: words of each (chunks,); empty where that is not known.
        parameters: the recipe's model section.
        seed: seed of the drawings.
        apart: copies, which are no neighbours.

    Raises:
        StylometryError: no chunk can be judged.
    """
    in_order = parameters.order == "time" or parameters.chunking == "joined"
    beside = (chunks.labels, chunks.first_document, chunks.last_document)
    several = len(set(chunks.labels) - {None}) > 1
    test = None
    if several and in_order:
        test = shift_test(distances, *beside, window=parameters.window, seed=seed, apart=apart)
    elif several:
        test = permutation_test(distances, *beside, seed=seed, apart=apart)
    return Evidence(
        test=test,
        in_order=in_order,
        silhouette=silhouette(distances, chunks.labels, apart=apart) if several else None,
        boundaries=rank_boundaries(chunks, distances) if parameters.order == "time" else (),
        words=words,
    )


def rank_boundaries(chunks: Chunks, distances: Floats) -> tuple[Boundary, ...]:
    """The changes of label, if each label is one period; none if they alternate or a period is too short."""
    indices = [index for index, label in enumerate(chunks.labels) if label is not None]
    labels = [label for label in chunks.labels if label is not None]
    starts = [index for index in range(len(labels)) if index == 0 or labels[index] != labels[index - 1]]
    if len(starts) != len(set(labels)):
        return ()
    found = []
    for start, middle, end in zip(starts, starts[1:], [*starts[2:], len(labels)], strict=False):
        if min(middle - start, end - middle) >= SHORTEST_PERIOD:
            inside = np.ix_(indices[start:end], indices[start:end])
            rank = rank_boundary(distances[inside], middle - start, shortest=SHORTEST_PERIOD)
            found.append(Boundary(labels[start], labels[middle], rank))
    return tuple(found)


def say_evidence(evidence: Evidence) -> tuple[Finding, ...]:
    """The evidence in words."""
    findings = []
    if evidence.test is not None:
        findings.append(_say_test(evidence.test, in_order=evidence.in_order))
    if evidence.silhouette is not None:
        mean = evidence.silhouette.mean
        verdict = "the labels form separate clusters" if mean >= APART else "the clusters overlap"
        text = f"Silhouette of the labels: {mean:.2f} (1: separate clusters, 0: none): {verdict}."
        findings.append(Finding(Topic.SILHOUETTE, text, {"mean": mean}))
    findings += [_say_boundary(boundary) for boundary in evidence.boundaries]
    words = evidence.words
    if warning := say_if_short(words.tolist()):
        short = int((words < FEWEST_WORDS).sum())
        findings.append(
            Finding(
                Topic.TEXT_LENGTH,
                warning,
                {"short_chunks": short, "chunks": len(words), "least_words": int(words.min())},
            )
        )
    return tuple(findings)


def name_test(evidence: Evidence) -> str:
    """Which test was made: shift along the order of the text, or permutation."""
    return "shift" if evidence.in_order else "permutation"


def is_beyond_chance(test: LabelTest) -> bool:
    """Whether other arrangements of the labels hardly ever do as well."""
    return test.arrangements > 0 and test.p < RARE


def can_tell(test: LabelTest) -> bool:
    """Whether the labels could be arranged in enough different ways for the test to rule out chance at all."""
    return test.arrangements > 0 and test.least_p < RARE


def figures_of_evidence(evidence: Evidence) -> dict[str, Any]:
    """The evidence as it stands in `metrics.json`."""
    figures: dict[str, Any] = {}
    if len(evidence.words):
        figures["chunk_words"] = {"mean": float(evidence.words.mean()), "least": int(evidence.words.min())}
    if evidence.test is not None:
        figures["test"] = {
            "name": name_test(evidence),
            "p": evidence.test.p,
            "arrangements": evidence.test.arrangements,
        }
        if evidence.test.arrangements:
            figures["test"]["usual_accuracy"] = evidence.test.usual
    if evidence.silhouette is not None:
        figures["silhouette"] = {"mean": evidence.silhouette.mean, "of_label": evidence.silhouette.of_label}
    if evidence.boundaries:
        figures["boundaries"] = [
            {"before": found.before, "after": found.after, "rank": found.rank.rank, "places": found.rank.positions}
            for found in evidence.boundaries
        ]
    return figures


def _say_test(test: LabelTest, *, in_order: bool) -> Finding:
    if not test.arrangements:
        text = "Chance cannot be ruled out: there are too few chunks to arrange the labels differently."
        return Finding(Topic.PERMUTATION_TEST, text, {"arrangements": 0})
    how = "shifts of the labels along the text" if in_order else "permutations of the labels among the documents"
    if not can_tell(test):
        verdict = f"the lowest possible p is {show(test.least_p)}, because there are so few different arrangements"
    else:
        verdict = "better than chance" if is_beyond_chance(test) else "this may be chance"
    return Finding(
        Topic.PERMUTATION_TEST,
        f"{'Shift' if in_order else 'Permutation'} test ({test.arrangements:,} {how}): {show_share(test.usual)} of the "
        f"chunks lie nearest to their own label by chance, p = {show(test.p)}; {verdict}.",
        {"arrangements": test.arrangements, "usual_accuracy": test.usual, "p": test.p, "least_p": test.least_p},
    )


def _say_boundary(boundary: Boundary) -> Finding:
    rank = boundary.rank
    others = "no other place" if rank.rank == 1 else f"{rank.rank - 1:,} of {rank.positions:,} places"
    return Finding(
        Topic.BOUNDARY,
        f"Change from {boundary.before} to {boundary.after}: style changes more at {others} in these two periods.",
        {"before": boundary.before, "after": boundary.after, "rank": rank.rank, "places": rank.positions},
    )
