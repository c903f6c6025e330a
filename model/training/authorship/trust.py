"""How far to trust a map of styles: figures, and the words that go with them. They speak of styles, not of people."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.style_parameters import AuthorshipParameters
from model.training.authorship.evidence import Evidence, can_tell, is_beyond_chance, name_test
from relay.handoff.wording import count, list_words, show, show_share
from relay.results.findings import Finding, Topic
from stylometry.chunks import Chunks
from stylometry.copies import Apart
from stylometry.trust import LeaveOneOut, leave_one_out, map_distances

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CLEAR, CLEAR_CHUNKS = 0.05, 2
"""A difference of shares from which on the findings speak of one: a twentieth of the chunks, and two of them."""


@dataclass(frozen=True)
class Trust:
    """How often the nearest chunk of another document has the same label: by distance, and on the map."""

    distances: LeaveOneOut
    map: LeaveOneOut


def judge(
    chunks: Chunks, distances: Floats, points: Floats, *, window: int, apart: Apart | None = None
) -> Trust | None:
    """How far distances and map can be trusted; None when no chunk can be judged."""
    if all(label is None for label in chunks.labels):
        return None
    beside = (chunks.labels, chunks.first_document, chunks.last_document, window)
    full = leave_one_out(distances, *beside, apart=apart)
    return Trust(full, leave_one_out(map_distances(points), *beside, apart=apart)) if full.n_judged else None


def say_trust(
    chunks: Chunks,
    trust: Trust | None,
    evidence: Evidence | None,
    parameters: AuthorshipParameters,
    *,
    copies: Integers | None = None,
) -> tuple[Finding, ...]:
    """How far to trust the map, in words: the first finding is its caption.

    Args:
        chunks: chunks, without label where it is unknown.
        trust: what `judge` found.
        evidence: what the same distances give otherwise; None if there is no trust.
        parameters: the recipe's model section.
        copies: number of the text that each document is; copies of one text have one number (documents,).
    """
    if trust is None or evidence is None:
        nothing = "The map was not evaluated: no chunk has both a label and a neighbour from another document."
        return (Finding(Topic.NEIGHBOURS, nothing, {"judged": 0}),)
    findings = [_say_neighbours(trust, evidence)]
    if lonely := find_lonely_labels(chunks, copies):
        findings.append(
            Finding(
                Topic.NEIGHBOURS,
                f"{list_words(lonely)} {_has(lonely)} one document only, or copies of one: these figures count all "
                f"chunks of {'this label' if len(lonely) == 1 else 'these labels'} as wrong.",
                {"labels": lonely},
            )
        )
    balanced = trust.distances.balanced_accuracy
    findings.append(
        Finding(
            Topic.BALANCED_ACCURACY,
            f"Balanced accuracy, the mean over the labels: {show_share(balanced)}.",
            {"balanced_accuracy": balanced},
        )
    )
    if parameters.order == "time":
        findings.append(
            Finding(
                Topic.TIME_ORDER,
                "The chunks are in time order and style drifts with time, so chunks of one label may be similar only "
                f"because they are close in time. {_say_window(parameters.window)}",
                {"window": parameters.window},
            )
        )
    return tuple(findings)


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _say_window(chunks: int) -> str:
    if chunks == 1:
        return "The chunk before and the one after a chunk do not count as its neighbours."
    return f"The {chunks:,} chunks before and after a chunk do not count as its neighbours."


def find_lonely_labels(chunks: Chunks, copies: Integers | None = None) -> list[str]:
    """The labels whose chunks all lie in one and the same document, or in copies of it, sorted."""
    documents: dict[str, set[int]] = {}
    spans = zip(
        *(of if copies is None else copies[of] for of in (chunks.first_document, chunks.last_document)), strict=True
    )
    for label, (first, last) in zip(chunks.labels, spans, strict=True):
        if label is not None:
            documents.setdefault(label, set()).update((first, last))
    return sorted(label for label, found in documents.items() if len(found) == 1)


def figures_of(trust: Trust | None) -> dict[str, Any]:
    """The figures as they stand in `metrics.json`."""
    if trust is None:
        return {"judged": 0}
    full, drawn = trust.distances, trust.map
    return {
        "judged": full.n_judged,
        "without_neighbour": full.n_without_neighbour,
        "unknown": full.n_unknown,
        "majority_share": full.majority_share,
        "accuracy": full.accuracy,
        "balanced_accuracy": full.balanced_accuracy,
        "map_accuracy": drawn.accuracy,
        "map_balanced_accuracy": drawn.balanced_accuracy,
    }


def _say_neighbours(trust: Trust, evidence: Evidence) -> Finding:
    full, drawn = trust.distances, trust.map
    compared = compare_map(full, drawn)
    return Finding(
        Topic.NEIGHBOURS,
        f"Of {count(full.n_judged, 'chunk')}, {show_share(full.accuracy)} lie nearest to a chunk of the same label "
        f"from another document, {show_share(drawn.accuracy)} on the map (baseline, always the largest label: "
        f"{show_share(full.majority_share)}). {_say_chance(evidence)} {MAP_VERDICTS[compared]}",
        {
            "judged": full.n_judged,
            "accuracy": full.accuracy,
            "majority_share": full.majority_share,
            "map_accuracy": drawn.accuracy,
            "map_looks": compared,
            **({"p": evidence.test.p} if evidence.test is not None and evidence.test.arrangements else {}),
        },
    )


MAP_VERDICTS = {
    "better": "The map looks more separated than the distances are.",
    "worse": "The map looks less separated than the distances are.",
    "alike": "The map reflects the distances.",
}


def compare_map(full: LeaveOneOut, drawn: LeaveOneOut) -> str:
    """Whether the labels look better, worse or alike separated on the map: a key of `MAP_VERDICTS`."""
    gap = drawn.accuracy - full.accuracy
    # A whole number of chunks, rounded: shares of the same chunks differ by nothing less.
    if abs(gap) < CLEAR or round(abs(gap) * full.n_judged) < CLEAR_CHUNKS:
        return "alike"
    return "better" if gap > 0 else "worse"


def _say_chance(evidence: Evidence) -> str:
    """Whether the distances tell the labels apart, by the test alone."""
    test = evidence.test
    if test is None:
        return "There is only one label, so there is nothing to compare."
    if not test.arrangements:
        return "There are too few chunks to test whether this is more than chance."
    found = f"{name_test(evidence)} test: {show_share(test.usual)} by chance, p = {show(test.p)}"
    if not can_tell(test):
        few = "Chance cannot be ruled out, because the labels have too few different arrangements"
        return f"{few} ({found}; the lowest possible p is {show(test.least_p)})."
    return f"{'The distances tell the labels apart' if is_beyond_chance(test) else 'This may be chance'} ({found})."
