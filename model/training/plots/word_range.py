"""How probable each unknown document's label is with few and with many features, by either rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from model.training.plots.style import MARKS, Picture, add_legend, count_columns, house_style, measure_legend
from relay.results.signs import Signs

WIDTH, HEIGHT = 9.2, 4.6

MOST_LINES = 200
"""Documents that are drawn; of more, the first ones."""


@dataclass(frozen=True)
class Line:
    """One unknown document."""

    document: str
    label: str
    """Whom it is nearest to most often."""
    chances: tuple[float, ...]
    """Probability of that label with each number of features."""


def draw_word_range(
    lines: Mapping[str, Sequence[Line]], signs: Signs, *, features: Sequence[int], unit: str, labels: int
) -> Picture:
    """A panel for each rule, a line for each document, in the sign of the label that it is nearest to most often.

    Args:
        lines: rule -> its lines.
        signs: of all labels.
        features: numbers of features that were tried.
        unit: what they are.
        labels: labels that each document is compared with: the dashed line is their equal probability.
    """
    nearest = list(dict.fromkeys(line.label for of_rule in lines.values() for line in of_rule))
    shown = dict(zip(nearest, signs.of(nearest), strict=True))
    names = list(dict.fromkeys(sign.name for sign in shown.values()))
    with house_style():
        figure = Figure(figsize=(WIDTH, HEIGHT + measure_legend(names)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(lines), sharey=True)
        for axes, (rule, of_rule) in zip(panels, lines.items(), strict=True):
            for line in of_rule[:MOST_LINES]:
                sign = shown[line.label]
                axes.plot(
                    features,
                    line.chances,
                    color=sign.colour,
                    marker=MARKS[sign.marker],
                    markersize=4,
                    linewidth=1,
                    alpha=0.7,
                )
            axes.axhline(1 / labels, color="#222222", linestyle="--", linewidth=1)
            axes.set(xscale="log", ylim=(-0.02, 1.02), title=rule, xlabel=f"most frequent {unit}")
            axes.set_xticks(features, [f"{number:,}" for number in features])
            axes.minorticks_off()
        panels[0].set_ylabel("probability")
        handles = [
            Line2D([], [], color=sign.colour, marker=MARKS[sign.marker])
            for sign in {sign.name: sign for sign in shown.values()}.values()
        ]
        add_legend(figure, handles, names, loc="outside lower center", ncols=count_columns(names), fontsize=10)
    caption = "how probable the label of each unknown document is with few and with many features"
    return Picture("word_range", caption, figure)
