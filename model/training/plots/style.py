"""How every picture looks, and how a figure becomes bytes that are equal whenever it is drawn from equal values."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from relay.handoff.recipe import Column
from relay.results.signs import COLOURS, Sign

BLUE, VERMILION = COLOURS[:2]
MARKS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "plus": "P",
    "x": "X",
    "triangle-left": "<",
    "dot": ".",
    "cross": "x",
}
"""Marker of a label -> what matplotlib calls it."""

HATCHES = ("", "///", "...")
"""Of areas whose labels share a colour, the first label's first."""

LEGEND_CHARS, SIGN_CHARS = 100, 7
"""Characters that fit beside each other below a picture, and how many of them a sign with its gaps takes."""

LEGEND_POINTS, LEGEND_ROW, MOST_COLUMNS = 10, 0.21, 5
"""Size of the letters of a legend below a picture, inches of its rows, and its columns."""

DPI = 150
WIDTH, HEIGHT = 7.0, 5.0
"""Inches: 1050 x 750 points of a PNG, half of a laptop's screen."""

MANY_POINTS = 2_000
"""From here on points go into an SVG as one image: a vector a point would make files of many megabytes."""

STYLE: Mapping[Any, Any] = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": DPI,
    "svg.hashsalt": "relay",
    "text.parse_math": False,  # a unit may be "$"
}


@dataclass(frozen=True)
class Picture:
    """A figure, the name of its files without the ending, and what it shows in a few words."""

    name: str
    shows: str
    figure: Figure


@contextmanager
def house_style() -> Iterator[None]:
    """The defaults of matplotlib and ours, whatever the user's matplotlibrc says; as before afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def new_axes(title: str, x_label: str, y_label: str, *, size: tuple[float, float] = (WIDTH, HEIGHT)) -> Axes:
    """Empty axes on a figure of their own."""
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    return axes


def figure_of(axes: Axes) -> Figure:
    """The figure that axes made by `new_axes` lie on."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)  # noqa: S101 - new_axes makes no subfigures
    return figure


def add_legend(place: Axes | Figure, handles: Sequence[Artist], names: Sequence[str], **options: Any) -> None:
    """A legend of all the names: matplotlib itself leaves out those that begin with an underscore."""
    legend = place.legend(handles, [str(number) for number in range(len(names))], **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)


def add_legend_below(axes: Axes, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """A legend of all the names below the axes, in as many columns as fit."""
    columns = count_columns(names)
    add_legend(figure_of(axes), handles, names, loc="outside lower center", ncols=columns, fontsize=LEGEND_POINTS)


def measure_legend(names: Sequence[str]) -> float:
    """Inches that `add_legend_below` takes."""
    return -(-len(names) // count_columns(names)) * LEGEND_ROW


def count_columns(names: Sequence[str]) -> int:
    """Columns of a legend below a picture."""
    longest = max(len(name) for name in names) + SIGN_CHARS
    return max(1, min(MOST_COLUMNS, LEGEND_CHARS // longest))


def choose_hatches(legend: Mapping[str, Sign]) -> dict[str, str]:
    """Name -> hatch that tells areas of one colour apart."""
    used: dict[str, int] = {}
    hatches = {}
    for name, sign in legend.items():
        turn = used[sign.colour] = used.get(sign.colour, -1) + 1
        hatches[name] = HATCHES[turn % len(HATCHES)]
    return hatches


def label_of(name: str, column: Column) -> str:
    """What stands at an axis: the column's name, its unit, and its description where that is short."""
    unit = f" ({column.unit})" if column.unit else ""
    return f"{name}{unit}: {column.description}" if 0 < len(column.description) <= 40 else f"{name}{unit}"


def render(picture: Picture) -> dict[str, bytes]:
    """The picture as PNG and as SVG, by file name; no date, no version, no random names inside.

    It is laid out once and drawn once for each file; `savefig` would do both twice, the first time to measure.
    """
    figure, png, svg = picture.figure, io.BytesIO(), io.BytesIO()
    with house_style():
        figure.set_dpi(DPI)
        FigureCanvasAgg(figure).print_png(png, metadata={"Software": None})  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return {f"{picture.name}.png": png.getvalue(), f"{picture.name}.svg": svg.getvalue()}
