"""Does the result hang on a choice? The same labels with other lengths, numbers of features and distances."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from relay.handoff.wording import count, list_words, show_share, show_span
from relay.results.distances import name_distance
from relay.results.findings import Finding, Topic
from stylometry.errors import StylometryError
from stylometry.stability import Setting, compare_settings

LENGTHS = (2_500, 5_000, 10_000)
"""Characters: about 400, 800 and 1,700 English words."""

FEATURES = (50, 150, 500)
DISTANCES = ("cosine_delta", "burrows_delta", "min_max")

MOST_CHARS = 1_500_000
"""Text that is looked at; of more, documents spread evenly over all: the table is to take seconds."""


def try_settings(
    documents: Documents, parameters: AuthorshipParameters, copies: npt.NDArray[np.int64]
) -> tuple[Setting, ...]:
    """A row for each combination of length, features and distance, without lengths that no document has.

    Only documents of known label, or of the candidates where the recipe names some, are looked at.

    Args:
        documents: the documents.
        parameters: the recipe's model section.
        copies: number of the text that each document is; copies of one text are no neighbours (documents,).
    """
    chars = len(documents.utf8)
    step = max(1, math.ceil(chars / MOST_CHARS))
    known = set(parameters.candidates) or set(documents.labels) - {None, *parameters.unknown}
    indices = [index for index, label in enumerate(documents.labels) if label in known][::step]
    texts = [
        documents.utf8[documents.offsets[index] : documents.offsets[index + 1]].tobytes().decode() for index in indices
    ]
    labels = [documents.labels[index] for index in indices]
    settings: list[Setting] = []
    for length in LENGTHS:
        settings += _try_length((texts, labels, copies[indices].tolist()), length, parameters)
    return tuple(settings)


def tabulate_settings(settings: Sequence[Setting]) -> pa.Table:
    """A row a combination."""
    rows = [asdict(setting) for setting in settings]
    return pa.Table.from_pylist([{**row, "silhouette": _finite(row["silhouette"])} for row in rows])


def say_settings(settings: Sequence[Setting]) -> tuple[Finding, ...]:
    """How far the balanced accuracy depends on the choice, in a sentence."""
    if not settings:
        tried = list_words(f"{length:,}" for length in LENGTHS)
        nothing = f"Stability was not assessed: the documents give too few chunks of {tried} characters."
        return (Finding(Topic.STABILITY, nothing, {"settings": 0}),)
    figures = [setting.balanced_accuracy for setting in settings]
    worst = settings[int(np.argmin(figures))]
    lengths = list_words(f"{length:,}" for length in dict.fromkeys(setting.chunk_chars for setting in settings))
    numbers = sorted({setting.features for setting in settings})
    middle, span = float(np.median(figures)), show_span(min(figures), max(figures))
    lowest = (
        f", median {show_share(middle)}; lowest with {worst.chunk_chars:,} characters, {worst.features:,} features "
        f"and {name_distance(worst.distance)}"
    )
    text = (
        f"In {count(len(settings), 'other setting')} (chunks of {lengths} characters; "
        f"{list_words(f'{number:,}' for number in numbers)} features; {len(DISTANCES)} distances) the balanced "
        f"accuracy is {span}{lowest if min(figures) < max(figures) else ''}."
    )
    if numbers[-1] < FEATURES[-1]:
        text += f" The documents have only {numbers[-1]:,} different features."
    spread = {"least": min(figures), "median": middle, "most": max(figures)}
    return (Finding(Topic.STABILITY, text, {"settings": len(settings), "balanced_accuracy": spread}),)


def _try_length(
    known: tuple[list[str], list[str | None], list[int]], length: int, parameters: AuthorshipParameters
) -> tuple[Setting, ...]:
    texts, labels, copies = known
    try:
        found = compare_settings(
            texts,
            labels,
            chunk_chars=[length],
            features=FEATURES,
            distances=DISTANCES,
            ngram="word" if parameters.units == "words" else "char",
            n=parameters.ngram,
            copies=copies,
            choice=parameters.chosen,
            word_rule=parameters.word_rule,
        )
    except StylometryError:  # no document is so long: the other lengths answer nevertheless
        return ()
    return tuple(setting for setting in found if math.isfinite(setting.balanced_accuracy))


def _finite(value: Any) -> Any:
    return value if math.isfinite(value) else None
