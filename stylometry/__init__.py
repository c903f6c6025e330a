"""Who wrote what: words and character n-grams, distances between texts, maps, and how far to trust them. No I/O.

documents, labels
  -> spelling.normalise                             texts         one normal form, with or without accents
  -> chunks.cut_within | cut_joined | keep_whole    Chunks        UTF-8 bytes of equally long chunks
  -> words.count_words | ngrams.count_ngrams        counts        (k, V) sparse integers, exact
  -> delta.measure (distance.count_manhattan: full) (k, k)        on the features.most_frequent
  -> projection.pca | pcoa | tsne                   (k, 2)        repeatable
  -> trust.leave_one_out                            LeaveOneOut   in full, and on trust.map_distances of the map
  -> evidence.permutation_test | shift_test | silhouette, boundary.rank_boundary, stability.compare_settings
  -> keywords.fightin_words | zeta | eder_zeta      Contrast      what two labels differ in
  -> tree.grow_tree                                 Tree          who is joined with whom
  -> consensus.build_consensus | write_newick       Group         the groups that most trees have, and their file

texts, authors
  -> attribution.AuthorshipClassifier               scikit-learn  predict, predict_proba, transform, nearest, verify
  -> rolling.measure_windows                        Nearness      who writes where along one long text

Below: utf8 (characters in bytes), alphabet (lower case, white space), symbols, tables, hashing and gaps (kernels),
blocks, counting and merging (how they are fed), compiled and parallel (how they are built and run), profiles,
calibration, leaving_out and imposters (parts of the estimator), errors. Imported, never run.
The names here load their module when they are first used, because numba, scipy and scikit-learn take seconds to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylometry.attribution import AuthorshipClassifier
    from stylometry.boundary import BoundaryRank, rank_boundary
    from stylometry.chunks import Chunks, cut_joined, cut_within, keep_whole
    from stylometry.delta import DISTANCES, Distance, measure
    from stylometry.distance import count_manhattan
    from stylometry.errors import StylometryError
    from stylometry.evidence import LabelTest, Silhouette, permutation_test, shift_test, silhouette
    from stylometry.features import Scale, fit_scale, most_frequent, relative_frequencies, zscores
    from stylometry.imposters import Borders, Imposters, Verification
    from stylometry.keywords import Contrast, eder_zeta, fightin_words, zeta
    from stylometry.ngrams import Counts, count_ngrams
    from stylometry.projection import pca, pcoa, tsne
    from stylometry.spelling import normalise
    from stylometry.stability import Setting, compare_settings, say_if_short
    from stylometry.streaming import count_most_frequent
    from stylometry.tree import Tree, grow_tree
    from stylometry.trust import LeaveOneOut, leave_one_out, map_distances
    from stylometry.words import WordCounts, count_words

__all__ = [
    "DISTANCES",
    "AuthorshipClassifier",
    "Borders",
    "BoundaryRank",
    "Chunks",
    "Contrast",
    "Counts",
    "Distance",
    "Imposters",
    "LabelTest",
    "LeaveOneOut",
    "Scale",
    "Setting",
    "Silhouette",
    "StylometryError",
    "Tree",
    "Verification",
    "WordCounts",
    "compare_settings",
    "count_manhattan",
    "count_most_frequent",
    "count_ngrams",
    "count_words",
    "cut_joined",
    "cut_within",
    "eder_zeta",
    "fightin_words",
    "fit_scale",
    "grow_tree",
    "keep_whole",
    "leave_one_out",
    "map_distances",
    "measure",
    "most_frequent",
    "normalise",
    "pca",
    "pcoa",
    "permutation_test",
    "rank_boundary",
    "relative_frequencies",
    "say_if_short",
    "shift_test",
    "silhouette",
    "tsne",
    "zeta",
    "zscores",
]

_MODULES = {
    "attribution": ("AuthorshipClassifier",),
    "imposters": (
        "Borders",
        "Imposters",
        "Verification",
    ),
    "chunks": (
        "Chunks",
        "cut_joined",
        "cut_within",
        "keep_whole",
    ),
    "delta": (
        "DISTANCES",
        "Distance",
        "measure",
    ),
    "distance": ("count_manhattan",),
    "errors": ("StylometryError",),
    "boundary": (
        "BoundaryRank",
        "rank_boundary",
    ),
    "evidence": (
        "LabelTest",
        "Silhouette",
        "permutation_test",
        "shift_test",
        "silhouette",
    ),
    "features": (
        "Scale",
        "fit_scale",
        "most_frequent",
        "relative_frequencies",
        "zscores",
    ),
    "keywords": (
        "Contrast",
        "eder_zeta",
        "fightin_words",
        "zeta",
    ),
    "ngrams": (
        "Counts",
        "count_ngrams",
    ),
    "projection": (
        "pca",
        "pcoa",
        "tsne",
    ),
    "spelling": ("normalise",),
    "stability": (
        "Setting",
        "compare_settings",
        "say_if_short",
    ),
    "streaming": ("count_most_frequent",),
    "tree": (
        "Tree",
        "grow_tree",
    ),
    "trust": (
        "LeaveOneOut",
        "leave_one_out",
        "map_distances",
    ),
    "words": (
        "WordCounts",
        "count_words",
    ),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
