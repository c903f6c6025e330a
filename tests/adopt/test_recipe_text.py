"""A draft as a recipe file: TOML that reads back as the draft, one comment for each evidence."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adopt.notes import Note
from adopt.recipe.draft import Draft, DraftColumn, Task
from adopt.recipe.toml_text import find_questions, write_toml, write_value

MODEL = {
    "kind": "estimator",
    "use": "boosted",
    "estimators": {
        "boosted": {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "options": {"max_iter": 50}},
        "linear": {"estimator": "sklearn.linear_model.LogisticRegression"},
    },
}


def make_draft(**changes: Any) -> Draft:
    """A draft with one question, some evidence and nested tables."""
    columns = (
        DraftColumn("age", "Age in years", "int", "input", {"null": True, "max": 120}, (Note("2 cells are empty"),)),
        DraftColumn("zip", "zip", "text", "ignore", {}, (Note("a code", True, ('"int"',), "columns.zip.type"),)),
        DraftColumn("churn", "churn", "category", "target", {"allowed": ["no", "yes"]}),
    )
    said = {"model.use": (Note("19,999 rows"),), "model.estimators.boosted.options": (Note("small trees"),)}
    task = Task("binary", "churn", {"kind": "table"}, MODEL, (Note("churn has two values"),), said)
    key_notes = {"ingest.delimiter": (Note("found in the first rows"),), "ingest.nothing": (Note("not a key"),)}
    parts: dict[str, Any] = {
        "name": "churn", "title": 'The "churn"', "description": "", "ingest": {"source": "file", "delimiter": ";"},
        "columns": columns, "task": task, "key_notes": key_notes,
    }  # fmt: skip
    return Draft(**(parts | changes))


def test_the_file_reads_back_as_the_draft() -> None:
    assert tomllib.loads(write_toml(make_draft(), "adopt x")) == {
        "title": 'The "churn"',
        "ingest": {"source": "file", "delimiter": ";"},
        "columns": {
            "age": {"type": "int", "role": "input", "from": "Age in years", "null": True, "max": 120},
            "zip": {"type": "text", "role": "ignore"},
            "churn": {"type": "category", "role": "target", "allowed": ["no", "yes"]},
        },
        "preprocess": {"kind": "table"},
        "model": MODEL,
    }


def test_each_evidence_is_one_comment_before_its_line() -> None:
    lines = write_toml(make_draft(), "adopt x").splitlines()
    before = {line: lines[at + 1] for at, line in enumerate(lines[:-1]) if line.startswith("#")}
    assert before["# 2 cells are empty"].startswith("age = ")
    assert before["# check: a code"].startswith("zip = ")
    assert before["# found in the first rows"] == 'delimiter = ";"'
    assert before["# 19,999 rows"] == 'use = "boosted"'
    assert before["# churn has two values"] == "[preprocess]"
    assert before["# not a key"] == "[ingest]"
    assert before["# small trees"] == "options = { max_iter = 50 }"
    comments = [line for line in lines if line.startswith("#")]
    assert len(comments) == len(set(comments))


def test_only_uncertain_guesses_are_marked() -> None:
    assert [note.text for note in find_questions(make_draft())] == ["a code"]
    assert write_toml(make_draft(), "adopt x").count("# check:") == 1
    assert "check" not in write_toml(make_draft(columns=make_draft().columns[:1]), "adopt x")


def test_a_recipe_without_a_model_ends_after_preprocess() -> None:
    draft = make_draft(task=Task("none", None, {"kind": "table"}, {}))
    assert set(tomllib.loads(write_toml(draft, "adopt x"))) == {"title", "ingest", "columns", "preprocess"}


@pytest.mark.parametrize("hostile", ["a\nb = 1", "\x1b[31mred", "\ud800", "tab\there", '"""', "\x00\x7f", "# x"])
def test_cells_of_the_data_stay_inside_their_comment_or_string(hostile: str) -> None:
    column = DraftColumn("x", hostile, "category", "input", {"allowed": ["ok"]}, (Note(f"found {hostile}"),))
    if hostile == "\ud800":  # no text of a file: it comes in a comment only
        column = DraftColumn("x", "y", "category", "input", {"allowed": ["ok"]}, (Note(f"found {hostile}"),))
    text = write_toml(make_draft(columns=(column,)), "adopt x")
    text.encode()
    assert [line for line in text.splitlines() if not line.isprintable()] == []
    assert tomllib.loads(text)["columns"] == {
        "x": {"type": "category", "role": "input", "from": column.source, "allowed": ["ok"]}
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(
    TEXT, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)))
def test_every_value_reads_back(value: Any) -> None:
    assert tomllib.loads(f"x = {write_value(value)}")["x"] == value
