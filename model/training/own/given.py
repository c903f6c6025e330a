"""What a user's `train` function gave, checked and put in order."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from model.training.plots.style import Picture
from relay.handoff.errors import ModelError
from relay.handoff.own.frames import describe_value, from_frame
from relay.handoff.recipe_file import suggest_nearest

PARTS = ("model", "metrics", "figures", "tables", "findings")
TAKEN = frozenset(("metrics", "findings", "contract", "receipt", "model", "predictions", "files"))
"""Names of files that Relay writes beside those of own code."""
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,79}")


@dataclass(frozen=True)
class Given:
    """The parts of a result."""

    model: Any = None
    metrics: dict[str, float] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    tables: dict[str, pa.Table] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)


def read_given(given: Any, shown: str) -> Given:
    """The parts of what a function gave; open figures are taken where it names none.

    Args:
        given: a mapping with some of the parts, or None for figures alone.
        shown: the function, for messages.

    Raises:
        ModelError: it is no mapping, holds an unknown part, or a part of another kind.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise ModelError(
            f"{shown} gave {describe_value(given)}; expected a mapping with any of {', '.join(PARTS)}, or None"
        )
    for name in given:
        if name not in PARTS:
            raise ModelError(
                f"{shown} gave the unknown part {name!r}{suggest_nearest(str(name), PARTS)}; known: {', '.join(PARTS)}"
            )
    named = _read_figures(_read_mapping(given, "figures", shown), shown)
    return Given(
        model=given.get("model"),
        metrics=_read_metrics(_read_mapping(given, "metrics", shown), shown),
        pictures=tuple(named if given.get("figures") is not None else _collect_open()),
        tables={
            _check_name(name, f"{shown}: table"): from_frame(frame, f"{shown}: table {name}")
            for name, frame in _read_mapping(given, "tables", shown).items()
        },
        findings={str(name): str(text) for name, text in _read_mapping(given, "findings", shown).items()},
    )


def _read_mapping(given: Mapping[str, Any], part: str, shown: str) -> Mapping[Any, Any]:
    found = given.get(part)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ModelError(f"{shown}: {part} is {describe_value(found)}; expected a mapping from names")
    return found


def _read_metrics(metrics: Mapping[Any, Any], shown: str) -> dict[str, float]:
    found = {}
    for name, value in metrics.items():
        number = value.item() if isinstance(value, np.generic | np.ndarray) and value.ndim == 0 else value
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ModelError(f"{shown}: metric {name} is {value!r}; expected a finite number")
        found[str(name)] = float(number)
    return found


def _read_figures(figures: Mapping[Any, Any], shown: str) -> Iterable[Picture]:
    for name, figure in figures.items():
        drawn = getattr(figure, "figure", figure)  # axes know theirs
        if not isinstance(drawn, Figure):
            raise ModelError(f"{shown}: figure {name} is {describe_value(figure)}; expected a matplotlib Figure")
        yield Picture(_check_name(name, f"{shown}: figure"), _title_of(drawn) or str(name), drawn)


def _collect_open() -> Iterable[Picture]:
    """The figures that are open, in the order in which they were made, named by their titles."""
    taken: set[str] = set()
    for number in plt.get_fignums():
        figure = plt.figure(number)
        title = _title_of(figure)
        name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or f"figure_{number}"
        name = name if name not in taken | TAKEN else f"{name}_{number}"
        taken.add(name)
        yield Picture(name, title or f"figure {number}", figure)


def _title_of(figure: Figure) -> str:
    titles = [figure.get_suptitle(), *(axes.get_title(where) for axes in figure.axes for where in ("center", "left"))]
    return " ".join(next((title for title in titles if title.strip()), "").split())


def _check_name(name: Any, what: str) -> str:
    text = str(name)
    if not FILE_NAME.fullmatch(text) or text in TAKEN:
        why = "Relay writes a file of that name" if text in TAKEN else "it becomes the name of a file"
        raise ModelError(f"{what} {text!r}: {why}; expected letters, digits, spaces and _ . -, at most 80 of them")
    return text
