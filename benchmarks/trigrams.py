"""Counting n-grams and the course notebook's whole algorithm: scikit-learn against stylometry, on the same text.

    python -m benchmarks.trigrams [--quick]

Each measurement runs in a process of its own, so that its peak memory is its own. "count" runs from the chunks to the
matrix and its vocabulary, "whole" from the documents to the map; imports and the compilation of kernels come before and
are not counted. "stream" is a whole process that reads 1 GB from Parquet. Texts are made from the docstrings of
Python's standard library and from invented pointed Hebrew (the Hebrew Bible itself if RELAY_REAL_DATA names a folder
with tanakh/*.txt).
"""

import argparse
import hashlib
import itertools
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.large_text import FEATURES, measure_text
from benchmarks.texts import MAKERS, MB

ROOT = Path(__file__).resolve().parents[1]


class Case(NamedTuple):
    """One row of the table: what is run on how much of which text."""

    work: str
    text: str
    chars: int
    chunks: int
    repeats: int
    n: int = 3


QUICK = [
    Case("count", "prose", 4 * MB, 100, 3),
    Case("count", "prose", 4 * MB, 1_000, 3),
    Case("count", "hebrew", 4 * MB, 100, 3),
    Case("whole", "prose", 4 * MB, 100, 3),
]
FULL = [
    *QUICK,
    *(Case("count", "prose", 4 * MB, 100, 3, n) for n in (4, 5)),
    Case("whole", "prose", 4 * MB, 1_000, 1),
    Case("count", "prose", 100 * MB, 1_000, 1),
    Case("stream", "prose", 1_000 * MB, 1_000, 1),
]


def run(quick: bool) -> list[dict[str, Any]]:
    """One row a case: seconds, ratios of CPU time, wall time and peak memory, and whether the results are equal."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            (_compare_streamed if case.work == "stream" else _compare)(case, Path(folder))
            for case in (QUICK if quick else FULL)
        ]


def _write_text(case: Case, folder: Path) -> Path:
    path = folder / f"{case.text}-{case.chars}.txt"
    if not path.exists():
        path.write_text(MAKERS[case.text](case.chars), "utf-8")
    return path


def _compare(case: Case, folder: Path) -> dict[str, Any]:
    path = _write_text(case, folder)
    theirs = _measure("theirs", case, path)
    ours = _measure("ours", case, path)
    # CountVectorizer alone needs little memory; the notebook makes its counts dense, 8 bytes for each place.
    dense = theirs if case.work == "whole" else _measure("dense", case._replace(repeats=1), path)
    row = {
        "work": case.work,
        "text": case.text,
        "megabytes": round(path.stat().st_size / MB, 1),
        "chunks": case.chunks,
        "n": case.n,
        "theirs_cpu_seconds": theirs["cpu_seconds"],
        "ours_cpu_seconds": ours["cpu_seconds"],
        "cpu_ratio": theirs["cpu_seconds"] / ours["cpu_seconds"],
        "wall_ratio": theirs["wall_seconds"] / ours["wall_seconds"],
        "dense_peak_megabytes": dense["peak_megabytes"],
        "ours_peak_megabytes": ours["peak_megabytes"],
        "memory_ratio": dense["peak_megabytes"] / ours["peak_megabytes"],
        "is_equal": theirs["digest"] == ours["digest"],
    }
    if case.work == "whole":
        row["map_difference"] = _differ(theirs["map"], ours["map"])
    return row


def _compare_streamed(case: Case, folder: Path) -> dict[str, Any]:
    """Seconds and peak memory of a whole process that counts a file; theirs are those of a hundredth, times 100."""
    part = _write_text(case._replace(chars=case.chars // 100), folder)
    theirs = _measure("theirs", case._replace(work="count", chunks=case.chunks // 100), part)
    text = _write_text(case, folder)
    ours = measure_text(text, folder, chunks=case.chunks, n=case.n)
    scale = text.stat().st_size / part.stat().st_size
    return {
        "work": case.work,
        "text": case.text,
        "megabytes": round(text.stat().st_size / MB, 1),
        "chunks": case.chunks,
        "n": case.n,
        "theirs_cpu_seconds": theirs["cpu_seconds"] * scale,
        "ours_cpu_seconds": ours["cpu_seconds"],
        "cpu_ratio": theirs["cpu_seconds"] * scale / ours["cpu_seconds"],
        "wall_ratio": theirs["wall_seconds"] * scale / ours["seconds"],
        "ours_wall_seconds": ours["seconds"],
        "ours_peak_mebibytes": ours["peak_mib"],
        "note": f"{FEATURES} most frequent; theirs measured on {part.stat().st_size / MB:.1f} MB and scaled",
    }


def _differ(one: list[list[float]], other: list[list[float]]) -> float:
    """Largest difference of two maps, as a share of the largest coordinate."""
    pairs = [(a, b) for left, right in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)]
    return max(abs(a - b) for a, b in pairs) / max(abs(a) for a, _ in pairs)


def _measure(side: str, case: Case, path: Path) -> dict[str, Any]:
    """What one side reports from a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", side, json.dumps(case), str(path)]
    finished = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(finished.stdout)
    return figures


