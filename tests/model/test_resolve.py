"""Names and options of estimators, and what a slip of the pen is told."""

import pytest

from model.training.estimator.resolve import build_estimator
from relay.handoff.errors import RecipeError


def test_a_dotted_name_with_options_becomes_an_estimator() -> None:
    assert build_estimator("sklearn.linear_model.Ridge", {"alpha": 2.5}, seed=7).get_params()["alpha"] == 2.5


def test_the_recipe_seeds_what_takes_a_seed_unless_the_options_do() -> None:
    forest = "sklearn.ensemble.RandomForestClassifier"
    assert build_estimator(forest, {}, seed=7).get_params()["random_state"] == 7
    assert build_estimator(forest, {"random_state": 1}, seed=7).get_params()["random_state"] == 1


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("sklearn.linear_model.LinearRegresion", "sklearn.linear_model.LinearRegression"),
        ("sklearn.ensemble.LogisticRegression", "sklearn.linear_model.LogisticRegression"),
        ("sklearn.linear.LinearRegression", "sklearn.linear_model.LinearRegression"),
        ("LinearRegression", "sklearn.linear_model.LinearRegression"),
    ],
)
def test_an_unknown_estimator_is_answered_with_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(RecipeError, match=f'did you mean "{nearest}"'):
        build_estimator(wrong, {}, seed=7)


@pytest.mark.parametrize("outside", ["os.system", "subprocess.Popen", "sklearn.base.clone", "sklearn._config.os", ""])
def test_nothing_outside_scikit_learn_and_nothing_but_estimators(outside: str) -> None:
    with pytest.raises(RecipeError, match="has no estimator"):
        build_estimator(outside, {}, seed=7)


def test_a_transformer_is_no_model() -> None:
    with pytest.raises(RecipeError, match="neither a regressor nor a classifier"):
        build_estimator("sklearn.preprocessing.StandardScaler", {}, seed=7)


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match='takes no "alfa" \\(did you mean "alpha"'):
        build_estimator("sklearn.linear_model.Ridge", {"alfa": 1}, seed=7)


def test_options_that_must_be_given_are_asked_for() -> None:
    with pytest.raises(RecipeError, match="estimators"):
        build_estimator("sklearn.ensemble.VotingClassifier", {}, seed=7)
