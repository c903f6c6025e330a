"""Figures against tables small enough to compute by hand."""

import math

import numpy as np
import pytest

from model.training.estimator.metrics import (
    BinaryPrediction,
    best_threshold,
    choose_score,
    is_better,
    judge_binary,
    judge_classes,
    judge_regression,
)
from model.training.estimator.threshold import settle_between
from model.training.result import round_figures
from relay.handoff.errors import ModelError


def test_regression_by_hand() -> None:
    figures = judge_regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    # Errors 0, 0, 2; squares 0, 0, 4; the true values' squares about their mean 2 add up to 2.
    assert figures == pytest.approx({"mse": 4 / 3, "rmse": math.sqrt(4 / 3), "mae": 2 / 3, "r2": 1 - 4 / 2})


def test_two_classes_by_hand() -> None:
    true = np.array([False, False, True, True])
    scores = np.array([0.1, 0.6, 0.4, 0.9])
    prediction = BinaryPrediction(scores, chosen=scores >= 0.5, flagged=scores >= 0.4)
    # Of the 4 pairs (positive, other) only 0.4 against 0.6 is the wrong way round.
    # Average precision: recall rises by 1/2 at precision 1/1, and by 1/2 at precision 2/3.
    # Flagged: 0.6, 0.4, 0.9, of which two are right, and both positives are found.
    assert judge_binary(true, prediction) == pytest.approx(
        {
            "roc_auc": 3 / 4,
            "pr_auc": 1 / 2 * 1 + 1 / 2 * 2 / 3,
            "brier": (0.1**2 + 0.6**2 + 0.6**2 + 0.1**2) / 4,
            "log_loss": -(math.log(0.9) + math.log(0.4) + math.log(0.4) + math.log(0.9)) / 4,
            "accuracy": 2 / 4,
            "precision": 2 / 3,
            "recall": 2 / 2,
            "f1": 2 * (2 / 3) / (2 / 3 + 1),
        }
    )


def test_scores_that_are_no_probabilities_are_not_judged_as_such() -> None:
    scores = np.array([-3.0, 2.0])
    prediction = BinaryPrediction(scores, chosen=scores > 0, flagged=scores > 0, are_probabilities=False)
    assert judge_binary(np.array([False, True]), prediction).keys().isdisjoint({"brier", "log_loss"})


def test_several_classes_by_hand() -> None:
    true = np.array(["a", "a", "b", "c"])
    predicted = np.array(["a", "b", "b", "b"])
    probabilities = np.full((4, 3), 1 / 3)
    figures = judge_classes(true, predicted, probabilities=probabilities, classes=np.array(["a", "b", "c"]))
    # Recalls 1/2, 1, 0. F1 of a: precision 1, recall 1/2; of b: precision 1/3, recall 1; of c: nothing.
    assert figures == pytest.approx(
        {
            "accuracy": 2 / 4,
            "balanced_accuracy": (1 / 2 + 1 + 0) / 3,
            "macro_f1": (2 / 3 + 1 / 2 + 0) / 3,
            "log_loss": math.log(3),
        }
    )


def test_the_best_threshold_has_the_largest_f1() -> None:
    true = np.array([False, False, True, False, True])
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    # From 0.3 on: 2 of 3 right, all found, F1 4/5. From 0.5 on: F1 2/3. From 0.1 on: 2 of 5 right, F1 4/7.
    assert best_threshold(true, scores) == 0.3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_figures_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ModelError, match="metric came out as"):
        round_figures({"test": {"r2": value}})


def test_figures_keep_ten_digits() -> None:
    assert round_figures({"a": [1 / 3, 2], "b": "text"}) == {"a": [0.3333333333, 2], "b": "text"}


def test_an_error_is_better_when_smaller_and_a_score_when_larger() -> None:
    assert is_better("rmse", 1.0, 2.0)
    assert is_better("r2", 0.9, 0.8)
    assert not is_better("r2", 0.8, 0.8)


def test_a_score_that_the_model_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(ModelError, match='score = "roc_auc": this model is judged by mse, r2'):
        choose_score("roc_auc", "r2", {"mse": 1.0, "r2": 0.5})


def test_a_class_that_no_test_row_has_does_not_lower_the_figures() -> None:
    true = np.array(["a", "a", "b", "b"])
    figures = judge_classes(true, true, probabilities=None, classes=np.array(["a", "b", "c"]))
    assert figures == {"accuracy": 1.0, "balanced_accuracy": 1.0, "macro_f1": 1.0}


def test_of_thresholds_that_are_as_good_as_each_other_the_lowest_is_taken() -> None:
    # From 0.2 on: 2 of 4 called are right, F1 = 4 / 6. From 0.8 on: 1 of 1, F1 = 2 / 3. The same.
    true = np.array([False, False, True, True])
    assert best_threshold(true, np.array([0.3, 0.3, 0.2, 0.8])) == 0.2


def test_a_threshold_stands_between_two_scores_and_calls_the_same_rows() -> None:
    scores = np.array([0.1, 0.3, 0.3, 0.7])
    assert settle_between(0.3, scores) == pytest.approx(0.2)
    assert ((scores >= settle_between(0.3, scores)) == (scores >= 0.3)).all()
    assert settle_between(0.1, scores) == 0.1
