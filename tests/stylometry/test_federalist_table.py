"""The tables of docs/authorship.md on the Federalist Papers are what the real texts give.

Source of the answer: Mosteller, Wallace: Inference in an authorship problem, JASA 58 (1963), p. 275.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from relay.results.distances import DISTANCE_NAMES
from stylometry import DISTANCES, AuthorshipClassifier
from stylometry.attribution import AuthorshipClassifier as Classifier

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        "RELAY_REAL_DATA" not in os.environ, reason="RELAY_REAL_DATA names no folder with the real texts"
    ),
]

ROOT = Path(__file__).resolve().parents[2]
DISPUTED = (49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 62, 63)
JOINT = (18, 19, 20)
WORDS = (100, 200, 300, 500, 1_000)
RULES = {"text": "nearest text", "centroid": "centroid"}


def read_tables() -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Rule and distance in words -> disputed and joint essays given to Madison, for each number of words."""
    text = (ROOT / "docs/authorship.md").read_text(encoding="utf-8")
    found = {}
    for rule, words in RULES.items():
        table = text.split(f"| distance, {words} |")[1].split("\n\n")[0]
        for line in table.splitlines()[2:]:
            name, *cells = (cell.strip(" *") for cell in line.strip("|").split("|"))
            found[rule, name] = [tuple(map(int, re.findall(r"\d+", cell))) for cell in cells]
    return found


def fit(essays: dict[int, tuple[str, str]], **options) -> Classifier:
    chosen = [
        (text, author)
        for number, (author, text) in essays.items()
        if number not in DISPUTED and author in ("HAMILTON", "MADISON")
    ]
    texts, authors = zip(*chosen, strict=True)
    return AuthorshipClassifier(**options).fit(texts, authors)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("distance", DISTANCES)
def test_the_documents_table_is_what_the_essays_give(essays, distance: str, rule: str) -> None:
    found = []
    for features in WORDS:
        classifier = fit(essays, features=features, distance=distance, compare_with=rule)
        given = classifier.predict([essays[number][1] for number in (*DISPUTED, *JOINT)]) == "MADISON"
        found.append((int(given[:12].sum()), int(given[12:].sum())))
    assert read_tables()[rule, DISTANCE_NAMES[distance]] == found


def test_probabilities_by_centroid_are_those_of_a_refit_and_hold_for_every_number_of_words(essays) -> None:
    """With 1,000 words a calibration that held the left out essay gave 63% of the known ones to their author."""
    for features in WORDS:
        classifier = fit(essays, features=features, compare_with="centroid")
        chances = classifier.predict_proba([essays[number][1] for number in DISPUTED])[:, 1]
        assert chances.min() > 0.75
        right = classifier.left_out_.argmin(axis=1) == classifier.authors_
        assert np.mean([right[classifier.authors_ == author].mean() for author in (0, 1)]) > 0.89
