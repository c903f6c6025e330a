"""Pictures of a classifier: how well it ranks, whether its probabilities hold, and what it confuses."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from model.training.plots.style import BLUE, VERMILION, Picture, figure_of, house_style, new_axes
from relay.results.signs import GREY, name_labels

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SQUARE = (5.6, 5.4)
BINS = 10
"""Points of the calibration picture: a tenth of the test rows each."""


def draw_roc(
    true: Bools, scores: Floats, threshold: float, *, area: float, positive: str, weights: Floats | None = None
) -> Picture:
    """Share of the positive rows found against share of the others called positive, over all thresholds."""
    false_rate, true_rate, thresholds = roc_curve(
        true, scores, sample_weight=weights, drop_intermediate=False
    )  # every threshold, to find ours
    at = _last_reaching(thresholds, threshold)
    with house_style():
        axes = new_axes(f"Ranking by {positive}", "false alarms among the others", f"found of {positive}", size=SQUARE)
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="guessing (area 0.5)")
        axes.plot(false_rate, true_rate, color=BLUE, linewidth=2, label=f"model (area {area:.3f})")
        _mark(axes, false_rate[at], true_rate[at], threshold)
        _as_shares(axes)
        axes.legend(loc="lower right")
    return Picture("roc", "the share of positive rows found against false alarms, over all thresholds", figure_of(axes))


def draw_precision_recall(
    true: Bools, scores: Floats, threshold: float, *, area: float, positive: str, weights: Floats | None = None
) -> Picture:
    """How many of the rows called positive are, against how many of the positive rows are found."""
    precision, recall, thresholds = precision_recall_curve(true, scores, sample_weight=weights)
    at = min(int(np.searchsorted(thresholds, threshold)), len(thresholds))
    share = float(np.average(true, weights=weights))
    with house_style():
        axes = new_axes(
            f"Finding {positive}", "found of them (recall)", "alarms that are right (precision)", size=SQUARE
        )
        axes.axhline(share, color=GREY, linestyle="--", label=f"every row called positive ({share:.3f})")
        axes.plot(recall, precision, color=BLUE, linewidth=2, drawstyle="steps-post", label=f"model (area {area:.3f})")
        _mark(axes, recall[at], precision[at], threshold)
        _as_shares(axes)
        axes.legend(loc="upper right")
    return Picture(
        "precision_recall", "how many alarms are right against how many positive rows are found", figure_of(axes)
    )


def draw_calibration(true: Bools, probabilities: Floats, *, positive: str) -> Picture:
    """Share of positive rows against the predicted probability, in tenths of the test rows."""
    shares, predicted = calibration_curve(true, probabilities, n_bins=BINS, strategy="quantile")
    top = 1.05 * max(shares.max(), predicted.max())
    with house_style():
        axes = new_axes("Do the probabilities hold?", f"predicted probability of {positive}", "its share", size=SQUARE)
        axes.plot([0, top], [0, top], color=GREY, linestyle="--", label="probabilities that hold")
        axes.plot(
            predicted, shares, color=BLUE, marker="o", linewidth=2, label="model, a tenth of the test rows a point"
        )
        axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        axes.legend(loc="upper left")
    return Picture("calibration", "predicted probabilities against what happened", figure_of(axes))


def draw_confusion(true: npt.NDArray[np.str_], predicted: npt.NDArray[np.str_], *, title: str, target: str) -> Picture:
    """Rows by true and predicted class; the colour is the share of the true class."""
    classes = sorted({*true.tolist(), *predicted.tolist()})
    table = confusion_matrix(true, predicted, labels=classes)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = max(SQUARE[1], 0.55 * len(classes) + 1.5)
    with house_style():
        axes = new_axes(title, f"predicted {target}", f"true {target}", size=(side + 0.4, side))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.grid(visible=False)
        names = list(name_labels(classes).values())
        axes.set_xticks(range(len(classes)), names, rotation=45 if len(classes) > 4 else 0)
        axes.set_yticks(range(len(classes)), names)
        for (row, column), rows in np.ndenumerate(table):
            text = f"{rows:,}\n{100 * shares[row, column]:.0f} %" if len(classes) <= 4 else f"{rows:,}"
            axes.text(
                column, row, text, ha="center", va="center", color="white" if shares[row, column] > 0.6 else "black"
            )
    return Picture("confusion", "rows by true and predicted class, with the share of the true class", figure_of(axes))


def _last_reaching(falling: Floats, threshold: float) -> int:
    """Index of the last of falling thresholds that is not below the one in use."""
    return max(int(np.searchsorted(-falling, -threshold, side="right")) - 1, 0)


def _mark(axes: Axes, x: float, y: float, threshold: float) -> None:
    axes.plot(x, y, color=VERMILION, marker="o", markersize=9, linestyle="none", label=f"threshold {threshold:.3g}")


def _as_shares(axes: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
