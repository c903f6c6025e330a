"""A transformer of one's own. In a file of its own, so that only the stage that learns needs scikit-learn."""

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Offers(TransformerMixin, BaseEstimator):
    """Numbers for trees: kinds and sizes as columns, medians where nothing is known, the distance a year."""

    def fit(self, offers: pd.DataFrame, y=None) -> "Offers":
        """Remember which kinds and sizes there are, and the usual distance."""
        self.kinds_ = sorted(offers["kind"].dropna().unique().tolist())
        self.sizes_ = sorted(offers["size"].dropna().unique().tolist())
        self.km_ = float(offers["km"].median())
        return self

    def transform(self, offers: pd.DataFrame) -> pd.DataFrame:
        """The same columns in the same order, whatever the rows."""
        km = offers["km"].fillna(self.km_)
        columns = {"age": offers["age_years"], "km": km, "km_a_year": km / offers["age_years"].clip(lower=0.5)}
        columns |= {f"kind {name}": offers["kind"] == name for name in self.kinds_}
        columns |= {f"size {name}": offers["size"] == name for name in self.sizes_}
        return pd.DataFrame(columns).astype(float)
