"""The map itself: two coordinates for each chunk, and the table of the chunks with their places."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.training.authorship.documents import Documents
from stylometry.chunks import Chunks
from stylometry.projection import pca, pcoa, tsne

Floats = npt.NDArray[np.float64]

USUAL_PERPLEXITY = 30.0
"""Source: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9 (2008), p. 2582: typically 5 to 50."""


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
