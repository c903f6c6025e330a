"""Made-up borrowers, a version that answers about them, and requests to it as the log keeps them."""

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from logged import make_row

from drift.columns import Column as Watched
from drift.expected import fit_map
from drift.losses import build_loss_profile
from drift.profile import Profile, build_profile
from monitor.subject import Reference, Subject
from relay.handoff.column import Column
from relay.registry.contract import Contract, Example
from relay.registry.monitor_section import MonitorSection
from relay.registry.task import ModelTask
from relay.registry.watched import watch_inputs
from serve.log.record import Row

INPUTS = {
    "age": Column(type="int", role="input"),
    "income": Column(type="float", role="input", null=True),
    "plan": Column(type="category", role="input"),
}
CONTRACT = Contract(
    model="credit",
    recipe="credit",
    title="Late payers",
    description="",
    task=ModelTask.BINARY,
    estimator="LogisticRegression",
    inputs=INPUTS,
    target="late",
    target_column=Column(type="int", role="target"),
    classes=[0, 1],
    gives_probabilities=True,
    threshold=0.5,
    base_rate=0.2,
    spread=None,
    score=None,
    segments=[],
    example=Example(records=[], predictions=[], probabilities=None),
    files={},
)


def draw(rows: int, seed: int, *, young: float = 0.0) -> pd.DataFrame:
    """Borrowers: age, income with some missing, plan; a share of them under 30."""
    random = np.random.default_rng(seed)
    age = random.integers(21, 80, rows).astype(np.float64)
    is_young = random.random(rows) < young
    age[is_young] = random.integers(18, 30, int(is_young.sum()))
    income = np.round(random.lognormal(8.5, 0.5, rows) * np.where(is_young, 0.6, 1.0))
    income[random.random(rows) < 0.05] = np.nan
    usual, other = (random.choice(["a", "b", "c"], rows, p=shares) for shares in ([0.6, 0.3, 0.1], [0.3, 0.1, 0.6]))
    plan = pd.Series(np.where(is_young, other, usual), dtype="str")
    return pd.DataFrame({"age": age, "income": income, "plan": plan})


def score(frame: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """The probability that the version answers."""
    income = frame["income"].fillna(5_000).to_numpy(np.float64)
    return np.asarray(1 / (1 + np.exp(0.06 * (frame["age"].to_numpy() - 25) + 0.4 * (np.log(income) - 8.5))))


@cache
def make_profile() -> tuple[Profile, Reference]:
    """The profile of 4,000 training and 4,000 test rows, and the test rows."""
    train, test = draw(4_000, 1), draw(4_000, 2)
    shares = score(test)
    labels = (np.random.default_rng(3).random(len(test)) < shares).astype(np.float64)
    columns = [[Watched(*one) for one in watch_inputs(frame, INPUTS)] for frame in (train, test)]
    profile = build_profile(
        *columns,
        train_scores=score(train),
        test_scores=shares,
        losses=build_loss_profile("brier", shares, labels, gap_spread=0.3),
        base_rate=float(labels.mean()),
        isotonic=fit_map(shares, labels),
    )
    return profile, Reference(columns[1], shares)


def make_subject(folder: Path = Path(), contract: Contract = CONTRACT, **section: Any) -> Subject:
    """The version, without a registry."""
    section = {"label_delay": timedelta(0), **section}
    subject = Subject("credit", MonitorSection(**section), contract, "3", folder, 900.0, 2)
    profile, reference = make_profile()
    subject.__dict__.update({"profile": profile, "reference": reference, "trained_rows": 4_000})
    return subject


def make_requests(frame: pd.DataFrame, first: int = 0, size: int = 1, step: float = 10.0, **changed: Any) -> list[Row]:
    """A request for each `size` borrowers, one each `step` seconds."""
    shares, rows = score(frame), []
    records = [
        {"age": int(age), "income": None if income != income else income, "plan": plan}
        for age, income, plan in frame.itertuples(index=False)
    ]
    for number, start in enumerate(range(0, len(frame), size), first):
        probabilities = shares[start : start + size].tolist()
        answer = {"predictions": [int(one >= 0.5) for one in probabilities], "probabilities": probabilities}
        given = json.dumps(records[start : start + size]).encode()
        fields = {"at_unix": 1000.0 + step * number, "input": given, "output": json.dumps(answer).encode()}
        rows.append(make_row(number, **fields | changed))
    return rows


def draw_labels(frame: pd.DataFrame, first: int = 0, *, flipped: float = 0.0, seed: int = 7) -> list[tuple[str, int]]:
    """A label for each borrower, in requests of one."""
    random = np.random.default_rng(seed)
    late = random.random(len(frame)) < score(frame)
    late ^= random.random(len(frame)) < flipped
    return [(f"{number:032x}/0", int(one)) for number, one in enumerate(late.tolist(), first)]
