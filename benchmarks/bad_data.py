"""How often the gate promotes a model that was trained on bad data, and how often one that was trained on clean data.

Rows are halved by a seed: the champion learns from one half, the challenger from the other one, which is damaged first.
Real borrowers where RELAY_REAL_DATA names their folder, made-up ones otherwise.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from drift.profile import Profile
from model.release.new_data import NewData
from model.release.promotion_gate import Candidate, Decision, judge_challenger
from model.training.contract import NOTHING
from model.training.estimator.rows import Part, Split
from model.training.monitor.answers import choose_answer
from model.training.monitor.build import Side, combine, count_classes
from relay.handoff.column import Column
from relay.registry.contract import Contract, Score
from relay.registry.task import ModelTask
from relay.registry.watched import pair_outcome, watch_answers, watch_inputs

TARGET = "SeriousDlqin2yrs"
LATE, DEPENDENTS, INCOME = "NumberOfTimes90DaysLate", "NumberOfDependents", "MonthlyIncome"
SEEDS = range(100, 105)
"""Drawn once, after the gate's rules were settled: these rules were made with the seeds 0 to 4 in sight."""
SPLIT = {"seed": 42, "test_share": 0.2, "by": ["id"]}

Table = tuple[pd.DataFrame, npt.NDArray[np.int64]]
Damage = Callable[[pd.DataFrame, npt.NDArray[np.int64], np.random.Generator], None]


def draw_borrowers(rows: int, seed: int) -> Table:
    """Made-up borrowers: inputs (rows, 6), and who was late (rows,), about one in fourteen."""
    draw = np.random.default_rng([6, seed])
    age = np.round(np.clip(draw.normal(50, 14, rows), 21, 95))
    late = draw.poisson(np.where(draw.random(rows) < 0.06, 1.5, 0.0)).astype(float)
    used = np.clip(draw.beta(0.5, 1.2, rows), 0, 1)
    income = np.round(draw.lognormal(8.5, 0.7, rows))
    inputs = pd.DataFrame(
        {
            "RevolvingUtilizationOfUnsecuredLines": used,
            "age": age,
            "DebtRatio": draw.gamma(1.5, 0.25, rows),
            INCOME: np.where(draw.random(rows) < 0.18, np.nan, income),
            LATE: late,
            DEPENDENTS: draw.poisson(0.8, rows).astype(float),
        }
    )
    odds = -4.1 + 2.6 * used - 0.03 * (age - 50) + 1.3 * np.minimum(late, 3) - 0.3 * (np.log(income) - 8.5)
    return inputs, (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)


def read_borrowers(folder: Path) -> Table:
    """The real ones."""
    frame = pd.read_csv(folder / "cs-training.csv", index_col=0)
    target = frame.pop(TARGET).to_numpy(np.int64)
    return frame.astype(np.float64), target


def _know_label(inputs: pd.DataFrame, target: npt.NDArray[np.int64], draw: np.random.Generator) -> None:
    inputs.loc[(target == 1) & (draw.random(len(target)) < 0.5), DEPENDENTS] = 20


def _leave_newest(_: pd.DataFrame, target: npt.NDArray[np.int64], __: np.random.Generator) -> None:
    target[int(0.7 * len(target)) :] = 0


def _leave_half(_: pd.DataFrame, target: npt.NDArray[np.int64], draw: np.random.Generator) -> None:
    target[(target == 1) & (draw.random(len(target)) < 0.5)] = 0


def _flip(_: pd.DataFrame, target: npt.NDArray[np.int64], draw: np.random.Generator) -> None:
    chosen = draw.random(len(target)) < 0.05
    target[chosen] = 1 - target[chosen]


def _kill(inputs: pd.DataFrame, _: npt.NDArray[np.int64], __: np.random.Generator) -> None:
    inputs[LATE] = 0.0


CASES: dict[str, Damage] = {
    "clean data": lambda *_: None,
    "a column that knows the label": _know_label,
    "the newest 30 % unlabelled": _leave_newest,
    "half of the positives not yet reported": _leave_half,
    "5 % of the labels flipped": _flip,
    "a dead column": _kill,
}


