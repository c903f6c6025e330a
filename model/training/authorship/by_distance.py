"""The same question by every distance: how far an attribution hangs on the choice of one."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
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
from stylometry.attribution import AuthorshipClassifier
from stylometry.delta import find_distance

TRIGRAMS = AuthorshipParameters(
    kind="authorship", features=20_000, without=[], classifiers=[], unknown=[], candidates=[]
)
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


Rule: TypeAlias = Literal["text", "centroid"]

RULES: dict[Rule, str] = {"text": "by the nearest text", "centroid": "by the centroid"}
"""`compare_with` -> the rule in words."""


@dataclass(frozen=True)
class Trial:
    """What one choice of features and distance gives."""

    parameters: AuthorshipParameters
    features: int
    balanced_accuracy: float
    """Of the known chunks, each judged as if its document had never been seen, averaged over the labels."""
    attribution: Attribution
    is_of_trigrams: bool = False

    @property
    def name(self) -> str:
        """The distance in words; that of the trigrams with its features, which are not the recipe's own."""
        chosen = self.parameters
        if self.is_of_trigrams:
            return name_choice(chosen.distance, chosen.units, chosen.ngram)
        return name_distance(chosen.distance)


def try_distances(known: Sample, unknown: Sample, parameters: AuthorshipParameters) -> tuple[Trial, ...]:
    """The attribution by other distances on the recipe's own features, and by raw counts of trigrams; by both rules.

    Raises:
        StylometryError: a chunk has nothing to count.
    """
    candidates = parameters.features or find_distance(parameters.distance).features
    names = TRIED if parameters.distance in TRIED else (*TRIED, parameters.distance)
    if parameters.units == "columns":  # the texts of a table of frequencies are not there to be counted
        names = tuple(name for name in names if name != "count_manhattan")
    changed = [parameters.model_copy(update={"distance": name, "features": candidates}) for name in names]
    return tuple(
        _try(known, unknown, choice, choice.model_copy(update={"compare_with": rule}))
        for rule in RULES
        for choice in (*([] if parameters.units == "columns" else [TRIGRAMS]), *changed)
    )


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
        shares = {rule: _list_shares(trials, rule, group, label) for rule in RULES}
        said = "; ".join(f"{RULES[rule]}, {found}" for rule, found in shares.items() if found)
        text = f"Nearest to {label}, of {name_group(total, group)}, with each distance: {said}."
        tried = [{**_describe_trial(trial), "documents": count_nearest(trial, group)[label]} for trial in trials]
        findings.append(Finding(Topic.OTHER_DISTANCES, text, {"group": group, "label": label, "tried": tried}))
    return tuple(findings)


def _list_shares(trials: tuple[Trial, ...], rule: str, group: str, label: str) -> str:
    of_rule = [trial for trial in trials if trial.parameters.compare_with == rule]
    numbers = sorted((count_nearest(trial, group)[label], trial.name) for trial in of_rule)
    return list_words(f"{name} {number:,}" for number, name in numbers)


def count_nearest(trial: Trial, group: str) -> Counter[str]:
    """Label -> documents of the group that are nearest to it."""
    found = trial.attribution
    return Counter(label for label, of in zip(found.nearest, found.groups, strict=True) if of == group)


def _describe_trial(trial: Trial) -> dict[str, str | int]:
    return {
        "distance": trial.parameters.distance,
        "units": trial.parameters.units,
        "ngram": trial.parameters.ngram,
        "compare_with": trial.parameters.compare_with,
    }


def balance_known(classifier: AuthorshipClassifier) -> float:
    """Share of the known chunks that go to their label, each judged without its document, averaged over the labels."""
    authors = classifier.authors_
    judged = np.isfinite(classifier.left_out_[np.arange(len(authors)), authors])
    left = np.where(np.isfinite(classifier.left_out_), classifier.left_out_, np.inf)
    right = left.argmin(axis=1) == authors
    of_label = [right[judged & (authors == label)] for label in np.unique(authors[judged]).tolist()]
    return float(np.mean([found.mean() for found in of_label])) if of_label else float("nan")


def _try(known: Sample, unknown: Sample, choice: AuthorshipParameters, parameters: AuthorshipParameters) -> Trial:
    classifier = fit_classifier(known, parameters)
    found = attribute(classifier, unknown)
    return Trial(parameters, len(classifier.ngrams_), balance_known(classifier), found, choice is TRIGRAMS)
