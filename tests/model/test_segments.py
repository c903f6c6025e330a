"""The score by parts of the test rows, and the key by which a row is found again."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from projects import LINEAR, MIXED, NUMBERS, Project, linear_columns, mixed_columns, texts
from sklearn.metrics import r2_score

from model.training.estimator.row_keys import name_rows
from model.training.estimator.rows import Part
from relay.handoff.errors import ModelError

MakeProject = Callable[..., Project]


def test_numbers_are_cut_at_the_quartiles_of_the_training_rows(project: MakeProject) -> None:
    columns = linear_columns()
    results = project(LINEAR + 'segments = ["x"]\n', columns).train()
    assert results.contract is not None
    (segment,) = results.contract.segments
    training = [x for x, side in zip(columns["x"], columns["split"], strict=True) if side == "train"]
    assert segment.borders == pytest.approx(np.quantile(training, [0.25, 0.5, 0.75]))
    parts = results.metrics["segments"]["x"]
    assert sum(part["rows"] for part in parts.values()) == 20


def test_the_score_of_a_part_is_that_of_its_rows(project: MakeProject) -> None:
    results = project(LINEAR + 'segments = ["x"]\n', linear_columns()).train()
    assert results.contract is not None
    border = results.contract.segments[0].borders[0]
    rows = [row for row in results.tables["predictions"].to_pylist() if row["segment.x"] < border]
    first = next(iter(results.metrics["segments"]["x"].values()))
    assert first == {
        "rows": len(rows),
        "r2": pytest.approx(r2_score([row["true"] for row in rows], [row["predicted"] for row in rows])),
    }


def test_words_and_truth_values_are_parts_by_value(project: MakeProject) -> None:
    recipe = MIXED + 'segments = ["Town", "is member?"]\n'
    results = project(recipe, mixed_columns()).train()
    found = {column: set(parts) for column, parts in results.metrics["segments"].items()}
    assert found == {
        "Town": {"Town = Köln", "Town = Ulm", "Town = a,b", "Town is missing"},
        "is member?": {"is member? = 0.0", "is member? = 1.0", "is member? is missing"},
    }


def test_best_and_worst_part_stand_in_the_findings(project: MakeProject) -> None:
    sentences = texts(project(NUMBERS, mixed_columns()).train())
    (said,) = [words for words in sentences if words.startswith("By age-in_years, its roc_auc is best where ")]
    assert " and worst where " in said


def test_a_part_of_one_class_has_its_rows_and_no_score(project: MakeProject) -> None:
    columns = mixed_columns()
    columns["bought"] = [int(age > 50) for age in columns["age-in_years"]]
    parts = project(NUMBERS, columns).train().metrics["segments"]["age-in_years"]
    assert [part["roc_auc"] for part in parts.values()].count(None) >= 2
    assert min(part["rows"] for part in parts.values()) > 0


def test_a_segment_that_is_no_input_is_refused_before_training(project: MakeProject) -> None:
    made = project(LINEAR + 'segments = ["xx"]\n', linear_columns())
    assert made.run("--check") == 1
    assert '[model] segments: xx is no input column (did you mean "x"?); expected some of x' in made.log()
    with pytest.raises(ModelError, match="segments: xx"):
        made.train()


def make_part(xs: list[float], ids: list[int | None] | None = None) -> Part:
    import pandas as pd

    named = pa.table({"id": pa.array(ids, pa.int64())}) if ids else pa.table({})
    return Part(pd.DataFrame({"x": xs}), np.zeros(len(xs)), named)


def test_a_row_is_called_by_its_id() -> None:
    assert name_rows(make_part([1.0, 2.0], [7, 8])).to_pylist() == ["7", "8"]


def test_without_an_id_equal_rows_are_called_alike_and_numbered_wherever_they_stand() -> None:
    first, second, again = name_rows(make_part([1.0, 2.0, 1.0])).to_pylist()
    assert again == f"{first}-2"
    assert name_rows(make_part([2.0, 1.0])).to_pylist() == [second, first]


def test_a_missing_value_has_one_name() -> None:
    missing = name_rows(make_part([float("nan"), 0.0])).to_pylist()
    assert len(set(missing)) == 2
    assert name_rows(make_part([float("nan")])).to_pylist() == missing[:1]
