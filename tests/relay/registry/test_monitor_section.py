"""What `[monitor]` may say, and how each mistake is reported."""

from datetime import timedelta
from pathlib import Path

import pytest

from model.__main__ import STAGE
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.recipe import Recipe, load_recipe
from relay.registry.monitor_section import MonitorSection, read_length, read_monitor, write_length

TEXT = """
title = "Loans"

[columns]
age = { type = "int", role = "input" }
late = { type = "int", role = "target", allowed = [0, 1] }

[ingest]
source = "file"
path = "loans.csv"

[preprocess]
kind = "table"

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""


def load(folder: Path, monitor: str = "", *overrides: str) -> Recipe:
    (folder / "loans.toml").write_text(TEXT + monitor, encoding="utf-8")
    return load_recipe("loans", overrides, folder)


def test_a_recipe_without_the_section_has_its_defaults(tmp_path: Path) -> None:
    found = read_monitor(load(tmp_path))
    assert found == MonitorSection()
    assert (found.keep_rows, found.alpha, found.label_delay, found.retrain) == (
        True,
        0.01,
        timedelta(days=30),
        "suggest",
    )
    assert not found.sets_label_delay


def test_what_the_recipe_says_is_typed(tmp_path: Path) -> None:
    found = read_monitor(load(tmp_path, '[monitor]\nkeep_rows = false\nlabel_delay = "2 weeks"\nprobation = "36h"\n'))
    assert (found.keep_rows, found.label_delay, found.probation) == (False, timedelta(days=14), timedelta(hours=36))
    assert found.sets_label_delay


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("label_dealy = '30d'", r"\[monitor\] label_dealy: unknown key \(did you mean .?label_delay.?\?\)"),
        ("alpha = 2.0", r"\[monitor\] alpha: expected less than or equal to 0.2 \(found 2.0\)"),
        (
            "label_delay = 'soon'",
            r"\[monitor\] label_delay: expected minutes, hours, days or weeks, such as .* \(found 'soon'\)",
        ),
        ("cooldown = 3", r"\[monitor\] cooldown: expected minutes, hours, days or weeks, .* \(found 3\)"),
        ("probation = '900000d'", r"\[monitor\] probation: expected at most ten years"),
        ("keep_rows = 'no'", r"\[monitor\] keep_rows: expected a valid boolean"),
        ("retrain = 'always'", r"\[monitor\] retrain: expected 'suggest', 'auto' or 'never'"),
        ("look_rows = 900\nblock_rows = 400", r"look_rows = 900 is above block_rows = 400; make it smaller"),
    ],
)
def test_a_wrong_key_is_refused_by_the_model_stage(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        STAGE.parse(load(tmp_path, f"[monitor]\n{line}\n"))


def test_an_override_makes_the_section_and_is_blamed_for_its_mistakes(tmp_path: Path) -> None:
    assert not read_monitor(load(tmp_path, "", "monitor.keep_rows=false")).keep_rows
    with pytest.raises(UsageError, match=r"override monitor.keep=3: \[monitor\] keep: unknown key"):
        read_monitor(load(tmp_path, "", "monitor.keep=3"))


def test_a_recipe_without_a_model_has_nothing_to_monitor(tmp_path: Path) -> None:
    text = TEXT.split("[model]")[0] + "[monitor]\nalpha = 0.05\n"
    (tmp_path / "loans.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=r"\[monitor\] is about a model. Remove \[monitor\], or add \[model\]"):
        load_recipe("loans", folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "length", "written"),
    [
        ("30d", timedelta(days=30), "30d"),
        ("1 day", timedelta(days=1), "1d"),
        ("12 hours", timedelta(hours=12), "12h"),
        ("2w", timedelta(days=14), "14d"),
        ("90m", timedelta(minutes=90), "90m"),
        ("0d", timedelta(0), "0d"),
    ],
)
def test_a_length_of_time_is_read_and_written(text: str, length: timedelta, written: str) -> None:
    assert read_length(text) == length
    assert write_length(length) == written
    assert read_length(written) == length


def test_a_recipe_that_leaves_out_a_stage_between_names_it(tmp_path: Path) -> None:
    text = TEXT.replace('[preprocess]\nkind = "table"\n', "")
    (tmp_path / "loans.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=r"loans.toml: \[preprocess\] is missing; a recipe with \[model\] needs one"):
        load_recipe("loans", ["seed=3"], tmp_path)
