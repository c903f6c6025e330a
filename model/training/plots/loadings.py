"""The n-grams that weigh most in the axes of a map, a panel an axis."""

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model.training.authorship.loadings import AXES, Loadings, show_ngram
from model.training.plots.style import BLUE, VERMILION, Picture, house_style
from model.training.plots.words import show_word
from relay.results.signs import GREY

MOST_NGRAMS = 20
SIZE = (8.4, 5.6)


def draw_loadings(loadings: Loadings) -> Picture:
    """Bars of the strongest n-grams of each axis, to the right where more of them moves a chunk to larger values."""
    with house_style():
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        for axis, name in enumerate(AXES):
            _draw_panel(figure.add_subplot(1, len(AXES), axis + 1), loadings.rank(axis, MOST_NGRAMS), f"{name} axis")
        figure.suptitle("What the axes of the map are made of", x=0.02, ha="left", fontsize=12)
        figure.supxlabel("loading: weight of the n-gram's frequency in the axis", fontsize=9.5)
    return Picture("loadings", "the n-grams that pull a chunk along each axis of the map", figure)


def _draw_panel(axes: Axes, ranked: list[tuple[str, float]], title: str) -> None:
    weights = [weight for _, weight in ranked]
    axes.barh(range(len(ranked)), weights, color=[BLUE if weight > 0 else VERMILION for weight in weights], height=0.72)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_yticks(range(len(ranked)), [show_word(show_ngram(ngram)) for ngram, _ in ranked], fontsize=9)
    axes.set(ylim=(MOST_NGRAMS - 0.5, -0.5))
    axes.set_title(title, fontsize=10.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
