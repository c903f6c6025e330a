"""What one label is opposed to another by: the words that stand in more of its chunks, by Craig's and Eder's Zeta."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import OpposeSection
from model.training.authorship.addition import Addition
from model.training.plots.oppose import MarkerPicture, draw_markers
from relay.handoff.errors import ModelError
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.wording import count, list_words
from relay.results.findings import Finding, Topic
from relay.results.signs import choose_signs
from stylometry.chunks import Chunks
from stylometry.features import CountTable
from stylometry.keywords import eder_zeta, measure_markers, share_holders, zeta

Floats = npt.NDArray[np.float64]

PRIMARY, SECONDARY = "primary", "secondary"
OTHERS = "all other labels"
MOST_SAID = 10
"""Words that a sentence names."""

FEWEST_CHUNKS = 5
"""Of each side: with fewer, the shares of chunks take few values."""


@dataclass(frozen=True)
class Zetas:
    """The words with their scores, the most preferred first."""

    words: list[str]
    shares: Floats
    """Share of the chunks of either side that hold each word (words, 2)."""
    craig: Floats
    """Difference of the two shares plus 1: 0 to 2 (words,)."""
    eder: Floats
    """-1 to 1, NaN for words of one side only (words,)."""
    markers: Floats
    """Share of each chunk's different words that are preferred ones, and avoided ones (chunks, 2)."""
    least: float

    def preferred(self) -> list[int]:
        """The markers of the primary label, strongest first."""
        return [index for index in range(len(self.words)) if self.craig[index] - 1 > self.least]

    def avoided(self) -> list[int]:
        """Those of the secondary label, strongest first."""
        return [index for index in reversed(range(len(self.words))) if self.craig[index] - 1 < -self.least]


def add_contrast(
    words: CountTable | None, known: Chunks, chunks: Chunks, titles: Sequence[str], asked: OpposeSection | None
) -> Addition:
    """The words of both sides, and where all chunks stand by them; nothing where the recipe does not ask.

    Args:
        words: counts of single words; None where the text has none.
        known: the chunks, without the unknown labels.
        chunks: the same with all labels.
        titles: of the documents.
        asked: the labels.

    Raises:
        ModelError: a label has no chunk.
    """
    if asked is None:
        return Addition()
    if words is None:
        raise ModelError("[model.oppose]: the texts hold no words to compare; remove it")
    sides = _find_sides(known, asked)
    found = find_zetas(words, sides, asked)
    names = (asked.primary, asked.secondary or OTHERS)
    shown = found.preferred(), found.avoided()
    drawn = MarkerPicture(
        found.markers,
        chunks.labels,
        names,
        [(found.words[index], float(found.craig[index]) - 1) for index in shown[0]],
        [(found.words[index], float(found.craig[index]) - 1) for index in shown[1]],
    )
    return Addition(
        findings=_say_zetas(found, sides, names),
        metrics={"oppose": {"words": len(found.words), "preferred": len(shown[0]), "avoided": len(shown[1])}},
        tables={"zeta": _tabulate_words(found), "markers": _tabulate_chunks(found, chunks, titles)},
        pictures=(draw_markers(drawn, choose_signs(chunks.labels)),),
    )


def find_zetas(counts: CountTable, sides: Sequence[str | None], asked: OpposeSection) -> Zetas:
    """Both scores of each word that is not rare, and the markers in each chunk.

    Raises:
        StylometryError: a side has no chunk.
    """
    rows = np.array([side is not None for side in sides])
    used = np.asarray(counts.matrix[rows].sum(axis=0)).ravel()
    craig = zeta(counts, sides, PRIMARY, SECONDARY).scores
    kept = np.flatnonzero(used >= asked.rare)
    # Of words that are level, the one that sorts first.
    columns = kept[np.argsort(-craig[kept], kind="stable")]
    names = counts.ngrams
    eder = eder_zeta(counts, sides, PRIMARY, SECONDARY)
    eder_of = dict(zip(eder.ngrams, eder.scores.tolist(), strict=True))
    shares = np.stack([share_holders(counts, sides, side)[columns] for side in (PRIMARY, SECONDARY)], axis=1)
    scores = craig[columns]
    words = [names[column] for column in columns.tolist()]
    markers = [columns[scores - 1 > asked.least], columns[scores - 1 < -asked.least]]
    return Zetas(
        words,
        shares,
        scores,
        np.array([eder_of.get(word, np.nan) for word in words]),
        np.stack([measure_markers(counts, one.tolist()) for one in markers], axis=1),
        asked.least,
    )


