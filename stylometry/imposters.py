"""Verification by imposters: is a text nearer to its candidate than to others, whatever features one looks at?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.delta import Distance
from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_STEPS = 100
"""Scores between which borders are looked for: hundredths."""


@dataclass(frozen=True)
class Imposters:
    """How the score is drawn.

    Attributes:
        rounds: How often features and imposters are drawn.
        share: Share of the features that each round looks at.
        most: Imposters drawn in each round, at most.
        seed: Seed of the draws.

    Source of the usual numbers: Kestemont et al. (2016): 100 rounds, half of the features, 30 imposters.
    """

    rounds: int = 100
    share: float = 0.5
    most: int = 30
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
        verdicts: yes, no or undecided for each text (texts,).
        borders: Scores up to which the verdict is no, and from which on it is yes.
    """

    scores: Floats
    verdicts: tuple[str, ...]
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

    Each round looks at other features, and at other imposters: texts of known authors that are not the candidate.

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
    generator = np.random.default_rng(drawing.seed)
    features, authors = rows.shape[1], known[1]
    hits = np.zeros((len(rows), len(candidates)))
    for _ in range(drawing.rounds):
        # In their order: it says how frequent a feature is.
        chosen = np.sort(generator.choice(features, max(1, round(drawing.share * features)), replace=False))
        distances = distance.between(rows[:, chosen], known[0][:, chosen])
        if excluded is not None:
            distances[excluded] = np.inf
        for index, candidate in enumerate(candidates.tolist()):
            others = np.flatnonzero(authors != candidate)
            drawn = generator.choice(others, min(drawing.most, len(others)), replace=False)
            own = distances[:, authors == candidate].min(axis=1)
            hits[:, index] += own < distances[:, drawn].min(axis=1, initial=np.inf)
    return hits / drawing.rounds


def tune_borders(scores: Floats, is_right: Booleans) -> Borders:
    """The borders with the highest c@1 on scores whose answer is known.

    c@1 is the accuracy a over all pairs times (1 + u), where u is the share left open: an open question counts as much
    as the others did on average. Right and wrong candidates weigh the same together, however many there are of each.
    Of borders that do equally well, the narrowest grey zone is taken, and of these the middle one.

    Args:
        scores: Scores of pairs of a text and a candidate (pairs,).
        is_right: Whether the candidate wrote the text (pairs,).

    Raises:
        StylometryError: If there is no right or no wrong pair.

    Source: Peñas, Rodrigo: A simple measure to assess non-response, ACL 2011, pp. 1415-1424.
    """
    if not is_right.any() or is_right.all():
        raise StylometryError(
            f"borders cannot be tuned: found {is_right.sum()} right and {(~is_right).sum()} wrong pairs of text and "
            "author, expected some of each. Give borders, or two texts or more by one of the authors."
        )
    steps = np.arange(_STEPS + 1) / _STEPS
    # Rounding keeps 29 of 100 rounds and 0.29 the same number.
    right, wrong = (np.round(scores[chosen], 9)[:, np.newaxis] for chosen in (is_right, ~is_right))
    said_no = ((right <= steps).mean(axis=0), (wrong <= steps).mean(axis=0))
    said_yes = ((right >= steps).mean(axis=0), (wrong >= steps).mean(axis=0))
    accuracy = (said_no[1][:, np.newaxis] + said_yes[0]) / 2
    left_open = 1 - sum(no[:, np.newaxis] + yes for no, yes in zip(said_no, said_yes, strict=True)) / 2
    c_at_1 = np.where(steps[:, np.newaxis] < steps, accuracy * (1 + left_open), -1.0)
    no, yes = np.nonzero(c_at_1 >= c_at_1.max() - 1e-12)
    narrowest = np.flatnonzero(yes - no == (yes - no).min())
    middle = narrowest[len(narrowest) // 2]
    return Borders(float(steps[no[middle]]), float(steps[yes[middle]]))
