"""A consensus tree: the groups of texts that stand in most trees over a range of feature numbers and cullings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.delta import find_distance
from stylometry.errors import StylometryError
from stylometry.features import SCALED, CountTable, fit_rows, most_frequent, read_rows, select_rows
from stylometry.tree import grow_tree

Floats = npt.NDArray[np.float64]

SAME_HEIGHT = 1e-7
"""Share of the tree's height below which two joins are equally high: equal texts differ by rounding."""

PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")
"""Signs of a Newick name that needs no quotes; an underscore would be read as a blank."""


@dataclass(frozen=True)
class Choice:
    """One choice of features, and the distances that it gives.

    Attributes:
        features: Most frequent n-grams that were looked at.
        culling: Share of the texts that hold each of them, at least.
        distances: Distances between the texts (texts, texts).
    """

    features: int
    culling: float
    distances: Floats


@dataclass(frozen=True)
class Group:
    """Texts below one branch.

    Attributes:
        members: Their indices, ascending.
        share: Share of the trees that have this group, 0 to 1; 1 for the root.
        children: The groups right below.
        leaves: The members that are in none of the children.
    """

    members: tuple[int, ...]
    share: float
    children: "tuple[Group, ...]" = ()
    leaves: tuple[int, ...] = ()


def try_choices(
    counts: CountTable, distance: str, features: Sequence[int], cullings: Sequence[float]
) -> Iterator[Choice]:
    """Distances for each number of features and each culling, one at a time.

    Where a culling leaves fewer n-grams than a number asks for, all that are left are looked at, once; a culling that
    leaves none gives nothing.

    Raises:
        StylometryError: If a number is out of range, or no n-gram is left by the smallest culling.
    """
    chosen, matrix = find_distance(distance), counts.matrix
    most_frequent(counts, min(features), min(cullings))
    most = np.bincount(matrix.indices, minlength=1).max() / matrix.shape[0]
    for culling in (culling for culling in cullings if culling <= most or culling > 1):
        columns = most_frequent(counts, max(features), culling)
        selected = select_rows(counts, columns, chosen.needs)
        rows = read_rows(selected, chosen.needs)
        rows = fit_rows(selected, chosen.needs).apply(rows) if chosen.needs in SCALED else rows
        for number in sorted({min(number, len(columns)) for number in features}):
            # The columns stand by falling frequency, and each is scaled on its own.
            yield Choice(number, culling, chosen.between(np.ascontiguousarray(rows[:, :number]), None))


def find_groups(distances: Floats) -> list[int]:
    """The groups of the Ward tree, those of one text and of all left out; bit i of each says that text i is in it.

    A group that is joined to further texts at its own height is left out too: copies of one text could be joined in
    any order, and the order that was taken says nothing about them.
    """
    texts = len(distances)
    below = [1 << text for text in range(texts)]
    links = grow_tree(distances).links
    heights = np.concatenate([np.zeros(texts), links[:, 2]])
    above = np.zeros(2 * texts - 1)
    for join, (one, other) in enumerate(links[:, :2].astype(int).tolist()):
        below.append(below[one] | below[other])
        above[[one, other]] = heights[texts + join]
    is_apart = above - heights > SAME_HEIGHT * heights[-1]
    return [group for group, apart in zip(below[texts:-1], is_apart[texts:-1].tolist(), strict=True) if apart]


def build_consensus(trees: Sequence[Sequence[int]], texts: int, least: float = 0.5) -> Group:
    """The majority-rule consensus of trees: the root, with the groups that stand in more than `least` of the trees.

    Groups of more than half of the trees never contradict each other, so that they make one tree.

    Args:
        trees: The groups of each tree, see find_groups.
        texts: Number of the texts.
        least: Share of the trees that a group must exceed, 0.5 to 1; with 1, groups of all trees are kept.

    Raises:
        StylometryError: If there is no tree, or the share is out of range.

    Source: Eder: Computational stylistics and Biblical translation: how reliable can a dendrogram be? The Translator
        and the Computer (2013), pp. 155-170; majority rule: Margush, McMorris: Consensus n-trees, Bulletin of
        Mathematical Biology 43 (1981), pp. 239-244.
    """
    if not trees or not 0.5 <= least <= 1:
        raise StylometryError(f"found {len(trees)} trees and a share of {least}, expected a tree and 0.5 to 1.")
    numbers = Counter(group for tree in trees for group in tree)
    kept = {
        group: number / len(trees)
        for group, number in numbers.items()
        if number > least * len(trees) or number == len(trees)
    }
    # The smallest first: each group's parent is the first larger one that holds it.
    ordered = sorted(kept, key=lambda group: (group.bit_count(), group))
    whole = (1 << texts) - 1
    children: dict[int, list[int]] = {}
    for place, group in enumerate(ordered):
        parent = next((other for other in ordered[place + 1 :] if group & ~other == 0), whole)
        children.setdefault(parent, []).append(group)

    def build(group: int, share: float) -> Group:
        below = tuple(build(child, kept[child]) for child in sorted(children.get(group, []), key=_find_first))
        taken = {member for child in below for member in child.members}
        members = _list_members(group)
        return Group(members, share, below, tuple(member for member in members if member not in taken))

    return build(whole, 1.0)


def order_leaves(root: Group) -> list[int]:
    """The texts in the order in which they stand beside the tree without lines crossing."""
    found: list[int] = []
    for child in sorted(root.children, key=lambda child: (-len(child.members), child.members)):
        found += order_leaves(child)
    return found + list(root.leaves)


def list_groups(root: Group) -> list[Group]:
    """All groups below the root, each before those below it."""
    return [found for child in root.children for found in (child, *list_groups(child))]


def write_newick(root: Group, names: Sequence[str]) -> str:
    """The tree as Newick: each text's name, and at each branch the share of the trees in per cent.

    Source: Olsen: Interpretation of the "Newick's 8:45" tree format standard (1990).
    """
    parts = [f"{write_newick(child, names)[:-1]}{100 * child.share:.0f}" for child in root.children]
    parts += [quote_newick(names[leaf]) for leaf in root.leaves]
    return f"({','.join(parts)});"


def quote_newick(name: str) -> str:
    """A name as Newick writes it: in single quotes, doubled inside, unless it is made of plain letters and digits."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return line if line and set(line) <= PLAIN else "'" + line.replace("'", "''") + "'"


def _list_members(group: int) -> tuple[int, ...]:
    return tuple(place for place, bit in enumerate(reversed(f"{group:b}")) if bit == "1")


def _find_first(group: int) -> int:
    return (group & -group).bit_length()
