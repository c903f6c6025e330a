"""Pictures of a regression: the fitted line, predicted against true values, and what is left over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from model.training.plots.style import BLUE, MANY_POINTS, VERMILION, Picture, figure_of, house_style, new_axes
from relay.results.signs import GREY

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A model of one input: the points of both sides, and the prediction along the input, all of shape (n,)."""

    train_x: Floats
    train_y: Floats
    test_x: Floats
    test_y: Floats
    line_x: Floats
    line_y: Floats


def draw_curve(curve: Curve, *, title: str, x_label: str, y_label: str) -> Picture:
    """The prediction over its one input, with the points that it learned from and those that judge it."""
    with house_style():
        axes = new_axes(title, x_label, y_label)
        _scatter(axes, curve.train_x, curve.train_y, color=GREY, label=f"training rows ({len(curve.train_x):,})")
        _scatter(axes, curve.test_x, curve.test_y, color=BLUE, label=f"test rows ({len(curve.test_x):,})")
        axes.plot(curve.line_x, curve.line_y, color=VERMILION, linewidth=2, label="prediction")
        axes.legend()
    return Picture("fitted_line", "the prediction over its one input, with training and test rows", figure_of(axes))


def draw_predicted(true: Floats, predicted: Floats, *, title: str, target: str) -> Picture:
    """Predicted against true values of the test rows; a perfect model puts every point on the diagonal."""
    with house_style():
        axes = new_axes(title, f"true {target}", f"predicted {target}")
        low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
        axes.plot([low, high], [low, high], color=VERMILION, linewidth=1.5, label="predicted = true")
        _scatter(axes, true, predicted, color=BLUE, label=f"test rows ({len(true):,})")
        axes.legend(loc="upper left")
    return Picture("predicted", "predicted against true values of the test rows", figure_of(axes))


def draw_residuals(true: Floats, predicted: Floats, *, title: str, target: str) -> Picture:
    """True minus predicted over the predicted value; a pattern here is something that the model has not learned."""
    with house_style():
        axes = new_axes(title, f"predicted {target}", f"true minus predicted {target}")
        axes.axhline(0, color=VERMILION, linewidth=1.5)
        _scatter(axes, predicted, true - predicted, color=BLUE)
    return Picture("residuals", "what the predictions miss; a pattern would be something not learned", figure_of(axes))


def _scatter(axes: Axes, x: Floats, y: Floats, *, color: str, label: str = "") -> None:
    many = len(x) > MANY_POINTS
    axes.scatter(
        x, y, s=6 if many else 22, alpha=0.25 if many else 0.8, color=color, linewidths=0, label=label, rasterized=many
    )
