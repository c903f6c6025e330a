"""The tree of chunks by style: which are joined first, each leaf in its label's colour."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from model.training.plots.map import UNKNOWN, choose_signs, group_labels
from model.training.plots.style import Picture, figure_of, house_style, new_axes
from stylometry.tree import Tree

MOST_NAMED = 90
"""Leaves whose names can be read; of more, only the colours of their labels are shown."""

INCHES_A_LEAF, LEAST_HEIGHT, WIDTH = 0.17, 4.5, 8.4
MOST_NAME_CHARS = 28
BLACK, LINE = "#333333", 1.1
LINES_IN_SIGHT = 200.0
"""Lines get thinner in proportion above about so many, or they would flow together."""


def draw_tree(tree: Tree, names: Sequence[str], labels: Sequence[str | None], *, title: str) -> Picture:
    """The tree lying on its side: leaves on the right, what is joined late on the left.

    Args:
        tree: the joins.
        names: name of each chunk (chunks,).
        labels: label of each chunk, None where it is not known (chunks,).
        title: what the leaves are.
    """
    groups = group_labels(labels)
    shown = [groups.get(label or UNKNOWN, UNKNOWN) for label in labels]
    signs = choose_signs(list(dict.fromkeys(groups.values())))
    is_named = len(names) <= MOST_NAMED
    height = max(LEAST_HEIGHT, INCHES_A_LEAF * len(names) + 1.2) if is_named else 7.0
    with house_style():
        axes = new_axes(title, "height at which they are joined (Ward)", "", size=(WIDTH, height))
        # Corners turned: x of the tree runs down the page, its height to the left.
        joins = LineCollection(
            list(tree.lines[:, :, ::-1]),
            colors=[BLACK if name is None else signs[name][0] for name in name_joins(tree, shown)],
            linewidths=min(LINE, LINES_IN_SIGHT / len(names)),
        )
        axes.add_collection(joins)
        top = float(tree.links[-1, 2]) or 1.0
        axes.set(xlim=(1.03 * top, -0.02 * top), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        colours = [signs[shown[leaf]][0] for leaf in tree.leaves.tolist()]
        if is_named:
            _name_leaves(axes, [names[leaf] for leaf in tree.leaves.tolist()], colours)
        else:
            _mark_leaves(axes, colours)
        handles = [
            Line2D([], [], color=colour, marker="s", linestyle="none", label=name)
            for name, (colour, _) in signs.items()
        ]
        # Outside, because leaves and joins fill the whole plane.
        figure_of(axes).legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), fontsize=10)
    return Picture("tree", "a tree of styles: what is joined far to the right is alike", figure_of(axes))


def name_joins(tree: Tree, names: Sequence[str]) -> list[str | None]:
    """The name that all leaves below each join share, None where they differ (joins,)."""
    below: list[str | None] = list(names)
    for one, other in tree.links[:, :2].astype(int).tolist():
        below.append(below[one] if below[one] == below[other] else None)
    return below[len(names) :]


def _name_leaves(axes: Axes, names: list[str], colours: list[str]) -> None:
    axes.yaxis.tick_right()
    axes.set_yticks(range(len(names)), [shorten(name) for name in names], fontsize=8)
    axes.tick_params(axis="y", length=0)
    for text, colour in zip(axes.get_yticklabels(), colours, strict=True):
        text.set_color(colour)


def _mark_leaves(axes: Axes, colours: list[str]) -> None:
    """A stroke of colour at each leaf."""
    indices = np.arange(len(colours))
    axes.scatter(
        np.ones(len(indices)),
        indices,
        c=colours,
        marker="_",
        s=120,
        linewidths=max(0.6, 420 / len(indices)),
        transform=axes.get_yaxis_transform(),
        clip_on=False,
    )


def shorten(name: str) -> str:
    """A name that fits beside a picture; the end is kept too, because parts of one work differ there."""
    if len(name) <= MOST_NAME_CHARS:
        return name
    half = (MOST_NAME_CHARS - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
