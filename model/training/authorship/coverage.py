"""Which documents of unknown label the model can judge: those that its features cover as they cover the known ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from model.training.authorship.attribution import Sample
from model.training.authorship.documents import Documents
from relay.handoff.wording import count, list_words, show_share
from relay.results.findings import Finding, Topic
from stylometry.attribution import AuthorshipClassifier
from stylometry.coverage import find_required_coverage

MOST_NAMED = 5
"""Documents that a finding names."""


@dataclass(frozen=True)
class Coverage:
    """How much of the known and the unknown documents the features make up."""

    lowest: float
    """Of a known document, by the features of the others."""
    refused: dict[int, float]
    """Index of each unknown document that cannot be judged, and its coverage."""

    @property
    def required(self) -> float:
        """What a text must have."""
        return find_required_coverage(self.lowest)


def measure_coverage(classifier: AuthorshipClassifier, known: Sample, unknown: Sample | None) -> Coverage:
    """The coverage of the texts that a model was fitted to, and of the unknown ones."""
    lowest = classifier.find_lowest_coverage(known.texts)
    if unknown is None:
        return Coverage(lowest, {})
    documents, owners = np.unique(unknown.documents, return_inverse=True)
    covered = classifier.count_covered(unknown.texts)
    sums = np.zeros((len(documents), 2), covered.dtype)
    np.add.at(sums, owners, covered)
    shares = dict(zip(documents.tolist(), (sums[:, 0] / sums[:, 1]).tolist(), strict=True))
    required = find_required_coverage(lowest)
    return Coverage(lowest, {document: share for document, share in shares.items() if share < required})


def leave_refused_out(unknown: Sample, coverage: Coverage) -> Sample | None:
    """The documents that can be judged; None without any."""
    kept = [index for index, document in enumerate(unknown.documents) if document not in coverage.refused]
    if not kept:
        return None
    return Sample(
        texts=[unknown.texts[index] for index in kept],
        labels=[unknown.labels[index] for index in kept],
        documents=[unknown.documents[index] for index in kept],
    )


def say_coverage(coverage: Coverage, classifier: AuthorshipClassifier, documents: Documents) -> tuple[Finding, ...]:
    """What a text needs to be judged, and which documents do not have it."""
    text = (
        f"The model uses {count(len(classifier.ngrams_), 'feature')}. They cover at least "
        f"{show_share(coverage.lowest)} of each known document; a text of which they cover less than "
        f"{show_share(coverage.required)} cannot be compared and gets no answer."
    )
    findings = [Finding(Topic.COVERAGE, text, {"lowest": coverage.lowest, "required": coverage.required})]
    if coverage.refused:
        named = list(coverage.refused.items())[:MOST_NAMED]
        shares = [f"{documents.ids[index]} ({show_share(share)})" for index, share in named]
        more = len(coverage.refused) - len(named)
        shares += [f"{more:,} more"] if more else []
        text = (
            f"{count(len(coverage.refused), 'document')} of unknown label cannot be compared, because the features "
            f"cover too little of the text: {list_words(shares)}."
        )
        findings.append(Finding(Topic.COVERAGE, text, {"refused": len(coverage.refused)}))
    return tuple(findings)


def figures_of_coverage(coverage: Coverage) -> dict[str, Any]:
    """The coverage as it stands in `metrics.json`."""
    return {"lowest": coverage.lowest, "required": coverage.required, "refused": len(coverage.refused)}
