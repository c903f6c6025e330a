"""Other classifiers beside the nearest text: each judged on texts whose document it has not learned from."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stylometry.features import (
    CountTable,
    fit_scale,
    most_frequent,
    most_frequent_without_each,
    relative_frequencies,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

Classifier: TypeAlias = Literal["knn", "svm", "nsc", "naive_bayes"]

NEIGHBOURS = 3
"""Neighbours that vote; fewer where a label has fewer texts."""

SHRINKAGE = 0.5
"""Standard deviations by which centroids are moved to the middle of all. Source: as pamr, which stylo calls, tries."""

MOST_FITTED = 20_000
"""Texts that each classifier learns from in all fits together; beyond, several documents are left out at a time."""

FEWEST_FOLDS = 5


@dataclass(frozen=True)
class Judgement:
    """How a classifier does on known texts.

    Attributes:
        classifier: Its name.
        predicted: Number of the author that it gives each text without the text's document; -1 where nothing of the
            text's author was left to learn from (texts,).
        accuracy: Share of the judged texts that come out right.
        balanced_accuracy: The same for each author alone, averaged.
        majority_share: What naming the most frequent author always would reach.
    """

    classifier: Classifier
    predicted: Integers
    accuracy: float
    balanced_accuracy: float
    majority_share: float


def judge_classifiers(
    names: tuple[Classifier, ...],
    learned: tuple[CountTable, Integers, Integers],
    *,
    features: int | None,
    culling: float = 0.0,
    seed: int = 0,
) -> tuple[Judgement, ...]:
    """Each classifier on z-scores of the most frequent n-grams; features and scale are those of the other documents.

    Args:
        names: Which classifiers.
        learned: Counts of the texts, the number of each one's author (texts,), and that of its document (texts,).
        features: Most frequent n-grams to look at; None for all.
        culling: Share of the texts that must hold an n-gram.
        seed: Of what a classifier draws.

    Source: nearest shrunken centroids: Tibshirani, Hastie, Narasimhan, Chu: Diagnosis of multiple cancer types by
        shrunken centroids of gene expression, PNAS 99 (2002), pp. 6567-6572; the choice is that of `classify` in Eder,
        Rybicki, Kestemont: Stylometry with R, The R Journal 8 (2016), pp. 107-121.
    """
    _, authors, _ = learned
    predicted = {name: np.full(len(authors), -1) for name in names}
    for is_own, rows in _leave_out(learned, features, culling):
        left = authors[~is_own]
        asked = is_own & np.isin(authors, left)
        if not asked.any() or len(np.unique(left)) < 2:
            continue
        for name in names:
            predicted[name][asked] = _fit(name, (rows[~is_own], left), rows[asked], seed)
    return tuple(_judge(name, found, authors) for name, found in predicted.items())


def predict_texts(
    names: tuple[Classifier, ...],
    known: tuple[CountTable, Integers],
    asked: CountTable,
    *,
    features: int | None,
    culling: float = 0.0,
    seed: int = 0,
) -> dict[Classifier, Integers]:
    """Number of the author that each classifier gives texts of unknown author (texts,), from all known ones."""
    counts, authors = known
    columns = most_frequent(counts, features, culling)
    frequencies = relative_frequencies(counts, columns)
    scale = fit_scale(frequencies)
    place_of = {ngram: place for place, ngram in enumerate(asked.ngrams)}
    names_of = counts.ngrams
    places = np.array([place_of.get(names_of[column], -1) for column in columns.tolist()], np.int64)
    rows = np.zeros((asked.matrix.shape[0], len(columns)))
    rows[:, places >= 0] = relative_frequencies(asked, places[places >= 0])
    learned, asked_rows = scale.apply(frequencies), scale.apply(rows)
    return {name: _fit(name, (learned, authors), asked_rows, seed) for name in names}


def build(name: Classifier, authors: Integers, seed: int) -> Any:
    """An estimator that has learned nothing yet, for these authors."""
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
    from sklearn.svm import LinearSVC

    if name == "knn":
        fewest = int(np.unique(authors, return_counts=True)[1].min())
        return KNeighborsClassifier(min(NEIGHBOURS, fewest), metric="cosine", algorithm="brute")
    if name == "svm":
        return LinearSVC(dual=False, random_state=seed, max_iter=5_000)
    if name == "nsc":
        return NearestCentroid(shrink_threshold=SHRINKAGE)
    return GaussianNB()


def _fit(name: Classifier, learned: tuple[Floats, Integers], asked: Floats, seed: int) -> Integers:
    """The author that the classifier gives each row, by rows of known authors."""
    with warnings.catch_warnings():
        # A feature that is the same in all texts of each author is no reason to look at anything.
        warnings.filterwarnings("ignore", message=r"self\.within_class_std_dev_")
        found: Integers = build(name, learned[1], seed).fit(*learned).predict(asked)
    return found


def _leave_out(
    learned: tuple[CountTable, Integers, Integers], features: int | None, culling: float
) -> Iterator[tuple[Booleans, Floats]]:
    """Which texts are left out, and the z-scores of all by the others, for each document or group of documents."""
    counts, authors, documents = learned
    numbers = np.unique(documents, return_inverse=True)[1]
    folds = min(int(numbers.max()) + 1, max(FEWEST_FOLDS, MOST_FITTED // len(authors)))
    groups = numbers % folds
    for group, columns in enumerate(most_frequent_without_each(counts, groups, features, culling)):
        is_own = groups == group
        if len(columns) and not is_own.all():
            frequencies = relative_frequencies(counts, columns)
            varies = np.ptp(frequencies[~is_own], axis=0) > 0
            if varies.any():
                yield is_own, fit_scale(frequencies[~is_own][:, varies]).apply(frequencies[:, varies])


def _judge(name: Classifier, predicted: Integers, authors: Integers) -> Judgement:
    judged = predicted >= 0
    if not judged.any():
        return Judgement(name, predicted, *[float("nan")] * 3)
    right, of = predicted[judged] == authors[judged], authors[judged]
    shares = [right[of == author].mean() for author in np.unique(of)]
    most = np.unique(of, return_counts=True)[1].max() / len(of)
    return Judgement(name, predicted, float(right.mean()), float(np.mean(shares)), float(most))
