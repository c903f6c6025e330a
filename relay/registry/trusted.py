"""Types of other packages in model files: trusted where a lock pins the package, and then only these."""

from relay.handoff.settings import ROOT

TYPES = {
    "lightgbm": (
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
    ),
    "xgboost": (
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRFClassifier",
        "xgboost.sklearn.XGBRFRegressor",
        "xgboost.sklearn.XGBRegressor",
    ),
}
"""Package -> what its fitted estimators consist of, as skops names it. A booster reads its own format from bytes."""


def list_trusted(stage: str) -> frozenset[str]:
    """The types of packages that the lock of a stage, or of `serve`, pins."""
    from relay.handoff.own.packages import name_distributions

    lock = ROOT / stage / "requirements.txt"
    if not lock.is_file():
        return frozenset()
    pinned, _ = name_distributions(TYPES, lock)
    return frozenset(kind for package in pinned for kind in TYPES[package])
