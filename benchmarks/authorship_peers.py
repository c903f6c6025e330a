"""Distances between texts and the General Imposters: Relay beside R's package stylo, on the same files.

    python -m benchmarks authorship_peers [--quick]

stylo is no requirement of Relay. Where R or stylo is missing, the only row says so. To have both:

    apt-get install r-base                              (or R from https://cran.r-project.org)
    Rscript -e 'install.packages("stylo")'              (version 0.7.7)

Both sides read a folder of texts, count, choose the most frequent features, measure distances, grow a tree by Ward's
method and write both down, each as a process of its own whose CPU seconds are taken whole, start and threads
included; ours runs once before, since its kernels are compiled the first time. The imposters are timed within the
processes, after the counts. Before times are given, all distances are compared. Texts are plain lower-case words with
single blanks between them, so that both mean the same by a word and by a trigram. Federalist Papers (and the
whole stage with all its tests and pictures) only if RELAY_REAL_DATA names a folder with federalist.txt.
"""

import argparse
import atexit
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.process import measure as measure_process
from benchmarks.texts import MAKERS

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = Path(__file__).with_suffix(".R")

DISTANCES = {
    "burrows_delta": ("dist.delta", 1.0),
    "argamon_delta": ("dist.argamon", 1.0),
    "cosine_delta": ("dist.wurzburg", 1.0),
    "eder_simple": ("dist.simple", 10.0),
    "entropy": ("dist.entropy", 1.0),
    "min_max": ("dist.minmax", 1.0),
    "cosine": ("dist.cosine", 1.0),
    "frequency_manhattan": ("dist.manhattan", 100.0),
    "euclidean": ("dist.euclidean", 100.0),
    "canberra": ("dist.canberra", 1.0),
}
"""stylo's function for each of our distances, and how many times as large its values are: it counts in per cent.

Eder's Delta is left out: stylo's weights fall from (features + 1) / features, ours from 1 as the publication has it.
"""

WORDS = 500
ROUNDS, QUICK_ROUNDS = 100, 5
"""Of the imposters; stylo has 100 by default."""

DISPUTED = (*range(49, 59), 62, 63)


class Case(NamedTuple):
    """So many texts of so many characters, and the most frequent n-grams of words (w) or characters (c)."""

    texts: int
    chars: int
    kind: str
    n: int
    features: int
    goal: float


QUICK = (Case(20, 3_000, "w", 1, 100, 10), Case(20, 3_000, "c", 3, 200, 20))
FULL = (Case(1_000, 10_000, "w", 1, 2_000, 10), Case(1_000, 10_000, "c", 3, 5_000, 20))
LARGE = Case(5_000, 10_000, "w", 1, 2_000, 30)


