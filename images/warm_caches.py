"""Fill the caches of an image: run every compiled kernel once on a few words, and index the fonts."""

import matplotlib.font_manager
import numpy as np

from stylometry import (
    DISTANCES,
    AuthorshipClassifier,
    count_manhattan,
    count_ngrams,
    count_words,
    cut_within,
    leave_one_out,
    map_distances,
    measure,
    pca,
)

TEXT = "The quick brown fox jumps over the lazy dog, and \u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05c1 too. " * 40


def main() -> None:
    """Compile and index."""
    chunks = cut_within([TEXT, TEXT.upper(), TEXT[::-1]], ["one", "two", "one"], chunk_chars=500)
    for n in range(1, 6):
        distances = count_manhattan(count_ngrams(chunks, n=n, threads=2).matrix)
    for tokens in ("letters", "scikit-learn"):
        words = count_words(chunks, tokens=tokens, threads=2)
    for name in DISTANCES:
        measure(words, name)
    classifier = AuthorshipClassifier(distance="burrows_delta", features=20)
    texts = [TEXT[start:] for start in range(4)]
    classifier.fit(texts, ["one", "two", "one", "two"]).verify(texts[:1], "one")
    leave_one_out(map_distances(pca(distances)), chunks.labels, chunks.first_document, chunks.last_document)
    assert np.isfinite(distances).all()  # noqa: S101 - an image that counts wrongly must not be built
    matplotlib.font_manager.get_font_names()


if __name__ == "__main__":
    main()
