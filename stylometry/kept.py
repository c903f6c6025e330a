"""What of a classifier goes into a file and comes out of one of another version."""

from collections.abc import Sequence
from typing import Any

from sklearn.base import BaseEstimator

from stylometry.features import CountTable
from stylometry.profiles import Reading
from stylometry.word_lists import WordChoice

LATER: dict[str, Any] = {"without": (), "only": (), "skipped": (), "word_rule": "letters"}
"""Parameters that a kept classifier may lack, and what they are then."""


class KeptEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator whose file does not change when a later version has more parameters, unless they are used."""

    def __getstate__(self) -> dict[str, Any]:
        """What is kept: all but the later parameters that say nothing."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name not in LATER or value != LATER[name]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a kept classifier; version 0.1 called the distance of frequencies `manhattan`."""
        renamed = "frequency_manhattan" if state.get("distance") == "manhattan" else state.get("distance")
        super().__setstate__({**LATER, **state, "distance": renamed})

    def count(self, texts: Sequence[str]) -> CountTable:
        """Counts of all n-grams of texts, as they are read."""
        return self._reading().count(texts)

    def _reading(self) -> Reading:
        return Reading(self.ngram, self.n, self.normal_form, self.strip_accents, self.word_rule)

    def _choice(self) -> WordChoice:
        return WordChoice(tuple(self.without), tuple(self.only), tuple(self.skipped))