def _report(side: str, case: Case, path: Path) -> dict[str, Any]:
    """Median seconds, and the memory that text and work took on top of the imports; in the process measured."""
    prepare, work = WORKS[side, case.work]
    with path.open(encoding="utf-8", newline="\n") as file:
        work(prepare(itertools.islice(file, 100), 10), case._replace(chunks=10))
    before = _read_peak()
    with path.open(encoding="utf-8", newline="\n") as file:
        prepared = prepare(file, case.chunks)
    seconds = []
    result = None
    for _ in range(case.repeats):
        del result
        wall, cpu = time.perf_counter(), time.process_time()
        result = work(prepared, case)
        seconds.append((time.process_time() - cpu, time.perf_counter() - wall))
    peak = _read_peak() - before
    cpu_seconds, wall_seconds = (statistics.median(column) for column in zip(*seconds, strict=True))
    figures = {"cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds, "peak_megabytes": peak}
    return figures | _describe(result)


def _read_peak() -> float:
    """Peak memory of this process so far, in MB; on Linux not by getrusage, whose figure the parent passes on."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def _describe(result: Any) -> dict[str, Any]:
    """A digest of what was computed, whatever integer type it is kept in, and the map if there is one."""
    import numpy as np

    names, numbers, points = result
    digest = hashlib.sha256("\n".join(names).encode())
    for part in numbers:
        digest.update(np.ascontiguousarray(part, np.int64).tobytes())
    return {"digest": digest.hexdigest(), "map": points}


def _cut_theirs(documents: Iterable[str], chunks: int) -> list[str]:
    text = " ".join(documents)
    size = len(text) // chunks
    return [text[start : start + size] for start in range(0, chunks * size, size)]


def _cut_ours(documents: Iterable[str], chunks: int) -> Any:
    from stylometry import cut_joined

    labels: list[str | None] = []

    def pass_on() -> Iterator[str]:
        for document in documents:
            labels.append(None)  # the labels grow as the documents pass, so that these need not be kept
            yield document

    return cut_joined(pass_on(), labels, chunks=chunks)


def _keep(documents: Iterable[str], _chunks: int) -> list[str]:
    return list(documents)


def _count_theirs(cut: list[str], case: Case) -> Any:
    names, matrix = _vectorize(cut, case.n)
    matrix.sort_indices()
    return names, (matrix.indptr, matrix.indices, matrix.data), None


def _count_dense(cut: list[str], case: Case) -> Any:
    names, matrix = _vectorize(cut, case.n)
    return names, (matrix.todense(),), None


def _count_ours(cut: Any, case: Case) -> Any:
    from stylometry import count_ngrams

    counts = count_ngrams(cut, case.n)
    return counts.ngrams, (counts.matrix.indptr, counts.matrix.indices, counts.matrix.data), None


def _run_theirs(documents: list[str], case: Case) -> Any:
    """The course notebook's cells: dense counts, Manhattan distances of all pairs, two principal components."""
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.metrics.pairwise import manhattan_distances

    names, matrix = _vectorize(_cut_theirs(documents, case.chunks), case.n)
    distances = manhattan_distances(np.asarray(matrix.todense()))
    # Above 500 chunks the default solver draws at random; the exact one lets the maps be compared.
    return names, (distances,), PCA(2, svd_solver="full").fit_transform(distances).tolist()


def _run_ours(documents: list[str], case: Case) -> Any:
    from stylometry import count_manhattan, count_ngrams, pca

    counts = count_ngrams(_cut_ours(documents, case.chunks), case.n)
    distances = count_manhattan(counts.matrix)
    return counts.ngrams, (distances,), pca(distances).tolist()


def _vectorize(cut: list[str], n: int) -> tuple[list[str], Any]:
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer="char", ngram_range=(n, n))
    matrix = vectorizer.fit_transform(cut)
    return vectorizer.get_feature_names_out().tolist(), matrix


WORKS: dict[tuple[str, str], tuple[Callable[[Iterable[str], int], Any], Callable[[Any, Case], Any]]] = {
    ("theirs", "count"): (_cut_theirs, _count_theirs),
    ("dense", "count"): (_cut_theirs, _count_dense),
    ("ours", "count"): (_cut_ours, _count_ours),
    ("theirs", "whole"): (_keep, _run_theirs),
    ("ours", "whole"): (_keep, _run_ours),
}
"""What is prepared, and what is then measured."""


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Ratios are theirs divided by ours; memory is compared with the dense counts of the notebook."""
    print(f"{'work':6} {'text':7} {'MB':>6} {'chunks':>6} n  {'theirs':>8} {'ours':>7}  {'CPU':>6} {'wall':>6}", end="")
    print(f"  {'dense':>8} {'ours':>8} {'memory':>6}  equal")
    for row in rows:
        if row["work"] == "stream":
            print(*(f"{name}={round(value, 1) if isinstance(value, float) else value}" for name, value in row.items()))
            continue
        print(
            f"{row['work']:6} {row['text']:7} {row['megabytes']:6.1f} {row['chunks']:6} {row['n']}"
            f"  {row['theirs_cpu_seconds']:7.2f}s {row['ours_cpu_seconds']:6.3f}s"
            f"  {row['cpu_ratio']:5.1f}x {row['wall_ratio']:5.1f}x"
            f"  {row['dense_peak_megabytes']:6.0f}MB {row['ours_peak_megabytes']:6.0f}MB {row['memory_ratio']:5.1f}x"
            f"  {row['is_equal']}" + (f", map to {row['map_difference']:.0e}" if "map_difference" in row else "")
        )


def main() -> None:
    """Run and print the table, or measure one side for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4 MB only, about a minute")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        side, case, path = given.measure
        print(json.dumps(_report(side, Case(*json.loads(case)), Path(path))))
    else:
        _print_table(run(given.quick))


if __name__ == "__main__":
    main()
