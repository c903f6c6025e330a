"""Used bicycles: how offers are cleaned, and what learns their prices. Plain functions, as a notebook has them."""

import pandas as pd


def clean(offers: pd.DataFrame, *, least_price: float = 10.0, longest_km: float = 100_000.0) -> pd.DataFrame:
    """Read the prices, name kinds alike, and leave out what is no offer.

    Args:
        offers: one row each, with prices such as "761 €".
        least_price: cheaper offers are somebody's joke.
        longest_km: longer distances are slips of the keyboard, and count as unknown.
    """
    offers["price"] = pd.to_numeric(offers["price"].str.replace("€", "").str.strip(), errors="coerce")
    offers["kind"] = offers["kind"].str.lower()
    offers["km"] = offers["km"].mask(offers["km"] > longest_km)
    offers = offers.drop_duplicates("offer")
    return offers[offers["price"] >= least_price]


def build_model(*, depth: int = 3, trees: int = 60, seed: int = 0):
    """Trees on what was offered and on the distance a year.

    Args:
        depth: of each tree.
        trees: how many.
        seed: of the trees.
    """
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.pipeline import make_pipeline

    from .own_parts import Offers

    return make_pipeline(Offers(), GradientBoostingRegressor(max_depth=depth, n_estimators=trees, random_state=seed))
