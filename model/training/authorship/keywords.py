"""The words that each label prefers, against all other labels together."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from stylometry.chunks import Chunks
from stylometry.features import CountTable
from stylometry.keywords import fightin_words

STRONGEST = 50
"""Words of each label in the table."""

OWN, REST = "own", "rest"


@dataclass(frozen=True)
class Preference:
    """A word that a label uses more than the others do."""

    word: str
    z: float
    """Standard deviations that the log-odds lie above those of the rest."""
    per_10_000: float
    per_10_000_of_rest: float


def find_preferences(counts: CountTable, known: Chunks) -> dict[str, tuple[Preference, ...]]:
    """Label -> the words it prefers, strongest first; nothing with fewer than two labels.

    Raises:
        StylometryError: the counts and the chunks do not belong together.
    """
    names = sorted({label for label in known.labels if label is not None})
    if len(names) < 2:
        return {}
    return {name: _find_of_label(counts, known, name) for name in names}


def tabulate_preferences(found: dict[str, tuple[Preference, ...]]) -> pa.Table:
    """A row a label and word."""
    rows = [(label, one) for label, words in found.items() for one in words]
    return pa.table(
        {
            "label": pa.array([label for label, _ in rows], pa.string()),
            "word": pa.array([one.word for _, one in rows], pa.string()),
            "z": pa.array([one.z for _, one in rows], pa.float64()),
            "per_10_000": pa.array([one.per_10_000 for _, one in rows], pa.float64()),
            "per_10_000_of_rest": pa.array([one.per_10_000_of_rest for _, one in rows], pa.float64()),
        }
    )


def _find_of_label(counts: CountTable, known: Chunks, name: str) -> tuple[Preference, ...]:
    sides = [None if label is None else OWN if label == name else REST for label in known.labels]
    strongest, _ = fightin_words(counts, sides, OWN, REST).strongest(STRONGEST)
    index_of = {word: index for index, word in enumerate(counts.ngrams)}
    shares = []
    for wanted in (OWN, REST):
        rows = np.array([index for index, side in enumerate(sides) if side == wanted])
        used = np.asarray(counts.matrix[rows].sum(axis=0)).ravel()
        shares.append(10_000 * used / max(int(used.sum()), 1))
    return tuple(
        Preference(word, score, float(shares[0][index_of[word]]), float(shares[1][index_of[word]]))
        for word, score in strongest
    )
