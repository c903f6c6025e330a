"""Edges that follow the quantiles, values with a bin of their own, counting and joining."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift import bins
from drift.columns import Floats


def choose_fine(values: Floats) -> Floats:
    return bins.choose_edges(values, bins.FINE_QUANTILES, share=bins.FINE_SHARE, most=bins.MOST_FINE)


def test_edges_are_quantiles_that_occur() -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    ranks = np.round(bins.FINE_QUANTILES * 5_000).astype(int)
    assert choose_fine(values).tolist() == np.sort(values)[ranks - 1].tolist()


def test_a_frequent_value_is_alone_in_its_bin() -> None:
    values = np.r_[np.linspace(0, 1, 500), np.full(100, 0.5)]
    edges = choose_fine(values)
    places = bins.place_numbers(np.array([0.4999, 0.5, 0.5001]), edges)
    assert len(set(places.tolist())) == 3


@pytest.mark.parametrize("seed", range(5))
def test_fine_and_coarse_bins_stay_within_their_number(seed: int) -> None:
    """Fifty frequent values with others between them want more edges than there may be."""
    random = np.random.default_rng(seed)
    values = np.r_[np.repeat(np.arange(48.0), 208), random.uniform(0, 48, 100)]
    coarse = bins.choose_edges(values, bins.COARSE_QUANTILES, share=0.02, most=bins.MOST_COARSE)
    assert (len(choose_fine(values)), len(coarse)) == (75, 25)


@pytest.mark.parametrize("values", [[], [np.inf, -np.inf]])
def test_no_finite_value_gives_no_edge(values: list[float]) -> None:
    assert len(choose_fine(np.array(values))) == 0


@pytest.mark.property
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=60), st.lists(st.floats(allow_nan=False), max_size=60))
def test_counts_of_several_sets_of_edges_are_those_of_each_value(train: list[float], later: list[float]) -> None:
    edges = [choose_fine(np.array(train)), choose_fine(np.array(train[:3])), np.empty(0)]
    counts = bins.count_bins(np.array(later, np.float64), *edges)
    for own, found in zip(edges, counts, strict=True):
        places = [int((own < value).sum()) for value in later]
        assert found.tolist() == [places.count(place) for place in range(len(own) + 1)]


def test_an_edge_is_finite_whatever_the_values() -> None:
    edges = choose_fine(np.array([-np.finfo(float).max] * 9 + [np.inf, -np.inf]))
    assert edges.tolist() == [-np.finfo(float).max]


@pytest.mark.parametrize(
    ("totals", "least", "groups"),
    [([5, 5, 5], 5, [0, 1, 2]), ([1, 4, 2, 9], 5, [0, 0, 1, 1]), ([9, 1, 1], 5, [0, 0, 0]), ([1, 1], 5, [0, 0])],
)
def test_neighbours_are_joined_from_the_left(totals: list[int], least: float, groups: list[int]) -> None:
    assert bins.join_neighbours(np.array(totals), least).tolist() == groups


@pytest.mark.parametrize(
    ("totals", "groups"),
    [([1, 1, 9, 9, 2, 2], [0, 0, 0, 1, 1, 1]), ([9, 9], [0, 1]), ([1, 1], [0, 0]), ([0, 9, 0, 9, 0], [0, 0, 1, 2, 2])],
)
def test_only_the_ends_are_joined(totals: list[int], groups: list[int]) -> None:
    assert bins.join_ends(np.array(totals), 5.0).tolist() == groups
