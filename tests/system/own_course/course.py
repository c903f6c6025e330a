"""The course's algorithm as its notebook has it: chunks of all posts, trigrams, Manhattan distances, PCA, a scatter."""

import numpy as np
import pandas as pd


def clean(posts: pd.DataFrame, *, longer_than: int = 50) -> pd.DataFrame:
    """Put posts in the order of time, on one line, without those that begin with a link.

    Args:
        longer_than: characters that a post must have more of.
    """
    posts = posts.sort_values("written_at_utc", kind="stable")
    text = posts["text"].fillna("none").str.replace("\n", " ")
    posts["text"] = text.str.replace(r"^https?://.*", "", regex=True)
    return posts[posts["text"].str.len() > longer_than]


def cut(text: str, k: int) -> list[str]:
    """The text in k parts of one length; the rest is dropped."""
    size = len(text) // k
    return [text[start : start + size] for start in range(0, k * size, size)]


def count_trigrams(chunks: list[str]) -> np.ndarray:
    """A row for each chunk, a column for each trigram of any chunk; upper and lower case count alike."""
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer="char", ngram_range=(3, 3)).fit_transform(chunks).toarray()


def draw_map(posts: pd.DataFrame, *, k: int = 100) -> dict:
    """Draw k chunks of the posts by the style of their characters.

    Args:
        k: how many chunks.
    """
    import matplotlib.pyplot as plt
    from scipy.spatial.distance import cdist
    from sklearn.decomposition import PCA

    counts = count_trigrams(cut(" ".join(posts["text"]), k))
    distances = cdist(counts, counts, "cityblock")
    pca = PCA(n_components=2)
    points = pca.fit_transform(distances)
    plt.scatter(points[:, 0], points[:, 1], c=np.arange(k))
    plt.title("Posts by style, in the order of time")
    plt.show()
    return {
        "metrics": {"explained": pca.explained_variance_ratio_.sum(), "trigrams": counts.shape[1]},
        "tables": {"points": pd.DataFrame(points, columns=["x", "y"])},
    }
