"""What the library advises, in keys of the recipe: its own words name functions that a recipe does not call."""

import numpy as np

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from stylometry.utf8 import count_characters

FEWEST_CHUNK_CHARS = 100
"""Fewer make no chunk in a recipe."""

PIECES = 4
"""Chunks that the longest document is cut into where it is to be cut shorter."""

MORE_DOCUMENTS = "Give more or longer documents."


def advise_by_recipe(message: str, documents: Documents, parameters: AuthorshipParameters) -> str:
    """The message of the library, with what to change in the recipe."""
    longest = int(np.diff(count_characters(documents.utf8, documents.offsets)).max(initial=0))
    shorter = _cut_within(longest // PIECES)
    smaller_ngram = f"Say ngram = {max(parameters.ngram - 1, 1)} in [model], or give longer documents."
    by_chunking = {
        "Cut shorter chunks.": {
            "within": shorter, "whole": shorter, "joined": f"Say chunks = {parameters.chunks * 2} in [model]."
        },
        "Choose longer chunks or a smaller n.": dict.fromkeys(("within", "whole", "joined"), smaller_ngram),
        "Choose fewer characters a chunk, or join the documents (cut_joined).": {
            "within": f'Say chunking = "whole" in [model], without chunk_chars. {shorter}'
        },
    }  # fmt: skip
    for words, advice in by_chunking.items():
        if message.endswith(words):
            return message.removesuffix(words) + advice.get(parameters.chunking, words)
    return message


def _cut_within(chars: int) -> str:
    if chars < FEWEST_CHUNK_CHARS:
        return MORE_DOCUMENTS
    return f'Say chunking = "within" and chunk_chars = {chars} in [model].'
