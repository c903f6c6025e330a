"""Numbers as float32 holds them, for models that were trained on such numbers."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Float32Rounding(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Every number of a frame becomes the nearest float32; words and moments stay.

    A model that learned from float32 compares the same numbers when it is asked, whatever the caller's type. Its module
    is in the library that training and serving share: a model file names it.
    """

    def fit(self, rows: pd.DataFrame, _: Any = None) -> Self:
        """Remember the names of the columns; nothing else is learned."""
        self.feature_names_in_ = np.array(rows.columns, dtype=object)
        self.n_features_in_ = rows.shape[1]
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows (rows, columns), numbers as float64 with 24 significant bits; those of type float32 as they are."""
        wide = [str(name) for name, kind in rows.dtypes.items() if kind == np.float64]
        if not wide:
            return rows
        with np.errstate(over="ignore"):  # beyond float32 a number is infinite, as in ONNX
            return rows.assign(**{name: rows[name].astype(np.float32).astype(np.float64) for name in wide})
