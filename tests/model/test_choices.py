"""A recipe that offers several estimators: one is chosen, and only that one counts."""

import pytest
from projects import NUMBERS, Project, mixed_columns

from model.parameters import EstimatorParameters, parse_parameters
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.recipe import load_recipe


@pytest.fixture
def offering(project: object) -> Project:
    """Two classes, boosted trees or a logistic regression."""
    made: Project = project(NUMBERS, mixed_columns(), "numbers")  # type: ignore[operator]
    return made


def parse(made: Project, *overrides: str) -> EstimatorParameters:
    parameters = parse_parameters(load_recipe(str(made.recipe), overrides))
    assert isinstance(parameters, EstimatorParameters)
    return parameters


def test_the_named_choice_is_the_estimator(offering: Project) -> None:
    boosted, logistic = parse(offering), parse(offering, "model.use=logistic")
    assert (boosted.use, boosted.estimator.rpartition(".")[2]) == ("boosted", "HistGradientBoostingClassifier")
    assert (logistic.use, logistic.options) == ("logistic", {"class_weight": "balanced"})
    assert (
        (boosted.cv_folds, boosted.segments)
        == (logistic.cv_folds, logistic.segments)
        == (3, ["age-in_years", "is member?"])
    )


def test_changing_the_other_choice_changes_nothing_for_this_one(offering: Project) -> None:
    changed = "model.estimators.logistic.options={ C = 2.0 }"
    assert parse(offering, changed).model_dump() == parse(offering).model_dump()
    assert parse(offering, changed, "model.use=logistic") != parse(offering, "model.use=logistic")


def test_a_choice_can_be_changed_in_one_place(offering: Project) -> None:
    assert parse(offering, "model.estimators.boosted.options.max_iter=7").options == {"max_iter": 7}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["model.use=logstic"],
            r'\[model\] use: no such estimator \(did you mean "logistic"\?\); there are boosted, logi',
        ),
        (
            ["model.estimators.boosted.opzions={}"],
            r'estimators\.boosted\.opzions: unknown key \(did you mean "options"\?\)',
        ),
        (["model.estimators.logistic.estimator=3"], r"estimators\.logistic\.estimator: expected a valid string"),
        (["model.cv_folds=1"], "one part leaves nothing to learn from"),
        (["model.segments=age"], r"\[model\] segments"),
    ],
)
def test_what_is_no_choice_is_refused_where_it_stands(offering: Project, overrides: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(offering, *overrides)


def test_choices_without_use_and_use_without_choices_are_refused(project: object) -> None:
    for recipe, said in (
        (NUMBERS.replace('use = "boosted"\n', ""), r"\[model\] use: missing"),
        (
            NUMBERS.split("[model.estimators")[0].replace("use", 'estimator = "x"\nuse'),
            r"needs a \[model\.estimators\.boosted\]",
        ),
    ):
        made: Project = project(recipe, mixed_columns(), f"case{len(recipe)}")  # type: ignore[operator]
        with pytest.raises(RecipeError, match=said):
            parse(made)


def test_the_folder_of_each_choice_stays_and_comes_back(trained_numbers: Project) -> None:
    first = trained_numbers.latest.resolve()
    assert trained_numbers.run("--set", "model.use=logistic") == 0
    assert trained_numbers.receipt().key.parameters["use"] == "logistic"
    assert trained_numbers.run() == 0
    assert trained_numbers.latest.resolve() == first
