import functools
import random

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from stylometry.attribution import AuthorshipClassifier
from stylometry.delta import DISTANCES
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters
from stylometry.projection import pcoa
from stylometry.trust import map_distances

WORDS = ["the", "of", "and", "to", "upon", "whilst", "on", "while", "state", "law"]
HABITS = {
    "anna": [9, 6, 5, 5, 4, 0.2, 0.2, 3, 1, 1],
    "ben": [7, 8, 3, 6, 0.2, 3, 4, 0.2, 1, 1],
    "chaim": [5, 5, 9, 2, 1, 1, 1, 1, 1, 1],
}


def write(author: str, seed: int, words: int = 300) -> str:
    return " ".join(random.Random(seed).choices(WORDS, HABITS[author], k=words))


TEXTS = [write(author, seed) for author in HABITS for seed in range(6)]
LABELS = [author for author in HABITS for _ in range(6)]
NEW = {author: [write(author, seed) for seed in range(50, 54)] for author in HABITS}


@functools.cache
def fit(**parameters) -> AuthorshipClassifier:
    return AuthorshipClassifier(**parameters).fit(TEXTS, LABELS)


@pytest.mark.parametrize("compare_with", ["text", "centroid"])
@pytest.mark.parametrize("distance", DISTANCES)
def test_a_text_goes_to_the_author_who_writes_alike(distance: str, compare_with: str) -> None:
    classifier = fit(distance=distance, compare_with=compare_with)
    for author, texts in NEW.items():
        assert classifier.predict(texts).tolist() == [author] * len(texts)


@pytest.mark.parametrize("parameters", [{"ngram": "char", "n": 3}, {"n": 2}, {"features": None}, {"culling": 0.5}])
def test_any_features_will_do(parameters: dict) -> None:
    classifier = fit(**parameters)
    assert classifier.predict(NEW["anna"]).tolist() == ["anna"] * 4


def test_a_known_text_is_nearest_to_itself_and_then_to_its_author() -> None:
    distances, indices = fit().nearest(TEXTS, count=3)
    assert indices[:, 0].tolist() == list(range(len(TEXTS)))
    assert distances[:, 0] == pytest.approx(0, abs=1e-12)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert [LABELS[index] for index in indices[:, 1]] == LABELS


def test_probabilities_sum_to_one_and_agree_with_the_prediction() -> None:
    classifier = fit()
    texts = [*NEW["anna"], *NEW["ben"], write("anna", 70, 20)]
    probabilities = classifier.predict_proba(texts)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert classifier.classes_[probabilities.argmax(axis=1)].tolist() == classifier.predict(texts).tolist()


def test_labels_drawn_by_lot_leave_the_probabilities_near_chance() -> None:
    drawn = random.Random(4).sample(LABELS, len(LABELS))
    probabilities = AuthorshipClassifier().fit(TEXTS, drawn).predict_proba(TEXTS)
    assert probabilities.max() < 0.75
    assert fit().predict_proba(TEXTS).max(axis=1).min() > 0.75


def test_texts_of_one_document_do_not_vouch_for_each_other() -> None:
    texts = [TEXTS[0], TEXTS[1], TEXTS[6], TEXTS[7]] * 2
    unlike = ["x", "y", "x", "y"] * 2
    alone = AuthorshipClassifier().fit(texts, unlike).predict_proba(texts).max()
    together = AuthorshipClassifier().fit(texts, unlike, documents=[0, 1, 2, 3] * 2).predict_proba(texts).max()
    assert (alone > 0.85, together < 0.6) == (True, True)


@pytest.mark.parametrize("compare_with", ["text", "centroid"])
def test_one_text_an_author_is_enough_to_attribute(compare_with: str) -> None:
    classifier = AuthorshipClassifier(compare_with=compare_with).fit([TEXTS[0], TEXTS[6]], ["anna", "ben"])
    assert classifier.predict(NEW["ben"]).tolist() == ["ben"] * 4
    assert np.isfinite(classifier.predict_proba(NEW["ben"])).all()


def test_a_known_text_stands_on_the_map_where_it_stood_and_a_new_one_among_its_author() -> None:
    classifier = fit()
    points = classifier.transform(TEXTS)
    np.testing.assert_allclose(points, classifier.points_, atol=1e-9)
    np.testing.assert_allclose(points, pcoa(DISTANCES["cosine_delta"].between(classifier.rows_, None)), atol=1e-9)
    placed = classifier.transform(NEW["chaim"])
    to_each = [np.linalg.norm(placed - points[start : start + 6].mean(axis=0), axis=1) for start in (0, 6, 12)]
    assert np.argmin(to_each, axis=0).tolist() == [2] * 4


def test_points_placed_by_euclidean_distance_keep_their_distances() -> None:
    classifier = fit(distance="euclidean", features=2)
    points = np.vstack([classifier.points_, classifier.transform(NEW["anna"])])
    rows = np.vstack([classifier.rows_, classifier._read(NEW["anna"])])
    np.testing.assert_allclose(map_distances(points), map_distances(rows), atol=1e-9)


