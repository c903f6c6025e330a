"""Files shaped as people have them: the draft says what the data mean, and runs as it is."""

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime
from io import StringIO
from math import ceil
from typing import Any

import pytest
from cases import CASES
from cases.case import Case
from drafting import draft_case, run_adopt
from scoring import make_table_of_scores, score

from adopt.recipe.toml_text import write_toml

Desk = Any  # tests/conftest.py

STAGES = ("ingest", "preprocess", "model")
MOST_MARKED = 5
"""One column in so many may have a `# check:`: in a file of six, two."""
BY_COMMAND = ("german_csv", "sql_table", "author_names")

each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@each_case
def test_a_draft_says_what_the_data_mean(case: Case, desk: Desk) -> None:
    draft = draft_case(case, desk.folder)
    scored = score(case, draft)
    assert scored.silent == []
    assert scored.ingest == ()
    assert scored.warnings == ()
    assert len(scored.marked) <= ceil(len(scored.columns) / MOST_MARKED)
    recipe = desk.recipe(write_toml(draft, "a test"), case.name)
    assert dict(find_refusals(recipe, desk)) == {}


@pytest.mark.slow
def test_over_all_files_at_most_one_column_in_five_is_marked(desk: Desk) -> None:
    scores = [score(case, draft_case(case, desk.folder)) for case in CASES]
    marked = sum(len(one.marked) for one in scores)
    columns = sum(len(one.columns) for one in scores)
    assert marked * MOST_MARKED <= columns, make_table_of_scores(scores)


@pytest.mark.slow
@each_case
def test_a_draft_runs_as_it_is(case: Case, desk: Desk) -> None:
    draft = draft_case(case, desk.folder)
    recipe = desk.recipe(write_toml(draft, "a test"), case.name)
    stages = STAGES if draft.task.model else STAGES[:2]
    assert {stage: desk.run(stage, recipe) for stage in stages} == dict.fromkeys(stages, 0)
    rows = desk.rows(f"raw/{case.name}")
    assert len(rows) == case.rows
    names = {column.source: column.name for column in draft.columns}
    found = {name: [show(row[names[name]]) for row in rows[: len(cells)]] for name, cells in case.values.items()}
    assert found == {name: [show(cell) for cell in cells] for name, cells in case.values.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_COMMAND)
def test_the_command_drafts_the_same(name: str, desk: Desk) -> None:
    case = next(case for case in CASES if case.name == name)
    answer = json.loads(run_adopt(case, desk.folder))
    draft = draft_case(case, desk.folder)
    found = [(column["name"], column["source"], column["type"], column["role"]) for column in answer["columns"]]
    assert found == [(column.name, column.source, column.type, column.role) for column in draft.columns]
    assert (answer["task"], answer["target"]) == (draft.task.kind, draft.task.target)


def find_refusals(recipe: str, desk: Desk) -> Iterator[tuple[str, str]]:
    """Stage -> what it says is wrong with the recipe."""
    for stage in STAGES:
        said = StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = desk.run(stage, recipe, "--check")
        if code:
            yield stage, said.getvalue()


def show(cell: Any) -> Any:
    """A cell for comparison: a time in ISO 8601, and a number as its text."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None).isoformat()
    if isinstance(cell, date):
        return f"{cell}T00:00:00"
    return str(cell)
