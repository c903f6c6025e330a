"""Verification by imposters: is a text nearer to its candidate than to others, whatever features one looks at?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from stylometry.delta import Distance
from stylometry.errors import StylometryError
from stylometry.imposter_rounds import Imposters as Imposters
from stylometry.imposter_rounds import Question, count_share, list_shares
from stylometry.parallel import Run, run_here

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_STEPS = 100
"""Scores between which borders are looked for: hundredths."""

_RESAMPLES = 200
"""Draws of the texts that borders are tuned on."""

_TAIL = 0.025
"""Share of the borders so found that may lie beyond the grey zone, on each side."""

MOST_JUDGED = 400
"""Known texts that borders are tuned on: more would change them little, and take as long again for each round."""


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
    run: Run = run_here,
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
        run: Counts in some of the rounds each; the scores are the same wherever it does.

    Source: Koppel, Winter: Determining if two documents are written by the same author, JASIST 65 (2014), pp. 178-187;
        Kestemont, Stover, Koppel, Karsdorp, Daelemans: Authenticating the writings of Julius Caesar, Expert Systems
        with Applications 63 (2016), pp. 86-96.
    """
    authors = np.ascontiguousarray(known[1], np.int64)
    chances = [_escape(int((authors != candidate).sum()), drawing.pool) for candidate in candidates.tolist()]
    hits = np.zeros((len(rows), len(candidates)))
    shares = list_shares(len(rows), drawing.rounds)
    counted = run(partial(count_share, Question(distance, rows, (known[0], authors), drawing, excluded)), shares)
    # Whole numbers come back, and chances are added round by round: the sum of one round after the other.
    for share, rounds in zip(shares, counted, strict=True):
        of_texts = hits[slice(*share.texts)]
        for nearer in rounds:
            for index, candidate in enumerate(candidates.tolist()):
                of_texts[:, index] += chances[index][nearer[:, candidate]]
    return hits / drawing.rounds


def _escape(imposters: int, pool: float) -> Floats:
    """Probability that none of 0, 1, ... nearer imposters is among those drawn (imposters + 1,)."""
    drawn = min(max(1, round(pool * imposters)), imposters)
    nearer = np.arange(imposters)
    # C(M - k - 1, m) / C(M - k, m) = (M - k - m) / (M - k)
    steps = np.maximum(imposters - nearer - drawn, 0) / np.maximum(imposters - nearer, 1)
    return np.concatenate([[1.0], np.cumprod(steps)])


def tune_on_known(
    distance: Distance,
    known: tuple[Floats, Integers],
    documents: Integers,
    drawing: Imposters,
    *,
    run: Run = run_here,
) -> Borders:
    """Borders by known texts, each judged without its document; of many texts by an author, some spread evenly.

    Args:
        distance: The distance.
        known: Features of texts (known, features), and the number of each one's author (known,).
        documents: Number of each text's document (known,).
        drawing: How often and how many; its seed does not matter.
        run: See score_candidates.

    Raises:
        StylometryError: If no author has two documents.
    """
    rows, authors = known
    candidates = np.arange(int(authors.max()) + 1)
    most = max(1, MOST_JUDGED // len(candidates))
    by_author = [np.flatnonzero(authors == author) for author in candidates]
    judged = np.sort(np.concatenate([places[:: -(-len(places) // most)] for places in by_author]))
    is_same = documents[judged][:, np.newaxis] == documents
    drawing = replace(drawing, seed=0)
    scores = score_candidates(distance, rows[judged], known, candidates, drawing, excluded=is_same, run=run)
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
