"""Other classifiers, each judged on texts whose document it has not learned from."""

from typing import get_args

import numpy as np
import pytest

from stylometry import AuthorshipClassifier
from stylometry.chunks import keep_whole
from stylometry.classifiers import Classifier, judge_classifiers, predict_texts
from stylometry.words import WordCounts, count_words

NAMES = get_args(Classifier)
WORDS = {0: ("upon", "there", "on"), 1: ("whilst", "on", "there"), 2: ("by", "to", "whilst")}


def write(author: int, seed: int, words: int = 120) -> str:
    """A text of few words, of which each author has a favourite."""
    drawn = np.random.default_rng([author, seed]).choice(3, words, p=[0.6, 0.25, 0.15])
    return " ".join(WORDS[author][index] for index in drawn)


def count(texts: list[str]) -> WordCounts:
    return count_words(keep_whole(texts, [None] * len(texts)))


AUTHORS = np.repeat([0, 1, 2], 6)
COUNTS = count([write(author, seed) for seed, author in enumerate(AUTHORS.tolist())])


@pytest.mark.parametrize("name", NAMES)
def test_authors_with_words_of_their_own_are_told_apart(name: Classifier) -> None:
    (found,) = judge_classifiers((name,), (COUNTS, AUTHORS, np.arange(18)), features=None)
    assert (found.accuracy, found.balanced_accuracy, found.majority_share) == (1.0, 1.0, pytest.approx(1 / 3))
    asked = count([write(2, 99), write(0, 98)])
    assert predict_texts((name,), (COUNTS, AUTHORS), asked, features=None)[name].tolist() == [2, 0]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_text_is_called_has_no_part_in_how_it_is_judged(name: Classifier) -> None:
    documents = np.repeat(np.arange(6), 3)
    (found,) = judge_classifiers((name,), (COUNTS, AUTHORS, documents), features=None)
    called = np.where(documents == 3, 0, AUTHORS)
    (other,) = judge_classifiers((name,), (COUNTS, called, documents), features=None)
    assert other.predicted[documents == 3].tolist() == found.predicted[documents == 3].tolist()
    (learned,) = judge_classifiers((name,), (COUNTS, called, np.arange(18)), features=None)
    assert learned.accuracy < found.accuracy


def test_an_author_of_one_document_is_not_judged() -> None:
    documents = np.concatenate([np.arange(12), np.full(6, 12)])
    (found,) = judge_classifiers(("svm",), (COUNTS, AUTHORS, documents), features=3)
    assert (found.predicted[12:] == -1).all()
    assert (found.predicted[:12] >= 0).all()


def test_many_documents_are_left_out_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stylometry.classifiers.MOST_FITTED", 18 * 6)
    (found,) = judge_classifiers(("knn",), (COUNTS, AUTHORS, np.arange(18)), features=None)
    assert found.accuracy == 1.0


def test_a_text_to_come_may_lack_features_and_hold_other_words() -> None:
    asked = count(["upon upon never seen"])
    assert predict_texts(NAMES, (COUNTS, AUTHORS), asked, features=None)["naive_bayes"].shape == (1,)


def test_the_counts_are_those_of_the_classifier_that_reads() -> None:
    made = AuthorshipClassifier(word_rule="keep_hyphens").fit(["a-b c", "a-b d", "e f", "e g"], ["x", "x", "y", "y"])
    assert made.count(["a-b a"]).ngrams == ["a", "a-b"]