def test_an_author_is_verified_and_a_stranger_refused() -> None:
    classifier = fit()
    assert classifier.verify(NEW["anna"], "anna").verdicts == ("yes",) * 4
    assert classifier.verify(NEW["ben"], "anna").verdicts == ("no",) * 4


def test_verification_is_repeatable_and_depends_on_the_seed() -> None:
    drawing = Imposters(rounds=20, share=0.2, seed=1)
    texts = [write("anna", 1, 12), write("ben", 2, 12)]
    scores = fit().verify(texts, "anna", drawing=drawing).scores
    np.testing.assert_array_equal(fit().verify(texts, "anna", drawing=drawing).scores, scores)
    other = fit().verify(texts, "anna", drawing=Imposters(rounds=20, share=0.2, seed=2)).scores
    assert not np.array_equal(other, scores)


def test_scores_between_the_borders_are_undecided() -> None:
    verification = fit().verify([*NEW["anna"], *NEW["ben"]], "anna", borders=Borders(no=-0.1, yes=1.1))
    assert verification.verdicts == ("undecided",) * 8


@pytest.mark.parametrize("distance", DISTANCES)
def test_it_survives_a_file_of_skops(distance: str) -> None:
    classifier = fit(distance=distance)
    content = skops.io.dumps(classifier)
    assert skops.io.get_untrusted_types(data=content) == ["stylometry.attribution.AuthorshipClassifier"]
    loaded = skops.io.loads(content, trusted=["stylometry.attribution.AuthorshipClassifier"])
    np.testing.assert_array_equal(loaded.predict_proba(NEW["anna"]), classifier.predict_proba(NEW["anna"]))
    np.testing.assert_array_equal(loaded.transform(NEW["anna"]), classifier.transform(NEW["anna"]))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: AuthorshipClassifier().fit("a text", ["a"] * 6), "found one string, expected a list of strings"),
        (lambda: AuthorshipClassifier().fit(["a", 7], ["a", "b"]), "found elements of type int"),
        (lambda: AuthorshipClassifier().fit(["a", "..."], ["a", "b"]), r"text 1 has nothing to count: found '\.\.\.'"),
        (lambda: AuthorshipClassifier().fit(["a", "b"], ["a", "a"]), "found 1 class, expected two authors"),
        (lambda: AuthorshipClassifier(distance="delta").fit(TEXTS, LABELS), "no such distance: found 'delta'"),
        (lambda: AuthorshipClassifier(compare_with="mean").fit(TEXTS, LABELS), "found compare_with='mean'"),
        (lambda: fit().verify(NEW["anna"], "dora"), "found 'dora', expected one of anna, ben, chaim"),
    ],
)
def test_what_cannot_be_attributed_is_refused(ask, message: str) -> None:
    with pytest.raises(StylometryError, match=message):
        ask()


@pytest.mark.parametrize("ask", ["predict", "predict_proba", "transform", "nearest", "measure_authors"])
def test_before_it_is_fitted_that_is_said(ask: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(AuthorshipClassifier(), ask)(["a"])


def test_a_clone_has_the_parameters_and_nothing_learned() -> None:
    copy = clone(fit(ngram="char", n=4))
    assert (copy.ngram, copy.n, hasattr(copy, "rows_")) == ("char", 4, False)


def test_it_says_that_it_wants_strings() -> None:
    tags = AuthorshipClassifier().__sklearn_tags__().input_tags
    assert (tags.string, tags.two_d_array) == (True, False)


def spell(numbers: np.ndarray) -> list[str]:
    """Rows of numbers as texts: the word of each column, the more often the larger the number."""
    times = np.clip(numbers * 4 + 20, 1, 60).astype(int)
    words = [chr(97 + column) for column in range(numbers.shape[1])]
    return [" ".join(f"{word}{word}" + f" {word}" * n for word, n in zip(words, row, strict=True)) for row in times]


class OnNumbers(AuthorshipClassifier):
    """The same on rows of numbers: scikit-learn's checks know no texts."""

    def fit(self, numbers, y):
        numbers, y = validate_data(self, numbers, y)
        return super().fit(spell(numbers), y)

    def _read(self, numbers):
        check_is_fitted(self)
        return super()._read(spell(validate_data(self, numbers, reset=False)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = False, True
        return tags


def list_checks():
    """scikit-learn's checks but those of array libraries, which it skips itself: there are none of texts."""
    checks = [check for _, check in estimator_checks.estimator_checks_generator(OnNumbers())]
    return [check for check in checks if not name_check(check).startswith("check_array_api")]


def name_check(check) -> str:
    """The name of a check with its arguments bound."""
    return check.func.__name__


@pytest.mark.parametrize("check", list_checks(), ids=name_check)
def test_it_keeps_the_rules_of_scikit_learn(check) -> None:
    check(OnNumbers())


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_mixin_order,
    ],
)
def test_it_keeps_the_rules_that_need_no_data(check) -> None:
    check("AuthorshipClassifier", AuthorshipClassifier())
