"""Who wrote what: character n-grams, the distance between texts, and a map of it. Imported, never run; no I/O.

documents, labels
  -> chunks.cut_within | cut_joined | keep_whole    Chunks        UTF-8 bytes of equally long chunks
  -> ngrams.count_ngrams                            Counts        (k, V) sparse integers, exact
  -> distance.manhattan                             (k, k)        exact
  -> projection.pca | pcoa | tsne                   (k, 2)        repeatable
  -> trust.leave_one_out                            LeaveOneOut   in full, and on trust.map_distances of the map

Below: utf8 (characters in bytes), alphabet (lower case, white space), kernels (counting), rows (sorting), compiled and
parallel (how kernels are built and run), errors. The names here load their module when they are first used, because
numba, scipy and scikit-learn take seconds to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylometry.chunks import Chunks, cut_joined, cut_within, keep_whole
    from stylometry.distance import manhattan
    from stylometry.errors import StylometryError
    from stylometry.ngrams import Counts, count_ngrams
    from stylometry.projection import pca, pcoa, tsne
    from stylometry.trust import LeaveOneOut, leave_one_out, map_distances

__all__ = [
    "Chunks",
    "Counts",
    "LeaveOneOut",
    "StylometryError",
    "count_ngrams",
    "cut_joined",
    "cut_within",
    "keep_whole",
    "leave_one_out",
    "manhattan",
    "map_distances",
    "pca",
    "pcoa",
    "tsne",
]

_MODULES = {
    "chunks": ("Chunks", "cut_joined", "cut_within", "keep_whole"),
    "distance": ("manhattan",),
    "errors": ("StylometryError",),
    "ngrams": ("Counts", "count_ngrams"),
    "projection": ("pca", "pcoa", "tsne"),
    "trust": ("LeaveOneOut", "leave_one_out", "map_distances"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
