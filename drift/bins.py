"""Bins of a column: edges that follow the quantiles and give frequent values a bin of their own, and counting."""

import numpy as np

from drift.columns import Floats, Integers

FINE_QUANTILES: Floats = np.array([0.001, 0.005, 0.01, *np.arange(2, 99, 2) / 100, 0.99, 0.995, 0.999])
COARSE_QUANTILES: Floats = np.array([0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999])
PSI_QUANTILES: Floats = np.arange(1, 10) / 10
FINE_SHARE, COARSE_SHARE = 0.02, 0.05
"""Share of the training rows from which a value has a bin of its own."""
MOST_FINE, MOST_COARSE = 75, 25
"""Most edges: one fewer than bins."""


def choose_edges(values: Floats, quantiles: Floats, *, share: float, most: int) -> Floats:
    """Upper ends of the bins, increasing (edges,): bin i holds edges[i-1] < value <= edges[i], and one more the rest.

    Edges lie at values that occur. A value that at least `share` of the rows have is alone in its bin: an edge lies
    at it and one directly below it, as far as `most` allows; below values with much between them and the one before
    come first.

    Args:
        values: Training rows without missing ones (rows,); infinite ones are no edges.
        quantiles: Which quantiles are edges.
        share: Share of the rows from which a value has its own bin.
        most: Most edges.
    """
    found, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    total = int(counts.sum())
    if not total:
        return np.empty(0)
    heavy = np.flatnonzero(counts >= share * total)
    shares = np.cumsum(counts) / total
    at = np.minimum(np.searchsorted(shares, quantiles - 1e-12), len(found) - 1)
    heaviest = heavy[np.argsort(-counts[heavy], kind="stable")]
    ends = np.array(list(dict.fromkeys([*heaviest.tolist(), *at.tolist()]))[:most])
    kept = np.zeros(len(found), np.bool_)
    kept[ends] = True
    last = np.maximum.accumulate(np.where(kept, np.arange(len(found)), -1))
    mass = np.r_[0, np.cumsum(counts)]
    before = [mass[place] - mass[last[place - 1] + 1 if place else 0] for place in heavy]
    order = np.lexsort((-counts[heavy], -np.array(before, np.int64)))
    with np.errstate(over="ignore"):
        below = np.nextafter(found[heavy[order]], -np.inf)[: most - len(ends)]
    return np.unique(np.r_[found[ends], below[np.isfinite(below)]])


def place_numbers(values: Floats, edges: Floats) -> Integers:
    """Bin of each value (rows,), 0 to len(edges)."""
    return np.searchsorted(edges, values, side="left").astype(np.int64, copy=False)


def count_bins(values: Floats, *edges: Floats) -> list[Integers]:
    """Values per bin, for each set of edges (edges + 1,). The values are looked up once, in all edges together."""
    union = np.unique(np.concatenate(edges))
    counts = np.bincount(np.searchsorted(union, values, side="left"), minlength=len(union) + 1)
    found = []
    for own in edges:
        bins = np.r_[np.searchsorted(own, union, side="left"), len(own)]
        found.append(np.bincount(bins, weights=counts, minlength=len(own) + 1).astype(np.int64))
    return found


def join_neighbours(totals: Integers | Floats, least: float) -> Integers:
    """Group of each bin (bins,): neighbours are joined from the left until a group has `least` or more in all."""
    groups, group, held = np.zeros(len(totals), np.int64), 0, 0.0
    for place, total in enumerate(totals.tolist()):
        groups[place] = group
        held += total
        if held >= least:
            group, held = group + 1, 0.0
    if held < least and group:  # what is left at the right end goes to its neighbour
        groups[groups == group] = group - 1
    return groups


def join_ends(totals: Integers, least: float) -> Integers:
    """Group of each bin (bins,): bins at either end are joined until the end has `least` or more in all."""
    below = np.cumsum(totals)
    first = int(np.searchsorted(below, least))
    last = len(totals) - 1 - int(np.searchsorted(np.cumsum(totals[::-1]), least))
    return np.clip(np.arange(len(totals)), first, max(first, last)) - first


def join_rare(totals: Integers, least: float) -> Integers:
    """Group of each value (values,): those below `least` are one group, with the rarest other if still too small."""
    order = np.argsort(totals, kind="stable")
    joined = np.empty(len(totals), np.int64)
    joined[order] = join_neighbours(totals[order], least)
    return joined
