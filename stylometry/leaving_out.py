"""Known texts as if they were unknown: all that is estimated is estimated again without the document of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.calibration import find_nearest
from stylometry.delta import Distance, Rescaling
from stylometry.features import (
    SCALED,
    CountTable,
    Needs,
    Scale,
    fit_scale,
    most_frequent,
    most_frequent_without_each,
    read_rows,
    select_rows,
    zscores,
)
from stylometry.field_distances import measure_entropies_without_each

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_SAFE_SHARE = 1e-3
"""Share of a variance that must be left for a difference of sums to give it to 13 digits."""

_SAFE_WEIGHT = 30.0
"""How many times smaller a deviation may become without a document for products of sums to give 12 digits."""

_ROWS_AT_ONCE = 256
"""Rows that are measured together: 256 rows of 2,000 features and their scales take 16 MB."""


@dataclass(frozen=True)
class _Totals:
    """Sum of each author's rows (authors, features), and their number (authors,)."""

    sums: Floats
    sizes: Floats

    def average_without(self, rows: Floats, authors: Integers) -> tuple[Floats, Integers]:
        """The means of the authors without some rows, and which authors have any left."""
        sums, sizes = self.sums.copy(), self.sizes.copy()
        np.subtract.at(sums, authors, rows)
        np.subtract.at(sizes, authors, 1.0)
        of = np.flatnonzero(sizes > 0)
        return sums[of] / sizes[of, np.newaxis], of


def judge_without_each(
    distance: Distance,
    learned: tuple[CountTable, Integers, Integers],
    *,
    features: int | None,
    culling: float,
    by_centroid: bool,
) -> Floats:
    """Distances as by leave_documents_out, the features chosen again too: what a refit without each document gives.

    Args:
        distance: The distance.
        learned: Counts of the texts, the number of each one's author (texts,), and that of its document, from 0
            without gaps (texts,).
        features: Most frequent n-grams to look at; None for all.
        culling: Share of the texts that must hold an n-gram.
        by_centroid: Whether an author is the mean of the texts, rather than the nearest of them.

    Returns:
        Distances (texts, authors); NaN if no other document of the author is left.
    """
    counts, authors, documents = learned
    usual = most_frequent(counts, features, culling)
    chosen = list(most_frequent_without_each(counts, documents, features, culling))
    if all(np.array_equal(columns, usual) for columns in chosen):
        rows = select_rows(counts, usual, distance.needs)
        return leave_documents_out(distance, (rows, authors), documents, by_centroid=by_centroid)
    union = np.unique(np.concatenate([usual, *chosen]))
    rows = select_rows(counts, union, distance.needs)
    places = [np.searchsorted(union, columns) for columns in chosen]
    return leave_documents_out(distance, (rows, authors), documents, by_centroid=by_centroid, columns=places)


def leave_documents_out(
    distance: Distance,
    known: tuple[Floats, Integers],
    documents: Integers,
    *,
    by_centroid: bool,
    columns: Sequence[Integers] | None = None,
) -> Floats:
    """Distance of each known text to each author, as it would be had its document never been seen.

    Means and deviations of z-scores, centroids, and with `columns` the features too are those of the other documents.

    Args:
        distance: The distance.
        known: Features of texts (known, features), and the number of each one's author (known,). Where these are
            scaled, the frequencies that they are made of, or z-scores.
        documents: Number of each text's document, 0 to the number of documents less one (known,).
        by_centroid: Whether an author is the mean of the texts, rather than the nearest of them.
        columns: Of the features, those that count without each document, most frequent first; by default all.

    Returns:
        Distances (known, authors); NaN if no other document of the author is left.
    """
    rows, authors = known
    if columns is None and not by_centroid and distance.needs not in SCALED:
        return _leave_out_at_once(distance, known, documents)
    if not by_centroid and distance.rescaled is not None:
        return _leave_out_rescaled(distance, known, documents, columns)
    scales = _scale_without_each(rows, documents, distance.needs)
    rows = read_rows(rows, distance.needs)
    totals = _sum_authors(rows, authors) if by_centroid else None
    found = np.full((len(rows), int(authors.max()) + 1), np.nan)
    for document in range(int(documents.max()) + 1):
        scale = next(scales) if scales is not None else None
        chosen = None if columns is None else columns[document]
        is_own = documents == document
        found[is_own] = _measure_document(distance, (rows, authors), is_own, totals=totals, scale=scale, columns=chosen)
    return found


def _scale_without_each(rows: Floats, documents: Integers, needs: Needs) -> Iterator[Scale] | None:
    """What features.fit_rows gives without each document; None where nothing is scaled."""
    if needs == "entropies":
        none = np.zeros(rows.shape[1])
        return (Scale(none, entropies) for entropies in measure_entropies_without_each(rows, documents))
    return scale_without_each(rows, documents) if needs == "zscores" else None