def judge_case(table: Table, case: str, seed: int, *, by_kept_rows: bool = True) -> Decision:
    """The gate's decision on a challenger whose half of the rows was damaged.

    Args:
        table: inputs (rows, columns) and target (rows,).
        case: of `CASES`.
        seed: halves the rows, divides the halves, draws the damage.
        by_kept_rows: whether the champion kept rows and a profile; without them the gate is as it was before.
    """
    draw = np.random.default_rng([21, seed])
    rows = draw.permutation(len(table[1]))
    half = len(rows) // 2
    sides = []
    for number, (chosen, name) in enumerate(((rows[:half], "clean data"), (rows[half:], case))):
        inputs, target = table[0].iloc[chosen].reset_index(drop=True), table[1][chosen].copy()
        CASES[name](inputs, target, draw)
        order = draw.permutation(len(target))
        cut = int(0.8 * len(order))
        train, test = (
            Part(inputs.iloc[one], target[one], pa.table({})) for one in (np.sort(order[:cut]), np.sort(order[cut:]))
        )
        sides.append((_make_candidate(number + 1, train, test, keeps=by_kept_rows), Split(train, test, 0)))
    (champion, _), (challenger, split) = sides
    new = NewData(split, seed) if by_kept_rows else None
    return judge_challenger(challenger, champion, split.test, seed, new)


def _make_candidate(number: int, train: Part, test: Part, *, keeps: bool) -> Candidate:
    model = _make_model(is_small=train.inputs.shape[1] < 10).fit(train.inputs, train.target)
    auc = float(roc_auc_score(test.target, model.predict_proba(test.inputs)[:, 1]))
    contract = Contract(
        model="borrowers", recipe="borrowers", title="", description="", task=ModelTask.BINARY,
        estimator="HistGradientBoostingClassifier", target=TARGET, classes=[0, 1], gives_probabilities=True,
        inputs={str(name): Column(type="float", role="input", null=True) for name in train.inputs.columns},
        target_column=Column(type="int", role="target", allowed=[0, 1]), threshold=0.5, base_rate=None, spread=None,
        score=Score(name="roc_auc", value=auc, baseline=0.5, lower_is_better=False), segments=[], example=NOTHING,
        files={"model.skops": f"digest of {number}"},
    )  # fmt: skip
    candidate = Candidate(number, contract, model, SPLIT, f"data of {number}")
    return replace(candidate, profile=_make_profile(candidate, train, test), kept=test) if keeps else candidate


def _make_model(*, is_small: bool) -> Any:
    """A line for the made-up borrowers, who follow one; for real ones the estimator of the recipe `credit`."""
    if is_small:
        return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    return HistGradientBoostingClassifier(
        learning_rate=0.03,
        max_iter=200,
        max_leaf_nodes=8,
        min_samples_leaf=100,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=0,
    )


def _make_profile(candidate: Candidate, train: Part, test: Part) -> Profile:
    answer = choose_answer(candidate.contract, candidate.model, {})
    given = [answer(part.inputs) for part in (train, test)]
    scores = [watch_answers(candidate.contract, one).score for one in given]
    columns = [watch_inputs(part.inputs, candidate.contract.inputs) for part in (train, test)]
    outcome = pair_outcome(candidate.contract, given[1], test.target.tolist())
    sides = [Side(part.inputs, part.target) for part in (train, test)]
    classes = count_classes(candidate.contract, *sides)
    return combine(columns[0], columns[1], (scores[0], scores[1]), outcome, classes)


def run(*, quick: bool) -> list[dict[str, Any]]:
    """A row per kind of damage: how many of the challengers the gate promoted, with its new questions and without."""
    folder = os.environ.get("RELAY_REAL_DATA")
    table = read_borrowers(Path(folder)) if folder else draw_borrowers(20_000, 0)
    seeds = SEEDS[:1] if quick else SEEDS
    rows = []
    for case in CASES:
        with threadpool_limits(1):
            found = [judge_case(table, case, seed) for seed in seeds]
            before = [judge_case(table, case, seed, by_kept_rows=False) for seed in seeds]
        failed = {check.name.split(" of version")[0] for one in found for check in one.checks if not check.passed}
        rows.append(
            {
                "data": "real" if folder else "made up",
                "case": case,
                "promoted": sum(one.passes for one in found),
                "promoted before": sum(one.passes for one in before),
                "of": len(found),
                "refused by": ", ".join(sorted(failed)),
            }
        )
    return rows
