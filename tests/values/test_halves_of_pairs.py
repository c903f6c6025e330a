"""Half a surrogate pair in JSON is no character: it is named, and never becomes another one."""

import json

import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.errors import SourceError
from relay.reading.formats.halves import require_pairs

RECIPE = """
title = "Halves"
[ingest]
source = "file"
path = "{folder}/texts.FORMAT"
max_rejected_share = 0.9
[preprocess]
kind = "table"
[columns]
x = { type = "text", role = "ignore", null = true }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""
PIECES = ("a", "\\\\", "\\ud83d", "\\ude00", "\\uD83D", "\\uDE00", "\\u0041", "ud83d", '\\"')


def is_whole(text: str) -> bool:
    """Whether Python's reader finds no half in the JSON text."""
    return not any(0xD800 <= ord(sign) < 0xE000 for sign in json.loads(text))


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(1, 40))
def test_a_half_is_found_wherever_the_file_is_cut(pieces: list[str], size: int) -> None:
    text = f'"{"".join(pieces)}"'
    content = text.encode()
    blocks = [content[start : start + size] for start in range(0, len(content), size)]
    try:
        assert list(require_pairs(iter(blocks), "x.json")) == blocks
    except SourceError:
        assert not is_whole(text)
    else:
        assert is_whole(text)


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00\\ud83d", "\\ud83d\\u0041"])
def test_a_json_file_with_half_a_pair_is_refused_and_json_lines_reject_its_row(project: Project, half: str) -> None:
    records = ['{"x": "\\ud83d\\ude00"}', f'{{"x": "a{half}"}}']
    project.write("texts.json", f"[{', '.join(records)}]")
    ran = project.run("ingest", project.recipe(RECIPE.replace("FORMAT", "json")))
    assert (ran.exit_code, f"texts.json: {half[:6]} is half of a surrogate pair" in ran.log) == (1, True), ran.log
    project.write("texts.jsonl", "\n".join(records))
    ran = project.run("ingest", project.recipe(RECIPE.replace("FORMAT", "jsonl")))
    assert (ran.exit_code, project.rows("raw/values")) == (0, [{"x": "😀"}]), ran.log


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_nan_in_json_is_no_value_and_infinity_is_a_number(project: Project, form: str) -> None:
    records = [f'{{"x": {value}}}' for value in ('"NaN"', "NaN", "-Infinity", "1.5")]
    project.write(f"texts.{form}", f"[{', '.join(records)}]" if form == "json" else "\n".join(records))
    recipe = RECIPE.replace("FORMAT", form).replace('"text"', '"float"')
    assert project.run("ingest", project.recipe(recipe)).exit_code == 0
    assert [row["x"] for row in project.rows("raw/values")] == [None, None, float("-inf"), 1.5]
