"""The picture of the lab: what blocks of each size find, and how soon the watch alarms."""

import io
from typing import Any

from monitor.lab.report import PARTS, Lab
from monitor.lab.stream_power import AFTER

COLOURS = ("#1f5fa8", "#b3261e", "#2e7d32", "#8e5ba6", "#c77700", "#4d4d4d", "#00838f")
MOST_BARS = 40
LONGEST_NAME, KEPT_END = 48, 22
"""Of a bar's name its end is kept: it says what changes."""


def draw_lab(lab: Lab) -> bytes:
    """A PNG; the same results, the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    bars = [one for one in lab.streams if one.kind != "none"]
    bars = sorted(bars, key=lambda one: (one.median or AFTER * 1.01, one.text))[-MOST_BARS:]
    figure = Figure(figsize=(11, 2.2 + 0.19 * len(bars)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_power(left, lab)
    _draw_delays(right, bars)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    sink = io.BytesIO()
    figure.savefig(sink, format="png", metadata={"Software": None})
    return sink.getvalue()


def _draw_power(axes: Any, lab: Lab) -> None:
    """Mean share of blocks found, by kind of change."""
    sizes = list(lab.settings["sizes"])
    for colour, (kind, words) in zip(COLOURS, PARTS.items(), strict=True):
        points = []
        for size in sizes:
            shares = [one.found / one.blocks for one in lab.blocks if one.kind == kind and one.rows == size]
            if shares:
                points.append((size, sum(shares) / len(shares)))
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, linewidth=1.6, label=words)
    axes.axhline(lab.settings["alpha"], color="#666666", linewidth=1.0, linestyle=":", label="by chance")
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("records of a block")
    axes.set_ylabel("share of blocks found")
    axes.set_title(f"{lab.model} version {lab.version}: blocks", loc="left", fontsize=10)
    axes.legend(fontsize=8, frameon=False)


def _draw_delays(axes: Any, bars: list[Any]) -> None:
    names = [_shorten(one.text) for one in bars]
    values = [one.median or AFTER for one in bars]
    colours = ["#1f5fa8" if one.median else "#cccccc" for one in bars]
    axes.barh(range(len(bars)), values, color=colours)
    axes.set_yticks(range(len(bars)), names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, AFTER)
    axes.set_xlabel(f"records to the alarm, median (grey: not within {AFTER:,})")
    axes.set_title("the watch", loc="left", fontsize=10)


def _shorten(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - KEPT_END - 1]}…{name[-KEPT_END:]}"
