"""What the General Imposters say of every unknown document and every known label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.training.authorship.addition import Addition
from model.training.authorship.attribution import Sample, name_group
from relay.handoff.wording import list_words, show
from relay.results.findings import Finding, Topic
from stylometry.attribution import AuthorshipClassifier
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters, judge_together

Floats = npt.NDArray[np.float64]

MOST_CHUNKS = 20
"""Chunks of a document that are judged, spread evenly over more: each is drawn against for every label."""

VERDICTS = ("yes", "undecided", "no")


@dataclass(frozen=True)
class Verified:
    """Every unknown document beside every known label."""

    documents: list[int]
    """Their indices among all documents (n,)."""
    groups: list[str]
    """The labels that they bear instead of a known one (n,)."""
    classes: tuple[str, ...]
    scores: Floats
    """Mean over a document's chunks of the share of the rounds (n, labels)."""
    borders: Borders
    rounds: int

    def judge(self, document: int, label: int) -> str:
        """The verdict on a document and a label, by their places; of more than one yes, each is undecided."""
        return judge_together(self.borders, self.scores[document].tolist())[label]


def add_verification(titles: Sequence[str], classifier: AuthorshipClassifier, unknown: Sample | None) -> Addition:
    """The verdicts with the borders that were tuned on the known texts; without an unknown document a finding alone.

    The draws are always the same: a score near a border would otherwise be yes or undecided by the recipe's seed.

    Args:
        titles: of the documents.
        classifier: fitted.
        unknown: the chunks of unknown label that can be compared.
    """
    if unknown is None:
        nothing = "The imposters test had nothing to do: no document of unknown label can be compared."
        advice = "Name unknown labels with unknown in [model], or ask about a text with `python -m model ask`."
        return Addition((Finding(Topic.IMPOSTERS, f"{nothing} {advice}", {"documents": 0}),))
    try:
        verified = verify_all(classifier, unknown, Imposters())
    except StylometryError as error:  # no author has two documents
        return Addition((Finding(Topic.IMPOSTERS, f"The imposters test was not possible: {error}", {"documents": 0}),))
    borders = {"no": verified.borders.no, "yes": verified.borders.yes}
    return Addition(
        findings=say_verdicts(verified),
        metrics={"imposters": {"borders": borders, "rounds": verified.rounds}},
        tables={"imposters": tabulate_verdicts(verified, titles)},
    )


def verify_all(classifier: AuthorshipClassifier, unknown: Sample, drawing: Imposters) -> Verified:
    """The scores of each document for each label.

    Raises:
        StylometryError: borders cannot be tuned.
    """
    borders = classifier.tune_borders(drawing)
    owners = np.asarray(unknown.documents)
    documents = np.unique(owners).tolist()
    chosen = [_spread(np.flatnonzero(owners == document)) for document in documents]
    texts = [unknown.texts[index] for indices in chosen for index in indices.tolist()]
    classes = tuple(classifier.classes_.tolist())
    by_chunk = classifier.verify(texts, classes[0], drawing=drawing, borders=borders).all_scores
    ends = np.cumsum([len(indices) for indices in chosen])
    scores = np.stack([part.mean(axis=0) for part in np.split(by_chunk, ends[:-1])])
    group_of = dict(zip(unknown.documents, unknown.labels, strict=True))
    groups = [group_of[document] for document in documents]
    return Verified(documents, groups, classes, scores, borders, drawing.rounds)


def tabulate_verdicts(verified: Verified, titles: Sequence[str]) -> pa.Table:
    """One row per document and label: the score and the verdict."""
    rows = [
        {
            "document": titles[document],
            "group": verified.groups[place],
            "label": label,
            "score": float(verified.scores[place, column]),
            "verdict": verified.judge(place, column),
        }
        for place, document in enumerate(verified.documents)
        for column, label in enumerate(verified.classes)
    ]
    return pa.Table.from_pylist(rows)


def say_verdicts(verified: Verified) -> tuple[Finding, ...]:
    """For each group and label, how many documents get which verdict."""
    borders = verified.borders
    text = (
        f"General Imposters test ({verified.rounds:,} rounds): a score up to {show(borders.no)} means no, from "
        f"{show(borders.yes)} up yes, and undecided between them; both thresholds were tuned on the known documents, "
        "each as if its author were unknown."
    )
    figures = {"rounds": verified.rounds, "no": borders.no, "yes": borders.yes}
    findings = [Finding(Topic.IMPOSTERS, text, figures)]
    for group in dict.fromkeys(verified.groups):
        places = [place for place, of in enumerate(verified.groups) if of == group]
        verdicts = {
            label: Counter(verified.judge(place, column) for place in places)
            for column, label in enumerate(verified.classes)
        }
        said = list_words(
            f"{label} {', '.join(f'{verdict} {counted[verdict]:,}' for verdict in VERDICTS if counted[verdict])}"
            for label, counted in verdicts.items()
        )
        counts = {label: {verdict: counted[verdict] for verdict in VERDICTS} for label, counted in verdicts.items()}
        text = f"Imposters test of {name_group(len(places), group)}: {said}."
        findings.append(Finding(Topic.IMPOSTERS, text, {"group": group, "verdicts": counts}))
    return tuple(findings)


def _spread(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return indices[:: -(-len(indices) // MOST_CHUNKS)]
