"""`[model] sample_rows`: which rows are in the sample, and where the result says that it rests on one."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from projects import LINEAR, MIXED, Project, linear_columns, make_project, mixed_columns

from model.__main__ import STAGE
from model.release.common_rows import TrainedOn, read_new
from model.training.estimator.memory.sample import find_sample
from model.training.estimator.memory.source import open_rows
from relay.handoff.program import main
from relay.handoff.recipe import load_recipe
from relay.results.findings import Topic

MakeProject = Callable[..., Project]


def batches_of(table: pa.Table, rows: int) -> list[pa.RecordBatch]:
    return list(table.to_batches(max_chunksize=rows))


def draw(table: pa.Table, most: int, seed: int = 42, chunk: int = 1000) -> list[int]:
    """The numbers of the rows in the sample."""
    sample = find_sample(batches_of(table, chunk), ["x"], most, seed)
    assert sample is not None
    return [row for batch in sample.filter(batches_of(table, chunk), ["x"]) for row in batch.column("row").to_pylist()]


def table_of(x: list[object]) -> pa.Table:
    return pa.table({"row": list(range(len(x))), "x": x})


def test_the_sample_has_exactly_so_many_rows_in_their_order() -> None:
    rows = draw(table_of(np.random.default_rng(0).normal(size=10_000).tolist()), 1_234)
    assert len(rows) == 1_234
    assert rows == sorted(set(rows))


def test_the_sample_is_spread_over_the_table() -> None:
    rows = draw(table_of(list(range(100_000))), 10_000)
    counts = np.bincount(np.array(rows) // 10_000, minlength=10)
    # 1,000 in each tenth; the standard deviation is 28.
    assert np.abs(counts - 1_000).max() < 150


def test_known_rows_are_drawn_on_any_machine() -> None:
    assert draw(table_of(list(range(50))), 5) == KNOWN


KNOWN = [2, 12, 21, 26, 35]


def test_another_seed_draws_other_rows() -> None:
    table = table_of(list(range(10_000)))
    assert len(set(draw(table, 1_000)) & set(draw(table, 1_000, seed=43))) < 200


def test_rows_that_are_added_later_change_the_sample_only_as_far_as_they_enter_it() -> None:
    first, more = draw(table_of(list(range(10_000))), 1_000), draw(table_of(list(range(10_500))), 1_000)
    assert len(set(first) & set(more)) > 900


def test_equal_rows_are_drawn_one_by_one() -> None:
    rows = draw(table_of(["a", "b"] * 5_000), 1_000)
    assert len(rows) == 1_000
    # 500 of each; the standard deviation is 15.
    assert abs(sum(row % 2 for row in rows) - 500) < 100


@pytest.mark.parametrize("chunk", [700, 65_536, 65_537, 200_000])
def test_the_sample_of_equal_rows_does_not_depend_on_how_the_table_is_cut(chunk: int) -> None:
    table = table_of([number // 3 % 40_000 for number in range(150_000)])
    assert draw(table, 5_000, chunk=chunk) == draw(table, 5_000, chunk=10_000)


def test_a_table_that_is_no_larger_is_no_sample() -> None:
    assert find_sample(batches_of(table_of([1, 2, 3]), 2), ["x"], 3, 42) is None


def test_the_sample_has_test_rows_and_training_rows_in_the_share_of_the_table(project: MakeProject) -> None:
    results = project(LINEAR, linear_columns(2_000)).train("model.sample_rows=1000")
    rows = results.metrics["rows"]
    assert (rows["sample"], rows["sample_of"], rows["train"] + rows["test"]) == (1_000, 2_000, 1_000)
    # A fifth of the rows are test rows: 200 of the sample, with a standard deviation of 9.
    assert abs(rows["test"] - 200) < 60


def test_the_finding_names_the_sample_with_its_figures(project: MakeProject) -> None:
    found = project(LINEAR, linear_columns(2_000)).train("model.sample_rows=1000").findings
    (said,) = [one for one in found if one.topic == Topic.SAMPLE]
    assert "a sample: 1,000 of 2,000 rows" in said.text
    assert said.figures == {"rows": 1_000, "of": 2_000, "seed": 42}


def test_a_sample_as_large_as_the_table_changes_no_byte_of_the_result(tmp_path: Path) -> None:
    made = [make_project(tmp_path / name, LINEAR, linear_columns(300), "line") for name in ("one", "two")]
    assert made[0].run() == 0
    assert made[1].run("--set", "model.sample_rows=300") == 0
    files = [
        {path.name: path.read_bytes() for path in one.latest.iterdir() if path.name != "receipt.json"} for one in made
    ]
    assert files[0] == files[1]


def test_a_sampled_result_is_reproduced_byte_for_byte(project: MakeProject) -> None:
    made = project(MIXED, mixed_columns(1_000), "mixed")
    assert made.run("--set", "model.sample_rows=600") == 0
    assert made.run("--set", "model.sample_rows=600", "--reproduce") == 0
    assert json.loads((made.latest / "metrics.json").read_text())["rows"]["sample_of"] == 1_000


def test_the_gate_compares_on_the_rows_of_the_sample(project: MakeProject) -> None:
    made = project(LINEAR, linear_columns(2_000))
    recipe = load_recipe(str(made.recipe), ["model.sample_rows=500"])
    dataset = made.open_processed()
    new = read_new(recipe, made.data_dir, TrainedOn([dataset.receipt.fingerprint], ""), as_classes=False)
    rows = open_rows(dataset, recipe.columns, 500, recipe.seed).table()
    assert len(new.split.train) + len(new.split.test) == 500
    assert sorted(new.split.test.target.tolist()) == sorted(
        y
        for y, side in zip(rows.column("y").to_pylist(), rows.column("split").to_pylist(), strict=True)
        if side == "test"
    )


def test_the_card_says_that_the_version_knows_a_sample(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    made = project(LINEAR, linear_columns(2_000))
    assert made.run("--set", "model.sample_rows=1000") == 0
    capsys.readouterr()
    assert main(STAGE, ["card", str(made.recipe), "1", "--json", "--data-dir", str(made.data_dir)]) == 0
    card = json.loads(capsys.readouterr().out)["markdown"]
    assert "They are a sample of 2,000 rows." in card
    assert "It knows a sample of 1,000 of 2,000 rows" in card


@pytest.mark.parametrize("wrong", ["-1", "1.5", '"many"'])
def test_a_number_of_rows_that_is_none_is_refused(project: MakeProject, wrong: str) -> None:
    from relay.handoff.errors import UsageError

    with pytest.raises(UsageError, match="sample_rows"):
        project(LINEAR, linear_columns()).train(f"model.sample_rows={wrong}")
