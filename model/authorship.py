"""`kind = "authorship"`: documents -> chunks -> n-gram counts -> distances -> a map, and how far to trust it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from handoff.errors import ModelError
from handoff.recipe import Recipe
from model.documents import Documents, read_documents
from model.findings import count, show_share
from model.parameters import AuthorshipParameters
from model.plots.map import Map, draw_map
from model.results import Results
from model.trust import figures_of, judge, say_trust
from stylometry.chunks import Chunks, cut_joined, cut_within
from stylometry.distance import manhattan
from stylometry.errors import StylometryError
from stylometry.ngrams import count_ngrams
from stylometry.projection import pca, pcoa, tsne

Floats = npt.NDArray[np.float64]

USUAL_PERPLEXITY = 30.0
"""Source: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9 (2008), p. 2582: typically 5 to 50."""


def map_styles(table: pa.Table, recipe: Recipe, parameters: AuthorshipParameters) -> Results:
    """The map of a recipe's documents by style.

    Args:
        table: processed documents with the recipe's columns.
        recipe: gives columns and seed.
        parameters: its model section.

    Raises:
        ModelError: the documents do not suffice for such chunks or such a map.
    """
    documents = read_documents(table, recipe.columns, by_time=parameters.order == "time")
    try:
        chunks = cut(documents, parameters)
        counts = count_ngrams(chunks, parameters.ngram)
        distances = manhattan(counts.matrix)
        points, how = project(distances, parameters.projection, recipe.seed)
        known = hide_labels(chunks, parameters.unknown)
        trust = judge(known, distances, points, window=parameters.window)
    except StylometryError as error:
        raise ModelError(f"[model]: {error}") from error
    sentences = (
        _say_chunks(documents, chunks, counts.matrix.shape[1], parameters),
        *say_trust(known, trust, parameters),
        *([parameters.caution] if parameters.caution else []),
    )
    drawn = Map(points=points, labels=chunks.labels, caption=sentences[1])
    return Results(
        metrics={
            "kind": "authorship",
            "documents": {"read": len(documents), "too_short": chunks.short_documents},
            "chars": {"left_over": chunks.remainder_chars, "too_short": chunks.short_chars},
            "chunks": {"number": len(chunks), "chars": chunks.chunk_chars},
            "chunks_of_label": dict(Counter(label or "(unknown)" for label in chunks.labels)),
            "ngrams": {"characters": parameters.ngram, "number": int(counts.matrix.shape[1])},
            "projection": how,
            "trust": figures_of(trust),
        },
        sentences=sentences,
        pictures=(draw_map(drawn, title=_title(chunks, how), axes=_name_axes(how)),),
        tables={"chunks": tabulate_chunks(documents, chunks, points)},
        rows=len(documents),
        dropped={"documents shorter than a chunk": chunks.short_documents} if chunks.short_documents else {},
    )


def cut(documents: Documents, parameters: AuthorshipParameters) -> Chunks:
    """The documents in chunks of equal length.

    Raises:
        StylometryError: there is too little text.
    """
    texts = (documents.utf8, documents.offsets)
    if parameters.chunking == "within":
        return cut_within(texts, documents.labels, parameters.chunk_chars)
    return cut_joined(texts, documents.labels, chunks=parameters.chunks)


def hide_labels(chunks: Chunks, unknown: list[str]) -> Chunks:
    """The same chunks, without label where it is among the unknown ones."""
    return replace(chunks, labels=tuple(None if label in unknown else label for label in chunks.labels))


def project(distances: Floats, projection: str, seed: int) -> tuple[Floats, dict[str, Any]]:
    """Two coordinates for each chunk (chunks, 2), and the name of the map with what one must know to read it.

    Raises:
        StylometryError: there are too few chunks for the map.
    """
    if projection == "tsne":
        # A third of the others where there are few: t-SNE cannot look at more neighbours than there are.
        perplexity = min(USUAL_PERPLEXITY, max((len(distances) - 1) / 3, 1.0))
        return tsne(distances, seed, perplexity), {"name": "tsne", "perplexity": perplexity}
    if projection == "pca":
        points, total = pca(distances), float(distances.var(axis=0).sum())
    else:
        # Half the mean square of all distances is the variance of the points behind them.
        points, total = pcoa(distances), float(np.square(distances).mean() / 2)
    explained = (points.var(axis=0) / total).tolist() if total > 0 else [0.0, 0.0]
    return points, {"name": projection, "explained_variance": explained}


def tabulate_chunks(documents: Documents, chunks: Chunks, points: Floats) -> pa.Table:
    """A row a chunk: label, ids of its first and last document, and its place on the map."""
    return pa.table(
        {
            "chunk": np.arange(len(chunks)),
            "label": pa.array(chunks.labels, pa.string()),
            "first_document": [documents.ids[index] for index in chunks.first_document.tolist()],
            "last_document": [documents.ids[index] for index in chunks.last_document.tolist()],
            "x": points[:, 0],
            "y": points[:, 1],
        }
    )


def _say_chunks(documents: Documents, chunks: Chunks, ngrams: int, parameters: AuthorshipParameters) -> str:
    short = (
        f"; {count(chunks.short_documents, 'document')} shorter than a chunk stood aside"
        if chunks.short_documents
        else ""
    )
    return (
        f"{count(len(documents), 'document')} gave {count(len(chunks), 'chunk')} of {chunks.chunk_chars:,} characters "
        f"with {count(ngrams, f'different {parameters.ngram}-gram')}{short}."
    )


def _title(chunks: Chunks, how: dict[str, Any]) -> str:
    name = {"tsne": "t-SNE", "pca": "PCA of the distances", "pcoa": "PCoA"}[how["name"]]
    detail = f", perplexity {how['perplexity']:.3g}" if "perplexity" in how else ""
    return f"{count(len(chunks), 'chunk')} of {chunks.chunk_chars:,} characters by style ({name}{detail})"


def _name_axes(how: dict[str, Any]) -> tuple[str, str]:
    first, second = how.get("explained_variance", (None, None))
    if first is None:
        return "first coordinate (only nearness means something)", "second coordinate"
    return f"first axis ({show_share(first)} of the variance)", f"second axis ({show_share(second)})"
