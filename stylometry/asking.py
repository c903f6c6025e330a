"""A text of any length, made ready for a model of styles: cleaned, and cut like the texts that the model knows."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.chunks import cut_within
from stylometry.errors import StylometryError

MOST_CHUNKS = 50
"""Of a text, spread evenly over more: their mean changes little with further ones, and each costs 100 rounds."""

LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Style:
    """One text beside the known ones.

    Attributes:
        chunks: What was compared (chunks,).
        chunk_chars: Characters in each chunk; 0 if the text was compared whole.
        distances: Mean over the chunks of the distance to each author (authors,).
        probabilities: Mean over the chunks of each author's probability (authors,).
        point: The middle of the chunks on the map of the known texts (2,).
        coverage: Share of the chunks' n-grams that are features of the model, 0 to 1.
        repetition: Share of the text that stood in it before, 0 to 1; see shingles.measure_repetition.
    """

    chunks: tuple[str, ...]
    chunk_chars: int
    distances: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float64]
    point: npt.NDArray[np.float64]
    coverage: float
    repetition: float

    @property
    def nearest(self) -> int:
        """Index of the nearest author."""
        return int(self.distances.argmin())


def clean_text(text: str) -> str:
    """The text without links, a run of white space as one blank, none at its ends."""
    return " ".join(LINK.sub(" ", text).split())


def cut_like_known(
    text: str, chunk_chars: int, *, needs: str, prepare: Callable[[str], str] | None = None
) -> tuple[list[str], int]:
    """The chunks of a text that can stand beside the known ones, and their length, 0 if it is the whole text.

    Args:
        text: As it was written; it is prepared first.
        chunk_chars: Characters of each known chunk, 0 for whole documents.
        needs: What the distance compares, see delta.Distance.
        prepare: Gives the text as the known ones were prepared; by default clean_text.

    Raises:
        StylometryError: If counts are compared and the text is shorter than the chunks that were counted.
    """
    prepared = (prepare or clean_text)(text)
    if chunk_chars and len(text) == chunk_chars and (prepare is None or prepared.strip() == text.strip()):
        return [text], chunk_chars  # it may be a known chunk, and those may begin or end with a blank
    text = prepared
    if chunk_chars == 0:
        return [text], 0
    if len(text) < chunk_chars:
        if needs == "counts":
            raise StylometryError(
                f"the text is too short: found {len(text):,} characters, expected at least {chunk_chars:,}. The "
                "recipe compares counts, and a shorter text has smaller ones whatever its style. Give more text, or "
                "train with another distance: --set model.distance=cosine_delta"
            )
        return [text], 0
    chunks = cut_within([text], [None], chunk_chars).texts()
    return chunks[:: -(-len(chunks) // MOST_CHUNKS)], chunk_chars
