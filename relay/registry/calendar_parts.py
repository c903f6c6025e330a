"""Moments as numbers, for models: the calendar's parts, and the days since the first training row."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

PARTS = ("days since the first training row", "month", "day of month", "day of week", "hour")
"""What stands for a moment, all in UTC. The days have a fraction, the week begins with 1 for Monday."""

DAY = 86_400_000_000
"""Microseconds."""


class CalendarParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Columns of moments become `PARTS`; a missing moment is missing in each of them.

    Its module is in the library that training and serving share: a model file names it.

    Args:
        indicate: whether a further column per input says that the moment is missing.
    """

    def __init__(self, *, indicate: bool = False) -> None:
        self.indicate = indicate

    def fit(self, moments: pd.DataFrame, _: Any = None) -> Self:
        """Remember each column's first moment; 1970 where no row has one.

        Args:
            moments: (rows, columns) of a type that pandas reads as moments.
        """
        counts, is_known = _count(moments)
        firsts = np.where(is_known, counts, np.iinfo(np.int64).max).min(axis=0, initial=np.iinfo(np.int64).max)
        self.firsts_ = np.where(is_known.any(axis=0), firsts, 0)
        self.n_features_in_ = counts.shape[1]
        return self

    def transform(self, moments: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Numbers (rows, columns x 5, and another per column with `indicate`), NaN where a moment is missing."""
        counts, is_known = _count(moments)
        return np.concatenate(
            [_divide(counts[:, index], is_known[:, index], self.firsts_[index]) for index in range(counts.shape[1])]
            + ([1.0 - is_known] if self.indicate else []),
            axis=1,
        )

    def name_terms(self, columns: list[str]) -> list[str]:
        """What each number is of: `sold_at: month`."""
        terms = [f"{column}: {part}" for column in columns for part in PARTS]
        return terms + ([f"{column} is missing" for column in columns] if self.indicate else [])


def _count(moments: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Microseconds since 1970 in UTC, and which of them are known; both (rows, columns)."""
    columns = [pd.to_datetime(moments[name], utc=True).dt.as_unit("us") for name in moments.columns]
    known = [column.notna().to_numpy() for column in columns]
    counts = [column.dt.tz_localize(None).to_numpy().astype(np.int64) for column in columns]
    return np.column_stack(counts), np.column_stack(known)


def _divide(counts: npt.NDArray[np.int64], is_known: npt.NDArray[np.bool_], first: int) -> npt.NDArray[np.float64]:
    """The parts of one column's moments (rows, 5)."""
    moments = np.where(is_known, counts, 0).view("datetime64[us]")
    days, months = moments.astype("datetime64[D]"), moments.astype("datetime64[M]")
    parts = (
        (moments.astype(np.int64) - first) / DAY,
        months.astype(np.int64) % 12 + 1,
        (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        (days.astype(np.int64) + 3) % 7 + 1,  # 1970 began on a Thursday
        (moments - days).astype("timedelta64[h]").astype(np.int64),
    )
    numbers = np.column_stack(parts).astype(np.float64)
    numbers[~is_known] = np.nan
    return numbers
