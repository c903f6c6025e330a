"""Messages about cells that are rejected name the key, or the limit, that decides; what they advise works."""

import random
import re

import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.column import Column
from relay.reading.cell_advice import describe_expected
from relay.registry.cells import parse_cell

RECIPE = """
title = "Advice"
[ingest]
source = "file"
path = "{folder}/rows.csv"
delimiter = ";"
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id" }
KIND
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""
FLOAT, INT = '"x" = { type = "float", role = "input" }', '"x" = { type = "int", role = "input" }'
TEXT = '"Größe" = { type = "category", role = "input" }'


def write_file(project: Project, names: str, cells: list[str], encoding: str = "utf-8") -> None:
    lines = [names, *(f"{number};{cell}" for number, cell in enumerate(cells))]
    project.write("rows.csv", ("\n".join(lines) + "\n").encode(encoding))


@pytest.mark.parametrize(
    ("columns", "cells", "encoding", "named", "added"),
    [
        (FLOAT, ["1,5", "2,25", "3"], "utf-8", 'declare decimal = "," in [ingest]', 'decimal = ","'),
        (FLOAT, ["1.000,5", "-2.000.000,5"], "utf-8", 'decimal = "," and thousands = "."',
         'decimal = ","\nthousands = "."'),
        (INT, ["1'000", "2'000"], "utf-8", """thousands = "'" in [ingest]""", """thousands = "'" """),
        (TEXT, ["groß", "klein"], "cp850", 'declare the file\'s encoding in [ingest], such as encoding = "cp850"',
         'encoding = "cp850"'),
    ],
)  # fmt: skip
def test_what_the_message_advises_works(
    project: Project, columns: str, cells: list[str], encoding: str, named: str, added: str
) -> None:
    names = "n;Größe" if "Größe" in columns else "n;x"
    write_file(project, names, cells, encoding)
    text = RECIPE.replace("KIND", columns)
    ran = project.run("ingest", project.recipe(text))
    assert (ran.exit_code, named in ran.log) == (1, True), ran.log
    ran = project.run("ingest", project.recipe(text.replace("[preprocess]", f"{added}\n[preprocess]")))
    assert ran.exit_code == 0, ran.log
    assert len(project.rows("raw/values")) == len(cells)


def test_cells_in_another_encoding_and_whole_numbers_beyond_a_limit_are_explained(project: Project) -> None:
    names = "n;x;Größe"
    write_file(project, names, ["1e18;a", "9223372036854775808;a", "1e30;a", "9007199254740993.0;a", "1.5;a", "7;a"])
    content = (project.folder / "rows.csv").read_bytes() + "8;5;groß\n".encode("cp1252")
    project.write("rows.csv", content)
    ran = project.run(
        "ingest", project.recipe(RECIPE.replace("KIND", f"{INT}\n{TEXT}")), "--set", "ingest.max_rejected_share=0.9"
    )
    assert ran.exit_code == 0, ran.log
    exact = "x: not a whole number with all its digits: one with a point or an exponent is read only below 2^53 "
    assert project.receipt("raw/values")["rejected"]["reasons"] == {
        f"{exact}(9,007,199,254,740,992)": 2,
        "x: not a whole number of 64 bits (at most 9,223,372,036,854,775,807)": 2,
        "x: not a whole number": 1,
        "Größe: not UTF-8 text; declare the encoding of a CSV or text file in [ingest]; the log names a likely one": 1,
    }


@pytest.mark.property
@given(st.randoms(use_true_random=False), st.sampled_from([",.", ".,", " ,", "'.", "',"]))
def test_the_keys_that_are_advised_for_any_number_read_it(drawing: random.Random, marks: str) -> None:
    number = round(drawing.uniform(-1e7, 1e7), drawing.choice((1, 2, 4)))
    cell = f"{number:,}".translate(str.maketrans(",.", marks))
    said = describe_expected(Column(type="float", role="input"), cell)
    advised = [dict(re.findall(r'(decimal|thousands) = "(.)"', part)) for part in said.split(" or ")]
    found = [
        parse_cell(cell, Column.model_validate({"type": "float", "role": "input"} | keys)) for keys in advised if keys
    ]
    if parse_cell(cell, Column(type="float", role="input")) != number:  # 1234.5 needs no key
        assert number in found


@given(st.text("0123456789.,eE+-' ", max_size=45), st.sampled_from(["int", "float", "bool"]))
def test_any_cell_is_described(cell: str, kind: str) -> None:
    column = Column.model_validate({"type": kind, "role": "input"})
    expected = {"int": "a whole number", "float": "a number", "bool": "true or false"}[kind]
    assert describe_expected(column, cell).startswith(expected)
