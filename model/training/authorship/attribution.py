"""Whom documents of unknown label resemble, by a model of the known ones that is kept for texts to come."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from relay.handoff.preparation import Preparation
from relay.handoff.wording import count, list_words, show_share
from relay.results.findings import Finding, Topic
from stylometry.attribution import AuthorshipClassifier
from stylometry.chunks import Chunks
from stylometry.delta import find_distance
from stylometry.features import CountTable
from stylometry.profiles import Ngram

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

MOST_FEATURES = 2_000
"""Features that a kept model looks at where the distance would take all: 16 kB a chunk in its file."""

MOST_CHUNKS = 2_000
"""Known chunks that a model keeps, spread evenly over more: every question is compared with each of them."""

UNEQUAL = 2
"""How many times as many known documents one label has as another before that is said."""

NO_LABEL = "(no label)"

NGRAMS: Mapping[str, Ngram] = {"chars": "char", "words": "word", "columns": "column"}
"""`units` -> its name in a classifier."""


@dataclass(frozen=True)
class Sample:
    """Chunks with their texts, labels and documents."""

    texts: list[str]
    labels: list[str]
    documents: list[int]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Attribution:
    """Documents of unknown label beside the known labels."""

    documents: list[int]
    """Their indices among all documents (n,)."""
    groups: list[str]
    """The labels that they bear instead of a known one (n,)."""
    classes: tuple[str, ...]
    distances: Floats
    """Mean over a document's chunks of the distance to a label's nearest chunk, or centroid (n, labels)."""
    probabilities: Floats
    """Mean over a document's chunks (n, labels)."""

    @property
    def nearest(self) -> list[str]:
        """The label that each document is nearest to (n,)."""
        return [self.classes[index] for index in self.distances.argmin(axis=1).tolist()]


def find_countable(counts: CountTable) -> Booleans:
    """Whether each chunk holds anything that is counted (chunks,)."""
    held: Booleans = np.diff(counts.matrix.indptr) > 0
    return held


