"""A recipe that reads the raw datasets of others: its ingest runs these, and programs get one answer for all."""

import json
import sqlite3
from typing import Any

import pytest

Desk = Any  # tests/conftest.py

SOURCES = {
    "train": 'extra_columns = "keep"\nsource = "file"\npath = "train.csv"',
    "test": 'extra_columns = "keep"\nsource = "file"\npath = "test.csv"',
    "levels": 'extra_columns = "keep"\nsource = "file"\npath = "levels.json"',
    "sales": 'extra_columns = "keep"\nsource = "sql"\nurl = "sqlite:///sales.db"\ntable = "sales"',
}

HOUSE = """
title = "Houses"
[columns]
id = { type = "int", role = "id" }
rank = { type = "int", role = "input" }
total = { type = "float", role = "input", null = true }
price = { type = "float", role = "target", null = true }
[preprocess]
kind = "python"
function = "join"
reads = ["train", "test", "levels", "sales"]
"""

JOIN = """
import pandas as pd

def join(train, test, levels, sales):
    frame = pd.concat([train.assign(split="train"), test.assign(split="test")], ignore_index=True)
    frame = frame.merge(levels, on="level").merge(sales, on="id", how="left")
    frame["price"] = frame["SalePrice"].astype(float)
    return frame[["id", "rank", "total", "price", "split"]]
"""


@pytest.fixture(name="house")
def fixture_house(desk: Desk) -> str:
    """Houses with a train and a test file, levels in JSON and sales in SQLite; gives the path of the recipe."""
    rows = [(number, "low" if number % 2 else "high", 1000 + number) for number in range(1, 21)]
    for name, header, part in (("train", "id,level,SalePrice", rows[:15]), ("test", "id,level", rows[15:])):
        width = header.count(",") + 1
        lines = [",".join(map(str, row[:width])) for row in part]
        (desk.folder / f"{name}.csv").write_text("\n".join([header, *lines]))
    (desk.folder / "levels.json").write_text('[{"level": "low", "rank": 1}, {"level": "high", "rank": 2}]')
    with sqlite3.connect(desk.folder / "sales.db") as database:
        database.execute("create table sales (id integer, total real)")
        database.executemany("insert into sales values (?, ?)", [(number, number / 2) for number in range(1, 11)])
    database.close()
    for name, source in SOURCES.items():
        key = "level = { type = 'text', role = 'id' }" if name == "levels" else "id = { type = 'int', role = 'id' }"
        desk.recipe(f'title = "{name}"\n[columns]\n{key}\n[ingest]\n{source}\n', name)
    (desk.folder / "house.py").write_text(JOIN)
    return str(desk.recipe(HOUSE, "house"))


def entries(desk: Desk) -> list[Any]:
    """Recipe and outcome of each entry of the journal."""
    lines = (desk.logs / "runs.jsonl").read_text().splitlines()
    return [(entry["recipe"], entry["outcome"]) for entry in map(json.loads, lines)]


def test_train_test_levels_and_a_database_become_one_table(desk: Desk, house: str) -> None:
    assert [desk.run(stage, house) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    found = desk.rows("processed/house")
    assert found[0] == {"id": 1, "rank": 1, "total": 0.5, "price": 1001.0, "split": "train"}
    assert found[-1] == {"id": 20, "rank": 2, "total": None, "price": None, "split": "test"}
    assert desk.said("model")[-1] == "model house: it has no [model]; there is nothing to do"
    assert [recipe for recipe, _ in entries(desk)] == [*SOURCES, "house"]


def test_a_program_gets_one_entry_for_all_that_ingest_ran(
    desk: Desk, house: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from relay.handoff.journal import find_entry

    assert desk.run("ingest", house, "--run-id", "first") == 0
    first = find_entry(desk.logs, "first")
    assert first is not None
    assert (first.recipe, first.outcome, first.rows) == ("house", "ran", 15 + 5 + 2 + 10)
    (desk.folder / "test.csv").write_text("id,level\n")
    capfd.readouterr()
    assert desk.run("ingest", house, "--run-id", "second", "--json") == 1
    printed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(one["recipe"], one["outcome"]) for one in printed] == [
        ("train", "unchanged"),
        ("test", "failed"),
        ("house", "failed"),
    ]
    assert (printed[-1]["error"], printed[-1]["run_id"]) == (printed[1]["error"], "second")
    assert desk.run("model", house, "--run-id", "third") == 0
    assert entries(desk)[-1] == ("house", "unchanged")


def test_a_check_looks_at_each_of_them(desk: Desk, house: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert desk.run("ingest", house, "--check", "--json") == 0
    printed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(one["recipe"], one["valid"]) for one in printed] == [(name, True) for name in (*SOURCES, "house")]
    desk.recipe("title = 'x'", "levels")
    assert desk.run("ingest", house, "--check") == 1


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        ('["tran"]', '[preprocess] reads "tran": there is no tran.toml (did you mean "train"?)'),
        ('["house"]', 'reads "house", which has no [ingest] of its own'),
    ],
)
def test_a_recipe_that_cannot_be_read_is_named(
    reads: str, why: str, desk: Desk, house: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.recipe(HOUSE.replace('["train", "test", "levels", "sales"]', reads), "other")
    assert desk.run("ingest", house.replace("house", "other"), "--check") == 1
    assert why in capfd.readouterr().err
