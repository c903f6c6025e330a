"""Style in the order of time: how far each chunk is from the text before it, over the periods of the labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Patch

from model.training.plots.style import (
    Picture,
    add_legend_below,
    choose_hatches,
    figure_of,
    house_style,
    measure_legend,
    new_axes,
)
from relay.results.signs import GREY, Sign, Signs

Floats = npt.NDArray[np.float64]

BLACK = "#222222"
USUAL_REACH = 5
"""Chunks before that are compared, unless the recipe's window says otherwise: enough to even out single ones."""


def draw_time(distances: Floats, labels: Sequence[str | None], signs: Signs, *, reach: int) -> Picture:
    """Distance of each chunk to the `reach` chunks before it, and its rolling mean; bands in the labels' colours.

    Args:
        distances: distances between the chunks, in the order of time (chunks, chunks).
        labels: label of each chunk, None where it is not known (chunks,).
        signs: the signs of all labels.
        reach: chunks before that are compared, and over which the mean rolls.
    """
    before = measure_before(distances, reach)
    legend, hatches = signs.legend, choose_hatches(signs.legend)
    names = [sign.name for sign in signs.of(labels)]
    said = ["each chunk", f"mean of {reach}", *legend]
    with house_style():
        axes = new_axes(
            f"Style over time: distance to the {reach} chunks before",
            "chunk, in the order of time",
            "mean distance",
            size=(8.4, 4.2 + measure_legend(said)),
        )
        for start, end in find_runs(names):
            band = _fill(legend[names[start]], hatches[names[start]], 0.22)
            axes.axvspan(start - 0.5, end - 0.5, **band)
        axes.plot(before, color=GREY, marker=".", linewidth=0.8, markersize=4)
        axes.plot(smooth(before, reach), color=BLACK, linewidth=2)
        axes.set_xlim(-0.5, len(labels) - 0.5)
        axes.grid(visible=False, axis="x")
        bands = [Patch(**_fill(sign, hatches[name], 0.35)) for name, sign in legend.items()]
        add_legend_below(axes, [*axes.get_lines(), *bands], said)
    return Picture("time", "how far the style of each chunk is from the text before it", figure_of(axes))


def _fill(sign: Sign, hatch: str, alpha: float) -> dict[str, Any]:
    return {"facecolor": sign.colour, "edgecolor": sign.colour, "hatch": hatch, "alpha": alpha, "linewidth": 0}


def measure_before(distances: Floats, reach: int) -> Floats:
    """Mean distance of each chunk to the `reach` before it, NaN where there are not so many (chunks,)."""
    means = np.full(len(distances), np.nan)
    for chunk in range(reach, len(distances)):
        means[chunk] = distances[chunk, chunk - reach : chunk].mean()
    return means


def smooth(values: Floats, reach: int) -> Floats:
    """Mean of each value and the `reach - 1` before it, NaN where one of them is (values,)."""
    smoothed = np.full(len(values), np.nan)
    for index in range(reach - 1, len(values)):
        smoothed[index] = values[index - reach + 1 : index + 1].mean()
    return smoothed


def find_runs(names: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each run of equal names."""
    starts = [index for index in range(len(names)) if index == 0 or names[index] != names[index - 1]]
    return list(zip(starts, [*starts[1:], len(names)], strict=True))
