"""A dot or a comma inside a number means what the recipe declares, or the run asks."""

import json
import random
import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.recipe import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column

RECIPE = """
title = "Marks"
[ingest]
source = "file"
path = "{folder}/numbers.csv"
delimiter = ";"
max_rejected_share = 0.6
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id" }
COLUMNS
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

AS_ONE = "Every dot in "


def write_csv(**columns: list[str]) -> str:
    """A CSV file with the columns and a number for each row."""
    rows = zip(*columns.values(), strict=True)
    lines = [f"{number};{';'.join(row)}" for number, row in enumerate(rows, 1)]
    return "\n".join([f"n;{';'.join(columns)}", *lines]) + "\n"


def declare(columns: dict[str, str], **keys: str) -> str:
    """A recipe with columns, each with its type and the rest of its declaration, and keys of `[ingest]`."""
    lines = (f'{name} = {{ role = "input", null = true, type = {rest} }}' for name, rest in columns.items())
    text = RECIPE.replace("COLUMNS", "\n".join(lines))
    return text.replace("max_", "".join(f'{key} = "{value}"\n' for key, value in keys.items()) + "max_", 1)


@pytest.mark.parametrize("cells", [["1.000", "950", "2.000"], ["7", "-12.345"], ["1.234.567", "3"]])
def test_a_whole_number_with_dots_is_refused_and_the_message_names_both_keys(
    project: Project, cells: list[str]
) -> None:
    project.write("numbers.csv", write_csv(a=cells))
    ran = project.run("ingest", project.recipe(declare({"a": '"int"'})))
    assert ran.exit_code == 1
    shown = next(cell for cell in cells if "." in cell)
    whole = f"{int(shown.replace('.', '')):,}"
    assert all(word in ran.log for word in (f'"{shown}"', whole, 'thousands = "."', 'decimal = "."', "column a, row "))


@pytest.mark.parametrize(("key", "expected"), [("thousands", [1000, 950, 2000]), ("decimal", [1, 950, 2])])
def test_either_key_that_the_message_names_decides(project: Project, key: str, expected: list[int]) -> None:
    project.write("numbers.csv", write_csv(a=["1.000", "950", "2.000"]))
    ran = project.run("ingest", project.recipe(declare({"a": '"int"'})), "--set", f'ingest.{key}="."')
    assert ran.exit_code == 0, ran.log
    assert [row["a"] for row in project.rows("raw/values")] == expected


def test_marks_of_the_file_and_of_a_column_are_read_as_pandas_reads_them(project: Project) -> None:
    draw = random.Random(7)
    numbers = [draw.uniform(-5e6, 5e6) for _ in range(60)]
    english = [f"{number:,.2f}" for number in numbers]
    german = [cell.translate(str.maketrans(",.", ".,")) for cell in english]
    french = [cell.replace(",", "\u202f").replace(".", ",") for cell in english]
    swiss = [cell.replace(",", "'") for cell in english]
    columns = {
        "german": '"float"',
        "whole": '"int"',
        "english": '"float", decimal = ".", thousands = ","',
        "french": '"float", thousands = " "',
        "swiss": '"float", decimal = ".", thousands = "\'"',
        "plain": '"float", decimal = ".", thousands = ""',
    }
    cells = {
        "german": german,
        "whole": [cell.partition(",")[0] for cell in german],
        "english": english,
        "french": french,
        "swiss": swiss,
        "plain": [cell.replace(",", "") for cell in english],
    }
    path = project.write("numbers.csv", write_csv(**cells))
    ran = project.run("ingest", project.recipe(declare(columns, decimal=",", thousands=".")))
    assert ran.exit_code == 0, ran.log
    rows = pd.DataFrame(project.rows("raw/values"))
    by_pandas = pd.read_csv(path, sep=";", decimal=",", thousands=".")
    assert rows["german"].tolist() == by_pandas["german"].tolist()
    assert rows["whole"].tolist() == by_pandas["whole"].tolist()
    for name in ("english", "french", "swiss", "plain"):
        assert rows[name].tolist() == rows["german"].tolist(), name


def test_a_float_column_whose_dots_may_all_mark_thousands_is_warned_of_as_far_as_the_findings(
    project: Project,
) -> None:
    draw = random.Random(3)
    cells = {
        "grouped": [f"{draw.randint(1, 999)}.{draw.randint(0, 999):03d}" for _ in range(39)] + ["950"],
        "zeros": ["1.000", "2.000", "950"] + [str(draw.randint(1, 99)) for _ in range(37)],
        "mixed": ["1.000", "2.5"] + [f"{draw.randint(1, 9)}.{draw.randint(0, 999):03d}" for _ in range(38)],
        "prices": [f"{draw.uniform(1, 99):.2f}" for _ in range(40)],
        "fine": [f"{draw.random():.9f}" for _ in range(40)],
        "whole": [str(draw.randint(1, 5000)) for _ in range(40)],
        "y": [f"{draw.uniform(1, 99):.1f}" for _ in range(40)],
    }
    project.write("numbers.csv", write_csv(**cells))
    columns = dict.fromkeys(cells, '"float"')
    recipe = project.recipe(declare(columns).replace('y = { role = "input"', 'y = { role = "target"'))
    logs = [project.run(stage, recipe) for stage in ("ingest", "preprocess", "model")]
    assert [ran.exit_code for ran in logs] == [0, 0, 0], logs
    assert logs[0].log.count("WARNING") == 2
    findings = project.text("output/values/latest/findings.md")
    assert [name for name in cells if f"{AS_ONE}{name} " in logs[0].log] == ["grouped", "zeros"]
    assert [name for name in cells if f"{AS_ONE}{name} " in findings] == ["grouped", "zeros"]
    # What the warning advises ends it, and the rows that the model saw are the same.
    before = project.rows("processed/values")
    again = [project.run(stage, recipe, "--set", 'ingest.decimal="."') for stage in ("ingest", "preprocess")]
    assert [ran.exit_code for ran in again] == [0, 0]
    assert AS_ONE not in "".join(ran.log for ran in again)
    assert "runs, input raw/values" in again[1].log
    assert project.receipt("processed/values")["warnings"] == []
    assert project.rows("processed/values") == before


def test_words_that_mean_no_value_are_those_of_the_file_or_of_a_column(project: Project) -> None:
    text = declare({"a": '"int"', "b": '"category"', "c": '"float", missing = ["-"]', "d": '"text"'})
    text = text.replace("max_", 'missing = ["?", "-999"]\nmax_', 1)
    project.write(
        "numbers.csv", write_csv(a=["?", "-999", "7"], b=["?", " ?", "x"], c=["-", "2.5", "-999"], d=["NA", "", "y"])
    )
    ran = project.run("ingest", project.recipe(text))
    assert ran.exit_code == 0, ran.log
    assert [tuple(row.values())[1:] for row in project.rows("raw/values")] == [
        (None, None, None, "NA"),
        (None, None, 2.5, None),
        (7, "x", -999.0, "y"),
    ]


@pytest.mark.parametrize(
    ("kind", "word", "cells", "null"),
    [
        ('"int"', str(2**53), [str(2**53 - 1), str(2**53), str(2**53 + 1)], [1]),
        ('"int"', str(-(2**63)), [str(-(2**63)), str(-(2**63) + 1), "7"], [0]),
        ('"int"', "-999.0", ["-999", "-0999", "-998"], [0, 1]),
        ('"float", decimal = ","', "-999,0", ["-999,0", "-999", "-999,5"], [0, 1]),
        ('"float", thousands = "."', "-9.999", ["-9.999", "-9999", "-9,999"], [0, 1]),
        ('"float", thousands = "."', "-99.5", ["-99,5", "99", "-995"], [0]),
    ],
)
def test_a_number_that_means_no_value_stands_for_itself_however_it_is_written(
    project: Project, kind: str, word: str, cells: list[str], null: list[int]
) -> None:
    project.write("numbers.csv", write_csv(a=cells))
    ran = project.run("ingest", project.recipe(declare({"a": f'{kind}, missing = ["{word}"]'})))
    assert ran.exit_code == 0, ran.log
    assert [at for at, row in enumerate(project.rows("raw/values")) if row["a"] is None] == null


def test_the_dot_of_a_json_number_is_a_decimal_mark(project: Project) -> None:
    records = [{"n": 1, "a": 1.125, "b": 2}, {"n": 2, "a": 3, "b": 2.125}, {"n": 3, "a": 4, "b": True}]
    project.write("numbers.json", json.dumps([*records, *({"n": number, "a": 5, "b": 6} for number in range(4, 9))]))
    recipe = declare({"a": '"float"', "b": '"int"'}).replace("numbers.csv", "numbers.json")
    recipe = re.sub(r"delimiter = .*\n", "", recipe)
    ran = project.run("ingest", project.recipe(recipe))
    assert ran.exit_code == 0, ran.log
    assert "WARNING" not in ran.log
    assert [(row["n"], row["a"], row["b"]) for row in project.rows("raw/values")][:2] == [(1, 1.125, 2), (4, 5.0, 6)]
    assert project.receipt("raw/values")["rejected"]["rows"] == 2


def read(cells: list[Any], kind: str, **column: Any) -> list[Any]:
    """The values of the cells."""
    values = read_column(pa.array(cells), Column.model_validate({"type": kind, "role": "input", **column})).values
    return list(values.to_pylist())


@given(st.decimals(-(10**12), 10**12, places=2), st.sampled_from([",.", ".,", " ,", "'.", "_."]))
def test_any_number_with_its_marks_is_the_number(number: Decimal, marks: str) -> None:
    thousands, decimal = marks
    cell = f"{number:,.2f}".translate(str.maketrans(",.", marks))
    assert read([cell], "float", decimal=decimal, thousands=thousands) == [float(number)]


@given(st.sampled_from(["", "+", "-"]), st.integers(0, 999), st.lists(st.integers(0, 999), min_size=1, max_size=4))
def test_any_whole_number_with_dots_is_refused_until_a_key_decides(sign: str, first: int, groups: list[int]) -> None:
    cell = ".".join([f"{sign}{first}", *(f"{group:03d}" for group in groups)])
    with pytest.raises(AmbiguousCellError):
        read(["5", cell], "int")
    assert read(["5", cell], "int", thousands=".") == [5, int(cell.replace(".", ""))]
    as_fraction = float(cell) if cell.count(".") == 1 else None
    is_whole = as_fraction is not None and as_fraction.is_integer()
    assert read(["5", cell], "int", decimal=".") == [
        5,
        int(as_fraction) if is_whole and as_fraction is not None else None,
    ]


@pytest.mark.parametrize("cell", ["1.00", "1.0000", "12.34.567", ".123", "1..000", "1,5,5", "1.000,", "1,000.5"])
def test_a_mark_at_a_wrong_place_is_no_number(cell: str) -> None:
    expected = [1000.0] if cell == "1.000," else [None]
    assert read([cell], "float", decimal=",", thousands=".") == expected


def test_a_fraction_of_zeros_and_other_lengths_is_a_whole_number_as_before() -> None:
    assert read(["2.0", "3.00", "1e3", "4.0000"], "int") == [2, 3, 1000, 4]


@pytest.mark.parametrize(
    ("key", "value"), [("decimal", "1"), ("decimal", "--"), ("thousands", "x"), ("decimal", ""), ("thousands", "+")]
)
def test_what_cannot_be_a_mark_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=key):
        Column.model_validate({"type": "float", "role": "input", key: value})
