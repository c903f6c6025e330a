"""What pulls a chunk along the axes of a map: n-grams, where the map is a PCA of their frequencies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.chunking import choose_projection
from relay.handoff.wording import list_words
from relay.results.findings import Finding, Topic
from stylometry.delta import find_distance
from stylometry.features import CountTable, most_frequent, relative_frequencies
from stylometry.word_choice import choose_words

Floats = npt.NDArray[np.float64]

MOST_SAID = 5
"""N-grams that a sentence names on each side of an axis."""

AXES = ("first", "second")


@dataclass(frozen=True)
class Loadings:
    """The weight of each n-gram in each axis: coordinates are centred frequencies times these."""

    ngrams: tuple[str, ...]
    weights: Floats
    """Each axis of length one, or zero where the map has no such axis (ngrams, 2)."""

    def rank(self, axis: int, most: int) -> list[tuple[str, float]]:
        """The n-grams that weigh most in an axis, whichever way they pull, the largest weight first."""
        strongest = np.argsort(-np.abs(self.weights[:, axis]), kind="stable")[:most]
        pairs = [(self.ngrams[index], float(self.weights[index, axis])) for index in strongest.tolist()]
        return sorted((pair for pair in pairs if pair[1]), key=lambda pair: -pair[1])


def find_loadings(counts: CountTable, points: Floats, parameters: AuthorshipParameters) -> Loadings | None:
    """The loadings of a map that has some; None for every other.

    The principal coordinates of Euclidean distances are the principal components of the features behind them. A PCA of
    the distance matrix, other distances and t-SNE have axes too, but none that a sum of n-grams gives.

    Source: Gower: Some distance properties of latent root and vector methods used in multivariate analysis,
        Biometrika 53 (1966), pp. 325-338.
    """
    if choose_projection(parameters) != "pcoa" or parameters.distance != "euclidean":
        return None
    usual = find_distance(parameters.distance).features
    counts = choose_words(counts, parameters.chosen)
    columns = most_frequent(counts, parameters.features or usual, parameters.culling)
    frequencies = relative_frequencies(counts, columns)
    names = counts.ngrams
    sizes = np.square(points).sum(axis=0)
    weights = (frequencies - frequencies.mean(axis=0)).T @ points
    weights = np.divide(weights, sizes, where=sizes > 0, out=np.zeros_like(weights))
    return Loadings(tuple(names[column] for column in columns.tolist()), weights)


def tabulate_loadings(found: Loadings) -> pa.Table:
    """A row an n-gram, the most frequent first."""
    return pa.table(
        {
            "ngram": pa.array(found.ngrams, pa.string()),
            **{f"{name}_axis": found.weights[:, axis] for axis, name in enumerate(AXES)},
        }
    )


def say_loadings(found: Loadings) -> tuple[Finding, ...]:
    """What each axis is made of, one finding per axis; none for an axis of nothing."""
    findings = []
    for axis, name in enumerate(AXES):
        ranked = found.rank(axis, len(found.ngrams))
        more = [show_ngram(ngram) for ngram, weight in ranked if weight > 0][:MOST_SAID]
        less = [show_ngram(ngram) for ngram, weight in reversed(ranked) if weight < 0][:MOST_SAID]
        ways = [f"{way} {list_words(ngrams)}" for way, ngrams in (("more", more), ("less", less)) if ngrams]
        if ways:
            text = f"Chunks further along the {name} axis of the map have {' and '.join(ways)}."
            findings.append(Finding(Topic.AXES, text, {"axis": axis + 1, "more": more, "less": less}))
    return tuple(findings)


def show_ngram(ngram: str) -> str:
    """An n-gram as it can be read: a blank of characters becomes a visible sign."""
    return ngram.replace(" ", "␣")
