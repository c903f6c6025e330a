"""The estimators that anyone who reaches the page may choose, beside those that the recipe names itself."""

REGRESSORS = (
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.ElasticNet",
    "sklearn.neighbors.KNeighborsRegressor",
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.ensemble.ExtraTreesRegressor",
    "sklearn.ensemble.GradientBoostingRegressor",
    "sklearn.ensemble.HistGradientBoostingRegressor",
)
CLASSIFIERS = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.neighbors.KNeighborsClassifier",
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    "sklearn.ensemble.GradientBoostingClassifier",
    "sklearn.ensemble.HistGradientBoostingClassifier",
)
PRESETS = (*REGRESSORS, *CLASSIFIERS)
"""None of them takes a function, a file or a folder as an option."""


def choose_presets(target_type: str) -> tuple[str, ...]:
    """The presets for a target of this type; whole numbers may be amounts or classes."""
    if target_type == "float":
        return REGRESSORS
    return PRESETS if target_type == "int" else CLASSIFIERS
