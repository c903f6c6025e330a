"""Figures are compared by what they show: data, colours, sizes, transparency, texts and limits."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from adopt.notebooks.figures import compare_figures
from adopt.notebooks.kernel.figures import describe_figure, draw_image, is_empty


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


def draw(change: Callable[[Any], object] = lambda axes: None, **scatter: Any) -> list[dict[str, Any]]:
    """What a scatter shows, as JSON keeps it, with one thing changed."""
    figure, axes = plt.subplots()
    options: dict[str, Any] = {"c": [1, 2, 3], "s": 20, "alpha": 0.5, "label": "houses"}
    axes.scatter([1, 2, 3], [4, 5, 6], **{**options, **scatter})
    axes.set_xlabel("area")
    axes.legend()
    change(axes)
    found: list[dict[str, Any]] = json.loads(json.dumps(describe_figure(figure)))
    return found


def differences(*arguments: Any, **scatter: Any) -> list[str]:
    return [one.text for one in compare_figures(draw(), draw(*arguments, **scatter)).differences]


def test_the_same_drawing_is_exact() -> None:
    verdict = compare_figures(draw(), draw())
    assert (verdict.differences, verdict.is_exact) == ((), True)


@pytest.mark.parametrize(
    ("scatter", "where"),
    [
        ({"alpha": 0.6}, "axes 1, collection 1, alpha: 0.5 in the notebook, 0.6 in the recipe"),
        ({"s": 21}, "axes 1, collection 1, sizes: 20 in the notebook, 21 in the recipe"),
        ({"c": [1, 2, 4]}, "axes 1, collection 1, faces, value 5 of 12: "),
        ({"marker": "s"}, "axes 1, collection 1, paths, numbers, number of values: 52 in the notebook, 10 in the"),
        ({"label": "flats"}, "axes 1, legend, text 1: houses in the notebook, flats in the recipe"),
    ],
)
def test_another_look_of_the_points_is_found(scatter: dict[str, Any], where: str) -> None:
    assert any(text.startswith(where) for text in differences(**scatter))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda axes: axes.set_xlabel("size"), "axes 1, x, label: area in the notebook, size in the recipe"),
        (lambda axes: axes.set_title("Houses"), "axes 1, titles: "),
        (lambda axes: axes.set_xlim(0, 4), "axes 1, x, limits, value 1 of 2: 0.9 in the notebook, 0 in the recipe"),
        (lambda axes: axes.set_yscale("log"), "axes 1, y, scale: linear in the notebook, log in the recipe"),
        (lambda axes: axes.plot([1], [1]), "axes 1, number of lines: 0 in the notebook, 1 in the recipe"),
        (lambda axes: axes.grid(), "axes 1, x, has_grid: False in the notebook, True in the recipe"),
        (lambda axes: axes.figure.suptitle("All"), "figure, number of texts: 0 in the notebook, 1 in the recipe"),
        (lambda axes: axes.figure.set_size_inches(3, 4.8), "figure, size, value 1 of 2: 6.4 in the notebook, 3 in"),
        (lambda axes: axes.set_facecolor("red"), "axes 1, facecolor, value 2 of 4: 1 in the notebook, 0 in the"),
    ],
)
def test_another_frame_around_them_is_found(change: Callable[[Any], object], where: str) -> None:
    assert any(text.startswith(where) for text in differences(change))


def test_one_value_among_more_than_are_kept_is_found() -> None:
    values = np.linspace(0, 1, 30_000)
    moved = values.copy()
    moved[29_000] += 0.01
    plots = []
    for shown in (values, moved):
        figure, axes = plt.subplots()
        axes.plot(shown)
        plots.append(describe_figure(figure))
    found = [one.where for one in compare_figures(*plots).differences]
    assert found == ["axes 1, line 1, y, digest", "axes 1, line 1, y, rounded"]


def test_last_bits_of_many_values_do_not_count_either() -> None:
    values = np.linspace(0.1, 1, 30_000)
    plots = []
    for shown in (values, np.nextafter(values, 2)):
        figure, axes = plt.subplots()
        axes.plot(shown)
        plots.append(describe_figure(figure))
    verdict = compare_figures(*plots)
    assert (verdict.differences, verdict.is_exact) == ((), False)


def test_last_bits_do_not_count_but_are_not_called_exact() -> None:
    figures = []
    for last in (0.3, 0.1 + 0.2):
        figure, axes = plt.subplots()
        axes.plot([0.1, last])
        figures.append(describe_figure(figure))
    verdict = compare_figures(*figures)
    assert (verdict.differences, verdict.is_exact) == ((), False)


def test_the_limits_are_those_after_drawing() -> None:
    figure, axes = plt.subplots()
    axes.set_aspect("equal", adjustable="datalim")
    axes.plot([0, 10], [0, 1])
    before = axes.get_ylim()
    assert describe_figure(figure)[1]["y"]["limits"] != list(before)


def test_bars_images_times_and_3d_are_described() -> None:
    figure = plt.figure()
    bars, image, times = figure.add_subplot(221), figure.add_subplot(222), figure.add_subplot(223)
    solid = figure.add_subplot(224, projection="3d")
    bars.bar(["u", "v"], [1, 2])
    image.imshow([[0, 1], [2, 3]])
    times.plot(np.array(["2024-01-01", "2024-01-03"], "datetime64[s]"), [1, np.nan])
    solid.scatter([1, 2], [3, 4], [5, 6])
    _, shown, pixels, days, cube = describe_figure(figure)
    assert [patch["corners"][:4] for patch in shown["patches"]] == [[-0.4, 0.0, 0.4, 0.0], [0.6, 0.0, 1.4, 0.0]]
    assert pixels["images"][0]["numbers"] == [0.0, 1.0, 2.0, 3.0]
    assert (days["lines"][0]["x"], days["lines"][0]["y"]) == ([19723.0, 19725.0], [1.0, None])
    assert cube["points"][0]["offsets"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_figure_without_anything_in_it_is_empty() -> None:
    figure, axes = plt.subplots()
    assert is_empty(describe_figure(figure))
    axes.plot([1, 2])
    assert not is_empty(describe_figure(figure))


def test_the_same_figure_gives_the_same_image() -> None:
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert draw_image(figure) == draw_image(figure)
