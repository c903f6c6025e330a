"""The pictures of a map of styles, the map itself first."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from model.training.authorship.keywords import Preference
from model.training.authorship.loadings import Loadings
from model.training.plots.loadings import draw_loadings
from model.training.plots.map import Map, draw_map
from model.training.plots.neighbours import draw_neighbours
from model.training.plots.style import Picture
from model.training.plots.time import USUAL_REACH, draw_time
from model.training.plots.tree import draw_tree
from model.training.plots.words import draw_words
from relay.handoff.wording import count, show_share
from relay.results.signs import Signs, choose_signs
from stylometry.chunks import Chunks
from stylometry.tree import grow_tree

Floats = npt.NDArray[np.float64]

MOST_DRAWN = 1_000
"""Chunks of a tree or heat map, spread evenly over more: a picture has no more lines."""


@dataclass(frozen=True)
class Views:
    """What the pictures show."""

    documents: Documents
    chunks: Chunks
    known: Chunks
    """The same chunks, without the unknown labels."""
    distances: Floats
    points: Floats
    how: dict[str, Any]
    """Name of the projection, with what one must know to read it."""
    preferences: dict[str, tuple[Preference, ...]]
    caption: str
    loadings: Loadings | None = None

    @cached_property
    def signs(self) -> Signs:
        """Colour and marker of each label, in all pictures."""
        return choose_signs(self.chunks.labels)


def draw_views(views: Views, parameters: AuthorshipParameters) -> tuple[Picture, ...]:
    """Map, tree, neighbours; words where labels can be compared, loadings where the map has some, time in its order."""
    step = -(-len(views.chunks) // MOST_DRAWN)
    chosen = np.arange(0, len(views.chunks), step)
    distances = views.distances[np.ix_(chosen, chosen)]
    labels = [views.chunks.labels[index] for index in chosen.tolist()]
    tree, names = grow_tree(distances), [_name_chunk(views, index) for index in chosen.tolist()]
    by_time = parameters.order == "time"
    drawn = Map(views.points, views.chunks.labels, views.signs, views.caption)
    pictures = [
        draw_map(drawn, title=_title(views.chunks, views.how), axes=_name_axes(views.how)),
        draw_tree(tree, names, labels, views.signs, title=_title_tree(len(labels), step)),
        draw_neighbours(distances, labels, views.signs, None if by_time else tree.leaves),
    ]
    if any(views.preferences.values()):
        pictures.append(draw_words(views.preferences))
    if views.loadings is not None:
        pictures.append(draw_loadings(views.loadings))
    reach = parameters.window or USUAL_REACH
    if by_time and len(views.chunks) > 2 * reach:
        pictures.append(draw_time(views.distances, views.chunks.labels, views.signs, reach=reach))
    return tuple(pictures)


def _name_chunk(views: Views, index: int) -> str:
    """Its document, with its number where the document has several, or its first and last document."""
    chunks, ids = views.chunks, views.documents.ids
    first, last = int(chunks.first_document[index]), int(chunks.last_document[index])
    if first != last:
        return f"{ids[first]} to {ids[last]}"
    within = np.flatnonzero(chunks.first_document == first)
    part = f" ({int(np.searchsorted(within, index)) + 1})" if len(within) > 1 else ""
    return f"{ids[first]}{part}"


def _title(chunks: Chunks, how: dict[str, Any]) -> str:
    name = {"tsne": "t-SNE", "pca": "PCA of the distances", "pcoa": "PCoA"}[how["name"]]
    detail = f", perplexity {how['perplexity']:.3g}" if "perplexity" in how else ""
    return f"{say_chunks(chunks)} by style ({name}{detail})"


def say_chunks(chunks: Chunks) -> str:
    """How many there are and how long: `85 whole documents`, `100 chunks of 5,000 characters`."""
    if chunks.chunk_words:
        return f"{count(len(chunks), 'chunk')} of {chunks.chunk_words:,} words"
    if chunks.chunk_chars == 0:
        return count(len(chunks), "whole document")
    return f"{count(len(chunks), 'chunk')} of {chunks.chunk_chars:,} characters"


def _title_tree(leaves: int, step: int) -> str:
    return f"Tree of {leaves:,} chunks by style" + (f" (1 in {step} drawn)" if step > 1 else "")


def _name_axes(how: dict[str, Any]) -> tuple[str, str]:
    first, second = how.get("explained_variance", (None, None))
    if first is None:
        return "first coordinate (only nearness means something)", "second coordinate"
    return f"first axis ({show_share(first)} of the variance)", f"second axis ({show_share(second)})"
