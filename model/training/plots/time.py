"""Style in the order of time: how far each chunk is from the text before it, over the periods of the labels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Patch

from model.training.plots.map import UNKNOWN, choose_signs, group_labels
from model.training.plots.style import GREY, Picture, figure_of, house_style, new_axes

Floats = npt.NDArray[np.float64]

BLACK = "#222222"
USUAL_REACH = 5
"""Chunks before that are compared, unless the recipe's window says otherwise: enough to even out single ones."""


def draw_time(distances: Floats, labels: Sequence[str | None], *, reach: int) -> Picture:
    """Distance of each chunk to the `reach` chunks before it, and its rolling mean; bands in the labels' colours.

    Args:
        distances: distances between the chunks, in the order of time (chunks, chunks).
        labels: label of each chunk, None where it is not known (chunks,).
        reach: chunks before that are compared, and over which the mean rolls.
    """
    before = measure_before(distances, reach)
    rolling = smooth(before, reach)
    groups = group_labels(labels)
    signs = choose_signs(list(dict.fromkeys(groups.values())))
    names = [groups.get(label or UNKNOWN, UNKNOWN) for label in labels]
    with house_style():
        axes = new_axes(
            f"Style over time: distance to the {reach} chunks before",
            "chunk, in the order of time",
            "mean distance",
            size=(8.4, 4.6),
        )
        for start, end in find_runs(names):
            axes.axvspan(start - 0.5, end - 0.5, color=signs[names[start]][0], alpha=0.22, linewidth=0)
        axes.plot(before, color=GREY, marker=".", linewidth=0.8, markersize=4, label="each chunk")
        axes.plot(rolling, color=BLACK, linewidth=2, label=f"mean of {reach}")
        axes.set_xlim(-0.5, len(labels) - 0.5)
        axes.grid(visible=False, axis="x")
        bands = [Patch(color=colour, alpha=0.35, linewidth=0, label=name) for name, (colour, _) in signs.items()]
        handles = [*axes.get_legend_handles_labels()[0], *bands]
        figure_of(axes).legend(handles=handles, loc="outside lower center", ncols=min(5, len(handles)), fontsize=10)
    return Picture("time", "how far the style of each chunk is from the text before it", figure_of(axes))


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
