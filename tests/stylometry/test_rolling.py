"""Who writes where along one text."""

import numpy as np
import pytest

from stylometry import rolling
from stylometry.attribution import AuthorshipClassifier
from stylometry.chunks import keep_whole
from stylometry.errors import StylometryError
from stylometry.rolling import cut_windows, find_words, judge_known, measure_windows, weigh
from stylometry.words import count_words

ANN = "the sea was calm and the light upon the water lay like glass"
BEN = "who knows why men quarrel over such things as kings or crowns"


def write(words: str, seed: int, number: int = 120) -> str:
    return " ".join(np.random.default_rng(seed).choice(words.split(), number))


@pytest.fixture(scope="module")
def classifier() -> AuthorshipClassifier:
    texts = [*(write(ANN, seed) for seed in range(4)), *(write(BEN, seed) for seed in range(4))]
    return AuthorshipClassifier(features=30).fit(texts, ["Ann"] * 4 + ["Ben"] * 4)


@pytest.mark.parametrize(
    "text", ["Don't say 'tis well-known: l’état, 3 x² under_score", "בְּרֵאשִׁית בָּרָא אֱלֹהִים ג׳ימס", "e\u0301te\u0301 — naïve"]
)
def test_words_are_those_that_are_counted(text: str) -> None:
    found = [text[start:end].lower().replace("’", "'") for start, end in find_words(text).tolist()]
    counts = count_words(keep_whole([text], [None]))
    assert sorted(set(found)) == counts.ngrams
    assert len(found) == counts.matrix.sum()


def test_windows_begin_a_step_apart_and_leave_the_rest() -> None:
    windows = cut_windows("a b c, d e f! g", window=3, step=2)
    assert windows.starts.tolist() == [0, 2, 4]
    assert [text for batch in windows.batches() for text in batch] == ["a b c", "c, d e", "e f! g"]
    assert windows.words == 7


@pytest.mark.parametrize(
    ("window", "step", "said"),
    [(8, 1, "shorter than a window: found 7 words"), (0, 1, "at least 1"), (3, 0, "at least 1")],
)
def test_what_makes_no_windows_is_refused(window: int, step: int, said: str) -> None:
    with pytest.raises(StylometryError, match=said):
        cut_windows("a b c d e f g", window, step)


def test_too_many_windows_are_refused_with_a_step_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "MOST_WINDOWS", 10)
    text = " ".join(["word"] * 100)
    with pytest.raises(StylometryError, match="Choose a step of 10 words or more"):
        cut_windows(text, 4, 1)
    assert len(cut_windows(text, 4, 10)) <= 10


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch, classifier: AuthorshipClassifier) -> None:
    windows = cut_windows(write(ANN, 9), 50, 10)
    whole = measure_windows(classifier, windows).distances
    monkeypatch.setattr(rolling, "BATCH_WORDS", 100)
    assert len(list(windows.batches())) == 4
    assert np.allclose(measure_windows(classifier, windows).distances, whole, rtol=0, atol=1e-12)


def test_the_place_where_the_author_changes_is_found(classifier: AuthorshipClassifier) -> None:
    windows = cut_windows(f"{write(ANN, 7, 300)}. {write(BEN, 8, 300)}", window=60, step=30)
    nearest = measure_windows(classifier, windows).distances.argmin(axis=1)
    assert nearest[windows.starts <= 240].tolist() == [0] * 9
    assert nearest[windows.starts >= 300].tolist() == [1] * 9


def test_a_window_that_is_a_known_text_is_as_far_as_the_classifier_says(classifier: AuthorshipClassifier) -> None:
    text = write(BEN, 30)
    found = measure_windows(classifier, cut_windows(text, 120, 1))
    assert np.allclose(found.distances, classifier.measure_authors([text]), rtol=0, atol=1e-12)
    assert np.allclose(weigh(found, classifier.temperature_), classifier.predict_proba([text]))
    assert found.coverage.tolist() == [1.0]


def test_texts_of_the_same_document_are_not_compared(classifier: AuthorshipClassifier) -> None:
    text = write(ANN, 0)  # the first known text
    own = np.arange(8) == 0
    windows = cut_windows(text, 120, 1)
    assert measure_windows(classifier, windows).distances[0, 0] == pytest.approx(0, abs=1e-12)
    assert measure_windows(classifier, windows, own).distances[0, 0] > 0.01
    nothing_of_ann = measure_windows(classifier, windows, np.arange(8) < 4)
    assert np.isnan(nothing_of_ann.distances[0, 0])
    assert weigh(nothing_of_ann, 1.0).tolist() == [[0.0, 1.0]]


def test_means_and_deviations_are_those_of_the_other_documents_alone(classifier: AuthorshipClassifier) -> None:
    texts = [*(write(ANN, seed) for seed in range(1, 4)), *(write(BEN, seed) for seed in range(4))]
    # All words, so that both look at the same features.
    others = AuthorshipClassifier(features=None).fit(texts, ["Ann"] * 3 + ["Ben"] * 4)
    every = AuthorshipClassifier(features=None).fit([write(ANN, 0), *texts], ["Ann"] * 4 + ["Ben"] * 4)
    assert set(every.ngrams_) == set(others.ngrams_)
    text = write(ANN, 0)
    found = measure_windows(every, cut_windows(text, 120, 1), np.arange(8) == 0)
    assert np.allclose(found.distances, others.measure_authors([text]), rtol=0, atol=1e-9)


def test_known_text_is_judged_without_its_document(classifier: AuthorshipClassifier) -> None:
    documents = [
        (write(ANN, 0), 0, np.arange(8) == 0),
        (write(BEN, 0), 1, np.arange(8) == 4),
        ("too short", 1, np.arange(8) == 5),
    ]
    known = judge_known(classifier, documents, window=60)
    assert known.authors.tolist() == [0, 0, 1, 1]
    assert (known.accuracy, known.balanced_accuracy) == (1.0, 1.0)
    assert known.temperature != classifier.temperature_
    assert len(judge_known(classifier, documents, window=60, most=3).authors) == 3


def test_without_known_text_of_that_length_the_temperature_of_whole_texts_is_kept(
    classifier: AuthorshipClassifier,
) -> None:
    known = judge_known(classifier, [(write(ANN, 0), 0, np.arange(8) == 0)], window=500)
    assert known.temperature == classifier.temperature_
    assert np.isnan(known.accuracy)
