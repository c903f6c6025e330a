"""Scores by hand and by imposters drawn one by one, and the borders between yes and no.

Sources: Koppel, Winter, JASIST 65 (2014), pp. 178-187; Kestemont et al., Expert Systems with Applications 63 (2016),
pp. 86-96, the idea in words: p. 88.
"""

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from stylometry.delta import DISTANCES
from stylometry.errors import StylometryError
from stylometry.imposter_rounds import count_nearer
from stylometry.imposters import (
    Borders,
    Imposters,
    judge_together,
    score_candidates,
    tune_borders,
    tune_on_known,
)

MANHATTAN = DISTANCES["frequency_manhattan"]
KNOWN = np.array([[0.0, 0.0], [1.0, 1.0], [9.0, 9.0]])
AUTHORS = np.array([0, 0, 1])


def score(rows: list[list[float]], candidates: list[int], **options) -> list[list[float]]:
    drawing = Imposters(rounds=40, share=options.pop("share", 1.0), pool=1.0, seed=0)
    known = (KNOWN, AUTHORS)
    return score_candidates(MANHATTAN, np.array(rows), known, np.array(candidates), drawing, **options).tolist()


def test_the_score_is_the_share_of_rounds_in_which_the_candidate_is_nearer() -> None:
    assert score([[0, 1], [8, 8]], [0, 1]) == [[1, 0], [0, 1]]


def test_a_text_nearer_in_half_of_the_features_scores_about_half() -> None:
    assert 0.2 < score([[0, 9]], [0], share=0.5)[0][0] < 0.8


def test_a_text_is_not_compared_with_itself() -> None:
    excluded = np.eye(3, dtype=bool)
    assert score(KNOWN.tolist(), [0, 1], excluded=excluded) == [[1, 0], [1, 0], [1, 0]]
    assert score(KNOWN.tolist(), [0, 1])[2] == [0, 1]


def test_the_chance_that_no_nearer_imposter_is_drawn_is_counted_and_not_drawn() -> None:
    """One of four imposters is nearer than the candidate: half of four are drawn without it in 3 of 6 ways."""
    known = (np.array([[0.0], [1.0], [5.0], [5.0], [5.0]]), np.array([0, 1, 1, 1, 1]))
    asked = np.array([[0.9]])
    for pool, expected in ((0.25, 3 / 4), (0.5, 3 / 6), (0.75, 1 / 4), (1.0, 0)):
        drawing = Imposters(rounds=2, share=1.0, pool=pool)
        scores = score_candidates(MANHATTAN, asked, known, np.array([0]), drawing)
        assert scores[0, 0] == pytest.approx(expected, abs=1e-12)


def test_the_score_is_that_of_imposters_drawn_one_by_one() -> None:
    draw = np.random.default_rng(4)
    rows, authors, text = (
        np.abs(draw.normal(size=(12, 6))),
        np.repeat([0, 1, 2], [3, 4, 5]),
        np.full(6, 0.7),
    )
    hits = []
    for _ in range(4_000):
        chosen = draw.choice(6, 3, replace=False)
        distances = np.abs(rows[:, chosen] - text[chosen]).sum(axis=1)
        drawn = draw.choice(np.flatnonzero(authors != 0), 4, replace=False)  # half of nine, rounded to an even number
        hits.append(distances[authors == 0].min() < distances[drawn].min())
    found = score_candidates(MANHATTAN, text[np.newaxis], (rows, authors), np.array([0]), Imposters(rounds=4_000))
    assert 0.02 < found[0, 0] < 0.98
    assert found[0, 0] == pytest.approx(np.mean(hits), abs=0.03)


def test_counts_of_nearer_texts_are_those_found_one_by_one() -> None:
    draw = np.random.default_rng(6)
    distances = draw.integers(0, 6, (40, 30)).astype(float)  # many are equally near
    distances[3, :20] = np.inf
    authors = draw.permutation(np.repeat(np.arange(5), 6))
    expected = [
        [(row[authors != author] <= row[authors == author].min()).sum() for author in range(5)] for row in distances
    ]
    assert count_nearer(distances, authors, 5).tolist() == expected


@pytest.mark.parametrize("name", ["cosine_delta", "burrows_delta", "eder_delta", "min_max"])
def test_a_text_scores_alone_what_it_scores_among_many(name: str) -> None:
    draw = np.random.default_rng(8)
    rows, authors = np.abs(draw.normal(size=(20, 11))), np.repeat([0, 1], [14, 6])
    texts, drawing = np.abs(draw.normal(size=(40, 11))), Imposters(rounds=300)
    many = score_candidates(DISTANCES[name], texts, (rows, authors), np.arange(2), drawing)
    alone = [
        score_candidates(DISTANCES[name], text[np.newaxis], (rows, authors), np.arange(2), drawing)[0] for text in texts
    ]
    np.testing.assert_allclose(many, alone, atol=1e-12)


