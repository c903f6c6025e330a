"""How much text a map is made of, and how it was compared: as figures, and in words."""

from collections import Counter
from typing import Any

from model.style_parameters import AuthorshipParameters
from model.training.authorship.attribution import find_countable
from model.training.authorship.documents import Documents
from model.training.authorship.views import say_chunks
from relay.handoff.wording import count
from relay.registry.task import ModelTask
from relay.results.distances import name_distance
from relay.results.findings import Finding, Topic
from stylometry.chunks import Chunks
from stylometry.features import CountTable

WORD_NGRAMS = {1: "word", **{n: f"sequence of {n} words" for n in range(2, 6)}}

UNEQUAL = Finding(
    Topic.TEXT_LENGTH,
    "Raw counts of whole documents differ mainly by length, not by style: "
    'choose another distance, or chunking = "within".',
)


def figures_of_extent(
    documents: Documents, chunks: Chunks, counts: CountTable, parameters: AuthorshipParameters
) -> dict[str, Any]:
    """How much text there is and how it was compared, as it stands in `metrics.json`."""
    return {
        "kind": ModelTask.AUTHORSHIP,
        "documents": {"read": len(documents), "too_short": chunks.short_documents},
        "chars": {"left_over": chunks.remainder_chars, "too_short": chunks.short_chars},
        "chunks": {
            "number": len(chunks),
            "chars": chunks.chunk_chars,
            **({"words": chunks.chunk_words} if chunks.chunk_words else {}),
        },
        "chunks_of_label": dict(Counter("(unknown)" if label is None else label for label in chunks.labels)),
        "ngrams": {
            {"chars": "characters"}.get(parameters.units, parameters.units): parameters.ngram,
            "number": int(counts.matrix.shape[1]),
        },
        "distance": {"name": parameters.distance, "features": parameters.features, "culling": parameters.culling},
    }


def say_extent(
    documents: Documents, chunks: Chunks, counts: CountTable, parameters: AuthorshipParameters
) -> tuple[Finding, ...]:
    """The same in words: what the documents gave, and a warning where counts of unequal chunks are compared."""
    short = (
        f"; {count(chunks.short_documents, 'document')} shorter than one chunk {_was(chunks.short_documents)} skipped"
        if chunks.short_documents
        else ""
    )
    units = {"chars": f"{parameters.ngram}-gram", "words": WORD_NGRAMS[parameters.ngram], "columns": "column"}
    unit = units[parameters.units]
    number = int(counts.matrix.shape[1])
    ngrams = f"{count(number, f'different {unit}')}, compared by {name_distance(parameters.distance)}"
    gave = Finding(
        Topic.DATA,
        f"{count(len(documents), 'document')} gave {say_chunks(chunks)} with {ngrams}{short}.",
        {"documents": len(documents), "too_short": chunks.short_documents, "chunks": len(chunks), "ngrams": number},
    )
    empty = int((~find_countable(counts)).sum())
    aside = Finding(
        Topic.DATA,
        f"{count(empty, 'chunk')} without any {unit}: on the map, but not compared with the known chunks.",
        {"empty_chunks": empty},
    )
    is_unequal = parameters.chunking == "whole" and parameters.distance == "count_manhattan"
    return (gave, *([aside] if empty else []), *([UNEQUAL] if is_unequal else []))


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
