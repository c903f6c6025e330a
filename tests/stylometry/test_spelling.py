import random
import unicodedata

import numpy as np
import pytest
from sklearn.feature_extraction.text import strip_accents_unicode

from stylometry import AuthorshipClassifier, count_words, keep_whole, measure
from stylometry.spelling import normalise

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(("form", "expected"), [("NFC", COMPOSED), ("NFD", APART)])
def test_both_ways_to_write_an_accent_become_one(form, expected: str) -> None:
    assert list(normalise([COMPOSED, APART], form)) == [expected] * 2


def test_what_only_looks_different_becomes_the_same_on_request() -> None:
    assert list(normalise(["ﬁne ２"], "NFKC")) == ["fine 2"]
    assert list(normalise(["ﬁne ２"])) == ["ﬁne ２"]


def test_without_a_form_a_text_stays_as_it_is() -> None:
    assert list(normalise([COMPOSED, APART], None)) == [COMPOSED, APART]


def test_without_accents_letters_and_hebrew_consonants_are_left() -> None:
    assert list(normalise(["Ĝis naïve", "בְּרֵאשִׁ֖ית"], strip_accents=True)) == ["Gis naive", "בראשית"]


def test_accents_are_those_that_scikit_learn_removes() -> None:
    text = "".join(chr(code) for code in range(0x20, 0x3000))
    assert next(normalise([text], "NFKD", strip_accents=True)) == strip_accents_unicode(text)


def test_hangul_is_composed_again() -> None:
    assert list(normalise(["한국"], strip_accents=True)) == ["한국"]


WORDS = [first + last for first in ("é", "ü", "ñ", "å", "ç") for last in ("té", "lö", "nà", "rî", "sû")]


def write(author: int, seed: int) -> str:
    weights = [1 + 4 * ((place + author) % 2) for place in range(len(WORDS))]
    return " ".join(random.Random(seed).choices(WORDS, weights, k=300))


WRITTEN = [write(number % 2, number) for number in range(16)]
MIXED = [unicodedata.normalize("NFD", text) if number % 4 < 2 else text for number, text in enumerate(WRITTEN)]
LABELS = ["anna", "ben"] * 8


def test_sixteen_texts_half_of_them_decomposed_hold_25_different_words() -> None:
    counts = [count_words(keep_whole(normalise(texts, "NFC"), [None] * 16)) for texts in (WRITTEN, MIXED)]
    assert [len(one.ngrams) for one in counts] == [25, 25]
    assert np.array_equal(measure(counts[0], "cosine_delta"), measure(counts[1], "cosine_delta"))


def test_the_estimator_learns_and_answers_alike_from_either_spelling() -> None:
    composed, mixed = (AuthorshipClassifier(features=25).fit(texts, LABELS) for texts in (WRITTEN, MIXED))
    assert composed.ngrams_ == mixed.ngrams_
    assert np.array_equal(composed.rows_, mixed.rows_)
    assert np.array_equal(composed.left_out_, mixed.left_out_)
    asked = unicodedata.normalize("NFD", write(1, 99))
    assert mixed.predict([asked]).tolist() == ["ben"]
    assert np.array_equal(composed.predict_proba([write(1, 99)]), mixed.predict_proba([asked]))
    assert np.array_equal(composed.transform([write(1, 99)]), mixed.transform([asked]))
