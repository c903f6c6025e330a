"""All distances at a glance: who is near whom, the chunks sorted by label."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from model.training.plots.style import Picture, figure_of, house_style, new_axes
from model.training.plots.time import find_runs
from relay.results.signs import Signs

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BLACK = "#222222"
SIZE = (8.0, 6.2)
LEAST_SHARE = 0.02
"""Share of the chunks from which on a run's name finds room at the margin."""


def draw_neighbours(distances: Floats, labels: Sequence[str | None], signs: Signs, leaves: Integers | None) -> Picture:
    """The distance matrix, dark where two chunks are near.

    Args:
        distances: distances between the chunks (chunks, chunks).
        labels: label of each chunk, None where it is not known (chunks,).
        signs: the signs of all labels.
        leaves: the chunks in the order of the tree, which sorts those of a label; None leaves all as they stand.
    """
    shown = [sign.name for sign in signs.of(labels)]
    order = np.arange(len(labels)) if leaves is None else sort_chunks(shown, list(signs.legend), leaves)
    sorted_names = [shown[index] for index in order.tolist()]
    matrix = distances[np.ix_(order, order)]
    away = matrix[~np.eye(len(matrix), dtype=bool)]
    how = "in the order of time" if leaves is None else "by label, within it by the tree"
    with house_style():
        axes = new_axes(f"Distances between {len(labels):,} chunks, {how}", "", "", size=SIZE)
        # The nearest and farthest hundredth share an end of the scale: single strange chunks would use it all up.
        low, high = np.percentile(away, [1, 99])
        image = axes.imshow(matrix, cmap="cividis", vmin=low, vmax=high, interpolation="nearest")
        axes.grid(visible=False)
        figure_of(axes).colorbar(image, ax=axes, shrink=0.75, label="distance (dark: near)", pad=0.02)
        _mark_labels(axes, sorted_names, {name: sign.colour for name, sign in signs.legend.items()})
    return Picture("neighbours", "the distances between all chunks, dark where two are near", figure_of(axes))


def sort_chunks(shown: Sequence[str], names: Sequence[str], leaves: Integers) -> Integers:
    """The chunks by label, those of one label as the tree has them (chunks,)."""
    rank = {name: number for number, name in enumerate(names)}
    return np.array(sorted(leaves.tolist(), key=lambda leaf: rank[shown[leaf]]), np.int64)


def _mark_labels(axes: Axes, names: Sequence[str], colours: dict[str, str]) -> None:
    """A strip of the labels' colours above and to the left, and their names."""
    strip = np.array([to_rgb(colours[name]) for name in names])
    beside, above = axes.inset_axes((-0.035, 0, 0.025, 1)), axes.inset_axes((0, 1.01, 1, 0.025))
    beside.imshow(strip[:, np.newaxis], aspect="auto", interpolation="nearest")
    above.imshow(strip[np.newaxis], aspect="auto", interpolation="nearest")
    for inset in (beside, above):
        inset.set_xticks([])
        inset.set_yticks([])
        inset.grid(visible=False)
        for spine in inset.spines.values():
            spine.set_visible(False)
    runs = [(start, end) for start, end in find_runs(names) if end - start >= LEAST_SHARE * len(names)]
    beside.set_yticks([(start + end - 1) / 2 for start, end in runs], [names[start] for start, _ in runs], fontsize=8.5)
    beside.tick_params(length=0)
    axes.set_xticks([])
    axes.set_yticks([])
    for start, _ in find_runs(names)[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=0.8)
        axes.axvline(start - 0.5, color="white", linewidth=0.8)
