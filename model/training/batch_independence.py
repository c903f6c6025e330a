"""Whether a model's answer to a row depends on the rows beside it, tested before anyone is answered.

A service answers one record at a time or several requests together, and asks again whenever it likes. A model that
ranks within a batch, keeps state between calls or draws random numbers would give other answers there than here.
"""

import contextlib
import io
import math
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from model.training.contract import add_example
from relay.handoff.recipe import Column
from relay.handoff.wording import count
from relay.registry.contract import TOLERANCE, BatchDifference, BatchTest, Cell, Company, Contract
from relay.registry.predictions import predict_with_model
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

MOST_ROWS = 200
"""Test rows that are asked. Each is a call of its own, of some milliseconds."""

FEWER_ROWS = 50
"""Test rows that a pipeline of Relay with an estimator of scikit-learn is asked: it is known to answer row by row."""

LARGE_MODEL = 50_000_000
"""Bytes of a model file from which on any model is asked for `FEWER_ROWS`: large models are slow, and the clock must
not decide."""

MOST_DIFFERENCES = 5
"""Rows that are kept as evidence."""

ROUNDING = 1e-9
"""How far the order of a sum moves a number, as a share of it, and a probability: where that lies so near the
threshold, either class is right."""

LONGEST_ERROR = 300
"""Characters of what a model raised that are kept."""

DIGITS = 10
"""Significant digits of an answer that is kept as evidence."""

Records = list[dict[str, Cell]]


class _NoAnswerError(Exception):
    """The model raised something, or gave other than one answer per row."""


@dataclass(frozen=True)
class _Answer:
    """A row's answer in one company."""

    prediction: Cell
    probability: float | None


def choose_test_rows(frame: pd.DataFrame, columns: Mapping[str, Column], seed: int, most: int = MOST_ROWS) -> list[int]:
    """Indices of the rows to ask, in the order of the frame.

    A row for each value of each input of words or truth values, and for each input with missing cells, as far as there
    is room; the others are drawn.

    Args:
        frame: the inputs of the test rows.
        columns: the recipe's.
        seed: of the drawing.
        most: how many rows there may be.
    """
    drawn = np.random.default_rng(seed).permutation(len(frame))
    shuffled = frame.iloc[drawn].reset_index(drop=True)
    places: dict[int, None] = {}
    for name, cells in shuffled.items():
        missing = cells.isna()
        if columns[str(name)].type in ("category", "bool"):
            first = (~cells.duplicated()).to_numpy()  # of the missing cells too
            places |= dict.fromkeys(np.flatnonzero(first).tolist())
        elif missing.any():
            places[int(missing.to_numpy().argmax())] = None
    places |= dict.fromkeys(range(min(most, len(frame))))
    return sorted(int(drawn[place]) for place in list(places)[:most])


def count_rows(model: bytes, *, is_known: bool) -> int:
    """How many test rows a model is asked at most.

    Args:
        model: its file.
        is_known: whether it is a pipeline of Relay with an estimator of scikit-learn.
    """
    return FEWER_ROWS if is_known or len(model) > LARGE_MODEL else MOST_ROWS


def add_answers(contract: Contract, model: Any, example: Records, records: Records, seed: int) -> Contract:
    """The contract with answers to example records, and with what comes of asking the model for test rows.

    What the model prints and warns meanwhile is dropped: it did so in training too. Random state is as before.

    Args:
        contract: of the model, which has no ONNX file.
        model: fitted; it is asked `len(records)` + 4 times.
        example: records to show with their answers. A model that raises gets no example.
        records: of the test rows from `choose_test_rows`.
        seed: the recipe's.
    """
    with _asking(seed):
        try:
            if not contract.example.records:
                _ask(contract, model, example)
                contract = add_example(contract, example, predict_with_model(contract, model, example))
            tested = _compare(contract, model, records, seed)
        except _NoAnswerError as error:
            tested = BatchTest(rows=len(records), differing=0, error=str(error))
    return contract.model_copy(update={"batch_test": tested})


