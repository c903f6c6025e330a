"""The written recipe is run by its real stages, in folders of its own."""

from pathlib import Path

import pytest
from corpus import write_data

from adopt.notebooks.pipeline import Workplace, run_pipeline
from adopt.notebooks.plan import NotebookError

RECIPE = """
title = "Houses"

[columns]
area = { type = "float", role = "input" }
price = { type = "float", role = "target" }

[ingest]
source = "python"
function = "load"

[ingest.arguments]
houses = "data/houses/houses.csv"

[preprocess]
kind = "python"
function = "prepare"

[model]
kind = "python"
function = "train"
"""
MODULE = '''
from pathlib import Path

import pandas as pd


def load(*, houses: Path) -> pd.DataFrame:
    """The houses."""
    return pd.read_csv(houses)


def prepare(df: pd.DataFrame) -> pd.DataFrame:
    """Houses with an area."""
    return df[["area", "price"]].dropna()


def train(df: pd.DataFrame, *, share: float = 0.5):
    """Draw them."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots()
    axes.scatter(df["area"], df["price"], alpha=share)
    return {"metrics": {"mean": df["price"].mean()}, "figures": {"houses": fig}}
'''


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    source = tmp_path / "houses.csv"
    write_data("houses.csv", tmp_path)
    place = Workplace(tmp_path / "work")
    place.write({"houses.toml": RECIPE, "houses.py": MODULE}, {"houses/houses.csv": source})
    return place


@pytest.mark.slow
def test_it_gives_datasets_metrics_and_what_the_figures_show(place: Workplace) -> None:
    stages: list[str] = []
    ran = run_pipeline(place, "houses", 1, stages.append)
    assert {name: table.num_rows for name, table in ran.datasets.items()} == {
        "raw/houses": 160,
        "processed/houses": 150,
    }
    assert ran.datasets["raw/houses"].column_names == ["area", "price", "rooms", "town"]
    assert list(ran.metrics) == ["mean"]
    assert ran.figures["houses"].data[1]["points"][0]["alpha"] == 0.5
    assert ran.figures["houses"].image.startswith(b"\x89PNG")
    assert stages == ["ingest", "preprocess", "model", "figures"]
    assert not (place.folder.parent / "secrets").exists()


def test_a_stage_that_fails_is_named_with_its_reason(place: Workplace) -> None:
    (place.recipes / "houses.py").write_text(MODULE.replace("pd.read_csv(houses)", "pd.read_csv(houses)[['none']]"))
    with pytest.raises(NotebookError, match=r"do not run: ingest: .*none"):
        run_pipeline(place, "houses", 1)
