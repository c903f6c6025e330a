"""The map of chunks by style: a point a chunk, the colour and the marker of its label."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.training.plots.style import MANY_POINTS, MARKS, Picture, add_legend, figure_of, house_style, new_axes
from relay.results.signs import CROSS, Signs

SIZE = (8.4, 5.8)
CAPTION_CHARS = 112
NO_BREAK = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
RIM = "#555555"
"""Around markers that have a face: yellow can hardly be seen on white without one. The cross is all line."""


@dataclass(frozen=True)
class Map:
    """Points (chunks, 2), their labels with the signs of all, and the sentence that stands below."""

    points: npt.NDArray[np.float64]
    labels: Sequence[str | None]
    signs: Signs
    caption: str


def draw_map(drawn: Map, *, title: str, axes: tuple[str, str]) -> Picture:
    """The map with its legend, and below it how far to trust it."""
    names = np.asarray([sign.name for sign in drawn.signs.of(drawn.labels)])
    many = len(names) > MANY_POINTS
    with house_style():
        plane = new_axes(title, *axes, size=SIZE)
        handles = []
        for name, sign in drawn.signs.legend.items():
            x, y = drawn.points[names == name].T
            points = plane.scatter(
                x,
                y,
                s=12 if many else 34,
                c=sign.colour,
                marker=MARKS[sign.marker],
                alpha=0.8,
                **({"linewidths": 1.5} if sign.marker == CROSS else {"linewidths": 0.4, "edgecolors": RIM}),
            )
            handles.append((points, f"{name} ({len(x):,})"))
        plane.set_aspect("equal", adjustable="datalim")  # near must look as near in each direction
        add_legend(plane, *zip(*handles, strict=True), loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=10)
        caption = textwrap.fill(drawn.caption.replace(" = ", NO_BREAK), CAPTION_CHARS)
        figure_of(plane).supxlabel(caption, fontsize=9.5, x=0.02, ha="left")
    return Picture("map", f"{title[0].lower()}{title[1:]}: near means alike in style", figure_of(plane))
