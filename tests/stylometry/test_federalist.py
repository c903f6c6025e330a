"""A known answer: twelve essays that two men claimed, and that scholars since 1963 give to Madison.

Source: Mosteller, Wallace: Inference in an authorship problem, JASA 58 (1963), pp. 275-309.
"""

import os

import numpy as np
import pytest

from stylometry import AuthorshipClassifier, Imposters, count_ngrams, count_words, keep_whole, leave_one_out, measure
from stylometry.imposters import judge_together

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        "RELAY_REAL_DATA" not in os.environ, reason="RELAY_REAL_DATA names no folder with the real texts"
    ),
]

DISPUTED = [49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 62, 63]
RIVALS = ("HAMILTON", "MADISON")


@pytest.fixture(scope="module")
def undisputed(essays) -> tuple[list[str], list[str]]:
    """Texts that are certainly by one of the two rivals, and by which."""
    chosen = [
        (text, author) for number, (author, text) in essays.items() if number not in DISPUTED and author in RIVALS
    ]
    texts, authors = zip(*chosen, strict=True)
    return list(texts), list(authors)


def give_to_madison(distances: np.ndarray, essays: dict[int, tuple[str, str]]) -> int:
    """How many disputed essays are nearer to one of Madison's than to any of Hamilton's."""
    sides = {rival: [] for rival in (*RIVALS, "DISPUTED")}
    for place, (number, (author, _)) in enumerate(essays.items()):
        sides.get("DISPUTED" if number in DISPUTED else author, []).append(place)
    nearest = {rival: distances[np.ix_(sides["DISPUTED"], sides[rival])].min(axis=1) for rival in RIVALS}
    return int((nearest["MADISON"] < nearest["HAMILTON"]).sum())


def name_known(essays: dict[int, tuple[str, str]]) -> list[str | None]:
    return [author if author in RIVALS and number not in DISPUTED else None for number, (author, _) in essays.items()]


def test_there_are_85_essays_of_which_65_are_certainly_by_one_of_the_two(essays) -> None:
    assert sorted(essays) == list(range(1, 86))
    assert len([author for author in name_known(essays) if author]) == 65


def test_cosine_delta_on_150_words_knows_its_authors_and_gives_all_disputed_essays_to_madison(essays) -> None:
    counts = count_words(keep_whole([text for _, text in essays.values()], name_known(essays)))
    distances = measure(counts, "cosine_delta", features=150)
    places = np.arange(len(essays))
    assert leave_one_out(distances, name_known(essays), places, places).balanced_accuracy >= 0.93
    assert give_to_madison(distances, essays) == 12


@pytest.mark.parametrize(
    ("distance", "fewest", "most"),
    [
        ("cosine_delta", 12, 12),
        ("burrows_delta", 8, 11),
        ("eder_delta", 7, 10),
        ("frequency_manhattan", 8, 11),
        ("cosine", 8, 11),
        ("count_manhattan", 3, 7),
    ],
)
def test_every_distance_finds_some_of_madison_and_raw_counts_the_fewest(
    essays, distance: str, fewest: int, most: int
) -> None:
    counts = count_words(keep_whole([text for _, text in essays.values()], name_known(essays)))
    assert fewest <= give_to_madison(measure(counts, distance, features=150), essays) <= most


def test_the_course_notebooks_distance_gives_two_of_twelve_to_madison(essays) -> None:
    counts = count_ngrams(keep_whole([text for _, text in essays.values()], name_known(essays)))
    assert give_to_madison(measure(counts, "count_manhattan"), essays) == 2
    assert 8 <= give_to_madison(measure(counts, "cosine_delta", features=2000), essays) <= 11


def test_each_undisputed_essay_is_attributed_without_ever_having_been_seen(undisputed) -> None:
    texts, authors = undisputed
    found = [
        AuthorshipClassifier()
        .fit(texts[:place] + texts[place + 1 :], authors[:place] + authors[place + 1 :])
        .predict([texts[place]])[0]
        for place in range(len(texts))
    ]
    right = {rival: [f == a for f, a in zip(found, authors, strict=True) if a == rival] for rival in RIVALS}
    assert np.mean([np.mean(of_one) for of_one in right.values()]) >= 0.93


def test_the_estimator_gives_all_disputed_essays_to_madison_and_is_fairly_sure(essays, undisputed) -> None:
    classifier = AuthorshipClassifier().fit(*undisputed)
    disputed = [essays[number][1] for number in DISPUTED]
    assert classifier.predict(disputed).tolist() == ["MADISON"] * 12
    assert np.median(classifier.predict_proba(disputed)[:, 1]) > 0.8


def test_imposters_verify_madison_and_refuse_hamilton_with_few_exceptions(essays, undisputed) -> None:
    classifier = AuthorshipClassifier().fit(*undisputed)
    disputed = [essays[number][1] for number in DISPUTED]
    of_madison, of_hamilton = (classifier.verify(disputed, author).verdicts for author in ("MADISON", "HAMILTON"))
    assert (of_madison.count("yes"), of_madison.count("no")) == (10, 0)
    assert (of_hamilton.count("yes"), of_hamilton.count("no")) == (0, 11)


def test_the_verdict_hangs_on_no_seed_and_no_text_is_by_two_authors(essays, undisputed) -> None:
    """No. 55 and Jay's essays, who is no candidate here: 100 rounds said yes to both authors, or not, by the seed."""
    classifier = AuthorshipClassifier().fit(*undisputed)
    texts = [essays[number][1] for number in (55, 2, 3, 4, 5, 64)]
    borders = classifier.tune_borders(Imposters(seed=3))
    assert borders == classifier.tune_borders(Imposters(seed=4))
    assert borders.yes - borders.no > 0.2
    found = [classifier.verify(texts, "MADISON", drawing=Imposters(seed=n), borders=borders) for n in range(20)]
    scores = np.stack([one.all_scores for one in found])
    assert scores.std(axis=0).max() < 0.015
    verdicts = [[judge_together(borders, of_text) for of_text in one.all_scores.tolist()] for one in found]
    assert all(of_text.count("yes") < 2 for of_seed in verdicts for of_text in of_seed)
    assert {of_seed[0] for of_seed in verdicts} == {("undecided", "undecided")}
    is_near = np.abs(scores.mean(axis=0)[..., np.newaxis] - [borders.no, borders.yes]).min(axis=2) < 0.025
    for text, author in np.argwhere(~is_near).tolist():
        assert len({of_seed[text][author] for of_seed in verdicts}) == 1