def run(quick: bool) -> list[dict[str, Any]]:
    """CPU seconds of both sides and their ratio for each piece of work and the goal, or what is missing."""
    version, reason = find_stylo()
    if not version:
        return [{"work": "R's package stylo", "skipped": reason}]
    cases = QUICK if quick else (*FULL, LARGE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        essays = _write_essays(folder / "essays")
        rows = _compare_essays(essays, folder, quick)
        for case in cases:
            texts = folder / f"{case.texts}-{case.chars}"
            if not texts.exists():
                _write_made_up(texts, case)
            what = f"{case.texts:,} texts, {case.features:,} " + ("words" if case.kind == "w" else "trigrams")
            rows.append({"work": what, **_compare(texts, case, ["burrows_delta"], folder)})
    return [{**row, "stylo": version} for row in rows]


def find_stylo() -> tuple[str, str]:
    """The version of stylo that R finds; otherwise an empty one, and what is missing."""
    rscript = shutil.which("Rscript")
    if not rscript:
        return "", "R is not installed: no Rscript on the PATH. Install R, then its package stylo."
    asked = subprocess.run(
        [rscript, "-e", 'cat(as.character(packageVersion("stylo")))'], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        return "", "R has no package stylo. Run: Rscript -e 'install.packages(\"stylo\")'."
    return asked.stdout.strip(), ""


def _compare_essays(essays: Path | None, folder: Path, quick: bool) -> list[dict[str, Any]]:
    """The Federalist Papers by every distance, the whole stage on them, and the imposters; made-up texts without."""
    if essays is None:
        essays = folder / "made-up"
        _write_made_up(essays, QUICK[0], authors=("MADISON", "HAMILTON", "UNKNOWN"))
    texts = len(list(essays.iterdir()))
    case = Case(texts, 0, "w", 1, WORDS, 2)
    same = _compare(essays, case, list(DISTANCES), folder)
    one = _compare(essays, case, ["cosine_delta"], folder)
    rows: list[dict[str, Any]] = [
        {"work": f"{texts} texts, {WORDS} words, {len(DISTANCES)} distances", **same},
        {"work": f"{texts} texts, {WORDS} words, Cosine Delta", **one},
    ]
    if os.environ.get("RELAY_REAL_DATA"):
        stage = _measure_stage(folder)
        rows.append(
            {"work": "the same by stylo, the whole stage by Relay", **_say(one["theirs_cpu_seconds"], stage, 2)}
        )
    return [*rows, *_compare_imposters(essays, folder, QUICK_ROUNDS if quick else ROUNDS)]


def _compare(texts: Path, case: Case, distances: list[str], folder: Path) -> dict[str, Any]:
    """Whole processes; the largest difference of a distance, in our units, and of a height in the tree."""
    theirs, ours = folder / "theirs", folder / "ours"
    for output in (theirs, ours):
        output.mkdir(exist_ok=True)
    counting = [case.kind, str(case.n), str(case.features)]
    functions = ",".join(DISTANCES[name][0] for name in distances)
    r_used = _run_r("measure", str(texts), str(theirs), *counting, functions)
    command = [sys.executable, "-m", "benchmarks.authorship_peers", "measure", str(texts), str(ours), *counting]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    measure_process([*command, ",".join(distances)], environment)
    used = measure_process([*command, ",".join(distances)], environment)
    return {
        **_say(r_used["cpu_seconds"], used["cpu_seconds"], case.goal),
        "wall_ratio": r_used["seconds"] / used["seconds"],
        "memory_ratio": r_used["peak_mib"] / used["peak_mib"],
        "largest_difference": max(_differ(name, theirs, ours) for name in distances),
    }


def _say(theirs: float, ours: float, goal: float) -> dict[str, float]:
    return {"theirs_cpu_seconds": theirs, "ours_cpu_seconds": ours, "cpu_ratio": theirs / ours, "goal": goal}


def _differ(name: str, theirs: Path, ours: Path) -> float:
    function, scale = DISTANCES[name]
    # stylo's whole matrix is symmetric, so that it does not matter that R writes columns.
    largest = np.abs(np.fromfile(theirs / f"{function}.bin") / scale - np.fromfile(ours / f"{name}.bin")).max()
    heights = np.abs(np.fromfile(theirs / f"{function}.heights") / scale - np.fromfile(ours / f"{name}.heights")).max()
    return float(max(largest, heights))


def _run_r(*arguments: str) -> dict[str, float]:
    """CPU seconds, wall seconds and peak memory of the R script; features of equal frequency by code point, as ours."""
    command = [shutil.which("Rscript") or "Rscript", str(SCRIPT), *arguments]
    return measure_process(command, os.environ | {"LC_ALL": "C.UTF-8"})


def _compare_imposters(essays: Path, folder: Path, rounds: int) -> list[dict[str, Any]]:
    """The unknown texts held against both authors, by each distance, with as many rounds on either side."""
    theirs, ours = folder / "their-imposters", folder / "our-imposters"
    for output in (theirs, ours):
        output.mkdir()
    asking = [str(rounds), str(WORDS)]
    _run_r("imposters", str(essays), str(theirs), *asking, ",".join(function for function, _ in DISTANCES.values()))
    command = [sys.executable, "-m", "benchmarks.authorship_peers", "imposters", str(essays), str(ours), *asking]
    measure_process([*command, ",".join(DISTANCES)], os.environ | {"PYTHONPATH": str(ROOT)})
    pairs = zip(DISTANCES, np.fromfile(theirs / "seconds.bin"), np.fromfile(ours / "seconds.bin"), strict=True)
    return [
        {
            "work": f"imposters, {rounds} rounds, {name}",
            **_say(float(r_seconds), float(seconds), 10),
            "mean_score_difference": _differ_in_scores(name, theirs, ours),
        }
        for name, r_seconds, seconds in pairs
    ]


def _differ_in_scores(name: str, theirs: Path, ours: Path) -> float:
    """Both draw their features by chance, and stylo its imposters too, so that scores agree only roughly."""
    r_scores = np.fromfile(theirs / f"{DISTANCES[name][0]}.scores")
    return float(np.abs(r_scores - np.fromfile(ours / f"{name}.scores")).mean())


def _measure_stage(folder: Path) -> float:
    """CPU seconds of `python -m model` on the Federalist Papers: distances, tests, stability, pictures, model."""
    source = Path(os.environ["RELAY_REAL_DATA"]).resolve() / "federalist.txt"
    text = (ROOT / "recipes/federalist.toml").read_text("utf-8").replace('"http"', '"file"')
    recipe = folder / "essays.toml"
    recipe.write_text(re.sub(r'^url = ".*"$', f'path = "{source}"', text, flags=re.M), "utf-8")
    options = [str(recipe), "--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    environment = os.environ | {"MLFLOW_TRACKING_URI": "off", "PYTHONPATH": str(ROOT)}
    used = {}
    for stage in ("ingest", "preprocess", "model", "model"):
        used = measure_process([sys.executable, "-m", stage, *options, "--force"], environment)
    return used["cpu_seconds"]


def _write_essays(folder: Path) -> Path | None:
    """The 85 essays as plain words, named by author, the disputed and joint ones UNKNOWN; None without the book."""
    if not (real_data := os.environ.get("RELAY_REAL_DATA")):
        return None
    folder.mkdir()
    body = re.split(
        r"^\*\*\* ?(?:START|END) OF TH.*$", Path(real_data, "federalist.txt").read_text("utf-8-sig"), flags=re.M
    )[1]
    parts = re.split(r"^FEDERALIST No\. (\d+)\s*$", body, flags=re.M)[1:]
    # The book holds two versions of No. 70; the first one counts, so it is written last.
    for number, part in reversed(list(zip(map(int, parts[::2]), parts[1::2], strict=True))):
        _, author, text = re.split(r"^(HAMILTON|MADISON, with HAMILTON|MADISON|JAY)\s*$", part, maxsplit=1, flags=re.M)
        known = "UNKNOWN" if number in DISPUTED or "with" in author else author
        (folder / f"{known}_{number:02d}.txt").write_text(keep_words(text), "ascii")
    return folder


def _write_made_up(folder: Path, case: Case, authors: tuple[str, ...] = ("A", "B")) -> None:
    """Chunks of equal length of docstrings, a file each, by turns of each author."""
    folder.mkdir()
    text = keep_words(MAKERS["prose"](case.texts * case.chars * 3 // 2))
    for index in range(case.texts):
        chunk = text[index * case.chars : (index + 1) * case.chars]
        (folder / f"{authors[index % len(authors)]}_{index:05d}.txt").write_text(chunk.strip(), "ascii")


def keep_words(text: str) -> str:
    """The words of ASCII letters in lower case, with single blanks between them."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))


def read_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Author and text of each file, by name."""
    paths = sorted(folder.iterdir())
    return [path.name.partition("_")[0] for path in paths], [path.read_text("utf-8") for path in paths]


def measure_folder(texts: Path, output: Path, case: Case, distances: list[str]) -> None:
    """Write distances (texts, texts) and the heights of the tree for each distance, as raw float64."""
    from stylometry import count_ngrams, count_words, grow_tree, keep_whole, measure

    authors, read = read_folder(texts)
    chunks = keep_whole(read, list(authors))
    counts = count_words(chunks, case.n) if case.kind == "w" else count_ngrams(chunks, case.n)
    for name in distances:
        measured = measure(counts, name, features=case.features)
        measured.tofile(output / f"{name}.bin")
        grow_tree(measured).links[:, 2].tofile(output / f"{name}.heights")


def ask_imposters(texts: Path, output: Path, rounds: int, features: int, distances: list[str]) -> None:
    """Write scores (texts, authors) and CPU seconds for each distance, after one run to compile."""
    from stylometry import AuthorshipClassifier, Borders, Imposters

    authors, read = read_folder(texts)
    known = [(author, text) for author, text in zip(authors, read, strict=True) if author != "UNKNOWN"]
    asked = [text for author, text in zip(authors, read, strict=True) if author == "UNKNOWN"]
    seconds = []
    for name in distances:
        classifier = AuthorshipClassifier(features=features, distance=name)
        classifier.fit([text for _, text in known], [author for author, _ in known])
        drawing, borders = Imposters(rounds=rounds), Borders(0.4, 0.6)
        classifier.verify(asked, classifier.classes_[0], drawing=drawing, borders=borders)
        start = time.process_time()
        verified = classifier.verify(asked, classifier.classes_[0], drawing=drawing, borders=borders)
        seconds.append(time.process_time() - start)
        scores: npt.NDArray[np.float64] = verified.all_scores
        scores.tofile(output / f"{name}.scores")
    np.array(seconds).tofile(output / "seconds.bin")


def main() -> None:
    """Our side of the work, as a process of its own, which ends as `python -m model` does."""
    atexit.register(gc.freeze)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", choices=("measure", "imposters"))
    parser.add_argument("texts", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("settings", nargs="+", help="as for the R script, with our names of the distances")
    given = parser.parse_args()
    *numbers, names = given.settings
    if given.work == "measure":
        case = Case(0, 0, numbers[0], int(numbers[1]), int(numbers[2]), 0)
        measure_folder(given.texts, given.output, case, names.split(","))
    else:
        ask_imposters(given.texts, given.output, int(numbers[0]), int(numbers[1]), names.split(","))


if __name__ == "__main__":
    main()
