import pickle

import numpy as np
import pytest

from stylometry import AuthorshipClassifier, StylometryError
from stylometry.chunks import keep_whole
from stylometry.delta import measure
from stylometry.features import relative_frequencies
from stylometry.word_choice import WordChoice, choose_words, expand_words, find_most_frequent
from stylometry.word_lists import WORD_LISTS
from stylometry.words import WordCounts, count_words

TEXTS = ["he said the war is lost", "she said the peace is won", "the war the war he said"]


def count(texts: list[str], n: int = 1) -> WordCounts:
    return count_words(keep_whole(texts, [None] * len(texts)), n)


def test_words_are_left_out_and_frequencies_stay_shares_of_all_words() -> None:
    chosen = choose_words(count(TEXTS), WordChoice(without=expand_words(["pronouns.en", "War"])))
    assert chosen.ngrams == ["is", "lost", "peace", "said", "the", "won"]
    np.testing.assert_allclose(relative_frequencies(chosen)[2], [0, 0, 0, 1 / 6, 2 / 6, 0])


def test_a_sequence_goes_with_one_of_its_words() -> None:
    chosen = choose_words(count(["the war is lost"], 2), WordChoice(without=("war",)))
    assert chosen.ngrams == ["is lost"]


def test_a_list_alone_may_say_what_is_compared() -> None:
    counts = count(TEXTS)
    chosen = choose_words(counts, WordChoice(only=("the", "war", "never")))
    assert chosen.ngrams == ["the", "war"]
    # Shares of the, war: 1/6, 1/6; 1/6, 0; 2/6, 2/6.
    np.testing.assert_allclose(measure(chosen, "frequency_manhattan")[0], [0, 1 / 6, 2 / 6])


def test_the_most_frequent_words_can_be_skipped() -> None:
    counts = count(TEXTS)
    assert find_most_frequent(counts, 2) == ("the", "said")
    chosen = choose_words(counts, WordChoice(skipped=find_most_frequent(counts, 2)))
    assert not {"the", "said"} & set(chosen.ngrams)


def test_pointed_hebrew_is_found_by_the_list_without_points() -> None:
    chosen = choose_words(count(["הוּא מֶלֶךְ"]), WordChoice(without=expand_words(["pronouns.he"])))
    assert chosen.ngrams == ["מֶלֶךְ"]


def test_a_wrong_name_and_an_empty_choice_are_refused() -> None:
    with pytest.raises(StylometryError, match=r"no such list of words: found 'pronouns\.xx', expected one of pronouns"):
        expand_words(["pronouns.xx"])
    with pytest.raises(StylometryError, match="no n-gram is left"):
        choose_words(count(["war"]), WordChoice(without=("war",)))


@pytest.mark.parametrize("name", WORD_LISTS)
def test_a_list_holds_each_word_once_and_as_it_is_counted(name: str) -> None:
    words = WORD_LISTS[name]
    assert len(set(words)) == len(words) > 30 or name == "stop_words.he"
    assert [word for word in words if word != word.lower() or word.split() != [word]] == []


def test_a_classifier_leaves_them_out_of_its_features_and_keeps_that() -> None:
    made = AuthorshipClassifier(without=("he", "she"), skipped=("the",)).fit(TEXTS * 2, ["a", "b", "a"] * 2)
    assert not {"he", "she", "the"} & set(made.ngrams_)
    assert pickle.loads(pickle.dumps(made)).without == ("he", "she")


def test_a_classifier_without_lists_is_kept_as_before() -> None:
    state = AuthorshipClassifier().fit(TEXTS * 2, ["a", "b", "a"] * 2).__getstate__()
    assert not {"without", "only", "skipped"} & set(state)
