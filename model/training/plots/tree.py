"""The tree of chunks by style: which are joined first, each leaf with its label's colour and marker."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from model.training.plots.style import (
    MARKS,
    Picture,
    add_legend_below,
    figure_of,
    house_style,
    measure_legend,
    new_axes,
)
from relay.results.signs import COLOURS, CROSS, Sign, Signs, shorten_label
from stylometry.tree import Tree

MOST_NAMED = 90
"""Leaves whose names can be read; of more, only the colours of their labels are shown."""

INCHES_A_LEAF, LEAST_HEIGHT, WIDTH = 0.17, 4.5, 8.4
MOST_NAME_CHARS = 28
MARK_PLACE = 0.015
"""Where the markers of the leaves stand, to the right of the leaves, as a share of the tree's height."""

BLACK, LINE = "#333333", 1.1
LINES_IN_SIGHT = 200.0
"""Lines get thinner in proportion above about so many, or they would flow together."""


def draw_tree(tree: Tree, names: Sequence[str], labels: Sequence[str | None], signs: Signs, *, title: str) -> Picture:
    """The tree lying on its side: leaves on the right, what is joined late on the left.

    Args:
        tree: the joins.
        names: name of each chunk (chunks,).
        labels: label of each chunk, None where it is not known (chunks,).
        signs: the signs of all labels.
        title: what the leaves are.
    """
    shown, legend = signs.of(labels), signs.legend
    shared = name_joins(tree, [sign.name for sign in shown])
    is_named = len(names) <= MOST_NAMED
    height = max(LEAST_HEIGHT, INCHES_A_LEAF * len(names) + 1.2) if is_named else 7.0
    height += measure_legend(list(legend))
    with house_style():
        axes = new_axes(title, "height at which they are joined (Ward)", "", size=(WIDTH, height))
        # Corners turned: x of the tree runs down the page, its height to the left.
        joins = LineCollection(
            list(tree.lines[:, :, ::-1]),
            colors=[BLACK if name is None else legend[name].colour for name in shared],
            linewidths=min(LINE, LINES_IN_SIGHT / len(names)),
        )
        axes.add_collection(joins)
        top = float(tree.links[-1, 2]) or 1.0
        axes.set(xlim=(1.03 * top, -2 * MARK_PLACE * top), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        leaves = [shown[leaf] for leaf in tree.leaves.tolist()]
        if is_named:
            _name_leaves(axes, [names[leaf] for leaf in tree.leaves.tolist()])
        _mark_leaves(axes, leaves, -MARK_PLACE * top)
        styles = [(sign.colour, MARKS[sign.marker]) for sign in legend.values()]
        handles = [Line2D([], [], color=colour, marker=mark, linestyle="none") for colour, mark in styles]
        # Outside, because leaves and joins fill the whole plane.
        add_legend_below(axes, handles, list(legend))
    return Picture("tree", "a tree of styles: what is joined far to the right is alike", figure_of(axes))


def name_joins(tree: Tree, names: Sequence[str]) -> list[str | None]:
    """The name that all leaves below each join share, None where they differ (joins,)."""
    below: list[str | None] = list(names)
    for one, other in tree.links[:, :2].astype(int).tolist():
        below.append(below[one] if below[one] == below[other] else None)
    return below[len(names) :]


def _name_leaves(axes: Axes, names: list[str]) -> None:
    axes.yaxis.tick_right()
    axes.set_yticks(range(len(names)), [shorten_label(name, MOST_NAME_CHARS) for name in names], fontsize=8)
    axes.tick_params(axis="y", length=0)


def _mark_leaves(axes: Axes, signs: list[Sign], x: float) -> None:
    """The label's marker at each leaf; of many leaves with few labels a stroke, which tells where each leaf is."""
    is_stroke = len(signs) > MOST_NAMED and len({sign.name for sign in signs}) <= len(COLOURS)
    for name, sign in {sign.name: sign for sign in signs}.items():
        places = [place for place, other in enumerate(signs) if other.name == name]
        axes.scatter(
            np.full(len(places), x),
            places,
            c=sign.colour,
            marker="_" if is_stroke else MARKS[sign.marker],
            s=120 if is_stroke else 18,
            linewidths=max(0.6, 420 / len(signs)) if is_stroke else 1.2 if sign.marker == CROSS else 0,
        )
