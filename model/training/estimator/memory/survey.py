"""What a preparation learns from training rows, in one pass: means, words, first moments, and what may be missing."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from model.training.estimator.rows import NUMERIC, find_columns
from relay.handoff.recipe import Column


class Survey:
    """What is known of the inputs of the training rows that were added.

    `fit` fits a preparation to a few rows that say the same: each known number of a column is its mean, which is
    thereby the median too; each word occurs once; the first moment is the first; a value is missing where one was.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        _, self.inputs = find_columns(columns)
        self._columns = {name: columns[name] for name in self.inputs}
        self._sums = dict.fromkeys(self.inputs, 0.0)
        self._known = dict.fromkeys(self.inputs, 0)
        self._has_missing = dict.fromkeys(self.inputs, False)
        self._words: dict[str, Counter[Any]] = {name: Counter() for name in self.inputs}
        self._firsts: dict[str, pd.Timestamp] = {}

    def add(self, frame: pd.DataFrame) -> None:
        """The next rows, as `rows.make_frame` gives them."""
        for name in self.inputs:
            cells = frame[name]
            known = cells[cells.notna()]
            self._known[name] += len(known)
            self._has_missing[name] |= len(known) < len(cells)
            kind = self._columns[name].type
            if kind in ("bool", "category"):
                self._words[name].update(known.value_counts().to_dict())
            elif kind in NUMERIC:
                self._sums[name] += float(known.sum())
            elif len(known):
                self._firsts[name] = min(known.min(), self._firsts.get(name, known.min()))

    def fit(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline itself, its preparation fitted, all but the scales."""
        pipeline["prepare"].fit(self._make_rows())
        return pipeline

    def _make_rows(self) -> pd.DataFrame:
        values = {name: self._list_values(name) for name in self.inputs}
        most = max(map(len, values.values())) + 1
        # Without a missing value the last row repeats the one before it.
        return pd.DataFrame({name: self._fill(name, found, most) for name, found in values.items()})

    def _list_values(self, name: str) -> list[Any]:
        kind = self._columns[name].type
        if not self._known[name]:
            return []
        if kind == "category":
            return sorted(self._words[name])
        if kind == "bool":
            ordered = sorted(self._words[name].items())
            return [max(ordered, key=lambda one: one[1])[0]]
        return [self._firsts[name]] if kind == "time" else [self._sums[name] / self._known[name]]

    def _fill(self, name: str, found: list[Any], rows: int) -> pd.Series:
        kind = self._columns[name].type
        filler = found[-1] if found else None
        cells = [*found, *[filler] * (rows - len(found))]
        if self._has_missing[name]:
            cells[-1] = None
        if kind == "time":
            return pd.Series(pd.to_datetime(cells, utc=True)).dt.as_unit("us")
        return pd.Series(cells, dtype="str" if kind == "category" else np.float64)
