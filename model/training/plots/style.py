"""How every picture looks, and how a figure becomes bytes that are equal whenever it is drawn from equal values."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from relay.handoff.recipe import Column

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
"""Eight colours that people of any colour vision tell apart.

Source: M. Okabe, K. Ito, Color Universal Design (2008); blue and vermilion first, for pictures of two colours.
"""

BLUE, VERMILION = OKABE_ITO[:2]
GREY = "#8A8A8A"
MARKERS = "osD^vP*X"
"""A second sign beside the colour, for print in black and white and for more than eight labels."""

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
    "savefig.dpi": DPI,
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


def label_of(name: str, column: Column) -> str:
    """What stands at an axis: the column's name, its unit, and its description where that is short."""
    unit = f" ({column.unit})" if column.unit else ""
    return f"{name}{unit}: {column.description}" if 0 < len(column.description) <= 40 else f"{name}{unit}"


def render(picture: Picture) -> dict[str, bytes]:
    """The picture as PNG and as SVG, by file name; no date, no version, no random names inside."""
    files = {}
    for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        buffer = io.BytesIO()
        with house_style():
            picture.figure.savefig(buffer, format=ending, metadata=metadata)
        files[f"{picture.name}.{ending}"] = buffer.getvalue()
    return files
