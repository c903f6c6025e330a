"""The map of chunks by style: a point a chunk, a colour and a sign a label."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.training.plots.style import GREY, MANY_POINTS, MARKERS, OKABE_ITO, Picture, figure_of, house_style, new_axes

MOST_LABELS = 16
"""Labels with a sign of their own; more would not be told apart, the smaller ones share one."""

OTHERS, UNKNOWN = "other labels", "label not known"
CROSS = "x"
SIZE = (8.4, 5.8)
CAPTION_CHARS = 112


@dataclass(frozen=True)
class Map:
    """Points (chunks, 2), their labels, and the sentence that stands below."""

    points: npt.NDArray[np.float64]
    labels: Sequence[str | None]
    caption: str


def draw_map(drawn: Map, *, title: str, axes: tuple[str, str]) -> Picture:
    """The map with its legend, and below it how far to trust it."""
    groups = group_labels(drawn.labels)
    names = np.asarray([groups.get(label or UNKNOWN, OTHERS) for label in drawn.labels])
    many = len(names) > MANY_POINTS
    with house_style():
        plane = new_axes(title, *axes, size=SIZE)
        for name, (colour, marker) in choose_signs(list(dict.fromkeys(groups.values()))).items():
            x, y = drawn.points[names == name].T
            plane.scatter(
                x,
                y,
                s=12 if many else 34,
                c=colour,
                marker=marker,
                alpha=0.8,
                linewidths=1.5 if marker == CROSS else 0,  # the cross is all line, the other signs are all face
                label=f"{name} ({len(x):,})",
            )
        plane.set_aspect("equal", adjustable="datalim")  # near must look as near in each direction
        plane.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=10)
        figure_of(plane).supxlabel(textwrap.fill(drawn.caption, CAPTION_CHARS), fontsize=9.5, x=0.02, ha="left")
    return Picture("map", f"{title[0].lower()}{title[1:]}: near means alike in style", figure_of(plane))


def group_labels(labels: Sequence[str | None]) -> dict[str, str]:
    """Label -> the name it stands under in the legend, in the order of the legend; labels by name, the rest last."""
    numbers = Counter(label for label in labels if label is not None)
    # By number, then by name: which labels are small enough to share a sign must not depend on the order of the text.
    largest = sorted(numbers, key=lambda label: (-numbers[label], label))
    shown = sorted(largest if len(largest) <= MOST_LABELS else largest[: MOST_LABELS - 1])
    groups = {label: label for label in shown} | {label: OTHERS for label in largest if label not in shown}
    return groups | ({UNKNOWN: UNKNOWN} if None in labels else {})


def choose_signs(names: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each legend name; after eight colours they begin again with another marker."""
    signs = {}
    for number, name in enumerate(names):
        colour, turn = OKABE_ITO[number % len(OKABE_ITO)], number // len(OKABE_ITO)
        signs[name] = (colour, MARKERS[(number + turn) % len(MARKERS)])
    return signs | {name: (GREY, marker) for name, marker in ((OTHERS, "."), (UNKNOWN, CROSS)) if name in signs}
