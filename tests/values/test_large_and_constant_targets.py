"""Targets that no double holds exactly, and targets that are the same in all rows."""

import json
import random

import numpy as np
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from model.training.estimator.regression import is_constant
from model.training.estimator.rows import Part, Split
from model.training.estimator.unusual import find_rounded_target
from relay.handoff.column import Column

ROWS = 60

RECIPE = """
title = "Targets"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
x = { type = "float", role = "input" }
y = { type = "int", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


@pytest.mark.parametrize(
    "kind", ["large", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("equal", "equal as doubles", "usual"))]
)
def test_the_findings_of_a_target_say_what_is_known(project: Project, kind: str) -> None:
    draw = random.Random(4)
    xs = [round(draw.uniform(0, 9), 3) for _ in range(ROWS)]
    targets = {
        "large": [2**60 + int(x * 2**50) for x in xs],
        "equal": [7] * ROWS,
        "equal as doubles": [2**60 + draw.randint(-20, 20) for _ in xs],
        "usual": [int(100 * x) + draw.randint(0, 9) for x in xs],
    }[kind]
    lines = [f"{row},{x},{y}" for row, (x, y) in enumerate(zip(xs, targets, strict=True))]
    project.write("rows.csv", "\n".join(["row,x,y", *lines]) + "\n")
    recipe = project.recipe(RECIPE)
    ran = [project.run(stage, recipe) for stage in ("ingest", "preprocess", "model")]
    assert [one.exit_code for one in ran] == [0, 0, 0], ran[-1].log
    found = project.text("output/values/latest/findings.md")
    is_large = max(targets) >= 2**53
    assert (f"y has {ROWS} values of 2^53 or more ({ROWS} rows)" in found) == is_large
    is_equal = kind.startswith("equal")
    assert ("y is the same in all test rows, so R² is undefined" in found) == is_equal
    assert ("% of their variance (R²)" in found) == (not is_equal)
    metrics = json.loads(project.text("output/values/latest/metrics.json"))
    assert all(np.isfinite(value) for value in (*metrics["test"].values(), *metrics["baseline"].values()))


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=30))
def test_the_values_that_are_rounded_are_counted(targets: list[int]) -> None:
    part = Part(inputs=None, target=np.asarray(targets), ids=None)  # type: ignore[arg-type]  # only the target is read
    split = Split(train=part, test=part, without_target=0)
    found = list(find_rounded_target(split, "y", Column(type="int", role="target")))
    large = 2 * sum(abs(target) >= 2**53 for target in targets)
    assert [finding.figures["rounded"] for finding in found] == ([large] if large else [])
    assert is_constant(part.target) == (len(set(map(float, targets))) == 1)
    assert list(find_rounded_target(split, "y", Column(type="float", role="target"))) == []
