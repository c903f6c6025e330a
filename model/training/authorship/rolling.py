"""Who writes where along one long text: as a table, a picture and in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import RollingSection
from model.training.authorship.addition import Addition
from model.training.authorship.attribution import Sample, rank_labels
from model.training.authorship.documents import Documents
from model.training.plots.rolling import RollingPicture, draw_rolling
from relay.handoff.errors import ModelError
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.wording import count, list_words, show_share
from relay.results.findings import Finding, Topic
from relay.results.signs import Signs
from stylometry.attribution import AuthorshipClassifier
from stylometry.rolling import (
    KnownWindows,
    Windows,
    cut_windows,
    find_words,
    judge_known,
    measure_windows,
    weigh,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BETWEEN = "\n\n"
"""Between two documents of one text: no word crosses their border."""

MOST_RUNS = 50
"""Runs of windows that `metrics.json` names."""


@dataclass(frozen=True)
class Rolled:
    """A text in windows, and whom each is nearest to."""

    windows: Windows
    titles: Sequence[str]
    """Of the documents that make the text."""
    borders: Integers
    """Number of the first word of each (documents,)."""
    classes: tuple[str, ...]
    distances: Floats
    """NaN where nothing of a label is left (windows, labels)."""
    probabilities: Floats
    """If it is one of these labels (windows, labels)."""
    coverage: Floats
    """Share of each window's n-grams that the model looks at (windows,)."""
    required: float
    """Coverage from which on a window can be compared."""
    known: KnownWindows

    @property
    def nearest(self) -> list[str | None]:
        """The label that each window is nearest to, None where it cannot be compared (windows,)."""
        best = np.nanargmin(self.distances, axis=1).tolist()
        kept = (self.coverage >= self.required).tolist()
        return [self.classes[index] if is_kept else None for index, is_kept in zip(best, kept, strict=True)]

    @property
    def trust(self) -> Floats:
        """Probability of the nearest label (windows,)."""
        best: Floats = self.probabilities.max(axis=1)
        return best


def add_rolling(
    documents: Documents,
    fitted: tuple[AuthorshipClassifier, Sample],
    asked: RollingSection,
    *,
    copies: Integers,
    required: float,
    signs: Signs,
) -> Addition:
    """What the recipe's long text shows, window by window.

    Args:
        documents: all documents.
        fitted: the model, and the sample that it was fitted to.
        asked: the text, window and step.
        copies: number of the text that each document is (documents,).
        required: coverage from which on a text can be compared.
        signs: the signs of all labels.

    Raises:
        ModelError: no document has such a title.
        StylometryError: the text is too short for a window, or there would be too many.
    """
    rolled = roll(documents, fitted, asked, copies=copies, required=required)
    middles = rolled.windows.starts.astype(np.float64) + rolled.windows.window / 2
    drawn = RollingPicture(
        middles,
        rolled.distances,
        rolled.trust,
        rolled.nearest,
        rolled.classes,
        tuple(zip(rolled.borders, rolled.titles, strict=True)),
    )
    return Addition(
        findings=say_rolling(rolled, asked),
        metrics={"rolling": figures_of_rolling(rolled, asked)},
        tables={"rolling": tabulate_rolling(rolled)},
        pictures=(draw_rolling(drawn, signs, window=asked.window, step=asked.step),),
    )


def roll(
    documents: Documents,
    fitted: tuple[AuthorshipClassifier, Sample],
    asked: RollingSection,
    *,
    copies: Integers,
    required: float,
) -> Rolled:
    """The windows beside the known labels; a text of known label is compared with other documents only."""
    classifier, learned = fitted
    chosen = _choose_documents(documents, asked.texts)
    parts = [_read_text(documents, index) for index in chosen]
    borders = np.cumsum([0, *(len(find_words(part, classifier.word_rule)) for part in parts[:-1])])
    windows = cut_windows(BETWEEN.join(parts), asked.window, asked.step, classifier.word_rule)
    known_as = np.asarray(learned.documents)
    is_own = np.isin(known_as, copies[chosen])
    if is_own.all():
        raise ModelError("[model.rolling]: the text holds every known document; nothing is left to compare it with")
    nearness = measure_windows(classifier, windows, is_own)
    known = judge_known(classifier, _list_known(documents, learned, classifier, copies), asked.window)
    return Rolled(
        windows,
        [documents.ids[index] for index in chosen],
        borders,
        tuple(classifier.classes_.tolist()),
        nearness.distances,
        weigh(nearness, known.temperature),
        nearness.coverage,
        required,
        known,
    )


def find_stretches(nearest: Sequence[str | None]) -> list[tuple[int, int]]:
    """First and last window of each run that is nearest to one label."""
    starts = [index for index in range(len(nearest)) if index == 0 or nearest[index] != nearest[index - 1]]
    return [(start, end - 1) for start, end in zip(starts, [*starts[1:], len(nearest)], strict=True)]


