"""Cross-validation: training rows only, drawn by the seed, each class in its share."""

from collections.abc import Callable

import numpy as np
import pytest
from projects import LINEAR, NUMBERS, Project, linear_columns, mixed_columns, texts, topics

from relay.handoff.errors import ModelError
from relay.results.findings import Topic

MakeProject = Callable[..., Project]


def test_without_folds_there_is_none(linear: Project) -> None:
    results = linear.train()
    assert "cross_validation" not in results.metrics
    assert Topic.CROSS_VALIDATION not in topics(results)


def test_mean_and_spread_of_the_folds_stand_in_metrics_and_findings(project: MakeProject) -> None:
    results = project(NUMBERS, mixed_columns()).train()
    found = results.metrics["cross_validation"]
    assert (found["score"], found["folds"], found["rows"], len(found["values"])) == ("roc_auc", 3, 240, 3)
    assert found["mean"] == pytest.approx(np.mean(found["values"]))
    assert found["standard_deviation"] == pytest.approx(np.std(found["values"], ddof=1))
    (said,) = [words for words in texts(results) if "cross-validation" in words]
    assert said.startswith("In 3-fold stratified cross-validation of the 240 training rows, its roc_auc is 0.")


def test_it_gives_what_scikit_learn_gives(project: MakeProject) -> None:
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from test_onnx import set_up

    made = project(NUMBERS, mixed_columns())
    _, task = set_up(made)
    expected = cross_val_score(
        task.pipeline,
        task.split.train.inputs,
        task.split.train.target,
        cv=StratifiedKFold(3, shuffle=True, random_state=42),
        scoring="roc_auc",
    )
    assert made.train().metrics["cross_validation"]["values"] == pytest.approx(expected)


def test_test_rows_have_no_part_in_it(project: MakeProject) -> None:
    columns = mixed_columns()
    turned = [
        1 - cell if side == "test" else cell for cell, side in zip(columns["bought"], columns["split"], strict=True)
    ]
    one, other = (
        project(NUMBERS, table, name).train().metrics["cross_validation"]
        for name, table in (("plain", columns), ("turned", {**columns, "bought": turned}))
    )
    assert one == other


def test_a_figure_of_the_threshold_is_judged_at_one_tuned_inside_each_fold(project: MakeProject) -> None:
    # The rarer class is so rare that a threshold of one half would find next to nothing.
    columns = mixed_columns()
    columns["bought"] = [
        int(row % 8 == 0 or (row % 3 == 0 and age > 80)) for row, age in enumerate(columns["age-in_years"])
    ]
    made = project(NUMBERS, columns)
    assert min(made.train("model.score=recall").metrics["cross_validation"]["values"]) > 0.1


def test_numbers_are_cut_in_folds_too(project: MakeProject) -> None:
    found = project(LINEAR + "cv_folds = 4\n", linear_columns()).train().metrics["cross_validation"]
    assert (found["score"], len(found["values"])) == ("r2", 4)
    assert min(found["values"]) > 0.98


def test_too_few_rows_of_a_class_are_refused(project: MakeProject) -> None:
    columns = mixed_columns()
    columns["bought"] = [int(row in (0, 1, 2)) for row in range(300)]
    with pytest.raises(ModelError, match=r"cv_folds = 3: a class has 2 training rows, too few"):
        project(NUMBERS, columns).train()
