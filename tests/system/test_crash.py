"""kill -9 at any moment: what a reader finds is the old dataset or the new one, and the next run needs no help."""

import math
from pathlib import Path

import pytest
from crash_recipes import BEFORE, INGEST, KILLS, MODEL, PREPROCESS
from killing import Subject, Tally, kill_again_and_again, run_undisturbed
from stage_process import ROOT, Folders, fork_stage

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("stage", BEFORE)
def test_a_stage_killed_at_any_moment_leaves_the_old_data_or_the_new(
    stage: str, recipes: Path, folders: Folders, tmp_path: Path
) -> None:
    cases = {"ingest": INGEST, "preprocess": PREPROCESS, "model": MODEL}[stage]
    tally = Tally()
    for name, variants in cases.items():
        recipe = (ROOT / "recipes" if name == "linear" else recipes) / f"{name}.toml"
        for earlier in BEFORE[stage]:
            made = fork_stage(earlier, recipe, folders=folders, output=tmp_path / "made").end()
            assert made.code == 0, made.said
        subject = Subject(stage, recipe, folders, variants)
        undisturbed = run_undisturbed(subject, tmp_path)
        kill_again_and_again(subject, undisturbed, math.ceil(KILLS / len(cases)), tally)
    print(f"{stage}: {tally}")  # noqa: T201 - `pytest -s` shows what the kills hit
    assert tally.kills >= KILLS
    assert tally.writing >= KILLS / 4, "kills that meet no writing show nothing"
    assert tally.old
    assert tally.new
