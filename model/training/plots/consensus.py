"""The consensus tree: the groups that most trees have, with their share; each leaf bears the sign of its label."""

from collections.abc import Sequence

from matplotlib.axes import Axes
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
from relay.results.signs import CROSS, Sign, Signs, shorten_label
from stylometry.consensus import Group, order_leaves

MOST_NAMED = 120
"""Leaves whose names can be read; of more, only their markers are drawn."""

INCHES_A_LEAF, LEAST_HEIGHT, WIDTH = 0.17, 4.5, 9.2
MOST_NAME_CHARS = 40
BLACK = "#333333"
ROOM = 0.02
"""Where the markers stand, to the right of the leaves' lines, as a share of the width."""


def draw_consensus(
    root: Group, names: Sequence[str], labels: Sequence[str | None], signs: Signs, *, title: str
) -> Picture:
    """The tree lying on its side, the root on the left; its branches have no length, only an order.

    Args:
        root: the tree.
        names: name of each text (texts,).
        labels: label of each text, None where it is not known (texts,).
        signs: the signs of all labels.
        title: what it is.
    """
    shown, legend = signs.of(labels), signs.legend
    leaves = order_leaves(root)
    is_named = len(names) <= MOST_NAMED
    height = max(LEAST_HEIGHT, INCHES_A_LEAF * len(names) + 1.2) if is_named else 9.0
    with house_style():
        axes = new_axes(title, "", "", size=(WIDTH, height + measure_legend(list(legend))))
        place = {leaf: row for row, leaf in enumerate(leaves)}
        depth = _measure_depth(root)
        _draw_group(axes, root, place, shown, level=0, depth=depth)
        axes.set(xlim=(-0.02 * depth, depth * (1 + 2 * ROOM)), ylim=(len(names) - 0.5, -0.5))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        if is_named:
            axes.yaxis.tick_right()
            shortened = [shorten_label(names[leaf], MOST_NAME_CHARS) for leaf in leaves]
            axes.set_yticks(range(len(leaves)), shortened, fontsize=8)
            axes.tick_params(axis="y", length=0)
        for leaf in leaves:
            _mark(axes, shown[leaf], depth * (1 + ROOM), place[leaf])
        handles = [
            Line2D([], [], color=sign.colour, marker=MARKS[sign.marker], linestyle="none") for sign in legend.values()
        ]
        add_legend_below(axes, handles, list(legend))
    shows = "the groups of texts that most feature numbers and cullings agree on, with their share of the trees in %"
    return Picture("consensus", shows, figure_of(axes))


def _draw_group(
    axes: Axes, group: Group, place: dict[int, int], shown: Sequence[Sign], *, level: int, depth: int
) -> float:
    """Draw what is below a group; the row at which its own line begins."""
    rows = []
    for child in group.children:
        row = _draw_group(axes, child, place, shown, level=level + 1, depth=depth)
        colour = _colour_of(child.members, shown)
        axes.plot([level, level + 1], [row, row], color=colour, linewidth=0.6 + 1.6 * (child.share - 0.5))
        # Above the line, at its end: so that the figure belongs to the branch on whose right the group stands.
        axes.text(
            level + 0.95, row - 0.08, f"{100 * child.share:.0f}", fontsize=6.5, ha="right", va="bottom", color=BLACK
        )
        rows.append(row)
    for leaf in group.leaves:
        axes.plot([level, depth], [place[leaf], place[leaf]], color=shown[leaf].colour, linewidth=0.8)
        rows.append(float(place[leaf]))
    axes.plot([level, level], [min(rows), max(rows)], color=_colour_of(group.members, shown), linewidth=1.1)
    return (min(rows) + max(rows)) / 2


def _measure_depth(group: Group) -> int:
    """Levels below a group, at least 1."""
    return 1 + max((_measure_depth(child) for child in group.children), default=0)


def _colour_of(members: Sequence[int], shown: Sequence[Sign]) -> str:
    """The colour of a branch: that of its label if all below it share one."""
    names = {shown[member].name for member in members}
    return shown[members[0]].colour if len(names) == 1 else BLACK


def _mark(axes: Axes, sign: Sign, x: float, y: int) -> None:
    width = 1.2 if sign.marker == CROSS else 0
    axes.scatter([x], [y], c=sign.colour, marker=MARKS[sign.marker], s=18, linewidths=width, clip_on=False)
