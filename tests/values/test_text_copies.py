"""Copies of one text, exact or almost, do not vouch for each other, and are named."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checkout import Project
from hypothesis import given, settings
from hypothesis import strategies as st

VOCABULARY = [
    f"{start}{middle}{end}" for start in "bdfgklmnprst" for middle in ("a", "ei", "o", "u") for end in "lnrst"
]

RECIPE = """
title = "Copies"
[ingest]
source = "file"
path = "{folder}/copies.csv"
[preprocess]
kind = "documents"
[columns]
name = { type = "text", role = "id" }
author = { type = "category", role = "label" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
distance = "cosine_delta"
features = 100
"""


def write_text(seed: int, words: int = 200) -> str:
    return " ".join(np.random.default_rng(seed).choice(VOCABULARY, words))


def edit(text: str, share: float, seed: int = 0) -> str:
    """The text with some of its words replaced."""
    draw, words = np.random.default_rng(seed), text.split()
    for index in draw.choice(len(words), round(share * len(words)), replace=False).tolist():
        words[index] = str(draw.choice(VOCABULARY))
    return " ".join(words)


CHANGES: dict[str, Callable[[str], str]] = {
    "exact": lambda text: text,
    "in capitals": str.upper,
    "with other signs": lambda text: text.replace(" ", ", "),
    "in lines": lambda text: text.replace(" ", "\n"),
    "with a word in thirty changed": lambda text: edit(text, 1 / 30),
    "without its end": lambda text: text[: round(0.7 * len(text))],
    "with a preface": lambda text: write_text(77, 60) + " " + text,
    "decomposed": lambda text: unicodedata.normalize("NFD", text.replace("a", "\u00e4")).replace("a\u0308", "a"),
}


@pytest.mark.slow
def test_copies_of_one_text_are_no_neighbours_and_are_named(project: Project) -> None:
    """Two authors write alike; each has one text in eight copies, which find their author by each other alone."""
    first, second = ([change(write_text(seed)) for change in CHANGES.values()] for seed in (1, 20))
    texts = [*first, write_text(2), write_text(3), *second, write_text(10), write_text(11), write_text(10)]
    authors = ["Ann"] * 10 + ["Ben"] * 10 + ["Ann"]
    rows = [f'{index},{author},"{text}"' for index, (author, text) in enumerate(zip(authors, texts, strict=True))]
    project.write("copies.csv", "\n".join(["name,author,text", *rows]) + "\n")
    recipe = project.recipe(RECIPE, "copies")
    for stage in ("ingest", "preprocess", "model"):
        assert project.run(stage, recipe).exit_code == 0
    latest = "output/copies/latest"
    trust = json.loads(project.text(f"{latest}/metrics.json"))["trust"]
    assert trust["test"]["p"] > 0.05
    findings = json.loads(project.text(f"{latest}/findings.json"))["findings"]
    said = [finding for finding in findings if finding["topic"] == "copies"]
    assert said[0]["text"].startswith("18 documents are copies, exact or almost, of 3 texts: 0, 1, 2 and 5 more; 10,")
    assert said[0]["figures"] == {"documents": 18, "texts": 3, "largest": 8}
    assert said[1]["text"].startswith("1 text has copies with different labels: 18 (Ben) and 20 (Ann).")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_copy_is_found_whatever_was_changed_in_it(change: Callable[[str], str]) -> None:
    from stylometry.copies import find_copies

    others = [write_text(seed) for seed in range(100, 110)]
    texts = [*others[:5], write_text(1), *others[5:], change(write_text(1))]
    found = find_copies(texts)
    assert found.groups == [[5, 11]]
    assert found.texts.tolist() == [*range(11), 5]


def test_texts_of_the_same_few_words_are_no_copies() -> None:
    from stylometry.copies import find_copies

    draw = np.random.default_rng(5)
    assert find_copies([" ".join(draw.choice(VOCABULARY[:12], 300)) for _ in range(30)]).groups == []


def test_short_and_empty_texts_are_copies_only_where_they_are_equal() -> None:
    from stylometry.copies import find_copies

    texts = ["", "", "Yes.", "yes", "No", "Thank you very much", "Thank you very little", "… --", "… --", "ναι", "ναί"]
    assert find_copies(texts).groups == [[2, 3], [9, 10]]


def test_a_text_that_stands_in_a_longer_one_is_no_copy_of_it_but_is_no_neighbour_either() -> None:
    from stylometry.copies import find_copies, find_passages

    parts = [write_text(seed) for seed in range(4)]
    texts = [*parts, " ".join(parts), write_text(9)]
    found = find_copies(texts)
    assert (found.groups, found.contained.tolist()) == ([], [[0, 4], [1, 4], [2, 4], [3, 4]])
    apart = find_passages(texts, found.texts)
    assert [np.flatnonzero(apart.find(chunk)).tolist() for chunk in range(6)] == [
        [0, 4], [1, 4], [2, 4], [3, 4], [0, 1, 2, 3, 4], [5],
    ]  # fmt: skip


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_neighbours_are_the_nearest_texts_that_are_no_copies(seed: int) -> None:
    """Compared with a plain search: texts are drawn, some copied under any label, and put in any order."""
    from stylometry.copies import Apart, find_copies
    from stylometry.trust import leave_one_out

    draw = np.random.default_rng(seed)
    originals = draw.integers(0, 6, 14)
    texts = [edit(write_text(int(of)), draw.uniform(0, 0.05), seed + index) for index, of in enumerate(originals)]
    labels = draw.choice(["Ann", "Ben"], 14).tolist()
    copies = find_copies(texts).texts
    assert [[one == other for other in copies] for one in copies] == [[a == b for b in originals] for a in originals]
    distances = draw.random((14, 14))
    hits = []
    for index in range(14):
        others = [other for other in range(14) if originals[other] != originals[index]]
        if others:
            nearest = min(others, key=lambda other: distances[index, other])
            hits.append(labels[nearest] == labels[index])
    documents = np.arange(14)
    apart = Apart(copies, np.zeros((0, 2), np.int64))
    found = leave_one_out(distances, labels, documents, documents, apart=apart)
    assert (found.n_judged, round(found.accuracy * found.n_judged) if hits else 0) == (len(hits), sum(hits))


def test_copies_with_one_label_change_it_together_in_the_permutation_test() -> None:
    """Two texts of Ann's in ten copies each, two of Ben's: what looks like 40 right answers are four."""
    from stylometry.copies import Apart
    from stylometry.evidence import permutation_test

    sources = np.repeat([0, 10, 20, 30], 10)
    labels = ["Ann"] * 20 + ["Ben"] * 20
    distances = np.where(np.array(labels)[:, None] == np.array(labels), 1.0, 2.0)
    documents = np.arange(40)
    alone = permutation_test(distances, labels, documents, documents)
    apart = permutation_test(distances, labels, documents, documents, apart=Apart(sources, np.zeros((0, 2), np.int64)))
    assert (alone.accuracy, alone.p, apart.accuracy) == (1, 0.001, 1)
    assert apart.p == pytest.approx(1 / 3, abs=0.05)  # of the ways to give four texts two labels each, a third


def test_the_same_texts_give_the_same_groups_in_any_order_and_number() -> None:
    from stylometry.copies import find_copies

    texts = [edit(write_text(index % 7), 0.02, index) for index in range(300)]
    order: Any = np.random.default_rng(3).permutation(300)
    groups = {frozenset(order[index] for index in group) for group in find_copies([texts[i] for i in order]).groups}
    assert groups == {frozenset(range(start, 300, 7)) for start in range(7)}
