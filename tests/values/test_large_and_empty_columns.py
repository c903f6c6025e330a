"""Whole numbers that no double holds exactly, and columns without a single value."""

import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.training.estimator.contract import list_records
from model.training.estimator.rows import make_frame
from relay.handoff.recipe import Column
from relay.registry.cells import validate_cell
from relay.registry.predictions import make_frame as make_served_frame

ROWS = 120

RECIPE = """
title = "Unusual columns"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
account = { type = "int", role = "input" }
SPARSE
late = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

WHOLE = Column(type="int", role="input")


def draw_accounts() -> list[int]:
    """Numbers of 1 to 19 digits, both ends of 64 bits among them."""
    draw = random.Random(5)
    ends = [2**63 - 1, -(2**63) + 1, 2**53, 2**53 + 1, -(2**53) - 1, 123456789012345678, 0]
    return ends + [draw.randint(-(2**63) + 1, 2**63 - 1) // 10 ** draw.randint(0, 18) for _ in range(ROWS - len(ends))]


def write_rows(project: Project, **sparse: list[str]) -> pd.DataFrame:
    """The CSV file, and what stands in it."""
    draw, accounts = random.Random(8), draw_accounts()
    late = [account / 2**62 + draw.gauss(0, 0.2) for account in accounts]
    frame = pd.DataFrame({"row": range(ROWS), "account": accounts, **sparse, "late": late})
    project.write("rows.csv", frame.to_csv(index=False))
    return frame


@pytest.mark.slow
def test_they_train_as_in_scikit_learn_and_the_findings_name_them(project: Project) -> None:
    values = {"int": "3", "float": "0.5", "bool": "true", "category": "x"}
    names = [f"{name}_{kind}" for name in ("no", "test") for kind in values]
    columns = [f'{name} = {{ type = "{name.split("_")[1]}", role = "input", null = true }}' for name in names]
    recipe = project.recipe(RECIPE.replace("SPARSE", "\n".join(columns)))
    write_rows(project, **{name: [""] * ROWS for name in names})
    assert [project.run(stage, recipe).exit_code for stage in ("ingest", "preprocess")] == [0, 0]
    sides = pd.Series([row["split"] for row in project.rows("processed/values")])
    # A side belongs to the id, so the rows keep it when cells of the test rows are filled.
    filled = {f"test_{kind}": [value if side == "test" else "" for side in sides] for kind, value in values.items()}
    frame = write_rows(project, **{name: filled.get(name, [""] * ROWS) for name in names})
    assert [project.run(stage, recipe).exit_code for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]

    assert [row["account"] for row in project.rows("processed/values")] == frame["account"].tolist()
    by_hand = make_pipeline(StandardScaler(), LinearRegression())
    by_hand.fit(frame.loc[sides == "train", ["account"]], frame.loc[sides == "train", "late"])
    expected = by_hand.predict(frame.loc[sides == "test", ["account"]])
    assert [row["predicted"] for row in project.rows("output/values/latest/predictions")] == pytest.approx(expected)

    found = project.text("output/values/latest/findings.md")
    rounded = sum(abs(account) >= 2**53 for account in frame["account"])
    assert f"account has {rounded} values of 2^53 or more ({ROWS} rows)" in found
    train, test = (int((sides == side).sum()) for side in ("train", "test"))
    for name in names:
        assert f"{name} is null in all {train} training rows, so the model learned nothing from it." in found
    assert found.count(f"{test} test rows had a value that it could not know.") == len(values)


@given(st.lists(st.none() | st.integers(-(2**63) + 1, 2**63 - 1), min_size=1))
@example([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63) + 1, None])
def test_training_and_serving_round_a_whole_number_to_the_same_double(cells: list[int | None]) -> None:
    trained = make_frame(pa.table({"account": pa.array(cells, pa.int64())}), {"account": WHOLE})["account"]
    served = make_served_frame({"account": WHOLE}, [{"account": cell} for cell in cells])["account"]
    by_python = [float("nan") if cell is None else float(cell) for cell in cells]
    np.testing.assert_array_equal(trained, by_python)
    np.testing.assert_array_equal(served, by_python)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
@example(2**63 - 1)
@example(-(2**63) + 1)
def test_an_example_in_the_contract_is_a_record_that_the_contract_takes(cell: int) -> None:
    column = WHOLE.model_copy(update={"null": True})
    (record,) = list_records(pd.DataFrame({"account": [float(cell)]}), {"account": column})
    assert validate_cell(record["account"], column)[1]
    assert float(record["account"] or 0) == float(cell)
