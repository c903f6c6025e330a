"""A figure as files: drawn once, as `savefig` would draw it, and left with nothing that depends on when it is drawn."""

import io
from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from model.training.plots.style import DPI, Picture, house_style, new_axes, render


def make_house_figure() -> Figure:
    axes = new_axes("title", "x", "y")
    axes.scatter([1, 2, 3], [3, 1, 2], label="points")
    axes.legend()
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return figure


def make_pyplot_figure() -> Figure:
    figure, axes = plt.subplots(2, 2, dpi=72)
    axes[0, 1].plot([1, 2, 3], [1, 4, 9], label="squares")
    axes[0, 1].legend()
    plt.close(figure)
    return figure


def make_tight_figure() -> Figure:
    figure = Figure(figsize=(3, 2), layout="tight", facecolor="#FFEEDD")
    figure.add_subplot().bar(["a", "b"], [1, 2])
    figure.suptitle("a title above")
    return figure


@pytest.mark.parametrize("make", [make_house_figure, make_pyplot_figure, make_tight_figure])
def test_a_png_is_the_one_that_savefig_writes(make: Callable[[], Figure]) -> None:
    files = render(Picture("name", "shows", make()))
    figure, saved = make(), io.BytesIO()
    with house_style():
        figure.savefig(saved, format="png", dpi=DPI, metadata={"Software": None})
    assert files["name.png"] == saved.getvalue()


@pytest.mark.parametrize("make", [make_house_figure, make_pyplot_figure, make_tight_figure])
def test_a_figure_drawn_again_has_the_same_bytes(make: Callable[[], Figure]) -> None:
    first, second = (render(Picture("name", "shows", make())) for _ in range(2))
    assert first == second
    assert set(first) == {"name.png", "name.svg"}
    assert b"<dc:date>" not in first["name.svg"]
