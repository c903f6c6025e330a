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


@pytest.mark.parametrize(
    ("outside", "why"),
    [
        ("os.system", "is part of Python"),
        ("subprocess.Popen", "is part of Python"),
        ("relay.handoff.lock.Lock", "does not pin"),
        ("sklearn.base.clone", "has no estimator"),
        ("sklearn._config.os", "has no estimator"),
        ("scipy.stats.norm", "has no class"),
        ("pandas.DataFrame", "has no fit, predict, get_params"),
        ("scipy._lib.uarray.X", 'the part "_lib"'),
        ("scipy.stats.tests.X", 'the part "tests"'),
        ("pandas.conftest.X", 'the part "conftest"'),
        ("scipy.a-b.X", 'the part "a-b"'),
        ("", "has no estimator"),
    ],
)
def test_only_public_estimators_of_pinned_packages_are_made(outside: str, why: str) -> None:
    with pytest.raises(RecipeError, match=why):
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
