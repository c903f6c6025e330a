"""kill -9 at any moment: what a reader finds is the old dataset or the new one, and the next run needs no help."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from counts import share_kills
from crash_recipes import BEFORE, INGEST, MODEL, PREPROCESS
from killing import Subject, Tally, kill_again_and_again, run_undisturbed
from stage_process import ROOT, Folders, fork_stage

FEW = 20
"""Fewer kills may by chance all come too early."""

pytestmark = [pytest.mark.crash, pytest.mark.counted]


@pytest.mark.parametrize("stage", BEFORE)
def test_a_stage_killed_at_any_moment_leaves_the_old_data_or_the_new(
    stage: str, recipes: Path, folders: Folders, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    cases = {"ingest": INGEST, "preprocess": PREPROCESS, "model": MODEL}[stage]
    kills, tally = share_kills(stage), Tally()
    for name, variants in cases.items():
        recipe = (ROOT / "recipes" if name == "linear" else recipes) / f"{name}.toml"
        for earlier in BEFORE[stage]:
            made = fork_stage(earlier, recipe, folders=folders, output=tmp_path / "made").end()
            assert made.code == 0, made.said
        subject = Subject(stage, recipe, folders, variants)
        undisturbed = run_undisturbed(subject, tmp_path)
        kill_again_and_again(subject, undisturbed, math.ceil(kills / len(cases)), tally)
    record_property(f"kills of {stage}", tally.kills)
    record_property(f"of these while {stage} wrote", tally.writing)
    assert tally.kills >= kills
    assert tally.writing >= kills / 4 or kills < FEW, "kills that meet no writing show nothing"
    assert tally.old
    assert tally.new or kills < FEW, "kills that always leave the old data show half of it"
