"""Verification by imposters: is a text nearer to its candidate than to others, whatever features one looks at?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled
from stylometry.delta import Distance, Rescaling
from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_STEPS = 100
"""Scores between which borders are looked for: hundredths."""

_RESAMPLES = 200
"""Draws of the texts that borders are tuned on."""

_TAIL = 0.025
"""Share of the borders so found that may lie beyond the grey zone, on each side."""

_MOST_JUDGED = 400
"""Known texts that borders are tuned on: more would change them little, and take as long again for each round."""

_FEW_TEXTS = 16
"""Texts up to which all rounds of one at once are faster than each round of all."""

_ROUNDS_AT_ONCE = 250
"""Rounds of 2,000 features that are measured together take 4 MB."""


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
class Borders:
    """Scores up to `no` mean another author, from `yes` on the candidate; between them the question stays open."""

    no: float
    yes: float

    def judge(self, score: float) -> str:
        """The verdict: yes, no or undecided."""
        if score <= self.no:
            return "no"
        return "yes" if score >= self.yes else "undecided"


@dataclass(frozen=True)
class Verification:
    """Whether an author wrote some texts.

    Attributes:
        scores: Share of the rounds in which each text was nearer to the author than to the imposters (texts,).
        verdicts: yes, no or undecided for each text; undecided too where another author gets a yes (texts,).
        all_scores: The scores of all authors (texts, authors).
        borders: Scores up to which the verdict is no, and from which on it is yes.
    """

    scores: Floats
    verdicts: tuple[str, ...]
    all_scores: Floats
    borders: Borders


def score_candidates(
    distance: Distance,
    rows: Floats,
    known: tuple[Floats, Integers],
    candidates: Integers,
    drawing: Imposters,
    *,
    excluded: Booleans | None = None,
) -> Floats:
    """Share of the rounds in which a text is nearer to the candidate than to imposters (texts, candidates).

    Each round looks at other features, and at other imposters: texts of known authors that are not the candidate. Which
    imposters is not drawn: of m that are drawn among M, none is one of the k that are nearer than the candidate with
    the probability C(M - k, m) / C(M, m), and that is what the round counts. So the score scatters less.

    Args:
        distance: The distance.
        rows: Features of the texts in question (texts, features).
        known: Features of texts by known authors (known, features), and the number of each one's author (known,).
        candidates: Numbers of the authors in question (candidates,).
        drawing: How often, how many, and the seed.
        excluded: Pairs of a text and a known one that must not be compared (texts, known): a text with itself.

    Source: Koppel, Winter: Determining if two documents are written by the same author, JASIST 65 (2014), pp. 178-187;
        Kestemont, Stover, Koppel, Karsdorp, Daelemans: Authenticating the writings of Julius Caesar, Expert Systems
        with Applications 63 (2016), pp. 86-96.
    """
    authors = np.ascontiguousarray(known[1], np.int64)
    chances = [_escape(int((authors != candidate).sum()), drawing.pool) for candidate in candidates.tolist()]
    hits = np.zeros((len(rows), len(candidates)))
    for distances in _measure_rounds(distance, rows, known[0], drawing):
        if excluded is not None:
            distances[excluded] = np.inf
        nearer = count_nearer(np.ascontiguousarray(distances), authors, int(authors.max()) + 1)
        for index, candidate in enumerate(candidates.tolist()):
            hits[:, index] += chances[index][nearer[:, candidate]]
    return hits / drawing.rounds


def _escape(imposters: int, pool: float) -> Floats:
    """Probability that none of 0, 1, ... nearer imposters is among those drawn (imposters + 1,)."""
    drawn = min(max(1, round(pool * imposters)), imposters)
    nearer = np.arange(imposters)
    # C(M - k - 1, m) / C(M - k, m) = (M - k - m) / (M - k)
    steps = np.maximum(imposters - nearer - drawn, 0) / np.maximum(imposters - nearer, 1)
    return np.concatenate([[1.0], np.cumprod(steps)])


def _measure_rounds(distance: Distance, rows: Floats, known: Floats, drawing: Imposters) -> Iterator[Floats]:
    """Distances of the texts to the known ones by the features of each round (texts, known)."""
    generator = np.random.default_rng(drawing.seed)
    size = rows.shape[1]
    number = max(1, round(drawing.share * size))
    draws = islice(_draw_features(generator, size, number), drawing.rounds)
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


def tune_on_known(
    distance: Distance, known: tuple[Floats, Integers], documents: Integers, drawing: Imposters
) -> Borders:
    """Borders by known texts, each judged without its document; of many texts by an author, some spread evenly.

    Args:
        distance: The distance.
        known: Features of texts (known, features), and the number of each one's author (known,).
        documents: Number of each text's document (known,).
        drawing: How often and how many; its seed does not matter.

    Raises:
        StylometryError: If no author has two documents.
    """
    rows, authors = known
    candidates = np.arange(int(authors.max()) + 1)
    most = max(1, _MOST_JUDGED // len(candidates))
    by_author = [np.flatnonzero(authors == author) for author in candidates]
    judged = np.sort(np.concatenate([places[:: -(-len(places) // most)] for places in by_author]))
    is_same = documents[judged][:, np.newaxis] == documents
    scores = score_candidates(distance, rows[judged], known, candidates, replace(drawing, seed=0), excluded=is_same)
    # Where an author has no other document, nothing can be right.
    can_be_judged = np.stack([(~is_same & (authors == author)).any(axis=1) for author in candidates], axis=1)
    is_own = authors[judged][:, np.newaxis] == candidates
    texts = np.broadcast_to(documents[judged][:, np.newaxis], is_own.shape)
    return tune_borders(scores[can_be_judged], is_own[can_be_judged], texts[can_be_judged])


def tune_borders(scores: Floats, is_right: Booleans, texts: Integers | None = None) -> Borders:
    """The borders with the highest c@1 on scores whose answer is known, and a grey zone as wide as these scatter.

    c@1 is the accuracy a over all pairs times (1 + u), where u is the share left open: an open question counts as much
    as the others did on average. Right and wrong candidates weigh the same together, however many there are of each.
    Of borders that do equally well, the narrowest grey zone is taken, and of these the middle one. Other texts by the
    same authors would have given other borders: the texts are drawn again with replacement, their scores
    smoothed, and the zone reaches from the 2.5% quantile of the lower borders so found to the 97.5% quantile of the
    upper ones.

    Args:
        scores: Scores of pairs of a text and a candidate (pairs,).
        is_right: Whether the candidate wrote the text (pairs,).
        texts: Number of the document of each pair: pairs of one are drawn together (pairs,). Each its own by default.

    Raises:
        StylometryError: If there is no right or no wrong pair.

    Source: Peñas, Rodrigo: A simple measure to assess non-response, ACL 2011, pp. 1415-1424; quantiles of a bootstrap,
        and a smoothed one: Efron, Tibshirani: An introduction to the bootstrap (1993), pp. 168-177 and 231.
    """
    if not is_right.any() or is_right.all():
        raise StylometryError(
            f"borders cannot be tuned: found {is_right.sum()} right and {(~is_right).sum()} wrong pairs of text and "
            "author, expected some of each. Give borders, or two texts or more by one of the authors."
        )
    _, texts = np.unique(np.arange(len(scores)) if texts is None else texts, return_inverse=True)
    generator = np.random.default_rng(0)  # always the same: the borders are a property of the scores
    size = int(texts.max()) + 1
    found = [_find_best(scores, is_right, np.ones(len(scores)))]
    widths = np.where(is_right, _find_bandwidth(scores[is_right]), _find_bandwidth(scores[~is_right]))
    for _ in range(_RESAMPLES):
        weights = np.bincount(generator.integers(0, size, size), minlength=size)[texts].astype(np.float64)
        if weights[is_right].any() and weights[~is_right].any():
            found.append(_find_best(scores + generator.normal(0.0, widths), is_right, weights))
    no, yes = np.array(found).T
    return Borders(
        no=float(min(no[0], np.quantile(no, _TAIL, method="lower"))),
        yes=float(max(yes[0], np.quantile(yes, 1 - _TAIL, method="higher"))),
    )


def _find_bandwidth(scores: Floats) -> float:
    """How far scores beside those seen are to be expected. Source: Silverman: Density estimation (1986), p. 48."""
    low, high = np.quantile(scores, [0.25, 0.75])
    spread = min(float(scores.std()), float(high - low) / 1.34)
    return float(0.9 * spread * np.power(float(len(scores)), -0.2))


def _find_best(scores: Floats, is_right: Booleans, weights: Floats) -> tuple[float, float]:
    """The borders with the highest c@1, each pair counted as often as its weight."""
    steps = np.arange(_STEPS + 1) / _STEPS
    # Rounding keeps 29 of 100 rounds and 0.29 the same number.
    rounded = np.round(scores, 9)[:, np.newaxis]
    is_no, is_yes = rounded <= steps, rounded >= steps
    shares = [np.where(chosen, weights, 0.0) / weights[chosen].sum() for chosen in (is_right, ~is_right)]
    said_no = [share @ is_no for share in shares]
    said_yes = [share @ is_yes for share in shares]
    accuracy = (said_no[1][:, np.newaxis] + said_yes[0]) / 2
    left_open = 1 - sum(no[:, np.newaxis] + yes for no, yes in zip(said_no, said_yes, strict=True)) / 2
    c_at_1 = np.where(steps[:, np.newaxis] < steps, accuracy * (1 + left_open), -1.0)
    no, yes = np.nonzero(c_at_1 >= c_at_1.max() - 1e-12)
    narrowest = np.flatnonzero(yes - no == (yes - no).min())
    middle = narrowest[len(narrowest) // 2]
    return float(steps[no[middle]]), float(steps[yes[middle]])


def judge_together(borders: Borders, scores: Sequence[float]) -> tuple[str, ...]:
    """The verdict on each candidate for one text: more than one yes leaves all of these undecided.

    Args:
        borders: What a score means.
        scores: Of all candidates (candidates,).
    """
    verdicts = [borders.judge(score) for score in scores]
    if verdicts.count("yes") > 1:
        verdicts = ["undecided" if verdict == "yes" else verdict for verdict in verdicts]
    return tuple(verdicts)
