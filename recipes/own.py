"""Prices of used bicycles: how offers are cleaned, and which model learns them. Plain functions, as in a notebook."""

import pandas as pd


def clean(offers: pd.DataFrame, *, least_price: float = 10.0, longest_km: float = 100_000.0) -> pd.DataFrame:
    """Read the prices, unify the kinds, and leave out repeated offers and those without a real price.

    Args:
        offers: one row per offer, with prices such as "761 €".
        least_price: Offers below this price, in euro, are left out.
        longest_km: Longer distances are typing errors and count as missing.
    """
    offers["price"] = pd.to_numeric(offers["price"].str.replace("€", "").str.strip(), errors="coerce")
    offers["kind"] = offers["kind"].str.lower()
    offers["km"] = offers["km"].mask(offers["km"] > longest_km)
    offers = offers.drop_duplicates("offer")
    return offers[offers["price"] >= least_price]


def build_model(*, depth: int = 3, trees: int = 60, seed: int = 0):
    """Gradient boosted trees on the offers and the distance per year.

    Args:
        depth: Depth of each tree.
        trees: Number of trees.
        seed: Seed of the trees.
    """
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.pipeline import make_pipeline

    from .own_parts import OfferFeatures

    learner = GradientBoostingRegressor(max_depth=depth, n_estimators=trees, random_state=seed)
    return make_pipeline(OfferFeatures(), learner)
