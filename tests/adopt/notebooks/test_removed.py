"""What older notebooks use and today's libraries no longer have."""

from importlib import import_module

import pytest

from adopt.notebooks.removed import find_removed
from adopt.notebooks.removed_tables import DROP, KEYWORDS, METHODS, NAMES


@pytest.mark.parametrize("dotted", [name for name in NAMES if name.split(".")[0] in ("numpy", "pandas")])
def test_a_name_that_is_listed_is_really_gone(dotted: str) -> None:
    module, _, name = dotted.rpartition(".")
    try:
        found = hasattr(import_module(module), name)
    except ModuleNotFoundError:
        found = False
    assert not found


def test_a_method_of_pandas_that_is_listed_is_really_gone() -> None:
    import pandas as pd

    listed = [name for name, (library, _, _) in METHODS.items() if library == "pandas"]
    # `Index.append`, `.ravel`, `.view`, … are still there; no frame and no series has them
    assert [name for name in listed if hasattr(pd.DataFrame, name) or hasattr(pd.Series, name)] == []


@pytest.mark.parametrize("change", [row[2] for row in METHODS.values()] + [row[3] for row in KEYWORDS.values()])
def test_each_says_what_to_use_instead(change: str) -> None:
    assert change.startswith(DROP) or len(change) > 3


@pytest.mark.parametrize(
    ("message", "words", "step"),
    [
        (
            "OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'",
            "`sparse` of `OneHotEncoder` was removed in scikit-learn 1.4",
            "Use `sparse_output`.",
        ),
        ("got an unexpected keyword argument 'squared'", "`squared` of `mean_squared_error` was", "Use `root_mean"),
        (
            "dtype 'str' does not support operation 'mean'",
            "leaving text columns out of sums and means was removed in pandas 2.0",
            "Use `numeric_only=True`.",
        ),
        (
            "RocCurveDisplay.from_estimator() got an unexpected keyword argument 'marker'",
            "`marker` of `RocCurveDisplay.from_estimator` was removed in scikit-learn 1.9",
            'Use `curve_kwargs={"marker": …}`.',
        ),
        ("too many positional arguments", "a call with arguments by position was removed", "Use `name=value` for all"),
        ("agg function failed [how->median,dtype->object]", "leaving text columns out", "Use `numeric_only=True`."),
        (
            "Invalid frequency: 2M. Failed to parse with",
            'the frequency `"2M"` was removed in pandas 3.0',
            'Use `"2ME"`',
        ),
        (
            "'seaborn-dark' is not a valid package style, path of",
            'the style `"seaborn-dark"`',
            'Use `"seaborn-v0_8-dark"',
        ),
        (
            "KMeans.__init__() got an unexpected keyword argument 'n_jobs'",
            "`n_jobs` of `KMeans`",
            "Leave it out: it uses",
        ),
        (
            "The 'max_features' parameter of RandomForestClassifier must be an int in the range [1, inf), a float in "
            "the range (0.0, 1.0], a str among {'log2', 'sqrt'} or None. Got 'auto' instead.",
            '`max_features="auto"` of `RandomForestClassifier`',
            'Use `"sqrt"`',
        ),
        (
            "DataFrame.drop() takes from 1 to 2 positional arguments but 3 were given",
            "by position was",
            "keyword=value",
        ),
    ],
)
def test_a_message_is_read(message: str, words: str, step: str) -> None:
    found = find_removed(message)
    assert found is not None
    assert words in found.message
    assert step in found.next_step


@pytest.mark.parametrize(
    "message",
    [
        "'Basket' object has no attribute 'append'",
        "'list' object has no attribute 'sort_values'",
        "area() takes 1 positional argument but 2 were given",
        "'DataFrame' object has no attribute 'price'",
        "module 'pandas' has no attribute 'read_cvs'",
        "cannot import name 'tidy' from 'forum_text' (/tmp/forum_text.py)",
    ],
)
def test_an_author_s_own_slip_is_not_taken_for_a_removed_name(message: str) -> None:
    assert find_removed(message) is None


def test_the_notebook_s_own_function_is_not_taken_for_the_library_s() -> None:
    message = "gca() got an unexpected keyword argument 'projection'"
    assert find_removed(message) is not None
    assert find_removed(message, own={"gca"}) is None