def scale_without_each(rows: Floats, documents: Integers) -> Iterator[Scale]:
    """What features.fit_scale gives without the rows of each document, from sums over all rows.

    Args:
        rows: The features (rows, features).
        documents: Number of each row's document (rows,).
    """
    middle = rows.mean(axis=0)
    centred = rows - middle
    sums, squares = centred.sum(axis=0), np.square(centred).sum(axis=0)
    for document in range(int(documents.max()) + 1):
        is_own = documents == document
        own = centred[is_own]
        left = len(rows) - len(own)
        if left < 2:
            yield Scale(middle, np.zeros_like(middle))
            continue
        means = (sums - own.sum(axis=0)) / left
        rest = squares - np.square(own).sum(axis=0) - left * np.square(means)
        deviations = np.sqrt(np.maximum(rest, 0.0) / (left - 1))
        # Where this document holds nearly all of a variance, the difference of sums has lost its digits.
        unsafe = np.flatnonzero(rest <= _SAFE_SHARE * squares)
        means += middle
        if len(unsafe):
            again = fit_scale(rows[np.ix_(~is_own, unsafe)])
            means[unsafe], deviations[unsafe] = again.means, again.deviations
        yield Scale(means, deviations)


def _leave_out_rescaled(
    distance: Distance, known: tuple[Floats, Integers], documents: Integers, columns: Sequence[Integers] | None
) -> Floats:
    """The nearest text by z-scores: some documents at a time, each with its own scale."""
    frequencies, authors = known
    is_score = distance.needs == "zscores"
    # Near 0 and of one size, so that products of sums keep their digits.
    rows = zscores(frequencies) if is_score else read_rows(frequencies, distance.needs)
    scales = _scale_without_each(rows if is_score else frequencies, documents, distance.needs)
    found = np.full((len(rows), int(authors.max()) + 1), np.nan)
    assert scales is not None and distance.rescaled is not None  # noqa: S101, PT018 - the caller has looked
    for places, scale in _rescale(documents, rows.shape[1], scales, columns):
        if isinstance(scale, Scale):
            chosen = None if columns is None else columns[documents[places[0]]]
            is_own = documents == documents[places[0]]
            found[is_own] = _measure_document(
                distance, (rows, authors), is_own, totals=None, scale=scale, columns=chosen
            )
            continue
        distances = distance.rescaled(rows[places], rows, scale)
        distances[documents[places][:, np.newaxis] == documents] = np.inf
        found[places] = _find_nearest_left(distances, authors, found.shape[1])
    return found


def _rescale(
    documents: Integers, size: int, each: Iterator[Scale], columns: Sequence[Integers] | None
) -> Iterator[tuple[Integers, Rescaling | Scale]]:
    """Rows of some documents with their scales; alone, a document without which products of sums would lose digits."""
    places: list[Integers] = []
    parts: list[tuple[Floats, Floats, Integers]] = []
    for document, scale in enumerate(each):
        chosen = np.arange(size) if columns is None else columns[document]
        own = np.flatnonzero(documents == document)
        ranks = np.full(size, -1)
        ranks[chosen] = np.arange(len(chosen))
        counts = (scale.deviations > 0) & (ranks >= 0)
        weights = np.divide(1.0, scale.deviations, where=counts, out=np.zeros(size))
        if not counts.any() or weights.max() > _SAFE_WEIGHT:
            yield own, scale
            continue
        places.append(own)
        parts += [(scale.means, weights, ranks)] * len(own)
        if len(parts) >= _ROWS_AT_ONCE:
            yield np.concatenate(places), _stack(parts)
            places, parts = [], []
    if parts:
        yield np.concatenate(places), _stack(parts)


def _stack(parts: Sequence[tuple[Floats, Floats, Integers]]) -> Rescaling:
    means, weights, ranks = zip(*parts, strict=True)
    return Rescaling(np.stack(means), np.stack(weights), np.stack(ranks))


def _measure_document(
    distance: Distance,
    known: tuple[Floats, Integers],
    is_own: Booleans,
    *,
    totals: _Totals | None,
    scale: Scale | None,
    columns: Integers | None,
) -> Floats:
    """Distances of a document's texts to each author by the others (texts, authors); NaN where nothing is left."""
    rows, authors = known
    size = int(authors.max()) + 1
    if is_own.all() or (columns is not None and not len(columns)):
        return np.full((int(is_own.sum()), size), np.nan)
    left, of = totals.average_without(rows[is_own], authors[is_own]) if totals else (rows[~is_own], authors[~is_own])
    own, others = (_read(table, scale, columns) for table in (rows[is_own], left))
    return _find_nearest_left(distance.between(own, others), of, size)


def _find_nearest_left(distances: Floats, authors: Integers, size: int) -> Floats:
    nearest = find_nearest(distances, authors, size)
    return np.where(np.isfinite(nearest), nearest, np.nan)


def _leave_out_at_once(distance: Distance, known: tuple[Floats, Integers], documents: Integers) -> Floats:
    """Where nothing is estimated: the distances among all, without those within a document."""
    rows, authors = known
    distances = distance.between(rows, None)
    distances[documents[:, np.newaxis] == documents] = np.inf
    return _find_nearest_left(distances, authors, int(authors.max()) + 1)


def _sum_authors(rows: Floats, authors: Integers) -> _Totals:
    members = (authors == np.arange(int(authors.max()) + 1)[:, np.newaxis]).astype(np.float64)
    return _Totals(members @ rows, members.sum(axis=1))


def _read(rows: Floats, scale: Scale | None, columns: Integers | None) -> Floats:
    if scale is None:
        return rows if columns is None else rows[:, columns]
    if columns is not None:
        rows, scale = rows[:, columns], Scale(scale.means[columns], scale.deviations[columns])
    return scale.apply(rows)
