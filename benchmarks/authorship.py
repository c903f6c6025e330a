"""Distances between chunks: scikit-learn and plain numpy against stylometry, and how large a corpus one machine takes.

    python -m benchmarks.authorship [--quick]     (with faststylometry too, where it is installed)

Results are compared before times are given. CPU seconds are the median of some runs in one process, after one run to
compile; the large corpus is counted, measured and mapped in a process of its own, so that its peak memory is its own.
"""

import argparse
import importlib.util
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from benchmarks.process import measure as measure_process
from benchmarks.texts import MAKERS, MB
from stylometry import count_manhattan, count_ngrams, count_words, cut_joined, keep_whole, measure, pca

FEATURES = 2_000
WORDS = 150


class Size(NamedTuple):
    """How much text is cut into how many chunks, to compare and to see what one machine takes."""

    chars: int
    chunks: int
    large_chars: int
    large_chunks: int


QUICK = Size(2 * MB, 200, 4 * MB, 1_000)
FULL = Size(4 * MB, 1_000, 100 * MB, 10_000)


def run(quick: bool) -> list[dict[str, Any]]:
    """One row a piece of work: CPU seconds of both sides, their ratio, and whether the results are equal."""
    size = QUICK if quick else FULL
    counts = count_ngrams(cut_joined([MAKERS["prose"](size.chars)], [None], chunks=size.chunks))
    return [*_compare_distances(counts), *_compare_with_faststylometry(size), *_measure_large(size)]


def _compare_distances(counts: Any) -> list[dict[str, Any]]:
    from sklearn.metrics.pairwise import manhattan_distances

    works: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        (
            "exact Manhattan, all trigrams (scikit-learn)",
            lambda: manhattan_distances(sparse.csr_matrix(counts.matrix)),
            lambda: count_manhattan(counts.matrix),
        ),
        (
            f"Burrows's Delta, {FEATURES:,} trigrams (numpy)",
            lambda: _measure_burrows_plainly(counts),
            lambda: measure(counts, "burrows_delta", features=FEATURES),
        ),
    ]
    return [_compare(name, theirs, ours, len(counts.ngrams)) for name, theirs, ours in works]


def _compare_with_faststylometry(size: Size) -> list[dict[str, Any]]:
    """Burrows's Delta on words, counting included, where that library is installed; it is no requirement of ours."""
    if importlib.util.find_spec("faststylometry") is None:
        return []
    # Plain words only, so that both mean the same by a word.
    words = re.findall(r"[a-z]{2,}", MAKERS["prose"](size.chars).lower())
    length = len(words) // size.chunks
    tokens = [words[start : start + length] for start in range(0, length * size.chunks, length)]
    texts = [" ".join(chunk) for chunk in tokens]
    chunks = keep_whole(texts, [None] * len(texts))

    def measure_ours() -> Any:
        return measure(count_words(chunks), "burrows_delta", features=WORDS)

    name = f"Burrows's Delta, {WORDS} words, counting included (faststylometry)"
    return [_compare(name, lambda: _measure_by_faststylometry(tokens), measure_ours, len(set(words)))]


def _measure_by_faststylometry(tokens: list[list[str]]) -> Any:
    from faststylometry import Corpus
    from faststylometry.burrows_delta import calculate_burrows_delta

    # Zeros before the number, since it sorts its authors by name.
    names = [f"{number:06d}" for number in range(len(tokens))]
    known, asked = (Corpus(names, list(names), tokens) for _ in range(2))
    return calculate_burrows_delta(known, asked, vocab_size=WORDS).to_numpy()


def _measure_burrows_plainly(counts: Any) -> Any:
    """The formula as one would write it, a row at a time because all at once need 8 bytes x chunks² x features."""
    frequent = np.argsort(-counts.matrix.sum(axis=0), kind="stable")[:FEATURES]
    shares = counts.matrix[:, frequent].toarray() / counts.matrix.sum(axis=1)[:, np.newaxis]
    scores = (shares - shares.mean(axis=0)) / shares.std(axis=0, ddof=1)
    return np.stack([np.abs(scores - row).mean(axis=1) for row in scores])


def _compare(name: str, theirs: Callable[[], Any], ours: Callable[[], Any], ngrams: int) -> dict[str, Any]:
    expected, their_seconds = _time(theirs, repeats=1)
    ours()
    actual, our_seconds = _time(ours, repeats=5)
    return {
        "work": name,
        "chunks": len(actual),
        "ngrams": ngrams,
        "theirs_cpu_seconds": their_seconds,
        "ours_cpu_seconds": our_seconds,
        "cpu_ratio": their_seconds / our_seconds,
        "largest_difference": float(np.abs(expected - actual).max()),
    }


def _time(work: Callable[[], Any], *, repeats: int) -> tuple[Any, float]:
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return result, statistics.median(seconds)


def _measure_large(size: Size) -> list[dict[str, Any]]:
    """Wall seconds, CPU seconds and peak memory of the whole way to the map, imports included."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text.txt")
        path.write_text(MAKERS["prose"](size.large_chars), "utf-8")
        for distance in ("count_manhattan", "cosine_delta", "burrows_delta"):
            command = [sys.executable, "-m", "benchmarks.authorship", "--map", distance, str(path)]
            used = measure_process([*command, "--chunks", str(size.large_chunks)])
            rows.append(
                {"work": f"{size.large_chars // MB} MB to the map, {distance}", "chunks": size.large_chunks} | used
            )
    return rows


def _map_file(path: Path, chunks: int, distance: str) -> None:
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = list(file)
    chunked = cut_joined(lines, [None] * len(lines), chunks=chunks)
    del lines
    counts = count_ngrams(chunked)
    features = None if distance == "count_manhattan" else FEATURES
    pca(measure(counts, distance, features=features))


def main() -> None:
    """Run and print the rows, or make one map for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small data: shows that it works")
    parser.add_argument("--map", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--chunks", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.map:
        _map_file(Path(given.map[1]), given.chunks, given.map[0])
        return
    for row in run(given.quick):
        print(
            " | ".join(f"{name} {value:.4g}" if isinstance(value, float) else str(value) for name, value in row.items())
        )


if __name__ == "__main__":
    main()
