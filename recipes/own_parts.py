"""An own transformer, in a file of its own: only the function that builds the model imports scikit-learn."""

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class OfferFeatures(TransformerMixin, BaseEstimator):
    """Offers as numbers: a column per kind and size, the median for a missing distance, the distance per year."""

    def fit(self, offers: pd.DataFrame, y=None) -> "OfferFeatures":
        """Learn which kinds and sizes there are, and the median distance."""
        self.kinds_ = sorted(offers["kind"].dropna().unique().tolist())
        self.sizes_ = sorted(offers["size"].dropna().unique().tolist())
        self.km_ = float(offers["km"].median())
        return self

    def transform(self, offers: pd.DataFrame) -> pd.DataFrame:
        """The same columns in the same order, whichever rows come."""
        km = offers["km"].fillna(self.km_)
        columns = {"age": offers["age_years"], "km": km, "km per year": km / offers["age_years"].clip(lower=0.5)}
        columns |= {f"kind {name}": offers["kind"] == name for name in self.kinds_}
        columns |= {f"size {name}": offers["size"] == name for name in self.sizes_}
        return pd.DataFrame(columns).astype(float)