def choose_known(
    chunks: Chunks, known: Chunks, parameters: AuthorshipParameters, *, countable: Booleans, copies: Integers
) -> Sample | None:
    """The chunks that a model can learn from; None without two labels of at least two documents each.

    Copies of one text count as one document.

    Args:
        chunks: all chunks.
        known: the same, without the unknown labels.
        parameters: name the candidates, if not all known labels are.
        countable: whether each chunk holds anything that is counted (chunks,).
        copies: number of the text that each document is (documents,).
    """
    candidates = set(parameters.candidates) or {label for label in known.labels if label is not None}
    indices = [index for index, label in enumerate(known.labels) if label in candidates and countable[index]]
    documents: dict[str | None, set[int]] = {}
    for index in indices:
        documents.setdefault(known.labels[index], set()).add(int(copies[chunks.first_document[index]]))
    if sum(len(found) > 1 for found in documents.values()) < 2:
        return None
    sample = take_sample(chunks, indices[:: -(-len(indices) // MOST_CHUNKS)])
    return replace(sample, documents=copies[sample.documents].tolist())


def choose_unknown(
    chunks: Chunks, known: Chunks, parameters: AuthorshipParameters, *, countable: Booleans
) -> Sample | None:
    """The chunks of unknown label; None without any, or where chunks are no parts of documents."""
    indices = [index for index, label in enumerate(known.labels) if label is None and countable[index]]
    return take_sample(chunks, indices) if indices and parameters.chunking != "joined" else None


def take_sample(chunks: Chunks, indices: Iterable[int]) -> Sample:
    """Some of the chunks, by their indices."""
    indices = list(indices)
    ends = chunks.offsets
    return Sample(
        texts=[chunks.utf8[ends[index] : ends[index + 1]].tobytes().decode() for index in indices],
        labels=[chunks.labels[index] or NO_LABEL for index in indices],
        documents=chunks.first_document[indices].tolist(),
    )


def fit_classifier(
    known: Sample, parameters: AuthorshipParameters, preparation: Preparation | None = None
) -> AuthorshipClassifier:
    """The recipe's distance and features, fitted to chunks of known label.

    Args:
        known: the chunks.
        parameters: the recipe's model section.
        preparation: of the texts: what was kept as it was written is read as it was written.

    Raises:
        StylometryError: a chunk has nothing to count.
    """
    distance = parameters.distance
    classifier = AuthorshipClassifier(
        NGRAMS[parameters.units],
        parameters.ngram,
        features=parameters.features or find_distance(distance).features or MOST_FEATURES,
        culling=parameters.culling,
        distance=distance,
        without=parameters.chosen.without,
        only=parameters.chosen.only,
        skipped=parameters.chosen.skipped,
        word_rule=parameters.word_rule,
        compare_with=parameters.compare_with,
        normal_form=None if preparation is None or preparation.normal_form == "keep" else preparation.normal_form,
    )
    return classifier.fit(known.texts, known.labels, known.documents)


def attribute(classifier: AuthorshipClassifier, unknown: Sample) -> Attribution:
    """How near each document of unknown label is to each known one.

    Raises:
        StylometryError: a chunk has nothing to count.
    """
    documents, owners = np.unique(unknown.documents, return_inverse=True)
    group_of = dict(zip(unknown.documents, unknown.labels, strict=True))
    return Attribution(
        documents=documents.tolist(),
        groups=[group_of[document] for document in documents.tolist()],
        classes=tuple(classifier.classes_.tolist()),
        distances=_average(classifier.measure_authors(unknown.texts), owners),
        probabilities=_average(classifier.predict_proba(unknown.texts), owners),
    )


def tabulate_attributions(found: Attribution, documents: Documents) -> pa.Table:
    """A row a document and known label: distance, probability, and whether it is the nearest."""
    rows = [
        {
            "document": documents.ids[document],
            "group": group,
            "label": label,
            "distance": float(distance),
            "probability": float(probability),
            "is_nearest": label == nearest,
        }
        for document, group, nearest, distances, probabilities in zip(
            found.documents, found.groups, found.nearest, found.distances, found.probabilities, strict=True
        )
        for label, distance, probability in zip(found.classes, distances, probabilities, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def say_attributions(found: Attribution) -> tuple[Finding, ...]:
    """A finding for each group of unknown documents: `12 documents labelled X: nearest in style to Y 12`."""
    findings = []
    for group in dict.fromkeys(found.groups):
        nearest = Counter(label for label, of in zip(found.nearest, found.groups, strict=True) if of == group)
        shares = list_words(f"{label} {number:,}" for label, number in rank_labels(nearest))
        text = f"{name_group(nearest.total(), group)}: nearest in style to {shares}."
        findings.append(Finding(Topic.ATTRIBUTION, text, {"group": group, "nearest": dict(rank_labels(nearest))}))
    compared = (
        f"The candidates are {list_words(found.classes)}: distances and probabilities cannot show that no candidate "
        "is right."
    )
    return (*findings, Finding(Topic.CANDIDATES, compared, {"labels": list(found.classes)}))


def say_unequal(known: Sample, compare_with: str) -> tuple[Finding, ...]:
    """A warning where one label has twice as many known documents as another: chance alone prefers it."""
    documents: dict[str, set[int]] = {label: set() for label in known.labels}
    for label, document in zip(known.labels, known.documents, strict=True):
        documents[label].add(document)
    sizes = rank_labels(Counter({label: len(found) for label, found in documents.items()}))
    most, least = sizes[0], sizes[-1]
    if most[1] < UNEQUAL * least[1]:
        return ()
    total = sum(size for _, size in sizes)
    found = list_words(f"{label} {size:,}" for label, size in sizes)
    rule = (
        f"By chance alone, the nearest text has the label {most[0]} in {show_share(most[1] / total)} of cases; "
        'compare_with = "centroid" does not depend on these numbers.'
        if compare_with == "text"
        else "Centroids do not depend on these numbers, but the centroid of few documents is less certain."
    )
    text = (
        f"The labels have unequal numbers of known documents: {found}. {rule} {most[0]} has fewer "
        f"imposters than {least[0]}, so that their imposters scores differ by chance too."
    )
    return (Finding(Topic.UNEQUAL, text, {"documents": dict(sizes), "compare_with": compare_with}),)


def figures_of_attribution(found: Attribution) -> dict[str, Any]:
    """Group -> nearest label -> documents, as it stands in `metrics.json`."""
    figures: dict[str, Counter[str]] = {}
    for group, label in zip(found.groups, found.nearest, strict=True):
        figures.setdefault(group, Counter())[label] += 1
    return {group: dict(numbers) for group, numbers in figures.items()}


def name_group(number: int, group: str) -> str:
    """`12 documents labelled X`, `3 documents without label`."""
    return f"{count(number, 'document')} {'without label' if group == NO_LABEL else f'labelled {group}'}"


def rank_labels(numbers: Counter[str]) -> list[tuple[str, int]]:
    """The labels with their numbers, the largest first, level ones by name."""
    return sorted(numbers.items(), key=lambda item: (-item[1], item[0]))


def _average(rows: Floats, owners: Integers) -> Floats:
    """Mean of the rows of each owner (owners, columns)."""
    sums = np.zeros((int(owners.max()) + 1, rows.shape[1]))
    np.add.at(sums, owners, rows)
    averages: Floats = sums / np.bincount(owners)[:, np.newaxis]
    return averages
