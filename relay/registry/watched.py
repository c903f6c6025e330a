"""What of a model's records and answers is watched for drift: the same at training and when the monitor reads the log.

A column is a name, a kind and values: numbers as float64 with NaN for missing, categories as objects with None. The
statistics in `drift/` take them so.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from relay.handoff.column import Column
from relay.registry.contract import Asking, Contract
from relay.registry.predictions import Predictions
from relay.registry.task import ModelTask

if TYPE_CHECKING:
    import pandas as pd

SCORE, PREDICTED, TARGET, WEIGHT = "(score)", "(predicted)", "(target)", "(weight)"
"""Columns of kept rows that are no inputs: what the model answered, what was true, and how much a row counts."""

OWN_NAMES = frozenset((SCORE, PREDICTED, TARGET, WEIGHT, "(prediction)", "(record)", "(asked_at_unix)", "(refused)"))
"""Names of columns that stand beside those of the inputs."""

NUMBERS = ("int", "float", "bool")

Kind = Literal["number", "category"]
LossKind = Literal["brier", "log", "squared", "error"]
Floats = npt.NDArray[np.float64]


class Watched(NamedTuple):
    """A column of some records."""

    name: str
    kind: Kind
    values: npt.NDArray[Any]
    """(rows,)."""


class Answers(NamedTuple):
    """What of a model's answers is watched."""

    score: Floats | None
    """(rows,) probability of the positive or of the predicted class, the number, or the distance to the nearest known
    text; None where the model gives no such figure."""
    columns: tuple[Watched, ...]
    """The predicted class, where there are several or no probabilities."""


class Outcome(NamedTuple):
    """Answers beside the truth, in the form that `drift.losses` measures."""

    kind: LossKind
    predicted: npt.NDArray[Any]
    truth: npt.NDArray[Any]


def watch_inputs(frame: "pd.DataFrame", inputs: Mapping[str, Column], asking: Asking | None = None) -> list[Watched]:
    """The columns of records.

    Args:
        frame: (rows, inputs) as `predictions.make_frame` gives it; inputs that it lacks are left out.
        inputs: of the contract.
        asking: of the contract of a model of styles: its texts are measured after they were prepared.
    """
    names = name_watched(inputs)
    return [
        _watch(column, frame[name], asking)._replace(name=watched)
        for (name, column), watched in zip(inputs.items(), names, strict=True)
        if name in frame
    ]


def name_watched(inputs: Mapping[str, Column]) -> list[str]:
    """The name by which each input is watched: no two are alike, and none is a name of the monitor's own."""
    kept = name_kept(list(inputs))
    taken, found = {*kept, *OWN_NAMES}, list[str]()
    for name, column in zip(kept, inputs.values(), strict=True):
        watched = _choose_name(f"{name} (length)", taken) if column.type == "text" else name
        taken.add(watched)
        found.append(watched)
    return found


def name_kept(inputs: Sequence[str]) -> list[str]:
    """The name of each input in a table that has columns of OWN_NAMES too: its own, unless it is one of those."""
    taken, found = {*inputs, *OWN_NAMES}, list[str]()
    for name in inputs:
        kept = _choose_name(f"{name} (input)", taken) if name in OWN_NAMES else name
        taken.add(kept)
        found.append(kept)
    return found


def _choose_name(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "'"
    return wanted


def _watch(column: Column, cells: "pd.Series", asking: Asking | None) -> Watched:
    """The column, for which the caller has a name."""
    if column.type in NUMBERS:
        return Watched("", "number", cells.to_numpy(np.float64, na_value=np.nan))
    if column.type == "time":
        moments = cells.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        seconds = moments.astype(np.int64) / 1e6
        return Watched("", "number", np.where(np.isnat(moments), np.nan, seconds))
    values = [None if cell is None or cell != cell else str(cell) for cell in cells.tolist()]
    if column.type == "text":
        return Watched("", "number", measure_texts(values, asking))
    return Watched("", "category", _as_objects(values))


def measure_texts(texts: Sequence[str | None], asking: Asking | None = None) -> Floats:
    """Characters of each text (texts,), after it was prepared where the contract says how; NaN for none."""
    if asking is not None and asking.preparation is not None:
        from relay.handoff.texts import prepare_text

        preparation = asking.preparation
        texts = [None if text is None else prepare_text(text, preparation) for text in texts]
    return np.array([np.nan if text is None else len(text) for text in texts], dtype=np.float64)


def watch_answers(contract: Contract, answers: Predictions) -> Answers:
    """What of answers to records is watched.

    Args:
        contract: of the model.
        answers: to the records; those of a model of styles with the details that the API gives.
    """
    task, scores = contract.task, answers.probabilities
    if task == ModelTask.REGRESSION:
        return Answers(np.array(answers.predictions, dtype=np.float64), ())
    if task == ModelTask.BINARY and scores is not None:
        return Answers(np.array(scores, dtype=np.float64), ())
    if task == ModelTask.AUTHORSHIP:
        scores = None if answers.details is None else [one["labels"][0]["distance"] for one in answers.details]
    predicted = Watched(PREDICTED, "category", _as_objects([_name(one) for one in answers.predictions]))
    return Answers(None if scores is None else np.array(scores, dtype=np.float64), (predicted,))


def pair_outcome(contract: Contract, answers: Predictions, truth: Sequence[Any]) -> Outcome:
    """Answers beside the truth.

    Two classes: the Brier loss. Numbers: the squared residual. Several classes: the log loss of "the predicted class is
    the true one", for the log keeps the probability of that class alone. Without probabilities: whether it is another.

    Args:
        contract: of the model.
        answers: to the records.
        truth: target of each record.
    """
    task, scores = contract.task, answers.probabilities
    if task == ModelTask.REGRESSION:
        return Outcome("squared", np.array(answers.predictions, np.float64), np.array(truth, np.float64))
    predicted, true = (_as_objects([_name(one) for one in values]) for values in (answers.predictions, truth))
    if scores is None or task == ModelTask.AUTHORSHIP:
        return Outcome("error", predicted, true)
    shares = np.array(scores, dtype=np.float64)
    if task == ModelTask.BINARY:
        return Outcome("brier", shares, (true == _name(contract.classes[1])).astype(np.float64))
    return Outcome("log", np.where(predicted == true, shares, 1 - shares), true)


def name_classes(values: Sequence[Any]) -> list[str]:
    """Classes as texts, in which training, log and labels agree."""
    return [str(_name(value)) for value in values]


def _name(value: Any) -> str | None:
    """A class as text: 1 and True and "1" of one column never meet, and 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)


def _as_objects(values: Sequence[Any]) -> npt.NDArray[Any]:
    found = np.empty(len(values), object)
    found[:] = values
    return found
