"""What each piece of evidence weighs: in sum, the logarithm of how likely a column is the target, or that none is.

Fitted as a conditional logit (ridge 1) on the columns of 500 public tables whose target is documented, and on the cases
of the tests; one weight, `no name in a log`, is set by hand. docs/adopt.md says how often it is right.
"""

from collections.abc import Collection, Sequence
from math import exp

WEIGHTS = {
    # How strongly the name says so (target_words.py), from 0 to 100.
    "name 0": -3.8, "name 30": -2.1, "name 38": -0.1, "name 40": -1.5, "name 51": -0.1, "name 52": 0.1,
    "name 54": -0.1, "name 56": 1.0, "name 60": 0.4, "name 64": 2.1, "name 82": 1.9, "name 86": 2.6, "name 90": 0.6,
    "name 100": 1.8,
    # Other words of the name (target_lexicon.py), and how it is written.
    "outcome: class": 2.5, "word of the title": 1.9, "words of the title": 1.5, "result: number": 1.2,
    "true value": 1.2, "asks": 0.9, "outcome: number": 0.7, "odd case": 0.7, "describes": 0.6, "result: class": 0.3,
    "long name": 0.3, "extreme": 0.1, "end of the title": 0.1, "attribute first": -0.1, "digit": -0.2,
    "attribute": -0.4, "before": -0.5, "attributes only": -0.9, "about another": -0.9, "numbered": -0.9,
    # The place.
    "last number": 1.6, "second last": 1.0, "only of its kind": 0.9, "last class": 0.8, "last of all: attribute": 0.8,
    "last that does not describe": 0.8, "last of all: classes": 0.7, "first of all": 0.6, "last of all": 0.4,
    "first number": 0.3, "last of all: binary": 0.3, "last of all: no name": 0.3, "second half": -0.3,
    "last of all: regression": -0.6, "no place": -0.7,
    # The cells.
    "binary": 1.7, "words of outcomes": 1.3, "classes": 0.5, "regression": 0.5, "only classes": 0.4,
    "only class": 0.3, "only regression": 0.1, "classes are numbers": -0.1, "many classes": -0.3, "only binary": -0.4,
    "empty cells": -1.3, "planned levels": -1.8,
    # The table.
    "in a log": -0.5, "in a journal": -1.4, "no name in a log": -5.0,
    # No target.
    "none: survey": 2.0, "none: mostly texts": 1.5, "none: journal": 1.4,
    "none: most describe": 1.1, "none: texts": 1.0, "none: coordinates": 0.9, "none: time": 0.9,
    "none: half of the columns": 0.8, "none: years": 0.8, "none: a third of the columns": 0.7, "none: times": 0.6,
    "none: log": 0.5, "none: all describe": 0.2, "none: ids": -0.1, "none: few": -1.7, "none": -2.7,
}  # fmt: skip
"""Evidence -> weight. What is not named weighs nothing."""


def weigh(evidence: Collection[str]) -> float:
    """The weight of all evidence together."""
    return sum(WEIGHTS.get(name, 0.0) for name in sorted(evidence))


def find_shares(weights: Sequence[float]) -> list[float]:
    """The probability of each of several, by their weights (n,)."""
    top = max(weights)
    parts = [exp(weight - top) for weight in weights]
    return [part / sum(parts) for part in parts]
