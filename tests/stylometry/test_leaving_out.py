import random

import numpy as np
import pytest

from stylometry.attribution import AuthorshipClassifier
from stylometry.calibration import fit_temperature, measure_authors, spread_probability
from stylometry.delta import DISTANCES
from stylometry.features import SCALED, fit_rows, fit_scale, read_rows
from stylometry.leaving_out import leave_documents_out, scale_without_each

MANHATTAN = DISTANCES["frequency_manhattan"]
ROWS = np.array([[0.0], [2.0], [10.0], [16.0]])
AUTHORS = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("by_centroid", "expected"),
    [(False, [[2, 10], [2, 8], [8, 6], [14, 6]]), (True, [[2, 13], [2, 11], [9, 6], [15, 6]])],
)
def test_a_known_text_is_measured_without_itself(by_centroid: bool, expected: list[list[float]]) -> None:
    measured = leave_documents_out(MANHATTAN, (ROWS, AUTHORS), np.arange(4), by_centroid=by_centroid)
    assert measured.tolist() == expected


def test_means_and_deviations_are_those_of_the_other_texts() -> None:
    """Without the first, 2, 10 and 16 have the mean 28/3 and the deviation sqrt(148/3): worked by hand."""
    measured = leave_documents_out(DISTANCES["burrows_delta"], (ROWS, AUTHORS), np.arange(4), by_centroid=False)
    assert measured[0].tolist() == pytest.approx([2 / np.sqrt(148 / 3), 10 / np.sqrt(148 / 3)], rel=1e-12)


@pytest.mark.parametrize("name", ["frequency_manhattan", "cosine_delta"])
@pytest.mark.parametrize("by_centroid", [False, True])
def test_an_author_without_another_document_has_no_distance(by_centroid: bool, name: str) -> None:
    known = (ROWS, AUTHORS)
    measured = leave_documents_out(DISTANCES[name], known, np.array([0, 1, 2, 2]), by_centroid=by_centroid)
    assert np.isnan(measured).tolist() == [[False, False], [False, False], [False, True], [False, True]]


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("by_centroid", [False, True])
def test_rows_of_noise_are_measured_as_a_plain_refit_measures_them(by_centroid: bool, name: str) -> None:
    distance = DISTANCES[name]
    rows = np.abs(np.random.default_rng(3).normal(size=(25, 40)))
    rows[:, 7], rows[4, 7] = 0.0, 3.0  # without text 4 this feature never varies
    rows[9, 8] = 5_000.0  # and without text 9 this one varies a thousand times less
    authors, documents = np.repeat([0, 1], [18, 7]), np.array([0, 0, *range(1, 23), 22])
    measured = leave_documents_out(distance, (rows, authors), documents, by_centroid=by_centroid)
    for document in range(23):
        is_own = documents == document
        own, others = rows[is_own], rows[~is_own]
        if distance.needs in SCALED:
            scale = fit_rows(others, distance.needs)
            own, others = (scale.apply(read_rows(table, distance.needs)) for table in (own, others))
        expected = measure_authors(distance, own, (others, authors[~is_own]), by_centroid=by_centroid)
        np.testing.assert_allclose(measured[is_own], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize(
    "options",
    [
        {"compare_with": "centroid", "features": 20},
        {"compare_with": "text", "features": 20},
        {"compare_with": "text", "features": None},
        {"compare_with": "centroid", "features": 15, "culling": 0.5},
    ],
)
def test_an_estimator_is_calibrated_by_what_a_refit_without_each_document_gives(name: str, options: dict) -> None:
    """Which words are most frequent depends on the text left out, too."""
    draw = random.Random(5)
    words = [chr(97 + one) + chr(97 + other) for one in range(6) for other in range(8)]
    weights = [[1 / (1 + rank) + draw.random() / 8 for rank in range(48)] for _ in range(2)]
    texts = [" ".join(draw.choices(words, weights[number % 2], k=90)) for number in range(14)]
    labels, documents = ["anna", "ben"] * 7, [0, 1, 0, 1, *range(2, 12)]
    fitted = AuthorshipClassifier(distance=name, **options).fit(texts, labels, documents)
    for document in range(12):
        places = [place for place, of in enumerate(documents) if of == document]
        left = [place for place in range(14) if place not in places]
        refitted = AuthorshipClassifier(distance=name, **options).fit(
            *([of[i] for i in left] for of in (texts, labels))
        )
        expected = refitted.measure_authors([texts[place] for place in places])
        np.testing.assert_allclose(fitted.left_out_[places], expected, rtol=1e-12, atol=1e-12)


def test_many_texts_are_measured_some_at_a_time() -> None:
    rows = np.random.default_rng(2).normal(size=(530, 6))
    authors = np.arange(530) % 2
    measured = leave_documents_out(DISTANCES["cosine_delta"], (rows, authors), np.arange(530), by_centroid=False)
    for place in (0, 255, 256, 529):
        left = np.delete(np.arange(530), place)
        scale = fit_scale(rows[left])
        known = (scale.apply(rows[left]), authors[left])
        expected = measure_authors(DISTANCES["cosine_delta"], scale.apply(rows[[place]]), known, by_centroid=False)
        np.testing.assert_allclose(measured[[place]], expected, rtol=1e-12, atol=1e-12)


def test_noise_goes_to_a_class_of_twenty_about_as_often_as_by_a_refit() -> None:
    """Means and deviations that hold the left out text, and a centroid that does not, gave 0.2% to the larger class."""
    draw = np.random.default_rng(0)
    authors, given = np.repeat([0, 1], [20, 5]), []
    for _ in range(30):
        rows = draw.normal(size=(25, 300))
        scale = fit_scale(rows)
        known = (scale.apply(rows), authors)
        measured = leave_documents_out(DISTANCES["cosine_delta"], known, np.arange(25), by_centroid=True)
        given.append((measured.argmin(axis=1) == 0).mean())
    assert 0.35 < np.mean(given) < 0.65


def test_a_variance_that_one_document_holds_leaves_the_others_exact() -> None:
    rows = np.random.default_rng(1).normal(size=(9, 3)) * 1e-6 + 5
    rows[3] = 1e6
    (scale,) = [one for place, one in enumerate(scale_without_each(rows, np.arange(9))) if place == 3]
    expected = fit_scale(np.delete(rows, 3, axis=0))
    np.testing.assert_array_equal(scale.deviations, expected.deviations)
    np.testing.assert_array_equal(scale.means, expected.means)


def test_texts_of_one_document_have_no_scale_without_it() -> None:
    (scale,) = scale_without_each(ROWS, np.zeros(4, np.int64))
    assert scale.deviations.tolist() == [0]


def test_the_calibration_of_an_only_document_still_has_a_temperature() -> None:
    measured = leave_documents_out(DISTANCES["cosine_delta"], (ROWS, AUTHORS), np.zeros(4, np.int64), by_centroid=True)
    assert np.isnan(measured).all()
    assert np.isfinite(spread_probability(np.array([[1.0, 2.0]]), fit_temperature(measured, AUTHORS))).all()
