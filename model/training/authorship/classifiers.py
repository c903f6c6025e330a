"""Other classifiers on the recipe's features: how they do on known documents, and what they say of unknown ones."""

from collections import Counter
from collections.abc import Mapping
from typing import get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.addition import Addition
from model.training.authorship.attribution import Sample
from model.training.authorship.documents import Documents
from relay.handoff.wording import list_words, show_share
from relay.results.findings import Finding, Topic
from stylometry.attribution import AuthorshipClassifier
from stylometry.classifiers import Classifier, Judgement, judge_classifiers, predict_texts
from stylometry.word_choice import choose_words

FEATURES = 500
"""Where the recipe says no number, as the distances of frequencies have it."""

NAMES: Mapping[Classifier, str] = {
    "knn": "k-nearest neighbours",
    "svm": "linear SVM",
    "nsc": "nearest shrunken centroids",
    "naive_bayes": "naive Bayes",
}


def compare_classifiers(
    documents: Documents,
    classifier: AuthorshipClassifier,
    samples: tuple[Sample, Sample | None],
    parameters: AuthorshipParameters,
    seed: int,
) -> Addition:
    """The classifiers that the recipe names, beside the nearest text; nothing where it names none.

    Args:
        documents: all documents.
        classifier: fitted; reads the texts.
        samples: known chunks, and unknown ones that can be compared.
        parameters: the recipe's model section.
        seed: of the recipe.
    """
    names = tuple(name for name in get_args(Classifier) if name in parameters.classifiers)
    if not names:
        return Addition()
    known, unknown = samples
    counts = choose_words(classifier.count(known.texts), parameters.chosen)
    features, culling, authors = parameters.features or FEATURES, parameters.culling, classifier.authors_
    learned = (counts, authors, classifier.documents_)
    judged = judge_classifiers(names, learned, features=features, culling=culling, seed=seed)
    tables = {"classifiers": _tabulate(judged)}
    if unknown is not None:
        asked = classifier.count(unknown.texts)
        found = predict_texts(names, (counts, authors), asked, features=features, culling=culling, seed=seed)
        tables["classifier_answers"] = _tabulate_answers(documents, unknown, found, classifier.classes_.tolist())
    figures = {one.classifier: one.balanced_accuracy for one in judged}
    return Addition((_say(judged),), {"classifiers": figures}, tables)


def _tabulate(judged: tuple[Judgement, ...]) -> pa.Table:
    """A row a classifier."""
    rows = [
        {
            "classifier": NAMES[one.classifier],
            "chunks": int((one.predicted >= 0).sum()),
            "accuracy": one.accuracy,
            "balanced_accuracy": one.balanced_accuracy,
            "majority_share": one.majority_share,
        }
        for one in judged
    ]
    return pa.Table.from_pylist(rows)


def _tabulate_answers(
    documents: Documents, unknown: Sample, found: Mapping[Classifier, npt.NDArray[np.int64]], classes: list[str]
) -> pa.Table:
    """A row a document of unknown label and classifier: the label of most of its chunks, and the share of these."""
    group_of = dict(zip(unknown.documents, unknown.labels, strict=True))
    owners = np.asarray(unknown.documents)
    rows = []
    for document, group in group_of.items():
        for name, numbers in found.items():
            votes = Counter(classes[number] for number in numbers[owners == document].tolist())
            label, most = min(votes.items(), key=lambda item: (-item[1], item[0]))
            rows.append(
                {
                    "document": documents.ids[document],
                    "group": group,
                    "classifier": NAMES[name],
                    "label": label,
                    "share_of_chunks": most / votes.total(),
                }
            )
    return pa.Table.from_pylist(rows)


def _say(judged: tuple[Judgement, ...]) -> Finding:
    figures = {one.classifier: one.balanced_accuracy for one in judged if np.isfinite(one.balanced_accuracy)}
    if not figures:
        return Finding(Topic.CLASSIFIERS, "Other classifiers were not evaluated: no label has two documents.")
    ranked = sorted(figures.items(), key=lambda item: (-item[1], item[0]))
    shown = list_words(f"{NAMES[name]} {show_share(share)}" for name, share in ranked)
    text = f"Other classifiers, balanced accuracy on known chunks, each without its own document: {shown}."
    return Finding(Topic.CLASSIFIERS, text, {"balanced_accuracy": figures})