def test_scores_are_the_same_wherever_the_rounds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work and its tasks as bytes, as a cluster gets them, in tasks of few texts and few rounds."""
    draw = np.random.default_rng(10)
    rows, authors = np.abs(draw.normal(size=(40, 11))), draw.permutation(np.repeat([0, 1], [25, 15]))
    documents, drawing = np.arange(40) // 2, Imposters(rounds=60)
    sent: list[bytes] = []

    def run(work: Any, tasks: Any, /) -> Iterator[Any]:
        sent.extend(pickle.dumps((work, task)) for task in tasks)
        for content in sent:
            there, task = pickle.loads(content)
            yield there(task)

    here = score_candidates(MANHATTAN, rows, (rows, authors), np.arange(2), drawing, excluded=np.eye(40, dtype=bool))
    borders = tune_on_known(MANHATTAN, (rows, authors), documents, drawing)
    monkeypatch.setattr("stylometry.imposter_rounds.TEXTS_OF_A_TASK", 18)
    monkeypatch.setattr("stylometry.imposter_rounds.ROUNDS_OF_A_TASK", 25)
    found = score_candidates(
        MANHATTAN, rows, (rows, authors), np.arange(2), drawing, excluded=np.eye(40, dtype=bool), run=run
    )
    assert len(sent) == 3 + 3 + 1  # 4 texts are left for the last task, which does all rounds at once
    np.testing.assert_array_equal(found, here)
    sent.clear()
    assert tune_on_known(MANHATTAN, (rows, authors), documents, drawing, run=run) == borders


def test_another_seed_moves_a_score_by_little() -> None:
    """100 rounds that drew their imposters scattered by a tenth."""
    draw = np.random.default_rng(9)
    rows, authors = np.abs(draw.normal(size=(65, 60))), np.repeat([0, 1], [51, 14])
    text = np.abs(draw.normal(size=(1, 60)))
    found = [
        score_candidates(MANHATTAN, text, (rows, authors), np.arange(2), Imposters(seed=seed))[0] for seed in range(20)
    ]
    assert np.std(found, axis=0).max() < 0.02


def test_more_than_one_yes_leaves_both_undecided() -> None:
    borders = Borders(no=0.4, yes=0.7)
    assert judge_together(borders, [0.8, 0.75, 0.1]) == ("undecided", "undecided", "no")
    assert judge_together(borders, [0.8, 0.6, 0.1]) == ("yes", "undecided", "no")
    assert judge_together(borders, [0.3, 0.2]) == ("no", "no")


def test_borders_lie_between_right_and_wrong_scores() -> None:
    borders = tune_borders(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    assert 0.2 < borders.no < borders.yes < 0.8


def test_the_grey_zone_is_as_wide_as_the_scores_scatter() -> None:
    draw = np.random.default_rng(2)
    is_right = np.repeat([False, True], 40)
    widths = []
    for scatter in (0.02, 0.1, 0.2):
        borders = tune_borders(np.where(is_right, 0.75, 0.25) + draw.normal(0, scatter, 80), is_right)
        assert borders.no < 0.5 < borders.yes
        widths.append(borders.yes - borders.no)
    assert widths == sorted(widths)
    assert widths[-1] > 0.1


def test_few_texts_leave_a_wider_grey_zone_than_many() -> None:
    draw = np.random.default_rng(5)
    scores = np.clip(np.where(np.arange(400) % 2 == 1, 0.7, 0.3) + draw.normal(0, 0.15, 400), 0, 1)
    few, many = (tune_borders(scores[:n], np.arange(n) % 2 == 1) for n in (16, 400))
    assert few.yes - few.no > many.yes - many.no


def test_scores_that_overlap_are_left_open_where_that_pays() -> None:
    scores = np.array([0.0, 0.0, 0.0, 0.6, 0.4, 1.0, 1.0, 1.0])
    is_right = np.array([False] * 4 + [True] * 4)
    borders = tune_borders(scores, is_right)
    assert [borders.judge(score) for score in (0.0, 0.4, 0.6, 1.0)] == ["no", "undecided", "undecided", "yes"]


def test_many_wrong_pairs_weigh_no_more_than_few_right_ones() -> None:
    scores, is_right = np.array([0.3, 0.5, 0.4, 0.9]), np.array([False, False, True, True])
    often = np.concatenate([scores, np.tile(scores[:2], 50)])
    borders = tune_borders(often, np.concatenate([is_right, np.zeros(100, bool)]))
    assert borders.judge(0.4) != "no"  # 51 of 102 wrong pairs are above it, and one of two right ones is there


def test_a_score_on_a_border_is_decided() -> None:
    borders = Borders(no=0.3, yes=0.7)
    assert [borders.judge(score) for score in (0.3, 0.31, 0.69, 0.7)] == ["no", "undecided", "undecided", "yes"]


def test_borders_need_right_and_wrong_pairs() -> None:
    with pytest.raises(StylometryError, match="found 2 right and 0 wrong pairs"):
        tune_borders(np.array([0.1, 0.2]), np.array([True, True]))
