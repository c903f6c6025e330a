import numpy as np
import pytest

from stylometry.chunks import keep_whole
from stylometry.errors import StylometryError
from stylometry.keywords import eder_zeta, fightin_words, measure_markers, zeta
from stylometry.words import WordCounts, count_words

TEXTS = ["a a a b", "a a b c", "b b c c", "c d b b", "a d d d"]
LABELS = ["one", "one", "other", "other", None]


def count() -> WordCounts:
    return count_words(keep_whole(TEXTS, LABELS))


def test_z_scores_come_out_as_by_hand() -> None:
    # All chunks: a 6, b 6, c 4, d 4 of 20; a prior of 10 adds 3, 3, 2, 2. One: a 5, b 2, c 1; other: b 4, c 3, d 1.
    one, other = np.array([8, 5, 3, 2]), np.array([3, 7, 5, 3])
    odds = np.log(one / (18 - one)) - np.log(other / (18 - other))
    expected = odds / np.sqrt(1 / one + 1 / other)
    contrast = fightin_words(count(), LABELS, "one", "other", prior_size=10)
    assert contrast.ngrams == ["a", "b", "c", "d"]
    np.testing.assert_allclose(contrast.scores, expected)


def test_the_prior_weighs_as_much_as_a_chunk_by_default() -> None:
    np.testing.assert_allclose(
        fightin_words(count(), LABELS, "one", "other").scores,
        fightin_words(count(), LABELS, "one", "other", prior_size=4).scores,
    )


def test_labels_that_change_places_change_the_sign() -> None:
    forth, back = (fightin_words(count(), LABELS, *pair).scores for pair in (("one", "other"), ("other", "one")))
    np.testing.assert_allclose(forth, -back)


def test_a_larger_prior_draws_all_scores_towards_zero() -> None:
    weak, strong = (fightin_words(count(), LABELS, "one", "other", prior_size=size).scores for size in (1, 1000))
    assert (np.abs(strong) < np.abs(weak)).all()


def test_zeta_adds_who_holds_a_word_on_one_side_and_who_lacks_it_on_the_other() -> None:
    contrast = zeta(count(), LABELS, "one", "other")
    assert dict(zip(contrast.ngrams, contrast.scores.tolist(), strict=True)) == {"a": 2, "b": 1, "c": 0.5, "d": 0.5}


def test_eders_zeta_is_the_difference_of_the_shares_over_their_sum_and_leaves_out_words_of_one_side() -> None:
    # Chunks that hold a word: one: a 2, b 2, c 1 of 2; other: b 2, c 2, d 1 of 2. So b (1 - 1) / 2, c (.5 - 1) / 1.5.
    contrast = eder_zeta(count(), LABELS, "one", "other")
    assert contrast.ngrams == ["b", "c"]
    np.testing.assert_allclose(contrast.scores, [0.0, -1 / 3])


def test_the_two_zetas_order_words_alike_where_the_shares_add_up_alike() -> None:
    # stylo's zeta.craig is (p - q) in per cent / 100, so the score here is that plus 1.
    counts = count_words(keep_whole(["a b", "a b", "a", "a b c"], ["one", "one", "other", "other"]))
    assert dict(
        zip(counts.ngrams, zeta(counts, ["one", "one", "other", "other"], "one", "other").scores, strict=True)
    ) == {
        "a": 1.0,
        "b": 1.5,
        "c": 0.5,
    }
    eder = eder_zeta(counts, ["one", "one", "other", "other"], "one", "other")
    assert (eder.ngrams, eder.scores.tolist()) == (["a", "b"], [0.0, pytest.approx(1 / 3)])


def test_markers_are_measured_among_the_different_words_of_a_chunk() -> None:
    # Different words: ab, abc, bc, bcd, ad.
    assert measure_markers(count(), [0, 3]).tolist() == pytest.approx([1 / 2, 1 / 3, 0, 1 / 3, 1])


def test_the_strongest_words_of_each_side_come_first_and_neutral_ones_on_neither() -> None:
    one, other = zeta(count(), LABELS, "one", "other").strongest(9)
    assert one == [("a", 2.0)]
    assert other == [("d", 0.5), ("c", 0.5)]


@pytest.mark.parametrize("contrast", [fightin_words, zeta, eder_zeta])
def test_a_label_that_no_chunk_has_is_refused(contrast) -> None:
    with pytest.raises(StylometryError, match="found none of 'third', expected one of one, other"):
        contrast(count(), LABELS, "one", "third")


def test_a_prior_without_weight_is_refused() -> None:
    with pytest.raises(StylometryError, match="found 0, expected more than 0"):
        fightin_words(count(), LABELS, "one", "other", prior_size=0)
