"""The profile of a training, and the test rows that it keeps: the same bytes from the same rows, model and seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from drift.columns import Column, Columns
from drift.expected import Points, apply_map, expect_brier, fit_map
from drift.losses import LossProfile, build_loss_profile, measure_losses
from drift.profile import Profile, build_profile
from model.training.monitor.reference import choose_rows, tabulate_reference
from model.training.monitor.scores import DIGITS, profile_scores
from model.training.result import write_table
from relay.registry.contract import PROFILE_FILE, REFERENCE_FILE, Contract
from relay.registry.predictions import Predictions
from relay.registry.watched import Outcome, Watched, name_classes, pair_outcome, watch_answers, watch_inputs
from relay.results.findings import Finding, Topic

MOST_TEST = 20_000
"""Test rows that are counted, and kept: with more, a block of 1,000 records is judged no better."""

MOST_TRAIN = 50_000
"""Training rows that choose the borders of the inputs."""

MOST_SCORED = 10_000
"""Training rows that are answered, for the borders of the score."""

Counts = tuple[tuple[str, int], ...]
Answer = Callable[[pd.DataFrame], Predictions]


@dataclass(frozen=True)
class Side:
    """Rows of one side."""

    inputs: pd.DataFrame
    """(rows, inputs) as the model takes them."""
    target: npt.NDArray[Any]
    weights: npt.NDArray[np.float64] | None = None

    def draw(self, most: int, seed: int) -> "Side":
        """At most so many of the rows, drawn by the seed, in their order."""
        rows = choose_rows(len(self.target), most, seed)
        weights = None if self.weights is None else self.weights[rows]
        return Side(self.inputs.iloc[rows], self.target[rows], weights)


@dataclass(frozen=True)
class Drawing:
    """How rows are drawn, and what becomes of them."""

    seed: int
    keeps_rows: bool
    is_own: bool = False
    """Whether a user's code answers: whatever it raises leaves the model without a profile."""


@dataclass(frozen=True)
class Watch:
    """What monitor and gate get, and what they cannot see."""

    files: dict[str, bytes]
    """Name -> content."""
    findings: tuple[Finding, ...] = ()


def watch_rows(contract: Contract, sides: tuple[Side, Side], answer: Answer, drawing: Drawing) -> Watch:
    """The profile of a model that answers rows, and the test rows where they are kept.

    Args:
        contract: of the model.
        sides: rows that it learned from, and rows that it did not.
        answer: gives the model's answers as a server would.
        drawing: says which rows are drawn.
    """
    try:
        files = _profile_rows(contract, *sides, answer, drawing)
    except Exception as error:
        if not drawing.is_own:
            raise
        # Whatever a user's model raises for rows that it was not asked about before.
        words = (" ".join(str(error).split()) or "no message")[:200]
        return Watch({}, (say_unwatched(f"it does not answer all rows ({type(error).__name__}: {words})"),))
    return Watch(files, () if drawing.keeps_rows else (NO_ROWS,))


def say_unwatched(why: str) -> Finding:
    """That there is no profile."""
    return Finding(Topic.MONITOR, f"The monitor has no profile of this model and cannot watch it: {why}.")


NO_ROWS = Finding(
    Topic.MONITOR,
    "No test rows are kept ([monitor] keep_rows = false): a later version cannot be compared on the test rows of this "
    "one before it is promoted, and the monitor looks neither for columns that no longer go together nor for segments.",
)


def _profile_rows(contract: Contract, train: Side, test: Side, answer: Answer, drawing: Drawing) -> dict[str, bytes]:
    seed, everyone = drawing.seed, test
    test = test.draw(MOST_TEST, seed)
    given = answer(test.inputs)
    learned, answers = (watch_answers(contract, one) for one in (answer(train.draw(MOST_SCORED, seed).inputs), given))
    truth = test.target.tolist()
    profile = combine(
        [*watch_inputs(train.draw(MOST_TRAIN, seed).inputs, contract.inputs), *learned.columns],
        [*watch_inputs(test.inputs, contract.inputs), *answers.columns],
        (learned.score, answers.score),
        pair_outcome(contract, given, truth) if len(truth) > 1 else None,
        count_classes(contract, train, everyone),
    )
    files = {PROFILE_FILE: write_profile(profile)}
    if drawing.keeps_rows:
        files[REFERENCE_FILE] = write_table(tabulate_reference(test.inputs, answers, test.target, test.weights))
    return files


def combine(
    train: list[Watched],
    test: list[Watched],
    scores: tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64] | None],
    outcome: Outcome | None,
    classes: Counts = (),
) -> Profile:
    """The profile: borders from the training rows, counts of the test rows.

    Args:
        train: columns of training rows.
        test: the same columns of the test rows.
        scores: of training rows and of the test rows; None where the model gives no score.
        outcome: answers to the test rows beside the truth; None with fewer than two.
        classes: rows of each class on both sides.
    """
    positive: float | None = None
    isotonic: Points = ()
    losses: LossProfile | None = None
    if outcome is not None and outcome.kind == "brier":
        positive, isotonic = float(outcome.truth.mean()), fit_map(outcome.predicted, outcome.truth)
    if outcome is not None:
        losses = _bound_losses(outcome, isotonic)
    profile = build_profile(
        _as_columns(train),
        _as_columns(test),
        losses=losses,
        base_rate=None if positive is None else _shorten(positive),
        isotonic=tuple((_shorten(score), _shorten(rate)) for score, rate in isotonic),
    )
    profile = replace(profile, classes=classes)
    learned, answered = scores
    if learned is None or answered is None:
        return profile
    return replace(profile, score=profile_scores(learned, answered))


def count_classes(contract: Contract, train: Side, test: Side) -> Counts:
    """Rows of each class on both sides, in the contract's order; none for numbers."""
    names, rows = np.unique(name_classes([*train.target.tolist(), *test.target.tolist()]), return_counts=True)
    found = dict(zip(names.tolist(), rows.tolist(), strict=True))
    return tuple((name, found.get(name, 0)) for name in name_classes(contract.classes))


def write_profile(profile: Profile) -> bytes:
    """The file of a profile."""
    return (json.dumps(profile.to_json(), sort_keys=True, allow_nan=False) + "\n").encode()


def _as_columns(watched: list[Watched]) -> Columns:
    return [Column(*one) for one in watched]


def _bound_losses(outcome: Outcome, isotonic: Points) -> LossProfile:
    """Mean loss and bound; of probabilities also how far realised and expected loss of a row lie apart."""
    spread = None
    if isotonic:
        shares = apply_map(isotonic, outcome.predicted)
        realised = measure_losses("brier", outcome.predicted, outcome.truth)
        spread = _shorten(float(np.std(realised - expect_brier(shares, outcome.predicted))))
    found = build_loss_profile(outcome.kind, outcome.predicted, outcome.truth, gap_spread=spread)
    return replace(found, mean=_shorten(found.mean), bound=_shorten(found.bound), scale=_shorten(found.scale))


def _shorten(value: float) -> float:
    """At the digits that processors agree on."""
    return float(f"{value:.{DIGITS}g}")
