"""Whose text is it? A scikit-learn estimator on texts: the nearest known author, how sure, and where on the map."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from stylometry.asking import Style, cut_like_known
from stylometry.calibration import fit_temperature, measure_authors, spread_probability
from stylometry.coverage import check_coverage, count_covered, find_lowest_coverage
from stylometry.delta import Distance, find_distance
from stylometry.errors import StylometryError
from stylometry.features import Scale
from stylometry.imposters import (
    Borders,
    Imposters,
    Verification,
    judge_together,
    score_candidates,
    tune_on_known,
)
from stylometry.kept import KeptEstimator
from stylometry.leaving_out import judge_without_each
from stylometry.parallel import Run, run_here
from stylometry.profiles import Ngram, Profile, fit_profile
from stylometry.projection import add_points, pcoa
from stylometry.shingles import measure_repetition
from stylometry.spelling import NormalForm
from stylometry.word_choice import choose_words
from stylometry.word_rules import WordRule

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class AuthorshipClassifier(TransformerMixin, ClassifierMixin, KeptEstimator):  # type: ignore[misc]
    """Attributes texts to the author whose texts are nearest.

    The defaults are those that do best on the Federalist Papers, whose answer is known: Cosine Delta on the 150 most
    frequent words, and the nearest text rather than the mean of an author's texts.

    Args:
        ngram: "word" or "char"; "column" where each text is a row of frequencies, see columns.count_rows.
        n: Words or characters in an n-gram, 1 to 5.
        features: Most frequent n-grams to look at; None for all.
        culling: Share of the texts, 0 to 1, that must hold an n-gram.
        distance: A name in delta.DISTANCES.
        compare_with: "text" or "centroid": what of an author must be near, one text or the mean of all.
        normal_form: Unicode normal form in which texts are read, see spelling.normalise; None as written.
        strip_accents: Whether to read texts without accents.
        without: Words that no feature may hold, see word_choice.WordChoice.
        only: n-grams that may be features; empty for all.
        skipped: n-grams that are no features.
        word_rule: What a word is, see word_rules.WordRule.

    Attributes:
        classes_: The authors, sorted (authors,).
        ngrams_: The features, most frequent first (features,).
        means_: Mean of each feature over the texts (features,).
        deviations_: Its standard deviation, see features.fit_scale (features,).
        rows_: The texts as counts, frequencies or z-scores, whichever the distance needs (texts, features).
        authors_: Index of each text's author in classes_ (texts,).
        documents_: Number of each text's document (texts,).
        left_out_: Distance of each text to each author, had its document never been seen; NaN where the author has no
            other document (texts, authors).
        temperature_: Distance that makes an author less probable by the factor e.
        points_: Principal coordinates of the texts (texts, 2).
        offsets_: Squared distance of each text from the middle of all (texts,).
    """

    def __init__(
        self,
        ngram: Ngram = "word",
        n: int = 1,
        *,
        features: int | None = 150,
        culling: float = 0.0,
        distance: str = "cosine_delta",
        compare_with: Literal["text", "centroid"] = "text",
        normal_form: NormalForm | None = "NFC",
        strip_accents: bool = False,
        without: Sequence[str] = (),
        only: Sequence[str] = (),
        skipped: Sequence[str] = (),
        word_rule: WordRule = "letters",
    ) -> None:
        self.ngram = ngram
        self.n = n
        self.features = features
        self.culling = culling
        self.distance = distance
        self.compare_with = compare_with
        self.normal_form = normal_form
        self.strip_accents = strip_accents
        self.without = without
        self.only = only
        self.skipped = skipped
        self.word_rule = word_rule

    def fit(self, texts: Sequence[str], y: Sequence[Any], documents: Sequence[Any] | None = None) -> Self:
        """Learn from texts (texts,) by known authors (texts,).

        Args:
            texts: The texts.
            y: The author of each.
            documents: What each text is a part of, if some are parts of one document: they are alike by subject and
                must not vouch for each other. By default each is a document of its own.

        Raises:
            StylometryError: If the texts are none or too short, there is one author only, or a parameter is out of
                range.
        """
        counts = choose_words(self._reading().count(texts), self._choice())
        check_consistent_length(texts, y)
        check_classification_targets(y)
        self.classes_, authors = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise StylometryError(f"nothing to tell apart: found {len(self.classes_)} class, expected two authors.")
        distance = find_distance(self.distance)
        profile = fit_profile(counts, distance.needs, self.features, self.culling)
        self.ngrams_ = list(profile.ngrams)
        self.means_, self.deviations_ = profile.scale.means, profile.scale.deviations
        self.rows_, self.authors_ = profile.read(counts), authors.astype(np.int64)
        self.documents_ = np.unique(np.arange(len(authors)) if documents is None else documents, return_inverse=True)[1]
        self.left_out_ = judge_without_each(
            distance,
            (counts, self.authors_, self.documents_),
            features=self.features,
            culling=self.culling,
            by_centroid=self._is_by_centroid(),
        )
        self.temperature_ = fit_temperature(self.left_out_, self.authors_)
        distances = distance.between(self.rows_, None)
        self.points_ = pcoa(distances)
        squares = np.square(distances)
        self.offsets_ = squares.mean(axis=0) - squares.mean() / 2
        return self

    def predict(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """The nearest author of each text (texts,)."""
        nearest = self.measure_authors(texts).argmin(axis=1)
        authors: npt.NDArray[Any] = self.classes_[nearest]
        return authors

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Probability of each author, if it is one of the known ones; rows sum to 1 (texts, authors).

        exp(-distance / temperature_), the temperature fitted to the known texts with each one's document left out.
        """
        return spread_probability(self.measure_authors(texts), self.temperature_)

    def measure_authors(self, texts: Sequence[str]) -> Floats:
        """Distance of each text to each author (texts, authors)."""
        rows = self._read(texts)
        return measure_authors(self._distance(), rows, (self.rows_, self.authors_), by_centroid=self._is_by_centroid())

    def ask(
        self,
        text: str,
        chunk_chars: int = 0,
        *,
        prepare: Callable[[str], str] | None = None,
        lowest_coverage: float | None = None,
    ) -> Style:
        """What one text of any length is like.

        Args:
            text: As it was written.
            chunk_chars: Characters of each known text where these are equally long chunks; 0 for whole documents.
            prepare: Gives a text as the known ones were prepared; by default links go, and white space is made even.
            lowest_coverage: Of the known documents, see coverage.find_lowest_coverage; None refuses no text.

        Raises:
            NotComparableError: If the features make up too little of the text.
            StylometryError: If the text holds nothing that is counted, or is too short for a distance of counts.
        """
        chunks, chars = cut_like_known(text, chunk_chars, needs=self._distance().needs, prepare=prepare)
        return self._ask_chunks(text, chunks, chars, lowest_coverage)

    def ask_whole(self, text: str) -> Style:
        """The same of a text that is compared whole and as it was written.

        Raises:
            StylometryError: If the text holds nothing that is counted.
        """
        return self._ask_chunks(text, [text], 0, None)

    def count_covered(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """Occurrences of the features, and of all n-grams, in each text (texts, 2)."""
        check_is_fitted(self)
        return count_covered(self._reading().count(texts), self.ngrams_)

    def find_lowest_coverage(self, texts: Sequence[str]) -> float:
        """The lowest coverage of a document by the features of the others: of the texts that were fitted, in order."""
        counts = choose_words(self._reading().count(texts), self._choice())
        return find_lowest_coverage(counts, self.documents_, features=self.features, culling=self.culling)

    def _ask_chunks(self, text: str, chunks: list[str], chars: int, lowest_coverage: float | None) -> Style:
        covered, total = self.count_covered(chunks).sum(axis=0).tolist()
        ngram = self.ngram if self.n == 1 else f"{self.n}-{self.ngram} sequence"
        check_coverage(covered / total, lowest_coverage, features=len(self.ngrams_), ngram=ngram)
        distance, rows = self._distance(), self._read(chunks)
        distances = measure_authors(distance, rows, (self.rows_, self.authors_), by_centroid=self._is_by_centroid())
        return Style(
            chunks=tuple(chunks),
            chunk_chars=chars,
            distances=distances.mean(axis=0),
            probabilities=spread_probability(distances, self.temperature_).mean(axis=0),
            point=add_points(self.points_, self.offsets_, distance.between(rows, self.rows_)).mean(axis=0),
            coverage=covered / total,
            repetition=0.0 if self.ngram == "column" else measure_repetition(text),
        )

    def nearest(self, texts: Sequence[str], count: int = 5) -> tuple[Floats, Integers]:
        """Distances and indices of the nearest known texts, nearest first (texts, count) each."""
        distances = self._distance().between(self._read(texts), self.rows_)
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(distances, order, axis=1), order

    def transform(self, texts: Sequence[str]) -> Floats:
        """Where each text stands on the map of the known ones (texts, 2); a known text stands where it stood."""
        rows = self._read(texts)
        return add_points(self.points_, self.offsets_, self._distance().between(rows, self.rows_))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[Any]:  # noqa: ARG002 - as scikit-learn asks
        """Names of the two coordinates (2,)."""
        check_is_fitted(self)
        return np.array(["first_axis", "second_axis"], dtype=object)

    def verify(
        self,
        texts: Sequence[str],
        author: object,
        *,
        drawing: Imposters | None = None,
        borders: Borders | None = None,
        run: Run = run_here,
    ) -> Verification:
        """Whether an author wrote each text, or one like none of the known ones did: the General Imposters score.

        Args:
            texts: The texts.
            author: One of classes_.
            drawing: How features and imposters are drawn, and the seed.
            borders: What scores mean; by default tuned on the known texts, which takes a while.
            run: Does some of the rounds each, see imposters.score_candidates.

        Raises:
            StylometryError: If the author is not known, or borders cannot be tuned.
        """
        rows = self._read(texts)
        candidates = np.flatnonzero(self.classes_ == author)
        if not len(candidates):
            raise StylometryError(
                f"this author is not known: found {author!r}, expected one of {', '.join(map(str, self.classes_))}."
            )
        drawing = drawing or Imposters()
        borders = borders or self.tune_borders(drawing, run=run)
        known, authors = (self.rows_, self.authors_), np.arange(len(self.classes_))
        scores = score_candidates(self._distance(), rows, known, authors, drawing, run=run)
        verdicts = tuple(judge_together(borders, of_text)[candidates[0]] for of_text in scores.tolist())
        return Verification(scores[:, candidates[0]], verdicts, scores, borders)

    def tune_borders(self, drawing: Imposters | None = None, *, run: Run = run_here) -> Borders:
        """Borders with the highest c@1 when known texts are judged without their document, as if they were not known.

        The seed does not matter: borders belong to the known texts, and two questions are judged by the same ones.

        Raises:
            StylometryError: If no author has two documents.
        """
        check_is_fitted(self)
        known = (self.rows_, self.authors_)
        return tune_on_known(self._distance(), known, self.documents_, drawing or Imposters(), run=run)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags

    def _read(self, texts: Sequence[str]) -> Floats:
        check_is_fitted(self)
        profile = Profile(self.ngrams_, self._distance().needs, Scale(self.means_, self.deviations_))
        return profile.read(self._reading().count(texts))

    def _distance(self) -> Distance:
        return find_distance(self.distance)

    def _is_by_centroid(self) -> bool:
        if self.compare_with not in ("text", "centroid"):
            raise StylometryError(f"found compare_with={self.compare_with!r}, expected 'text' or 'centroid'.")
        return self.compare_with == "centroid"
