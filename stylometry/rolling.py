"""Who writes where along one long text: windows that overlap, each compared with the known texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.attribution import AuthorshipClassifier
from stylometry.calibration import fit_temperature, measure_authors, spread_probability
from stylometry.coverage import count_covered
from stylometry.delta import find_distance
from stylometry.errors import StylometryError
from stylometry.features import Scale, fit_scale
from stylometry.profiles import Profile, Reading
from stylometry.word_places import find_words as find_words
from stylometry.word_rules import WordRule

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

MOST_WINDOWS = 2_000
"""Windows of one text: each is compared with every known text, and a picture is no wider in points."""

MOST_COUNTED = 20_000_000
"""Words that are counted in all windows together: some ten seconds."""

MOST_OF_DOCUMENT = 20
"""Windows of one known document that are judged, spread evenly over a longer one."""

BATCH_WORDS = 1_000_000
"""Words whose windows are counted at a time: about 60 MB."""


@dataclass(frozen=True)
class Windows:
    """Stretches of a text, equally long in words, each some words further than the one before.

    Attributes:
        text: The text.
        starts: Number of the first word of each window, counted from 0 (windows,).
        spans: Where each begins and ends in the text, in characters (windows, 2).
        window: Words of each.
        words: Words of the text.
    """

    text: str
    starts: Integers
    spans: Integers
    window: int
    words: int

    def __len__(self) -> int:
        return len(self.starts)

    def batches(self) -> Iterator[list[str]]:
        """The texts of the windows, some at a time: overlapping windows take many times the text."""
        size = max(1, BATCH_WORDS // self.window)
        for start in range(0, len(self), size):
            yield [self.text[one:end] for one, end in self.spans[start : start + size].tolist()]


@dataclass(frozen=True)
class Nearness:
    """How near texts are to each author.

    Attributes:
        distances: Distance of each text to each author; NaN where nothing of the author is left (texts, authors).
        coverage: Share of each text's n-grams that are features, 0 to 1 (texts,).
    """

    distances: Floats
    coverage: Floats


@dataclass(frozen=True)
class KnownWindows:
    """How known texts of the windows' length come out, each without its own document.

    Attributes:
        authors: Number of the author of each known window (windows,).
        distances: Distances to the authors (windows, authors).
        temperature: Distance that makes an author of a window less probable by the factor e.
    """

    authors: Integers
    distances: Floats
    temperature: float

    @property
    def accuracy(self) -> float:
        """Share of the windows that are nearest to their own author; NaN without any."""
        return float((self.distances.argmin(axis=1) == self.authors).mean()) if len(self.authors) else np.nan

    @property
    def balanced_accuracy(self) -> float:
        """The same for each author alone, averaged over those that have windows."""
        right = self.distances.argmin(axis=1) == self.authors
        return float(np.mean([right[self.authors == author].mean() for author in np.unique(self.authors)]))


def cut_windows(text: str, window: int, step: int, rule: WordRule = "letters") -> Windows:
    """Windows of `window` words, each `step` words further; what is left after the last one is in no window.

    Raises:
        StylometryError: If the text is shorter than a window, a number is out of range, or there would be too many.

    Source: Rybicki, Hoover, Kestemont: Collaborative authorship: Conrad, Ford and Rolling Delta, Literary and
        Linguistic Computing 29 (2014), pp. 422-431; Eder: Rolling stylometry, Digital Scholarship in the Humanities 31
        (2016), pp. 457-469.
    """
    if min(window, step) < 1:
        raise StylometryError(f"window and step are words: found {window} and {step}, expected at least 1 each.")
    words = find_words(text, rule)
    if len(words) < window:
        raise StylometryError(
            f"the text is shorter than a window: found {len(words):,} words, expected at least {window:,}. Choose a "
            "smaller window or a longer text."
        )
    starts = np.arange(0, len(words) - window + 1, step)
    if len(starts) > MOST_WINDOWS or len(starts) * window > MOST_COUNTED:
        most = min(MOST_WINDOWS, max(1, MOST_COUNTED // window))
        raise StylometryError(
            f"too many windows: found {len(starts):,} of {window:,} words, expected at most {most:,}. Choose a step of "
            f"{-(-(len(words) - window + 1) // most):,} words or more."
        )
    spans = np.stack([words[starts, 0], words[starts + window - 1, 1]], axis=1)
    return Windows(text, starts, spans, window, len(words))


def measure_windows(classifier: AuthorshipClassifier, windows: Windows, excluded: Booleans | None = None) -> Nearness:
    """How near each window is to each author; z-scores are those of the texts that are compared.

    Args:
        classifier: Fitted.
        windows: The windows.
        excluded: Known texts that must not be compared, since they are parts of the same document (known,).
    """
    found = [_measure(classifier, texts, excluded) for texts in windows.batches()]
    return Nearness(np.concatenate([one.distances for one in found]), np.concatenate([one.coverage for one in found]))


def judge_known(
    classifier: AuthorshipClassifier, documents: Iterable[tuple[str, int, Booleans]], window: int, most: int = 1_000
) -> KnownWindows:
    """How windows of known documents come out, those of one document side by side or with gaps.

    Args:
        classifier: Fitted.
        documents: Of each known document its text, the number of its author, and which known texts are parts of it.
        window: Words of a window; shorter documents have none.
        most: Windows that are looked at, those of one document after another's, at most MOST_OF_DOCUMENT of each.
    """
    authors: list[int] = []
    rows: list[Floats] = []
    for text, author, own in documents:
        if len(authors) >= most:
            break
        words = len(find_words(text, classifier.word_rule))
        if words < window or not (~own & (classifier.authors_ == author)).any():
            continue
        windows = cut_windows(text, window, max(window, words // MOST_OF_DOCUMENT), classifier.word_rule)
        distances = measure_windows(classifier, windows, own).distances[: most - len(authors)]
        authors += [author] * len(distances)
        rows.append(distances)
    names = np.array(authors, np.int64)
    found = np.concatenate(rows) if rows else np.zeros((0, len(classifier.classes_)))
    return KnownWindows(names, found, fit_temperature(found, names) if rows else classifier.temperature_)


def weigh(nearness: Nearness, temperature: float) -> Floats:
    """Probability of each author, if it is one of them; 0 where nothing of the author is left (texts, authors)."""
    left = np.isfinite(nearness.distances[0])
    probabilities = np.zeros_like(nearness.distances)
    probabilities[:, left] = spread_probability(nearness.distances[:, left], temperature)
    return probabilities


def _measure(classifier: AuthorshipClassifier, texts: list[str], excluded: Booleans | None) -> Nearness:
    distance = find_distance(classifier.distance)
    reading = Reading(
        classifier.ngram, classifier.n, classifier.normal_form, classifier.strip_accents, classifier.word_rule
    )
    counts = reading.count(texts)
    scale = Scale(classifier.means_, classifier.deviations_)
    rows = Profile(classifier.ngrams_, distance.needs, scale).read(counts)
    kept = np.ones(len(classifier.rows_), np.bool_) if excluded is None else ~excluded
    known = classifier.rows_[kept]
    if distance.needs == "zscores" and 1 < len(known) < len(kept):
        rows, known = _rescale(scale, rows, known)
    left, authors = np.unique(classifier.authors_[kept], return_inverse=True)
    distances = np.full((len(texts), len(classifier.classes_)), np.nan)
    by_centroid = classifier.compare_with == "centroid"
    distances[:, left] = measure_authors(distance, rows, (known, authors), by_centroid=by_centroid)
    covered = count_covered(counts, classifier.ngrams_)
    return Nearness(distances, covered[:, 0] / covered[:, 1])


def _rescale(scale: Scale, rows: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Both by the means and deviations of these known texts alone: what is left out must not have a part in them."""
    frequencies = known * scale.deviations + scale.means
    fitted = fit_scale(frequencies)
    return fitted.apply(rows * scale.deviations + scale.means), fitted.apply(frequencies)
