"""What a model of styles answers to a text: the nearest label, how sure, whether it is by none of them, and where."""

from collections.abc import Sequence
from typing import Any

import msgspec

from registry.contract import Cell, Contract
from serve.errors import Flaw, InvalidRecordsError
from serve.predictor import Outcome
from serve.schema import Record
from stylometry.attribution import AuthorshipClassifier
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters

DRAWING = Imposters()
"""The usual 100 rounds with the seed 0: a text that is asked about twice gets one answer."""


class AuthorshipPredictor:
    """A fitted classifier of texts."""

    is_quick = False

    def __init__(self, contract: Contract, classifier: AuthorshipClassifier) -> None:
        self.contract, self.classifier = contract, classifier
        self.borders = find_borders(classifier)
        self._column = next(iter(contract.inputs))

    def answer(self, records: Sequence[Record]) -> Outcome:
        """The nearest label of each text, and what else is known of it.

        Raises:
            InvalidRecordsError: a text holds nothing that the model counts.
        """
        texts = [str(msgspec.structs.astuple(record)[0] or "") for record in records]
        try:
            return self._answer(texts)
        except StylometryError as error:
            flaw = Flaw(self._column, "a text with too little to count", "a text of some sentences")
            raise InvalidRecordsError(f"{self._column}: {error}", (flaw,)) from error

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """The nearest label of each text."""
        return self.answer(records).predictions

    def _answer(self, texts: list[str]) -> Outcome:
        if not texts:
            return Outcome([], [], [])
        classes = self.classifier.classes_.tolist()
        distances = self.classifier.measure_authors(texts)
        probabilities = self.classifier.predict_proba(texts)
        places = self.classifier.transform(texts)
        nearest = distances.argmin(axis=1).tolist()
        details = [
            {
                "labels": rank_labels(classes, distances[row].tolist(), probabilities[row].tolist()),
                "verification": self._verify(texts[row], classes[nearest[row]]),
                "place": {"x": float(places[row, 0]), "y": float(places[row, 1])},
            }
            for row in range(len(texts))
        ]
        chosen = [float(probabilities[row, label]) for row, label in enumerate(nearest)]
        return Outcome([classes[label] for label in nearest], chosen, details)

    def _verify(self, text: str, label: str) -> dict[str, Any] | None:
        """Whether the text is by the nearest label at all; None where the known texts do not allow to tell."""
        if self.borders is None:
            return None
        found = self.classifier.verify([text], label, drawing=DRAWING, borders=self.borders)
        return {"label": label, "verdict": found.verdicts[0], "score": float(found.scores[0])}


def find_borders(classifier: AuthorshipClassifier) -> Borders | None:
    """The borders of the Imposters score, tuned once; None where no label has two documents."""
    try:
        return classifier.tune_borders(DRAWING)
    except StylometryError:
        return None


def rank_labels(labels: list[str], distances: list[float], probabilities: list[float]) -> list[dict[str, Any]]:
    """The labels with distance and probability, the nearest first."""
    rows = sorted(zip(distances, labels, probabilities, strict=True))
    return [{"label": label, "distance": distance, "probability": share} for distance, label, share in rows]
