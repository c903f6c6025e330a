"""The same question by every distance: how far an attribution hangs on the choice of one."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from model.style_parameters import AuthorshipParameters, Distance
from model.training.authorship.attribution import (
    Attribution,
    Sample,
    attribute,
    fit_classifier,
    name_group,
    rank_labels,
)
from relay.handoff.wording import list_words
from relay.results.distances import name_choice, name_distance
from relay.results.findings import Finding, Topic
from stylometry.delta import find_distance
from stylometry.trust import leave_one_out

TRIGRAMS = AuthorshipParameters(kind="authorship", features=20_000, without=[], unknown=[], candidates=[])
"""Raw counts of all character trigrams, or as good as all: where a beginner starts, and what the others improve on."""

TRIED: tuple[Distance, ...] = (
    "count_manhattan",
    "frequency_manhattan",
    "cosine_delta",
    "burrows_delta",
    "eder_delta",
    "min_max",
    "cosine",
    "euclidean",
)
"""The distances that every attribution is repeated with, beside the recipe's own: one of each way to compare."""


@dataclass(frozen=True)
class Trial:
    """What one choice of features and distance gives."""

    parameters: AuthorshipParameters
    features: int
    balanced_accuracy: float
    """Of the known chunks, each judged by the nearest one of another document, averaged over the labels."""
    attribution: Attribution

    @property
    def name(self) -> str:
        """The distance in words; that of the trigrams with its features, which are not the recipe's own."""
        chosen = self.parameters
        if chosen is TRIGRAMS:
            return name_choice(chosen.distance, chosen.units, chosen.ngram)
        return name_distance(chosen.distance)


def try_distances(known: Sample, unknown: Sample, parameters: AuthorshipParameters) -> tuple[Trial, ...]:
    """The attribution by other distances on the recipe's own features, and by raw counts of trigrams.

    Raises:
        StylometryError: a chunk has nothing to count.
    """
    candidates = parameters.features or find_distance(parameters.distance).features
    names = TRIED if parameters.distance in TRIED else (*TRIED, parameters.distance)
    changed = [parameters.model_copy(update={"distance": name, "features": candidates}) for name in names]
    return tuple(_try(known, unknown, choice) for choice in (TRIGRAMS, *changed))


def tabulate_trials(trials: tuple[Trial, ...]) -> pa.Table:
    """A row a choice, group of unknown documents and label: how many of the group are nearest to it."""
    rows = [
        {
            **_describe_trial(trial),
            "features": trial.features,
            "known_balanced_accuracy": trial.balanced_accuracy,
            "group": group,
            "label": label,
            "documents": count_nearest(trial, group)[label],
        }
        for trial in trials
        for group in dict.fromkeys(trial.attribution.groups)
        for label in trial.attribution.classes
    ]
    return pa.Table.from_pylist(rows)


def say_trials(trials: tuple[Trial, ...], found: Attribution) -> tuple[Finding, ...]:
    """A finding for each group: how many of it each distance gives to the label that the recipe's own prefers."""
    findings = []
    for group, total in Counter(found.groups).items():
        nearest = Counter(label for label, of in zip(found.nearest, found.groups, strict=True) if of == group)
        label = rank_labels(nearest)[0][0]
        numbers = sorted((count_nearest(trial, group)[label], trial.name) for trial in trials)
        shares = list_words(f"{name} {number:,}" for number, name in numbers)
        text = f"How many of {name_group(total, group)} are nearest to {label}, by distance: {shares}."
        tried = [{**_describe_trial(trial), "documents": count_nearest(trial, group)[label]} for trial in trials]
        findings.append(Finding(Topic.OTHER_DISTANCES, text, {"group": group, "label": label, "tried": tried}))
    return tuple(findings)


def count_nearest(trial: Trial, group: str) -> Counter[str]:
    """Label -> documents of the group that are nearest to it."""
    found = trial.attribution
    return Counter(label for label, of in zip(found.nearest, found.groups, strict=True) if of == group)


def _describe_trial(trial: Trial) -> dict[str, str | int]:
    return {
        "distance": trial.parameters.distance,
        "units": trial.parameters.units,
        "ngram": trial.parameters.ngram,
    }


def _try(known: Sample, unknown: Sample, parameters: AuthorshipParameters) -> Trial:
    classifier = fit_classifier(known, parameters)
    distances = find_distance(classifier.distance).between(classifier.rows_, None)
    labels = classifier.classes_[classifier.authors_].tolist()
    judged = leave_one_out(distances, labels, classifier.documents_, classifier.documents_)
    return Trial(parameters, len(classifier.ngrams_), judged.balanced_accuracy, attribute(classifier, unknown))
