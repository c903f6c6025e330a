"""Whom unknown documents are nearest to with few and with many features, by either rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.addition import Addition
from model.training.authorship.attribution import (
    Attribution,
    Sample,
    attribute,
    fit_classifier,
    name_group,
    rank_labels,
)
from model.training.authorship.by_distance import RULES, Rule, balance_known
from model.training.authorship.documents import Documents
from model.training.authorship.far import Far
from model.training.authorship.far_run import open_run
from model.training.plots.word_range import Line, draw_word_range
from relay.handoff.wording import list_words, show_span
from relay.results.findings import Finding, Topic
from relay.results.signs import Signs
from stylometry.parallel import Run, run_here

FEATURES = (100, 200, 300, 500, 1_000)
"""Numbers of most frequent features that are tried, as stylometrists usually do."""


FEWEST_CHARS = 16_000_000
"""Of all texts, from which on a cluster is asked: about 30 s on one core."""


@dataclass(frozen=True)
class Point:
    """What one rule gives with one number of features."""

    features: int
    rule: Rule
    balanced_accuracy: float
    """Of the known chunks, each judged as if its document had never been seen, averaged over the labels."""
    attribution: Attribution


def add_word_range(
    documents: Documents,
    samples: tuple[Sample, Sample],
    parameters: AuthorshipParameters,
    signs: Signs,
    far: Far | None = None,
) -> Addition:
    """The unknown documents over the range: a table, a picture, and a finding for each group.

    Args:
        documents: all documents.
        samples: the known chunks and the unknown ones.
        parameters: the recipe's model section; its distance is kept.
        signs: the signs of all labels.
        far: the cluster that tries the numbers where there is much text.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        StylometryError: a chunk has nothing to count.
    """
    chars = sum(len(text) for sample in samples for text in sample.texts)
    with open_run(far, is_worth_it=chars >= FEWEST_CHARS) as run:
        points = try_range(*samples, parameters, run)
    unit = "words" if (parameters.units, parameters.ngram) == ("words", 1) else "features"
    features = list_numbers(points)
    classes = points[0].attribution.classes
    lines = {rule: tuple(_follow(points, rule, documents)) for rule in RULES}
    drawn = {RULES[rule]: of_rule for rule, of_rule in lines.items()}
    return Addition(
        findings=say_range(points, unit),
        tables={"word_range": tabulate_range(points, documents)},
        pictures=(draw_word_range(drawn, signs, features=features, unit=unit, labels=len(classes)),),
    )


def try_range(
    known: Sample, unknown: Sample, parameters: AuthorshipParameters, run: Run = run_here
) -> tuple[Point, ...]:
    """The attribution by both rules with each number of features; of larger numbers than there are, with all."""
    points = []
    for rule in RULES:
        choices = [(rule, features) for features in FEATURES]
        tried = run(partial(try_choice, known, unknown, parameters), choices)
        for point, features in zip(tried, FEATURES, strict=False):
            points.append(point)
            if point.features < features:
                break
    return tuple(points)


def try_choice(known: Sample, unknown: Sample, parameters: AuthorshipParameters, choice: tuple[Rule, int]) -> Point:
    """The attribution by one rule with one number of features."""
    rule, features = choice
    classifier = fit_classifier(known, parameters.model_copy(update={"features": features, "compare_with": rule}))
    return Point(len(classifier.ngrams_), rule, balance_known(classifier), attribute(classifier, unknown))


def list_numbers(points: Sequence[Point]) -> tuple[int, ...]:
    """The numbers of features that were tried, ascending."""
    return tuple(dict.fromkeys(point.features for point in points))


def tabulate_range(points: Sequence[Point], documents: Documents) -> pa.Table:
    """A row a number of features, rule, document and label."""
    rows = [
        {
            "features": point.features,
            "compare_with": point.rule,
            "known_balanced_accuracy": point.balanced_accuracy,
            "document": documents.ids[document],
            "group": group,
            "label": label,
            "distance": float(distance),
            "probability": float(probability),
            "is_nearest": label == nearest,
        }
        for point in points
        for document, group, nearest, distances, probabilities in zip(
            point.attribution.documents,
            point.attribution.groups,
            point.attribution.nearest,
            point.attribution.distances,
            point.attribution.probabilities,
            strict=True,
        )
        for label, distance, probability in zip(point.attribution.classes, distances, probabilities, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def say_range(points: Sequence[Point], unit: str) -> tuple[Finding, ...]:
    """A finding for each group: how many are nearest to the label most often named, and how probable it is."""
    findings = []
    tried = list_numbers(points)
    numbers = list_words(f"{features:,}" for features in tried)
    limit = f" There are only {tried[-1]:,} {unit} to compare." if tried[-1] < FEATURES[-1] else ""
    for group, total in Counter(points[0].attribution.groups).items():
        named = Counter(
            nearest
            for point in points
            for nearest, of in zip(point.attribution.nearest, point.attribution.groups, strict=True)
            if of == group
        )
        label = rank_labels(named)[0][0]
        found = {rule: _measure_group([one for one in points if one.rule == rule], group, label) for rule in RULES}
        said = "; ".join(
            f"{RULES[rule]} {list_words(f'{number:,}' for number in nearest)} (probability {show_span(low, high)})"
            for rule, (nearest, low, high) in found.items()
        )
        text = f"Nearest to {label}, of {name_group(total, group)}, with {numbers} {unit}: {said}.{limit}"
        figures: dict[str, object] = {
            rule: {"documents": nearest, "least_probability": low, "most_probability": high}
            for rule, (nearest, low, high) in found.items()
        }
        findings.append(
            Finding(Topic.WORD_RANGE, text, {"group": group, "label": label, "features": list(tried), **figures})
        )
    return tuple(findings)


def _measure_group(points: Sequence[Point], group: str, label: str) -> tuple[list[int], float, float]:
    """How many of the group are nearest to the label at each point, and its least and greatest probability."""
    of_group = np.array([of == group for of in points[0].attribution.groups])
    column = points[0].attribution.classes.index(label)
    nearest = [
        sum(one == label for one, is_of in zip(point.attribution.nearest, of_group, strict=True) if is_of)
        for point in points
    ]
    chances = np.stack([point.attribution.probabilities[of_group, column] for point in points])
    return nearest, float(chances.min()), float(chances.max())


def _follow(points: Sequence[Point], rule: Rule, documents: Documents) -> list[Line]:
    """Each unknown document's probability of the label that the rule names for it most often."""
    of_rule = [point.attribution for point in points if point.rule == rule]
    lines = []
    for place, document in enumerate(of_rule[0].documents):
        label = rank_labels(Counter(found.nearest[place] for found in of_rule))[0][0]
        column = of_rule[0].classes.index(label)
        lines.append(
            Line(documents.ids[document], label, tuple(float(one.probabilities[place, column]) for one in of_rule))
        )
    return lines