def tabulate_rolling(rolled: Rolled) -> pa.Table:
    """A row a window and label: words from and to, counted from 1, distance, probability, whether it is nearest."""
    places = np.searchsorted(rolled.borders, rolled.windows.starts, side="right") - 1
    rows = [
        {
            "window": window + 1,
            "first_word": start + 1,
            "last_word": start + rolled.windows.window,
            "document": rolled.titles[place],
            "label": label,
            "distance": float(distance) if np.isfinite(distance) else None,
            "probability": float(probability),
            "is_nearest": label == nearest,
            "coverage": float(coverage),
        }
        for window, (start, place, nearest, distances, probabilities, coverage) in enumerate(
            zip(
                rolled.windows.starts.tolist(),
                places.tolist(),
                rolled.nearest,
                rolled.distances,
                rolled.probabilities,
                rolled.coverage,
                strict=True,
            )
        )
        for label, distance, probability in zip(rolled.classes, distances, probabilities, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def say_rolling(rolled: Rolled, asked: RollingSection) -> tuple[Finding, ...]:
    """Who is nearest in how many windows, and how windows of that length do on known text."""
    nearest = Counter(label for label in rolled.nearest if label is not None)
    refused = len(rolled.nearest) - nearest.total()
    shares = list_words(f"{label} {number:,}" for label, number in rank_labels(nearest)) if nearest else "no label"
    aside = f"; {count(refused, 'window')} cannot be compared, because the features cover too little" if refused else ""
    text = (
        f"Rolling attribution of {_name_text(rolled.titles)} ({rolled.windows.words:,} words) in "
        f"{count(len(rolled.windows), 'window')} of {asked.window:,} words at steps of {asked.step:,}: nearest to "
        f"{shares}{aside}. Windows that overlap are not independent evidence."
    )
    figures = {
        "windows": len(rolled.windows),
        "window": asked.window,
        "step": asked.step,
        "words": rolled.windows.words,
        "nearest": dict(rank_labels(nearest)),
        "refused": refused,
    }
    return (Finding(Topic.ROLLING, text, figures), _say_known(rolled.known, asked.window))


def figures_of_rolling(rolled: Rolled, asked: RollingSection) -> dict[str, Any]:
    """The windows as they stand in `metrics.json`."""
    nearest, starts = rolled.nearest, rolled.windows.starts
    runs = [
        {
            "label": nearest[first],
            "first_word": int(starts[first]) + 1,
            "last_word": int(starts[last]) + asked.window,
            "windows": last - first + 1,
            "mean_probability": float(rolled.trust[first : last + 1].mean()),
        }
        for first, last in find_stretches(nearest)
    ]
    known = rolled.known
    judged = {"accuracy": known.accuracy, "balanced_accuracy": known.balanced_accuracy} if len(known.authors) else {}
    return {"runs": runs[:MOST_RUNS], "known": {"windows": len(known.authors), **judged}}


def _say_known(known: KnownWindows, window: int) -> Finding:
    if not len(known.authors):
        text = (
            f"Windows of {window:,} words were not evaluated: no known document of this length has another document "
            "of its label. Their probabilities are those of whole chunks."
        )
        return Finding(Topic.ROLLING, text, {"known_windows": 0})
    text = (
        f"Known text in {count(len(known.authors), 'window')} of {window:,} words, each without its own document: "
        f"accuracy {show_share(known.accuracy)}, balanced accuracy {show_share(known.balanced_accuracy)}. The "
        "probabilities of the windows are calibrated on them."
    )
    figures = {
        "known_windows": len(known.authors),
        "accuracy": known.accuracy,
        "balanced_accuracy": known.balanced_accuracy,
    }
    return Finding(Topic.ROLLING, text, figures)


def _name_text(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{titles[0]} to {titles[-1]}"


def _choose_documents(documents: Documents, titles: Sequence[str]) -> list[int]:
    chosen: list[int] = []
    for title in titles:
        found = [index for index, name in enumerate(documents.ids) if name == title]
        if not found:
            raise ModelError(
                f'[model.rolling] texts: no document has the title "{title}"{suggest_nearest(title, documents.ids)}; '
                'titles are the values of the column with role = "id"'
            )
        chosen += found
    return chosen


def _list_known(
    documents: Documents, learned: Sample, classifier: AuthorshipClassifier, copies: Integers
) -> Iterator[tuple[str, int, npt.NDArray[np.bool_]]]:
    """Text, author and chunks of each known document, those of all authors in turn."""
    known_as, classes = np.asarray(learned.documents), classifier.classes_.tolist()
    author_of = dict(zip(learned.documents, learned.labels, strict=True))
    turns = [[number for number, label in author_of.items() if label == author] for author in classes]
    for turn in zip_longest(*turns):
        for number in (number for number in turn if number is not None):
            index = int(np.flatnonzero(copies == number)[0])
            yield _read_text(documents, index), classes.index(author_of[number]), known_as == number


def _read_text(documents: Documents, index: int) -> str:
    start, end = documents.offsets[index : index + 2].tolist()
    return documents.utf8[start:end].tobytes().decode()
