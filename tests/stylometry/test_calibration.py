import numpy as np
import pytest

from stylometry.calibration import fit_temperature, measure_authors, spread_probability
from stylometry.delta import DISTANCES

MANHATTAN = DISTANCES["frequency_manhattan"]
ROWS = np.array([[0.0], [2.0], [10.0], [16.0]])
AUTHORS = np.array([0, 0, 1, 1])


def test_the_distance_to_an_author_is_that_to_the_nearest_text_or_to_the_mean() -> None:
    new = np.array([[5.0]])
    assert measure_authors(MANHATTAN, new, (ROWS, AUTHORS), by_centroid=False).tolist() == [[3, 5]]
    assert measure_authors(MANHATTAN, new, (ROWS, AUTHORS), by_centroid=True).tolist() == [[4, 8]]


def test_probabilities_fall_by_the_factor_e_for_each_temperature() -> None:
    probabilities = spread_probability(np.array([[1.0, 3.0]]), 2.0)
    assert probabilities[0, 0] / probabilities[0, 1] == pytest.approx(np.e)
    assert probabilities.sum() == pytest.approx(1)


def test_far_distances_do_not_overflow() -> None:
    assert spread_probability(np.array([[1e6, 2e6]]), 1.0).tolist() == [[1, 0]]


def test_the_temperature_is_that_by_which_the_distances_were_drawn() -> None:
    generator = np.random.default_rng(2)
    distances = generator.random((20_000, 3))
    chances = spread_probability(distances, 0.25)
    authors = (generator.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert fit_temperature(distances, authors) == pytest.approx(0.25, rel=0.05)


def test_a_few_texts_all_attributed_rightly_do_not_make_certain() -> None:
    distances = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])
    temperature = fit_temperature(distances, np.array([0, 1, 0]))
    assert spread_probability(distances, temperature)[0].tolist() == pytest.approx([4 / 5, 1 / 5], abs=1e-3)


def test_without_a_text_to_judge_by_the_spread_of_the_distances_is_taken() -> None:
    distances = np.array([[np.nan, 1.0], [3.0, np.nan]])
    assert fit_temperature(distances, np.array([0, 1])) == 1.0
