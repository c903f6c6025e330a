"""The distances between texts in words: one name for each, made of the words of its key in a recipe.

Whoever reads a name in a finding or on the page finds the key by it, and the other way round.
"""

from collections.abc import Mapping

from relay.handoff.renamed_keys import rename_value

DISTANCE_NAMES: Mapping[str, str] = {
    "count_manhattan": "count Manhattan",
    "frequency_manhattan": "frequency Manhattan",
    "cosine_delta": "Cosine Delta",
    "burrows_delta": "Burrows's Delta",
    "eder_delta": "Eder's Delta",
    "argamon_delta": "Argamon's Delta",
    "min_max": "Min-Max",
    "cosine": "cosine",
    "euclidean": "Euclidean",
    "eder_simple": "Eder's Simple",
    "canberra": "Canberra",
    "entropy": "entropy",
}
"""Key of `[model] distance` -> its name in words."""


def name_distance(key: str) -> str:
    """The name in words; results of version 0.1 hold `manhattan`, a key of a later version stays as it is."""
    renamed = str(rename_value("model", "distance", key))
    return DISTANCE_NAMES.get(renamed, renamed)


def name_choice(key: str, units: str, ngram: int) -> str:
    """A distance with the features that it compares: `Cosine Delta (words)`, `count Manhattan (character 3-grams)`."""
    unit = {"chars": "character", "words": "word"}.get(units, units)
    features = {"word": "words", "columns": "columns"}.get(unit) if ngram == 1 else None
    features = features or f"{unit} {ngram}-grams"
    return f"{name_distance(key)} ({features})"
