"""The rounds of the imposters: which known texts are nearest by some of the features, again and again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled
from stylometry.delta import Distance, Rescaling

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_FEW_TEXTS = 16
"""Texts up to which all rounds of one at once are faster than each round of all."""

_ROUNDS_AT_ONCE = 250
"""Rounds of 2,000 features that are measured together take 4 MB."""

ROUNDS_OF_A_TASK = 50
"""Where each round is measured by itself: a second for 400 texts and 2,000 known ones."""

TEXTS_OF_A_TASK = 2_000
"""Their distances to 2,000 known texts take 32 MB."""


@dataclass(frozen=True)
class Imposters:
    """How the score is drawn.

    Attributes:
        rounds: How often features are drawn.
        share: Share of the features that each round looks at.
        pool: Share of a candidate's imposters, the texts by others, that each round looks at: as many of each
            candidate's, so that one with few of them has no easier task than one with many.
        seed: Seed of the draws.

    Source: half of the features: Kestemont et al. (2016), with 100 rounds and 30 imposters; half of the imposters:
        `imposters` of R's package stylo 0.7.4.
    """

    rounds: int = 1_000
    share: float = 0.5
    pool: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Question:
    """What is compared in each round: see imposters.score_candidates."""

    distance: Distance
    rows: Floats
    known: tuple[Floats, Integers]
    drawing: Imposters
    excluded: Booleans | None


@dataclass(frozen=True)
class Share:
    """Some of the texts in some of the rounds: both from the first number up to the second."""

    texts: tuple[int, int]
    rounds: tuple[int, int]


def list_shares(texts: int, rounds: int) -> list[Share]:
    """All rounds of all texts, those of one text in their order."""
    shares = []
    for first in range(0, texts, TEXTS_OF_A_TASK):
        last = min(first + TEXTS_OF_A_TASK, texts)
        step = _ROUNDS_AT_ONCE if last - first <= _FEW_TEXTS else ROUNDS_OF_A_TASK
        shares += [Share((first, last), (start, min(start + step, rounds))) for start in range(0, rounds, step)]
    return shares


def count_share(question: Question, share: Share) -> npt.NDArray[np.unsignedinteger[Any]]:
    """What `count_nearer` gives for some of the texts in some of the rounds (rounds, texts, authors)."""
    texts = slice(*share.texts)
    known, authors = question.known
    size = int(authors.max()) + 1
    kind = np.min_scalar_type(len(authors))
    found = np.empty((share.rounds[1] - share.rounds[0], share.texts[1] - share.texts[0], size), kind)
    rounds = _measure_rounds(question.distance, question.rows[texts], known, question.drawing, share.rounds)
    for place, distances in enumerate(rounds):
        if question.excluded is not None:
            distances[question.excluded[texts]] = np.inf
        found[place] = count_nearer(np.ascontiguousarray(distances), authors, size)
    return found


def _measure_rounds(
    distance: Distance, rows: Floats, known: Floats, drawing: Imposters, rounds: tuple[int, int]
) -> Iterator[Floats]:
    """Distances of the texts to the known ones by the features of each of these rounds (texts, known)."""
    generator = np.random.default_rng(drawing.seed)
    size = rows.shape[1]
    number = max(1, round(drawing.share * size))
    draws = islice(_draw_features(generator, size, number), *rounds)
    if distance.rescaled is None or len(rows) > _FEW_TEXTS:
        yield from (distance.between(rows[:, chosen], known[:, chosen]) for chosen in draws)
        return
    while batch := list(islice(draws, _ROUNDS_AT_ONCE)):
        weights = np.zeros((len(batch), size))
        np.put_along_axis(weights, np.stack(batch), 1.0, axis=1)
        ranks = np.where(weights > 0, weights.cumsum(axis=1).astype(np.int64) - 1, -1)
        scales = Rescaling(np.zeros_like(weights), weights, ranks)
        of_texts = [distance.rescaled(np.tile(row, (len(batch), 1)), known, scales) for row in rows]
        yield from np.stack(of_texts, axis=1)


def _draw_features(generator: np.random.Generator, size: int, number: int) -> Iterator[Integers]:
    """So many of the features, again and again: consecutive draws share none, so that their errors are opposite."""
    while True:
        order = generator.permutation(size)
        for start in range(0, size - number + 1, number):
            # In their order: it says how frequent a feature is.
            yield np.sort(order[start : start + number])


@compiled
def count_nearer(distances: Floats, authors: Integers, size: int) -> Integers:
    """How many texts by others are as near to each text as an author's nearest one, or nearer (texts, authors).

    Args:
        distances: Distances to known texts (texts, known).
        authors: Number of each known text's author (known,).
        size: Number of authors.
    """
    nearer = np.zeros((distances.shape[0], size), np.int64)
    for text in range(distances.shape[0]):
        own = np.full(size, np.inf)
        for other in range(authors.size):
            own[authors[other]] = min(own[authors[other]], distances[text, other])
        order = np.argsort(own)
        ranked = own[order]
        # Of each rank, the texts that are beyond the author before it, and not beyond its own.
        steps = np.zeros(size + 1, np.int64)
        level = np.zeros(size, np.int64)
        for other in range(authors.size):
            steps[np.searchsorted(ranked, distances[text, other])] += 1
            level[authors[other]] += distances[text, other] == own[authors[other]]
        passed = 0
        for rank in range(size):
            passed += steps[rank]
            nearer[text, order[rank]] = passed - level[order[rank]]
    return nearer
