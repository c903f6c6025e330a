"""Who writes where: the distance of each window to each label, and below it the nearest label with its probability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from model.training.plots.style import (
    MARKS,
    Picture,
    add_legend,
    choose_hatches,
    count_columns,
    house_style,
    measure_legend,
)
from relay.results.signs import GREY, Sign, Signs, shorten_label

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 9.2, 5.4
MOST_MARKS = 40
"""Markers along a line; of more windows, only some bear one."""

MOST_BORDERS = 30
"""Documents whose borders are drawn; of more, the lines would be all there is."""

TITLE_CHARS, FEWEST_CHARS = 110, 6
"""Characters that titles have room for side by side, and the fewest that a longer title is cut to."""

NOT_COMPARED = "cannot be compared"


@dataclass(frozen=True)
class RollingPicture:
    """What is drawn of each window."""

    middles: Floats
    """The word in the middle of each window (windows,)."""
    distances: Floats
    """To each label, NaN where nothing of it is left (windows, labels)."""
    trust: Floats
    """Probability of the nearest label (windows,)."""
    nearest: Sequence[str | None]
    """None where a window cannot be compared (windows,)."""
    classes: tuple[str, ...]
    borders: Sequence[tuple[int, str]]
    """First word and title of each document of the text."""


def draw_rolling(drawn: RollingPicture, signs: Signs, *, window: int, step: int) -> Picture:
    """Lines of distances, the lowest is the nearest; below, bars as high as the nearest label is probable."""
    shown = dict(zip(drawn.classes, signs.of(drawn.classes), strict=True))
    names = list(dict.fromkeys(sign.name for sign in shown.values()))
    with house_style():
        height = HEIGHT + measure_legend(names)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasAgg(figure)
        lines, bars = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_lines(lines, drawn, shown)
        _draw_bars(bars, drawn, shown, step=step)
        _draw_borders((lines, bars), drawn.borders, float(drawn.middles[-1] + window / 2))
        figure.suptitle(
            f"Who writes where: windows of {window:,} words, each {step:,} further", x=0.02, ha="left", fontsize=12
        )
        handles = [
            Line2D([], [], color=sign.colour, marker=MARKS[sign.marker])
            for sign in {sign.name: sign for sign in shown.values()}.values()
        ]
        if None in drawn.nearest:
            handles, names = [*handles, Line2D([], [], color=GREY, linewidth=6)], [*names, NOT_COMPARED]
        add_legend(figure, handles, names, loc="outside lower center", ncols=count_columns(names), fontsize=10)
    return Picture("rolling", "which label each part of a long text is nearest to, and how probable that is", figure)


def _draw_lines(axes: Axes, drawn: RollingPicture, shown: dict[str, Sign]) -> None:
    every = max(1, len(drawn.middles) // MOST_MARKS)
    for column, sign in enumerate(shown.values()):
        axes.plot(
            drawn.middles,
            drawn.distances[:, column],
            color=sign.colour,
            marker=MARKS[sign.marker],
            markevery=every,
            markersize=5,
            linewidth=1.4,
        )
    axes.set_ylabel("distance (low: alike)")


def _draw_bars(axes: Axes, drawn: RollingPicture, shown: dict[str, Sign], *, step: int) -> None:
    hatches = choose_hatches({sign.name: sign for sign in shown.values()})
    for label in dict.fromkeys(drawn.nearest):
        chosen = np.array([other == label for other in drawn.nearest])
        sign = None if label is None else shown[label]
        axes.bar(
            drawn.middles[chosen],
            drawn.trust[chosen] if sign is not None else 1.0,
            width=step,
            color=GREY if sign is None else sign.colour,
            edgecolor="white",
            linewidth=0.5 if len(drawn.middles) <= 4 * MOST_MARKS else 0,
            hatch="" if sign is None else hatches[sign.name],
            alpha=0.3 if sign is None else 0.85,
        )
    axes.axhline(1 / len(drawn.classes), color="#222222", linestyle="--", linewidth=1)
    axes.set(ylim=(0, 1), ylabel="probability", xlabel="word in the middle of the window (dashed: no label preferred)")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(visible=False, axis="x")


def _draw_borders(panels: Sequence[Axes], borders: Sequence[tuple[int, str]], words: float) -> None:
    """A line where each document begins, its title where there is room."""
    if not 1 < len(borders) <= MOST_BORDERS:
        return
    ends = [*(start for start, _ in borders[1:]), words]
    for (start, title), end in zip(borders, ends, strict=True):
        for axes in panels:
            axes.axvline(start, color=GREY, linewidth=0.8, zorder=0.5)
        room = int((end - start) / words * TITLE_CHARS)
        if room >= min(len(title), FEWEST_CHARS):
            name, frame = shorten_label(title, max(room, FEWEST_CHARS)), panels[0].get_xaxis_transform()
            panels[0].text((start + end) / 2, 1.01, name, transform=frame, ha="center", fontsize=8)