def say_batch_test(contract: Contract) -> list[Finding]:
    """The outcome in a sentence with the rows as evidence; none where the model was not tested."""
    tested = contract.batch_test
    if tested is None:
        return []
    if tested.is_passed:
        return [
            Finding(
                Topic.BATCH_TEST,
                f"Batch test passed: the answers to {count(tested.rows, 'test row')} are the same one at a time, in "
                "one batch, in a shuffled batch, and asked again.",
                {"rows": tested.rows, "differing": 0},
            )
        ]
    others = "".join(f" {one.say()}." for one in tested.differences[1:])
    return [
        Finding(
            Topic.BATCH_TEST,
            f"Not servable: {contract.why_unserved}.{' Also:' if others else ''}{others}",
            {
                "rows": tested.rows,
                "differing": tested.differing,
                "differences": [one.model_dump(mode="json") for one in tested.differences],
                **({"error": tested.error} if tested.error else {}),
            },
        )
    ]


@contextlib.contextmanager
def _asking(seed: int) -> Iterator[None]:
    """Seeded generators, which are put back, and no output."""
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def _compare(contract: Contract, model: Any, records: Records, seed: int) -> BatchTest:
    """The answers in each company, against those that each row gets alone."""
    alone = [_ask(contract, model, [record])[0] for record in records]
    order = _shuffle(len(records), seed)
    together: dict[Company, list[_Answer]] = {"in one batch": _ask(contract, model, records)}
    shuffled = _ask(contract, model, [records[index] for index in order])
    places = {index: place for place, index in enumerate(order)}
    together["in a shuffled batch"] = [shuffled[places[index]] for index in range(len(records))]
    together["asked again"] = _ask(contract, model, records)
    found = []
    for index, record in enumerate(records):
        answers = {how: answers[index] for how, answers in together.items()}
        differing = [how for how, answer in answers.items() if _differ(contract, alone[index], answer)]
        if differing:
            # The same company and another answer: then company is not the cause.
            is_fickle = _differ(contract, answers["in one batch"], answers["asked again"])
            how = "asked again" if is_fickle and "asked again" in differing else differing[0]
            found.append(_describe(record, alone[index], answers[how], how))
    evidence = sorted(found, key=lambda one: one.how != "asked again")[:MOST_DIFFERENCES]
    return BatchTest(rows=len(records), differing=len(found), differences=evidence)


def _shuffle(rows: int, seed: int) -> list[int]:
    """Another order of rows, the same for each training with this seed."""
    order: list[int] = np.random.default_rng([seed, rows]).permutation(rows).tolist()
    return order[::-1] if order == sorted(order) else order


def _ask(contract: Contract, model: Any, records: Records) -> list[_Answer]:
    """The answers to some records, asked together.

    Raises:
        _NoAnswerError: the model raised something, or gave other than one answer per record.
    """
    asked = f"(asked for {count(len(records), 'row')})"
    try:
        found = predict_with_model(contract, model, records)
        shares: Sequence[float | None] = found.probabilities or [None] * len(found.predictions)
        answers = [_Answer(*pair) for pair in zip(found.predictions, shares, strict=True)]
    except Exception as error:
        # Whatever a user's model raises: the version is kept, and is not answered from.
        words = " ".join(str(error).split()) or "no message"
        words = f"{words[:LONGEST_ERROR]}…" if len(words) > LONGEST_ERROR else words
        raise _NoAnswerError(f"{type(error).__name__}: {words} {asked}") from error
    if len(answers) != len(records):
        raise _NoAnswerError(f"it gave {count(len(answers), 'answer')} {asked}")
    return answers


def _differ(contract: Contract, one: _Answer, other: _Answer) -> bool:
    if contract.task == ModelTask.REGRESSION:
        return not _is_near(one.prediction, other.prediction, contract.spread or 1.0)
    if one.prediction == other.prediction:
        return one.probability is not None and not _is_near(one.probability, other.probability, 1.0)
    is_tie = contract.task == ModelTask.BINARY and one.probability is not None and other.probability is not None
    return not (is_tie and abs(one.probability - other.probability) <= ROUNDING)  # type: ignore[operator]


def _is_near(one: Any, other: Any, unit: float) -> bool:
    if not (math.isfinite(one) and math.isfinite(other)):
        return str(one) == str(other)
    return bool(abs(one - other) <= TOLERANCE * unit + ROUNDING * abs(one))


def _describe(record: dict[str, Cell], alone: _Answer, other: _Answer, how: Company) -> BatchDifference:
    return BatchDifference(
        record=record,
        alone=_round(alone.prediction),
        together=_round(other.prediction),
        how=how,
        alone_probability=None if alone.probability is None else _round(alone.probability),
        together_probability=None if other.probability is None else _round(other.probability),
    )


def _round(value: Any) -> Any:
    """The value as JSON holds it: a float at `DIGITS` significant digits, and None for what is not finite."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
