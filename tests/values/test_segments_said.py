"""The score by parts of the test rows: best and worst are named only where they differ."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

RECIPE = """
title = "Parts"
[columns]
x = { type = "float", role = "input" }
place = { type = "category", role = "input" }
level = { type = "category", role = "input" }
rare = { type = "category", role = "input" }
noise = { type = "category", role = "input", null = true }
size = { type = "float", role = "input" }
y = { type = "float", role = "target" }
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
score = "r2"
segments = ["place", "level", "rare", "noise", "size", "x"]
"""


def make_rows() -> list[dict[str, Any]]:
    """200 rows exactly on a line, so that all parts have one score; the columns are the variations."""
    draw = random.Random(11)
    rows = []
    for number in range(200):
        x = draw.uniform(0, 10)
        rows.append(
            {
                "x": x,
                "place": "here",  # one value only
                "level": draw.choice(["a", "b"]),
                "rare": "another" if number % 3 == 0 else f"value {number}",  # the others are unseen in the test rows
                "noise": draw.choice(["", "loud", "quiet"]),
                "size": 1.0,  # a number that never changes
                "y": 2 * x + 1,
            }
        )
    return rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a trained model."""
    project = Project(Path(tmp_path_factory.mktemp("parts")))
    rows = make_rows()
    project.write("rows.csv", "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]))
    recipe = project.recipe(RECIPE)
    for stage in ("ingest", "preprocess", "model"):
        ran = project.run(stage, recipe)
        assert ran.exit_code == 0, ran.log
    return project


@pytest.fixture(scope="module")
def said(trained: Project) -> dict[str, str]:
    """Column -> what the findings say of its parts."""
    lines = trained.text("output/values/latest/findings.md").splitlines()
    return {match[1]: line for line in lines if (match := re.match(r"By (\w+), ", line))}


@pytest.mark.slow
def test_parts_with_one_score_are_neither_best_nor_worst(said: dict[str, str]) -> None:
    assert [line for line in said.values() if " best where " in line] == []
    assert said["level"] == "By level, its r2 is 1 in each of the 2 parts that can be judged."
    assert said["x"] == "By x, its r2 is 1 in each of the 4 parts that can be judged."


@pytest.mark.slow
def test_each_column_that_was_asked_for_is_answered(said: dict[str, str]) -> None:
    assert said.keys() == {"place", "level", "rare", "noise", "size", "x"}
    assert said["place"].startswith("By place, there is nothing to compare: place = here in all ")
    assert said["size"].startswith("By size, there is nothing to compare: size = 1.0 in all ")


@pytest.mark.slow
def test_unseen_values_are_not_mixed_up_with_a_value_called_another(trained: Project) -> None:
    test_rows = [row["rare"] for row in trained.rows("processed/values") if row["split"] == "test"]
    called = test_rows.count("another")
    parts = json.loads(trained.text("output/values/latest/metrics.json"))["segments"]["rare"]
    rows = {name: part["rows"] for name, part in parts.items()}
    assert rows == {"rare = another": called, "rare is another value": len(test_rows) - called}


SCORES = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 0.5000001, 1.0, -3.25]), st.floats(-1e3, 1e3))


@given(st.lists(SCORES, min_size=1, max_size=6), st.sampled_from(["r2", "rmse"]))
def test_best_and_worst_differ_as_they_are_printed_whatever_the_scores(scores: list[float | None], name: str) -> None:
    from model.training.estimator.segments import _say

    parts = {f"c = {number}": {"rows": 2, name: score} for number, score in enumerate(scores)}
    text = _say("c", parts, name).text
    match = re.search(r"best where (.+?) \((.+?), .*worst where (.+?) \((.+?), ", text)
    judged = [score for score in scores if score is not None]
    best, worst = (max, min) if name == "r2" else (min, max)
    if match is None:
        assert len(judged) < 2 or f"{best(judged):.3g}" == f"{worst(judged):.3g}"
    else:
        assert match[1] != match[3]
        assert match[2] != match[4]
        assert scores[int(match[1][4:])] == best(judged)
        assert scores[int(match[3][4:])] == worst(judged)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), unique=True, max_size=5),
    st.lists(st.text(), unique=True),
)
def test_no_two_parts_of_a_column_share_a_name(borders: list[float], values: list[str]) -> None:
    from relay.registry.contract import Segment
    from relay.registry.segments import name_parts

    for segment in (
        Segment(column="c", borders=sorted(borders), values=[]),
        Segment(column="c", borders=[], values=values),
    ):
        names = name_parts(segment)
        assert len(set(names)) == len(names)