def _find_sides(known: Chunks, asked: OpposeSection) -> list[str | None]:
    labels = sorted({label for label in known.labels if label is not None})
    for name in filter(None, (asked.primary, asked.secondary)):
        if name not in labels:
            raise ModelError(
                f'[model.oppose]: no chunk of known label "{name}"{suggest_nearest(name, labels)}; expected two of '
                f"{list_words(labels) if labels else 'none'}"
            )
    if len(labels) < 2:
        raise ModelError(f"[model.oppose]: {asked.primary} is the only known label; expected another one")
    others = {asked.secondary} if asked.secondary else set(labels) - {asked.primary}
    return [PRIMARY if label == asked.primary else SECONDARY if label in others else None for label in known.labels]


def _tabulate_words(found: Zetas) -> pa.Table:
    """One row per word, the most preferred first."""
    return pa.table(
        {
            "word": pa.array(found.words, pa.string()),
            "craig_zeta": found.craig,
            "eder_zeta": pa.array([None if np.isnan(score) else score for score in found.eder.tolist()], pa.float64()),
            "share_of_primary": found.shares[:, 0],
            "share_of_secondary": found.shares[:, 1],
        }
    )


def _tabulate_chunks(found: Zetas, chunks: Chunks, titles: Sequence[str]) -> pa.Table:
    """One row per chunk: the shares of its different words that either side prefers."""
    return pa.table(
        {
            "chunk": np.arange(len(chunks)),
            "label": pa.array(chunks.labels, pa.string()),
            "document": [titles[index] for index in chunks.first_document.tolist()],
            "preferred": found.markers[:, 0],
            "avoided": found.markers[:, 1],
        }
    )


def _say_zetas(found: Zetas, sides: Sequence[str | None], names: tuple[str, str]) -> tuple[Finding, ...]:
    preferred, avoided = (
        [found.words[index] for index in indices[:MOST_SAID]] for indices in (found.preferred(), found.avoided())
    )
    by_eder = np.argsort(-np.nan_to_num(found.eder), kind="stable")[:MOST_SAID]
    eder = [found.words[index] for index in by_eder.tolist() if found.eder[index] > 0]
    one, other = names
    text = (
        f"By Craig's Zeta, {one} prefers to {other}: {_list(preferred)}; and avoids: {_list(avoided)}. By Eder's Zeta, "
        f"{one} prefers: {_list(eder)}. Zeta compares in how many chunks a word occurs, not how often. The markers "
        "were chosen on the chunks of both labels, so in the plot only other chunks are evidence."
    )
    figures = {
        "primary": one,
        "secondary": other,
        "preferred": preferred,
        "avoided": avoided,
        "preferred_by_eder": eder,
    }
    if not preferred and not avoided:
        text = (
            f"Zeta found no markers: no word occurs in enough more chunks of {one} than of {other}, or the reverse. "
            "Long chunks contain every frequent word: cut shorter chunks, or lower least."
        )
    few = min(sides.count(PRIMARY), sides.count(SECONDARY))
    warning = Finding(
        Topic.OPPOSE,
        f"One side has only {count(few, 'chunk')}, so Zeta can take few values: cut shorter chunks.",
        {"chunks": few},
    )
    return (Finding(Topic.OPPOSE, text, figures), *([warning] if few < FEWEST_CHUNKS else []))


def _list(words: Sequence[str]) -> str:
    return list_words(words) if words else "no word"
