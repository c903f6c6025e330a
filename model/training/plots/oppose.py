"""The markers of two sides: where each chunk stands by them, and the strongest words of either side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model.training.plots.map import RIM
from model.training.plots.style import (
    MARKS,
    Picture,
    add_legend,
    count_columns,
    house_style,
    measure_legend,
)
from model.training.plots.words import show_word
from relay.results.signs import CROSS, GREY, Signs, shorten_label

Floats = npt.NDArray[np.float64]

MOST_WORDS = 20
"""Words of each side that are drawn."""

SIZE = (10.0, 6.4)


@dataclass(frozen=True)
class MarkerPicture:
    """What is drawn."""

    markers: Floats
    """Share of each chunk's different words that are preferred ones, and avoided ones (chunks, 2)."""
    labels: Sequence[str | None]
    """Of all chunks, those of other labels too (chunks,)."""
    names: tuple[str, str]
    """Of the two sides."""
    preferred: Sequence[tuple[str, float]]
    """Words of the first side with the difference of the shares, strongest first."""
    avoided: Sequence[tuple[str, float]]


def draw_markers(drawn: MarkerPicture, signs: Signs) -> Picture:
    """A point a chunk, with the colour and marker of its label; beside it the strongest words."""
    one, other = (shorten_label(name, 24) for name in drawn.names)
    legend = signs.legend
    with house_style():
        figure = Figure(figsize=(SIZE[0], SIZE[1] + measure_legend(list(legend))), layout="constrained")
        FigureCanvasAgg(figure)
        points, bars = figure.subplots(1, 2, width_ratios=(5, 4))
        shown = np.asarray([sign.name for sign in signs.of(drawn.labels)])
        handles = []
        for name, sign in legend.items():
            x, y = 100 * drawn.markers[shown == name].T
            rim = {"linewidths": 1.5} if sign.marker == CROSS else {"linewidths": 0.4, "edgecolors": RIM}
            handles.append(points.scatter(x, y, s=34, c=sign.colour, marker=MARKS[sign.marker], alpha=0.8, **rim))
        points.set(xlabel=f"markers of {one} (% of the chunk's different words)", ylabel=f"markers of {other} (%)")
        points.set_title("Each chunk by the markers in it", fontsize=10.5)
        colours = {sign.label: sign.colour for sign in signs.of(drawn.names)}
        _draw_bars(bars, drawn, (colours[drawn.names[0]], colours[drawn.names[1]]))
        figure.suptitle(f"{one} against {other}: Craig's Zeta", x=0.02, ha="left", fontsize=12)
        names = list(legend)
        add_legend(figure, handles, names, loc="outside lower center", ncols=count_columns(names), fontsize=10)
    return Picture(
        "oppose", f"the words by which {one} and {other} differ, and where each chunk stands by them", figure
    )


def _draw_bars(axes: Axes, drawn: MarkerPicture, colours: tuple[str, str]) -> None:
    """The words of the first side above, to the right; those of the second below, to the left."""
    ranked = [*drawn.preferred[:MOST_WORDS], *reversed(drawn.avoided[:MOST_WORDS])]
    scores = [score for _, score in ranked]
    axes.barh(range(len(ranked)), scores, color=[colours[score < 0] for score in scores], height=0.72)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_yticks(range(len(ranked)), [shorten_label(show_word(word), 20) for word, _ in ranked], fontsize=7.5)
    axes.set(ylim=(max(len(ranked), 1) - 0.5, -0.5), xlabel="difference of the shares of chunks that hold it")
    axes.set_title(f"The strongest {len(ranked)} words", fontsize=10.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
