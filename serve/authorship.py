"""What a model of styles answers to a text: the nearest label, how sure, whether it is by none of them, and where."""

from collections.abc import Sequence
from typing import Any

import msgspec

from relay.registry.asking import ask_model, find_warnings
from relay.registry.contract import Cell, Contract
from relay.registry.predictions import Predictions
from serve.errors import Flaw, InvalidRecordsError
from serve.schema import Record
from stylometry.asking import Style
from stylometry.attribution import AuthorshipClassifier
from stylometry.columns import EXAMPLE
from stylometry.coverage import NotComparableError, find_required_coverage
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters, judge_together

TOO_SHORT = ("a text with too little to count", "a text of some sentences")
NO_ROW = (
    "a text that is not a row of frequencies",
    f"a row of the frequencies that the model knows, such as {EXAMPLE}",
)
"""What was found, and what is expected."""


class AuthorshipPredictor:
    """A fitted classifier of texts."""

    is_quick = False
    takes_batches = False

    def __init__(self, contract: Contract, classifier: AuthorshipClassifier) -> None:
        self.contract, self.classifier = contract, classifier
        self._asking = contract.asking
        lowest = contract.asking.lowest_coverage if contract.asking is not None else None
        self._required = None if lowest is None else find_required_coverage(lowest)
        # Always the same draws: a text that is asked about twice gets one answer, whatever the recipe's seed.
        self._drawing = Imposters()
        self.borders = find_borders(classifier, self._drawing)
        self._column = next(iter(contract.inputs))
        self._classes: list[str] = classifier.classes_.tolist()

    def answer(self, records: Sequence[Record]) -> Predictions:
        """The nearest label of each text, and what else is known of it.

        Raises:
            InvalidRecordsError: a text holds nothing that the model counts, or too little of it.
        """
        styles = self._ask(records)
        return Predictions(
            predictions=[self._classes[style.nearest] for style in styles],
            probabilities=[float(style.probabilities[style.nearest]) for style in styles],
            details=[self._describe(style) for style in styles],
        )

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """The nearest label of each text."""
        return [self._classes[style.nearest] for style in self._ask(records)]

    def _ask(self, records: Sequence[Record]) -> list[Style]:
        texts = [str(msgspec.structs.astuple(record)[0] or "") for record in records]
        return [self._read(text, index, several=len(texts) > 1) for index, text in enumerate(texts)]

    def _read(self, text: str, index: int, *, several: bool) -> Style:
        field = f"[{index}].{self._column}" if several else self._column
        try:
            style: Style = ask_model(self.classifier, text, self._asking)
        except NotComparableError as error:
            message = f"{field}: this text cannot be compared: {error}"
            flaw = Flaw(field, "a text that cannot be compared", "a text like those that the model knows", message)
            raise InvalidRecordsError(message, (flaw,)) from error
        except StylometryError as error:
            message = f"{field}: {error}"
            flaw = Flaw(field, *(NO_ROW if self.classifier.ngram == "column" else TOO_SHORT), message)
            raise InvalidRecordsError(message, (flaw,)) from error
        return style

    def _describe(self, style: Style) -> dict[str, Any]:
        x, y = style.point.tolist()
        return {
            "labels": rank_labels(self._classes, style.distances.tolist(), style.probabilities.tolist()),
            "verification": self._verify(style),
            "place": {"x": x, "y": y},
            "compared": {"chunks": len(style.chunks), "chunk_chars": style.chunk_chars},
            "coverage": {"share": style.coverage, "required": self._required},
            "repetition": style.repetition,
            "warnings": list(find_warnings(style, self._asking)),
        }

    def _verify(self, style: Style) -> dict[str, Any] | None:
        """Whether the text is by the nearest label at all; None where the known texts do not allow to tell."""
        if self.borders is None:
            return None
        label = self._classes[style.nearest]
        found = self.classifier.verify(style.chunks, label, drawing=self._drawing, borders=self.borders)
        scores = found.all_scores.mean(axis=0).tolist()
        verdicts = judge_together(self.borders, scores)
        ranked = sorted(zip(self._classes, scores, verdicts, strict=True), key=lambda one: (-one[1], one[0]))
        return {
            "label": label,
            "verdict": verdicts[style.nearest],
            "score": scores[style.nearest],
            "labels": [dict(zip(("label", "score", "verdict"), one, strict=True)) for one in ranked],
        }


def find_borders(classifier: AuthorshipClassifier, drawing: Imposters) -> Borders | None:
    """The borders of the Imposters score, tuned once; None where no label has two documents."""
    try:
        return classifier.tune_borders(drawing)
    except StylometryError:
        return None


def rank_labels(labels: list[str], distances: list[float], probabilities: list[float]) -> list[dict[str, Any]]:
    """The labels with distance and probability, the nearest first."""
    rows = sorted(zip(distances, labels, probabilities, strict=True))
    return [{"label": label, "distance": distance, "probability": share} for distance, label, share in rows]
