"""Tables of results that were written with old words are shown with today's."""

import pandas as pd

from page.results.style_tabs import spread_trials


def test_manhattan_of_an_older_result_is_shown_as_the_distance_of_counts() -> None:
    row = {"units": "words", "ngram": 1, "features": 9, "known_balanced_accuracy": 0.9, "group": "x"}
    row |= {"label": "a", "documents": 2}
    names = ["manhattan", "frequency_manhattan", "count_manhattan"]
    shown = [spread_trials(pd.DataFrame([{**row, "distance": name}]))["Distance"][0] for name in names]
    assert shown == ["count Manhattan (words)", "frequency Manhattan (words)", "count Manhattan (words)"]
