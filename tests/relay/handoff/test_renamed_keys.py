"""An old name in a recipe works for one release, and one line names the new one; both names at once are refused."""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from relay.handoff import recipe as recipes
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.receipt import Key, explain_difference
from relay.handoff.recipe import load_recipe
from relay.handoff.renamed_keys import rename_parameters

STYLES = """
title = "Styles"
[columns]
text = { type = "text", role = "input" }
author = { type = "category", role = "label" }
[ingest]
source = "file"
path = "texts.json"
[preprocess]
kind = "documents"
[model]
kind = "authorship"
"""
NUMBERS = """
title = "Numbers"
[columns]
x = { type = "float", role = "input" }
y = { type = "float", role = "target" }
[ingest]
source = "file"
path = "numbers.csv"
[preprocess]
kind = "table"
[model]
kind = "estimator"
"""
ONE = NUMBERS + 'estimator = "sklearn.linear_model.LinearRegression"\n'
LINE = '{ estimator = "sklearn.linear_model.LinearRegression" }'


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The warnings of a new process."""
    monkeypatch.setattr(recipes, "_warned", set())
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line).rstrip()), format="{message}", level="WARNING")
    yield lines
    with suppress(ValueError):  # a stage that ran has removed it with all others
        logger.remove(sink)


def parse(folder: Path, text: str, stage: str, *overrides: str) -> dict[str, Any]:
    """What a stage reads in its section."""
    path = folder / "made.toml"
    path.write_text(text, encoding="utf-8")
    recipe = load_recipe(str(path), overrides)
    parameters: dict[str, Any] = import_module(f"{stage}.parameters").parse_parameters(recipe).model_dump()
    return parameters


RENAMED = [
    ("ingest", "unexpected", "extra_columns", ONE, "drop"),
    ("model", "folds", "cv_folds", ONE, 4),
    ("model", "map", "projection", STYLES, "pca"),
    ("model", "caution", "caveat", STYLES, "One subject."),
]


def write(text: str, stage: str, key: str, value: Any) -> str:
    """The recipe with one more key."""
    line = f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
    return text.replace(f"[{stage}]\n", f"[{stage}]\n{line}\n")


@pytest.mark.parametrize(("stage", "old", "new", "text", "value"), RENAMED)
def test_an_old_key_means_the_new_one_and_is_said_once(
    tmp_path: Path, said: list[str], stage: str, old: str, new: str, text: str, value: Any
) -> None:
    expected = parse(tmp_path, write(text, stage, new, value), stage)
    assert (expected[new], said) == (value, [])
    for _ in range(3):
        assert parse(tmp_path, write(text, stage, old, value), stage) == expected
    path = tmp_path / "made.toml"
    assert said == [f"{path}: [{stage}] {old} is now called {new}. The old name works in this release only."]


@pytest.mark.parametrize(("stage", "old", "new", "text", "value"), RENAMED)
def test_an_old_key_in_an_override_means_the_new_one_and_is_said_once(
    tmp_path: Path, said: list[str], stage: str, old: str, new: str, text: str, value: Any
) -> None:
    assert parse(tmp_path, text, stage, f"{stage}.{old}={value}")[new] == value
    warning = f"override {stage}.{old} is now called {stage}.{new}. The old name works in this release only."
    assert said == [warning]


@pytest.mark.parametrize(("stage", "old", "new", "text", "value"), RENAMED)
def test_both_names_at_once_are_refused(tmp_path: Path, stage: str, old: str, new: str, text: str, value: Any) -> None:
    both = write(write(text, stage, old, value), stage, new, value)
    with pytest.raises(RecipeError, match=rf"made\.toml: \[{stage}\] sets {old} and also {new}.*Remove {old}"):
        parse(tmp_path, both, stage)
    for order in ((old, new), (new, old)):
        with pytest.raises(UsageError, match=rf"overrides set {stage}\.{old} and also {stage}\.{new}"):
            parse(tmp_path, text, stage, *(f"{stage}.{key}={value}" for key in order))


def test_an_override_by_the_new_name_changes_a_recipe_with_the_old_one(tmp_path: Path, said: list[str]) -> None:
    recipe = write(STYLES, "model", "map", "pca")
    assert parse(tmp_path, recipe, "model", "model.projection=pcoa")["projection"] == "pcoa"
    assert len(said) == 1
    assert parse(tmp_path, STYLES.replace("[model]", '[model]\nprojection = "pca"'), "model", "model.map=tsne")[
        "projection"
    ] == ("tsne")


def test_choices_are_estimators_in_the_recipe_and_below_it(tmp_path: Path, said: list[str]) -> None:
    old = NUMBERS + f'use = "line"\n[model.choices]\nline = {LINE}\n'
    new = old.replace("choices", "estimators")
    expected = parse(tmp_path, new, "model", "model.estimators.line.options.fit_intercept=false")
    assert (expected["options"], said) == ({"fit_intercept": False}, [])
    assert parse(tmp_path, old, "model", "model.choices.line.options.fit_intercept=false") == expected
    assert [line.partition(": ")[2] or line for line in said] == [
        "[model] choices is now called estimators. The old name works in this release only.",
        "override model.choices is now called model.estimators. The old name works in this release only.",
    ]
    with pytest.raises(RecipeError, match=r"\[model\] sets choices and also estimators"):
        parse(tmp_path, old + f"[model.estimators]\nother = {LINE}\n", "model")


def test_a_whole_section_in_an_override_may_hold_old_names(tmp_path: Path, said: list[str]) -> None:
    found = parse(tmp_path, STYLES, "model", 'model={kind = "authorship", map = "pca", distance = "manhattan"}')
    assert (found["projection"], found["distance"], len(said)) == ("pca", "count_manhattan", 2)


def test_manhattan_in_a_recipe_goes_on_to_mean_counts(tmp_path: Path, said: list[str]) -> None:
    usual = parse(tmp_path, STYLES, "model")
    assert (usual["distance"], said) == ("count_manhattan", [])
    assert parse(tmp_path, write(STYLES, "model", "distance", "manhattan"), "model") == usual
    assert parse(tmp_path, STYLES, "model", "model.distance=manhattan") == usual
    assert said == [
        f'{tmp_path}/made.toml: [model] distance = "manhattan" is now called "count_manhattan". '
        "The old name works in this release only.",
        "override model.distance=manhattan is now called model.distance=count_manhattan. "
        "The old name works in this release only.",
    ]


def test_a_column_or_an_option_with_an_old_name_keeps_it(tmp_path: Path, said: list[str]) -> None:
    text = ONE.replace("x = {", "folds = {")
    assert parse(tmp_path, text, "model", "model.options.folds=3", "columns.folds.max=9")["options"] == {"folds": 3}
    assert said == []


def test_only_the_stage_that_reads_the_section_warns(tmp_path: Path, said: list[str]) -> None:
    parse(tmp_path, write(STYLES, "model", "map", "pca"), "ingest")
    assert said == []


def test_an_error_names_the_new_key_of_an_override(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"override model\.projection=umap: \[model\] projection: expected"):
        parse(tmp_path, STYLES, "model", "model.map=umap")


def test_parameters_of_an_older_receipt_are_read_by_the_new_names() -> None:
    old = {"map": "pca", "distance": "manhattan", "folds": 3, "options.map": "x", "columns.map.type": "int"}
    new = {"projection": "pca", "distance": "count_manhattan", "cv_folds": 3}
    new |= {"options.map": "x", "columns.map.type": "int"}
    assert rename_parameters("model", old) == new
    assert rename_parameters("model", new) == new
    assert rename_parameters("model", {"distance": "frequency_manhattan"}) == {"distance": "frequency_manhattan"}
    before = Key(code={"a.py": "1"}, parameters=rename_parameters("model", old), inputs={})
    assert explain_difference(before, Key(code={"a.py": "2"}, parameters=new, inputs={})) == ["code a.py"]


def test_a_run_with_old_words_has_new_ones_in_its_key_and_is_then_unchanged(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = desk.recipe(write(ONE, "ingest", "unexpected", "drop"))
    (desk.folder / "numbers.csv").write_text("x,y,z\n1,2,3\n2,4,6\n")
    assert desk.run("ingest", recipe) == 0
    assert desk.receipt("raw/desk").key.parameters["extra_columns"] == "drop"
    assert sum("is now called" in line for line in desk.said("ingest")) == 1
    desk.recipe(ONE)
    monkeypatch.setenv("OVERRIDES", "ingest.unexpected=drop")
    assert desk.run("ingest", recipe) == 0
    assert "unchanged" in desk.said("ingest")[-1]
    assert [line for line in desk.said("ingest") if "is now called" in line][1:] == [
        "override ingest.unexpected is now called ingest.extra_columns. The old name works in this release only."
    ]
