"""Probabilities from distances: how sure the nearest author may be called, by texts whose author is known."""

import numpy as np
import numpy.typing as npt

from stylometry.delta import Distance

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_RANGE = 1e3
"""A temperature is looked for between the spread of the distances divided and multiplied by this."""


def measure_authors(distance: Distance, rows: Floats, known: tuple[Floats, Integers], *, by_centroid: bool) -> Floats:
    """Distance of each text to each author: to the author's nearest text, or to the mean of the author's texts.

    Args:
        distance: The distance.
        rows: Features of the texts (texts, features).
        known: Features of texts by known authors (known, features), and the number of each one's author (known,).
        by_centroid: Whether to take the mean.

    Returns:
        Distances (texts, authors).
    """
    profiles, authors = known
    if by_centroid:
        return distance.between(rows, average_authors(profiles, authors))
    return find_nearest(distance.between(rows, profiles), authors, int(authors.max()) + 1)


def fit_temperature(distances: Floats, authors: Integers) -> float:
    """The temperature t for which exp(-distance / t), scaled to sum 1, fits the known authors best.

    The target of a right answer is (n + 1) / (n + 2) of n texts and not 1, so that texts all attributed rightly do not
    make the next one certain. Without two texts of one author, nothing is known, and the spread of the distances has to
    do.

    Args:
        distances: Distances to the authors, each text's document left out; NaN where nothing is left (n, authors).
        authors: Number of each text's author (n,).

    Source: temperature: Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017,
        pp. 1321-1330; target: Platt: Probabilistic outputs for support vector machines, Advances in Large Margin
        Classifiers (2000), pp. 61-74.
    """
    from scipy.optimize import minimize_scalar

    spread = float(np.std(distances[np.isfinite(distances)]) if np.isfinite(distances).any() else 0.0) or 1.0
    judged = np.isfinite(distances).all(axis=1)
    distances, authors = distances[judged], authors[judged]
    if not len(authors):
        return spread
    target = (len(authors) + 1) / (len(authors) + 2)
    targets = np.full(distances.shape, (1 - target) / max(distances.shape[1] - 1, 1))
    targets[np.arange(len(authors)), authors] = target

    def lose(logarithm: float) -> float:
        logits = -distances / np.exp(logarithm)
        logits -= logits.max(axis=1, keepdims=True)
        return float((targets * (np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits)).sum())

    bounds = (np.log(spread / _RANGE), np.log(spread * _RANGE))
    return float(np.exp(minimize_scalar(lose, bounds=bounds, method="bounded").x))


def spread_probability(distances: Floats, temperature: float) -> Floats:
    """Probability of each author: exp(-distance / temperature), scaled to sum 1 (texts, authors)."""
    weights = np.exp((distances.min(axis=1, keepdims=True) - distances) / temperature)
    probabilities: Floats = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def average_authors(rows: Floats, authors: Integers) -> Floats:
    """Mean of each author's rows (authors, features)."""
    return np.stack([rows[authors == author].mean(axis=0) for author in range(int(authors.max()) + 1)])


def find_nearest(distances: Floats, authors: Integers, size: int) -> Floats:
    """Least distance to a text of each of so many authors (texts, authors)."""
    return np.stack([distances[:, authors == author].min(axis=1, initial=np.inf) for author in range(size)], axis=1)
