"""The lab measures the same figures twice, names what it was asked about, and refuses what it cannot measure."""

import argparse
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from drift.columns import Column
from drift.losses import build_loss_profile, measure_losses
from drift.profile import build_profile
from monitor.lab import command
from monitor.lab.command import choose_columns, measure, write
from monitor.lab.population import Drawn, Population
from monitor.lab.report import Lab, bound_share, show_hours, to_markdown
from monitor.lab.shifts import Shift, change_rows, change_values, find_spread, list_shifts
from monitor.lab.stream_power import AFTER, Delay
from monitor.subject import Subject
from relay.handoff.column import Column as TargetColumn
from relay.handoff.errors import UsageError
from relay.registry.contract import Contract, Example
from relay.registry.monitor_section import MonitorSection
from relay.registry.task import ModelTask

CONTRACT = Contract(
    model="credit", recipe="credit", title="", description="", task=ModelTask.BINARY, estimator="", inputs={},
    target="late", target_column=TargetColumn(type="int", role="target"), classes=[0, 1], gives_probabilities=True,
    threshold=0.5, base_rate=0.2, spread=None, score=None, segments=[],
    example=Example(records=[], predictions=[], probabilities=None), files={},
)  # fmt: skip


@cache
def make_population() -> Population:
    """Borrowers with a whole number, a number, a category, and a model that is right about them."""
    random = np.random.default_rng(1)
    rows = 3_000
    age = random.integers(20, 80, rows).astype(np.float64)
    income = np.round(random.lognormal(8, 0.5, rows), 2) * (1 + age / 50)
    income[random.random(rows) < 0.1] = np.nan
    plan = random.choice(np.array(["a", "b", "c"], object), rows, p=[0.6, 0.3, 0.1])
    score = 1 / (1 + np.exp(0.05 * (age - 20)))
    is_late = random.random(rows) < score
    columns = [Column("age", "number", age), Column("income", "number", income), Column("plan", "category", plan)]
    losses = build_loss_profile("brier", score, is_late.astype(np.float64))
    profile = build_profile(columns, columns, train_scores=score, test_scores=score, losses=losses)
    measured = measure_losses("brier", score, is_late.astype(np.float64))
    return Population(profile, Drawn(tuple(columns), score), measured, is_late)


def run(monkeypatch: pytest.MonkeyPatch, **options: object) -> Lab:
    monkeypatch.setattr(command, "SIZES", (200, 1_000))
    given = {"batches": 20, "columns": "age,plan", "seed": 0} | options
    subject = Subject("credit", MonitorSection(), CONTRACT, "3", Path())
    return measure(subject, make_population(), argparse.Namespace(**given), 2_400.0)


def test_the_same_seed_gives_the_same_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = [write(tmp_path / name, run(monkeypatch)) for name in ("first", "second")]
    first, second = ([path.read_bytes() for path in side] for side in paths)
    assert [path.name for path in paths[0]] == ["report.md", "report.json", "blocks.parquet", "lab.png"]
    assert first == second
    body = json.loads(first[1])
    blocks = {(one["text"], one["rows"]): one for one in body["blocks"]}
    half = blocks["age + 0.5 sd", 1_000]
    assert (half["share"], half["first_right"]) == (1.0, half["found"])
    assert blocks["nothing has changed", 1_000]["found"] <= 2
    assert blocks["a new value of plan in 5%", 1_000]["share"] == 1.0
    sentence = next(one for one in body["sentences"] if "age + 0.5 sd" in one)
    assert sentence.startswith("At your 2,400 rows per day the watch finds age + 0.5 sd in ")
    loss = next(one for one in body["losses"] if one["text"] == "mean loss x 2")
    assert loss["found"] == loss["streams"]


@pytest.mark.parametrize(
    "shift", list_shifts(make_population(), ["age", "income", "plan"], 2), ids=lambda one: one.text
)
def test_each_change_changes_what_it_names(shift: Shift) -> None:
    population, random = make_population(), np.random.default_rng(2)
    chosen = population.draw(4_000, random)
    if not shift.changes_column:
        assert (change_rows(shift, population, chosen, random) != chosen).mean() > 0.05
        return
    before = population.take(chosen).find(shift.column)
    after = change_values(shift, before, find_spread(population, shift), random)
    changed = [
        one != other and not (one != one and other != other) for one, other in zip(before[2], after[2], strict=True)
    ]
    share = {"add": 0.9, "permute": 0.9}.get(shift.kind, 0.05)
    assert np.mean(changed) >= 0.7 * share
    if shift.column == "age" and shift.kind != "missing":
        assert (after.values == np.round(after.values)).all()


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r'no column "salary"; the version has age, income, plan'):
        choose_columns(make_population(), "age,salary")


@pytest.mark.parametrize(
    ("hours", "text"), [(0.01, "1 minute"), (0.66, "40 minutes"), (1, "1 hour"), (10, "10 hours"), (120, "5 days")]
)
def test_a_time_is_said_in_its_unit(hours: float, text: str) -> None:
    assert show_hours(hours) == text


def test_the_interval_of_a_share_is_exact() -> None:
    assert bound_share(0, 100) == (0.0, 0.036217)
    assert bound_share(100, 100) == (0.963783, 1.0)
    assert bound_share(1, 20) == (0.001265, 0.248733)


def test_a_change_that_is_not_found_and_a_missing_rate_are_said() -> None:
    delay = Delay("age | 0.1 sd", "add", "age", 10, 2, 0, None, 9_000)
    settings = {"seed": 0, "alpha": 0.01, "sizes": [200], "changed_blocks": 4}
    lab = Lab("credit", "3", "credit", settings, 3_000, 3_000, 2_400.0, False, (), (delay,), ())
    assert list(lab.say()) == [
        "At your 2,400 rows per day the watch does not find age | 0.1 sd within 5 days (median)."
    ]
    text = to_markdown(lab)
    assert f"| age \\| 0.1 sd | 2 of 10 | more than {AFTER:,} | more than 5 days |" in text
    assert "The version has no loss that labels could be held against." in text
    without = Lab("credit", "3", "credit", settings, 3_000, 3_000, None, False, (), (delay,), ())
    assert "--rows-per-day" in next(iter(without.say()))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"batches": 19}, "expected 20 to"), ({"rows_per_day": 0.0}, "above 0"), ({"seed": -1}, "0 or more")],
)
def test_bad_options_are_refused(options: dict[str, float], words: str) -> None:
    given = {"batches": 20, "rows_per_day": None, "seed": 0} | options
    with pytest.raises(UsageError, match=words):
        command.answer(argparse.Namespace(**given))
