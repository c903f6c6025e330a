"""The profile of a model of styles: length of a text, distance to the nearest known one, and the predicted label.

There are no test rows: each known document is answered by the others. Half of the documents choose the borders of the
bins, the other half is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from model.training.authorship.attribution import Sample
from model.training.monitor.build import NO_ROWS, Watch, combine, say_unwatched, write_profile
from model.training.monitor.reference import divide_rows, tabulate_reference
from model.training.result import write_table
from relay.handoff.column import Column
from relay.registry.contract import PROFILE_FILE, REFERENCE_FILE, Contract
from relay.registry.predictions import Predictions
from relay.registry.watched import Answers, Watched, name_watched, pair_outcome, watch_answers

FEWEST = 20
"""Known documents below which a profile says nothing: ten would be counted."""


@dataclass(frozen=True)
class _Answered:
    """Known documents, each answered without itself."""

    lengths: npt.NDArray[np.float64]
    answers: Predictions
    labels: npt.NDArray[Any]

    def take(self, rows: npt.NDArray[np.int64]) -> "_Answered":
        details = self.answers.details or []
        answers = Predictions(
            [self.answers.predictions[row] for row in rows.tolist()], None, [details[row] for row in rows.tolist()]
        )
        return _Answered(self.lengths[rows], answers, self.labels[rows])


def watch_styles(
    contract: Contract, classifier: Any, learned: Sample, lengths: Mapping[int, int], *, seed: int, keeps_rows: bool
) -> Watch:
    """The profile of a model of styles, and what it was made of where rows are kept; no text is kept.

    Args:
        contract: of the model.
        classifier: fitted to the chunks.
        learned: the chunks, with the number of the document that each is a part of.
        lengths: number of a document -> its characters.
        seed: divides the documents.
        keeps_rows: whether lengths, distances and labels are kept.
    """
    if classifier.ngram == "column":
        return Watch({}, (say_unwatched("rows of frequencies have no length that could move"),))
    answered = _answer_documents(classifier, learned, lengths)
    if len(answered.labels) < FEWEST:
        why = f"it knows {len(answered.labels)} documents that others of the same label can be compared with"
        return Watch({}, (say_unwatched(f"{why}, {FEWEST} are needed"),))
    train, test = (answered.take(rows) for rows in divide_rows(len(answered.labels), seed))
    learned_answers, answers = (watch_answers(contract, one.answers) for one in (train, test))
    (text,) = contract.inputs
    profile = combine(
        [*_watch(text, train), *learned_answers.columns],
        [*_watch(text, test), *answers.columns],
        (learned_answers.score, answers.score),
        pair_outcome(contract, test.answers, test.labels.tolist()),
    )
    files = {PROFILE_FILE: write_profile(profile)}
    if keeps_rows:
        files[REFERENCE_FILE] = _write_reference(text, test, answers)
    return Watch(files, () if keeps_rows else (NO_ROWS,))


def _watch(text: str, answered: _Answered) -> list[Watched]:
    return [Watched(_name_length(text), "number", answered.lengths)]


def _name_length(text: str) -> str:
    return name_watched({text: Column(type="text", role="input")})[0]


def _write_reference(text: str, test: _Answered, answers: Answers) -> bytes:
    frame = pd.DataFrame({_name_length(text): test.lengths})
    return write_table(tabulate_reference(frame, answers, test.labels, None))


def _answer_documents(classifier: Any, learned: Sample, lengths: Mapping[int, int]) -> _Answered:
    """Each document by the others: the mean of its chunks' distances, as an asked text is answered."""
    numbers, place = np.unique(learned.documents, return_inverse=True)
    sums = np.zeros((len(numbers), len(classifier.classes_)))
    np.add.at(sums, place, classifier.left_out_)  # NaN where no other document of the label is left
    distances = sums / np.bincount(place)[:, np.newaxis]
    labels = np.empty(len(numbers), object)
    labels[place] = learned.labels
    judged = np.flatnonzero(np.isfinite(distances).all(axis=1))
    nearest = distances[judged].argmin(axis=1)
    details = [
        {"labels": [{"distance": float(distances[row, best])}]} for row, best in zip(judged, nearest, strict=True)
    ]
    predicted = [str(classifier.classes_[best]) for best in nearest.tolist()]
    chars = np.array([lengths[number] for number in numbers[judged].tolist()], np.float64)
    return _Answered(chars, Predictions(list(predicted), None, details), labels[judged])
