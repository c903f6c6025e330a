"""What the General Imposters say of every unknown document and every known label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.training.authorship.addition import Addition
from model.training.authorship.attribution import Sample, name_group
from model.training.authorship.far import Far
from model.training.authorship.far_run import choose_threads, open_run
from relay.handoff.wording import list_words, show
from relay.results.findings import Finding, Topic
from stylometry.attribution import AuthorshipClassifier
from stylometry.delta import DISTANCES
from stylometry.errors import StylometryError
from stylometry.imposter_rounds import TEXTS_OF_A_TASK
from stylometry.imposters import MOST_JUDGED, Borders, Imposters, judge_together
from stylometry.parallel import Run, run_here

Floats = npt.NDArray[np.float64]

MOST_CHUNKS = 20
"""Chunks of a document that are judged, spread evenly over more: each is drawn against for every label."""

FEWEST_STEPS = 10**11
"""Features compared in all rounds from which on a cluster is asked: 8 to 20 s on one core."""

MOST_BYTES = 512 << 20
"""Of the rounds that this machine counts at the same time."""

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


def add_verification(
    titles: Sequence[str], classifier: AuthorshipClassifier, unknown: Sample | None, far: Far | None = None
) -> Addition:
    """The verdicts with the borders that were tuned on the known texts; without an unknown document a finding alone.

    The draws are always the same: a score near a border would otherwise be yes or undecided by the recipe's seed.

    Args:
        titles: of the documents.
        classifier: fitted.
        unknown: the chunks of unknown label that can be compared.
        far: the cluster that counts the rounds where there are many texts.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
    """
    if unknown is None:
        nothing = "The imposters test had nothing to do: no document of unknown label can be compared."
        advice = "Name unknown labels with unknown in [model], or ask about a text with `python -m model ask RECIPE`."
        return Addition((Finding(Topic.IMPOSTERS, f"{nothing} {advice}", {"documents": 0}),))
    drawing = Imposters()
    try:
        is_worth_it, threads = _is_worth_it(classifier, unknown, drawing), _choose_threads(classifier)
        with open_run(far, is_worth_it=is_worth_it, threads=threads) as run:
            verified = verify_all(classifier, unknown, drawing, run)
    except StylometryError as error:  # no author has two documents
        return Addition((Finding(Topic.IMPOSTERS, f"The imposters test was not possible: {error}", {"documents": 0}),))
    borders = {"no": verified.borders.no, "yes": verified.borders.yes}
    return Addition(
        findings=say_verdicts(verified),
        metrics={"imposters": {"borders": borders, "rounds": verified.rounds}},
        tables={"imposters": tabulate_verdicts(verified, titles)},
    )


def _is_worth_it(classifier: AuthorshipClassifier, unknown: Sample, drawing: Imposters) -> bool:
    known, features = classifier.rows_.shape
    texts = min(known, MOST_JUDGED) + sum(min(count, MOST_CHUNKS) for count in Counter(unknown.documents).values())
    return bool(drawing.rounds * drawing.share * features * known * texts >= FEWEST_STEPS)


def _choose_threads(classifier: AuthorshipClassifier) -> int:
    """How many tasks at once; one where a function of the user measures, which need not bear more."""
    if classifier.distance not in DISTANCES:
        return 1
    known, features = classifier.rows_.shape
    return choose_threads(8 * (2 * TEXTS_OF_A_TASK * known + known * features), MOST_BYTES)


def verify_all(classifier: AuthorshipClassifier, unknown: Sample, drawing: Imposters, run: Run = run_here) -> Verified:
    """The scores of each document for each label.

    Raises:
        StylometryError: borders cannot be tuned.
    """
    borders = classifier.tune_borders(drawing, run=run)
    owners = np.asarray(unknown.documents)
    documents = np.unique(owners).tolist()
    chosen = [_spread(np.flatnonzero(owners == document)) for document in documents]
    texts = [unknown.texts[index] for indices in chosen for index in indices.tolist()]
    classes = tuple(classifier.classes_.tolist())
    by_chunk = classifier.verify(texts, classes[0], drawing=drawing, borders=borders, run=run).all_scores
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
