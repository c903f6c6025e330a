"""One name for each distance: that of its key in the recipe, in findings, tables and on the page alike."""

import re
from collections.abc import Iterable
from typing import Any, get_args

import pandas as pd
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

TRIED = (
    *("count_manhattan", "frequency_manhattan", "cosine_delta", "burrows_delta", "eder_delta", "min_max", "cosine"),
    "euclidean",
)
KEYS = (*TRIED, "argamon_delta", "eder_simple", "canberra", "entropy")


def read_key(name: str) -> str:
    """The key that a reader finds by a name: its words in small letters, joined by underscores."""
    return re.sub(r"[ -]", "_", name.replace("'s", "").lower())


def read_finding(project: Project) -> list[str]:
    """The distances that the finding on other distances names, and the features of the one that has others."""
    text = project.text("output/clear/latest/findings.md")
    said = re.search(r"with each distance: by the nearest text, (.*?); by the centroid", text)
    assert said is not None, text
    return [re.sub(r" \d+$", "", part) for part in re.split(r", | and (?=[A-Za-z'-]+(?: |$))", said[1])]


@pytest.mark.slow
def test_the_finding_calls_each_distance_by_the_words_of_its_key(styles: Project) -> None:
    names = read_finding(styles)
    assert sorted(read_key(name) for name in names if "(" not in name) == sorted(TRIED)
    assert [name for name in names if "(" in name] == ["count Manhattan (character 3-grams)"]


@pytest.mark.slow
def test_the_sentence_on_the_data_says_how_they_were_compared(styles: Project) -> None:
    said = re.search(r"compared by ([^.]+)\.", styles.text("output/clear/latest/findings.md"))
    assert said is not None
    assert read_key(said[1]) == "cosine_delta"


@pytest.mark.slow
def test_the_table_on_the_page_uses_the_names_of_the_finding(styles: Project) -> None:
    from page.results.style_tabs import spread_trials

    rows = pd.DataFrame(styles.rows("output/clear/latest/by_distance"))
    shown = set(spread_trials(rows)["Distance"])
    assert set(rows["distance"]) == set(TRIED)
    named = read_finding(styles)
    assert shown == {name if "(" in name else f"{name} (words)" for name in named}


def test_recipes_library_and_names_hold_the_same_distances() -> None:
    from model.style_parameters import Distance
    from relay.results.distances import DISTANCE_NAMES
    from stylometry.delta import DISTANCES

    assert set(get_args(Distance)) == set(DISTANCES) == set(DISTANCE_NAMES) == set(KEYS)
    assert {key: read_key(name) for key, name in DISTANCE_NAMES.items()} == {key: key for key in KEYS}


@pytest.mark.parametrize(("key", "name"), [("manhattan", "count Manhattan"), ("of_tomorrow", "of_tomorrow")])
def test_keys_of_other_releases_are_shown_too(key: str, name: str) -> None:
    from relay.results.distances import name_distance

    assert name_distance(key) == name


CHOICES = st.tuples(st.sampled_from(KEYS), st.sampled_from(["chars", "words"]), st.integers(1, 5))


@given(st.lists(CHOICES, unique=True, max_size=12))
def test_no_two_choices_share_a_name(choices: list[tuple[str, str, int]]) -> None:
    from relay.results.distances import name_choice

    assert len({name_choice(*choice) for choice in choices}) == len(choices)


@given(st.lists(st.sampled_from(["Distance", "Features", "Known", "Group", "Ann", "_x"]), min_size=1, unique=True))
def test_labels_called_like_columns_of_the_table_are_shown(labels: Iterable[str]) -> None:
    from page.results.style_tabs import spread_trials

    one: dict[str, Any] = {"distance": "cosine", "units": "words", "ngram": 1, "features": 9, "group": "x"}
    rows = [{**one, "known_balanced_accuracy": 0.5, "label": label, "documents": 3} for label in labels]
    table = spread_trials(pd.DataFrame(rows))
    numbers = [column for column in table.columns if column not in ("Distance", "Features", "Known", "Group")]
    assert {re.sub(r" \(label\)$", "", name) for name in numbers} == set(labels)
    assert {table[name][0] for name in numbers} == {3}
