import pytest
from sklearn.feature_extraction.text import strip_accents_unicode

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
