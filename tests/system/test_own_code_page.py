"""The worked examples of docs/own-code.md, copied from the page and run; and the recipe `own`, which it begins with."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

Desk = Any  # tests/conftest.py

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/own-code.md"
MOST_LINES = 80
"""Of Python, in the recipe that teaches own code."""


def read_examples() -> Mapping[str, str]:
    """File name -> its text; what the page says to add at the end of a file is there."""
    files: dict[str, str] = {}
    for name, text in re.findall(r"`([\w./-]+)`:\n\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        files[name] = f"{files[name]}\n\n{text}" if name in files else text
    return files


@pytest.fixture
def examples(desk: Desk) -> Desk:
    """A desk whose folder is recipes/, with the files of the page."""
    for name, text in read_examples().items():
        folder, _, file = name.partition("/")
        path = {"recipes": desk.folder, "data": desk.data}[folder] / file
        path.write_text(text, encoding="utf-8")
    return desk


def test_the_page_has_the_files_of_three_examples() -> None:
    recipes = {name: {".toml"} for name in ("orders", "shops")} | {
        name: {".toml", ".py"} for name in ("visits", "customers")
    }
    expected = {f"recipes/{name}{ending}" for name, endings in recipes.items() for ending in endings}
    assert set(read_examples()) == expected | {"data/visits.csv", "data/shops.csv"}


def test_the_first_example_cleans_a_data_frame(examples: Desk) -> None:
    path = str(examples.folder / "visits.toml")
    assert [examples.run(stage, path) for stage in ("ingest", "preprocess")] == [0, 0]
    rows = [(row["site"], row["month"], row["visitors"]) for row in examples.rows("processed/visits")]
    assert rows == [
        ("Oak Hill", "jan", 120),
        ("Riverside", "jan", 85),
        ("Riverside", "feb", 90),
        ("Oak Hill", "mar", 310),
    ]
    assert "preprocess visits: clean gave 4 rows" in examples.said("preprocess")
    assert examples.run("preprocess", path, "--set", "preprocess.arguments.fewest=100") == 0
    assert len(examples.rows("processed/visits")) == 2


def test_the_other_examples_join_two_raw_datasets_and_find_groups(examples: Desk) -> None:
    path = str(examples.folder / "customers.toml")
    assert [examples.run(stage, path) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    assert list(examples.rows("processed/customers")[0]) == ["customer", "orders", "spent", "in_ulm", "split"]
    assert sum(row["orders"] for row in examples.rows("processed/customers")) == 500
    results = examples.data / "output/customers/latest"
    promised = {"groups_of_customers.png", "groups.parquet", "metrics.json", "findings.md"}
    assert promised - {file.name for file in results.iterdir()} == set()
    assert "inertia" in json.loads((results / "metrics.json").read_text())
    assert {row["group"] for row in examples.rows("output/customers/latest/groups")} == {0, 1, 2}


def test_the_recipe_own_is_short_and_learns_from_rows_that_its_function_cleaned(desk: Desk) -> None:
    assert sum(path.read_text("utf-8").count("\n") for path in (ROOT / "recipes").glob("own*.py")) < MOST_LINES
    assert [desk.run(stage, "own") for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    rows = desk.rows("processed/own")
    assert (len(rows), {row["kind"] for row in rows}) == (380, {"city", "road", "mountain", "electric"})
    metrics = json.loads((desk.data / "output/own/latest/metrics.json").read_text())
    assert metrics["test"]["r2"] > 0.9
    assert desk.run("preprocess", "own", "--set", "preprocess.arguments.least_price=100") == 0
    assert min(row["price"] for row in desk.rows("processed/own")) >= 100
