import numpy as np
import pytest

from stylometry.delta import DISTANCES
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters, score_candidates, tune_borders

MANHATTAN = DISTANCES["frequency_manhattan"]
KNOWN = np.array([[0.0, 0.0], [1.0, 1.0], [9.0, 9.0]])
AUTHORS = np.array([0, 0, 1])


def score(rows: list[list[float]], candidates: list[int], **options) -> list[list[float]]:
    drawing = Imposters(rounds=40, share=options.pop("share", 1.0), seed=0)
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


def test_no_more_imposters_are_drawn_than_asked_for() -> None:
    known = (np.array([[0.0], [1.0], [5.0], [5.0], [5.0]]), np.array([0, 1, 1, 1, 1]))
    drawing = Imposters(rounds=200, share=1.0, most=1)
    scores = score_candidates(MANHATTAN, np.array([[0.9]]), known, np.array([0]), drawing)
    assert 0.6 < scores[0, 0] < 0.9


def test_borders_lie_in_the_middle_between_right_and_wrong_scores() -> None:
    assert tune_borders(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])) == Borders(0.5, 0.51)


def test_scores_that_overlap_are_left_open_where_that_pays() -> None:
    scores = np.array([0.0, 0.0, 0.0, 0.6, 0.4, 1.0, 1.0, 1.0])
    is_right = np.array([False] * 4 + [True] * 4)
    borders = tune_borders(scores, is_right)
    assert [borders.judge(score) for score in (0.0, 0.4, 0.6, 1.0)] == ["no", "undecided", "undecided", "yes"]


def test_many_wrong_pairs_weigh_no_more_than_few_right_ones() -> None:
    scores, is_right = np.array([0.3, 0.5, 0.4, 0.9]), np.array([False, False, True, True])
    often = np.concatenate([scores, np.tile(scores[:2], 50)])
    assert tune_borders(often, np.concatenate([is_right, np.zeros(100, bool)])) == tune_borders(scores, is_right)


def test_a_score_on_a_border_is_decided() -> None:
    borders = Borders(no=0.3, yes=0.7)
    assert [borders.judge(score) for score in (0.3, 0.31, 0.69, 0.7)] == ["no", "undecided", "undecided", "yes"]


def test_borders_need_right_and_wrong_pairs() -> None:
    with pytest.raises(StylometryError, match="found 2 right and 0 wrong pairs"):
        tune_borders(np.array([0.1, 0.2]), np.array([True, True]))
