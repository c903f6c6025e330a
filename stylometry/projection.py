"""Two-dimensional maps of a distance matrix; the same numbers give the same map every time."""

from typing import cast

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]

_DENSE_CHUNKS = 20
"""Up to so many chunks all axes are computed; beyond, finding two of them by iteration is quicker, and as exact."""

_START_SPREAD = 1e-4
"""Standard deviation of the first axis from which t-SNE starts. Source: scikit-learn, TSNE(init="pca")."""

_USUAL_PERPLEXITY = 30.0
"""Source: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9 (2008), p. 2582: typically 5 to 50."""

_FEWEST_FOR_TSNE = 4


def pca(distances: Floats) -> Floats:
    """First two principal components of the rows of the distance matrix (k, 2), as scikit-learn's PCA gives them.

    The first axis mostly shows how far a chunk is from all others, not to whom it is near; `pcoa` and `tsne` do that.
    Where scikit-learn turns to a randomised solver, above 500 rows, this stays exact and repeatable.

    Raises:
        StylometryError: If the distances are not a square matrix of finite numbers with at least two rows.
    """
    _check_square(distances)
    if not distances.any():
        # The iteration would find nothing to start from.
        return np.zeros((len(distances), 2))
    means = distances.mean(axis=0)
    left, sizes, right = _decompose(distances, means)
    # The sign of an axis is free; scikit-learn makes the largest part of each right vector positive.
    largest = right[np.arange(2), np.abs(right).argmax(axis=1)]
    return left * sizes * np.where(largest < 0, -1.0, 1.0)


def pcoa(distances: Floats) -> Floats:
    """Principal coordinates (k, 2): points whose distances in the plane come nearest to the given ones.

    An axis that no real distance stands behind (eigenvalue not positive) is zero; the largest coordinate of each axis
    is positive.

    Raises:
        StylometryError: If the distances are not a square matrix of finite numbers with at least two rows.

    Source: Gower: Some distance properties of latent root and vector methods used in multivariate analysis,
        Biometrika 53 (1966), pp. 325-338.
    """
    _check_square(distances)
    if not distances.any():
        return np.zeros((len(distances), 2))
    products = np.square(distances, dtype=np.float64)
    means = products.mean(axis=0)
    products -= means
    products -= means[:, np.newaxis]
    products += means.mean()
    products *= -0.5
    values, vectors = _find_largest(products)
    points = vectors * np.sqrt(np.clip(values, 0.0, None))
    largest = points[np.abs(points).argmax(axis=0), np.arange(2)]
    return points * np.where(largest < 0, -1.0, 1.0)


def add_points(points: Floats, offsets: Floats, distances: Floats) -> Floats:
    """Where further chunks stand on a map of principal coordinates (chunks, 2); those on the map stay where they are.

    Args:
        points: The map that `pcoa` gave (k, 2).
        offsets: For each chunk on it, the mean of its squared distances, minus half the mean of all (k,).
        distances: Distances of the further chunks to those on the map (chunks, k).

    Source: Gower: Adding a point to vector diagrams in multivariate analysis, Biometrika 55 (1968), pp. 582-585.
    """
    sizes = np.square(points).sum(axis=0)
    axes = np.divide(points, 2 * sizes, where=sizes > 0, out=np.zeros_like(points))
    added: Floats = (offsets - np.square(distances)) @ axes
    return added


def tsne(distances: Floats, seed: int, perplexity: float | None = None) -> Floats:
    """Points (k, 2) that keep neighbours together: t-SNE on the distances themselves, from the principal coordinates.

    Runs in one thread, because sums over several differ in the last digits from run to run and t-SNE enlarges that.

    Args:
        distances: Distances between the chunks (k, k).
        seed: Seed for what scikit-learn may draw.
        perplexity: Neighbours that count for a chunk, about; by default 30, or a third of the others if that is less.

    Raises:
        StylometryError: If the distances are not a square matrix of finite numbers with at least four rows.

    Source: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9 (2008), pp. 2579-2605; the start: Kobak,
        Linderman: Initialization is critical for preserving global data structure, Nature Biotechnology 39 (2021).
    """
    # Imported here: scikit-learn takes longer to load than most of the work takes.
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    _check_square(distances, fewest=_FEWEST_FOR_TSNE)
    start = pcoa(distances)
    spread = start[:, 0].std()
    model = TSNE(
        metric="precomputed",
        init=start / spread * _START_SPREAD if spread > 0 else start,
        perplexity=perplexity or min(_USUAL_PERPLEXITY, (len(distances) - 1) / 3),
        random_state=seed,
    )
    with threadpool_limits(1):
        return cast(Floats, model.fit_transform(distances)).astype(np.float64)


def _decompose(distances: Floats, means: Floats) -> tuple[Floats, Floats, Floats]:
    """Two largest singular values (2,) of the centred rows, falling, with left (k, 2) and right (2, k) vectors."""
    from scipy import linalg
    from scipy.sparse.linalg import LinearOperator, svds

    chunks = len(distances)
    if chunks <= _DENSE_CHUNKS:
        left, sizes, right = linalg.svd(distances - means, full_matrices=False)
        return left[:, :2], sizes[:2], right[:2]
    # Centring inside the product spares a second matrix of k x k.
    centred = LinearOperator(
        distances.shape,
        matvec=lambda vector: distances @ vector - means @ vector,
        rmatvec=lambda vector: distances.T @ vector - means.reshape(vector.shape) * vector.sum(),
        dtype=np.float64,
    )
    left, sizes, right = svds(centred, k=2, v0=_start_vector(chunks))
    return left[:, ::-1], sizes[::-1], right[::-1]


def _find_largest(matrix: Floats) -> tuple[Floats, Floats]:
    """Two largest eigenvalues (2,) of a symmetric matrix, largest first, with their vectors (k, 2)."""
    from scipy import linalg
    from scipy.sparse.linalg import eigsh

    chunks = len(matrix)
    if chunks <= _DENSE_CHUNKS:
        values, vectors = linalg.eigh(matrix, subset_by_index=(chunks - 2, chunks - 1))
    else:
        values, vectors = eigsh(matrix, k=2, which="LA", v0=_start_vector(chunks))
    return values[::-1], vectors[:, ::-1]


def _start_vector(size: int) -> Floats:
    """A fixed start for the iteration, without pattern, so that no axis is at right angles to it (size,)."""
    return np.random.default_rng(0).uniform(-1.0, 1.0, size)


def _check_square(distances: Floats, fewest: int = 2) -> None:
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1] or not np.isfinite(distances).all():
        raise StylometryError(
            f"these are no distances: found an array of shape {distances.shape}, expected a square matrix of finite "
            "numbers. Give the matrix of a distance function as it is."
        )
    if len(distances) < fewest:
        raise StylometryError(
            f"too few chunks for this map: found {len(distances)}, expected at least {fewest}. Cut shorter chunks."
        )
