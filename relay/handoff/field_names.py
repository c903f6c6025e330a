"""Values of a recipe by the names that stylometrists use elsewhere: R's package stylo, and papers."""

from collections.abc import Mapping
from typing import Any

FIELD_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "model": {
        "distance": {
            "delta": "burrows_delta",
            "argamon": "argamon_delta",
            "eder": "eder_delta",
            "simple": "eder_simple",
            "wurzburg": "cosine_delta",
            "minmax": "min_max",
            "ruzicka": "min_max",
        },
        "projection": {"mds": "pcoa"},
        "chunking": {"no.sampling": "whole", "normal.sampling": "within", "random.sampling": "random"},
    }
}
"""Section -> key -> name in the field -> ours. Source: `distance.measure` in the manual of stylo 0.7.7; classical
multidimensional scaling is principal coordinates analysis (Gower 1966); Ruzicka's distance is 1 minus Min-Max."""

FIELD_KEYS: Mapping[str, Mapping[str, str]] = {
    "model": {
        "mfw": "features",
        "sample": "chunk_words",
        "sample_size": "chunk_words",
        "sampling": "chunking",
    }
}
"""Section -> key in the field -> ours."""

ROLES: Mapping[str, str] = {"class": "label"}
"""Role of a column in the field -> ours."""

PER_CENT = frozenset((("model", "culling"),))
"""Shares that the field writes in per cent: above 1 they can be nothing else."""


def read_field_value(section: str, key: str, value: Any) -> Any:
    """Our value for one as the field writes it; None where it is ours already, or unknown."""
    if isinstance(value, str):
        return FIELD_VALUES.get(section, {}).get(key, {}).get(value)
    if (section, key) in PER_CENT and isinstance(value, int | float) and not isinstance(value, bool):
        return value / 100 if 1 < value <= 100 else None
    return None
