"""Tables of texts: which column is the text, which says whose or what it is, and how the texts are cut and compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.target import Target
from adopt.recipe.words import list_words, split_name
from relay.handoff.wording import count

PROSE = list_words(
    "text texts content body message msg post comment review document doc article abstract speech transcript tweet "
    "kommentar beitrag nachricht inhalt bewertung rezension rede"
)
"""Words in the names of columns of texts."""

LABELS = list_words(
    "author authors autor autorin writer speaker sprecher verfasser label class category kategorie genre source site "
    "topic thema sentiment language sprache newspaper zeitung folder ordner type party partei group klasse"
)
"""Words in the names of what a text is labelled by."""

AUTHORS = list_words("author authors autor autorin writer speaker sprecher verfasser")
"""Those that say whose a text is, whatever else is known of it."""

LONG_TEXT, SHORT_TEXT = 50, 5
"""Words that a text has on average: from the first on it may be what a table is about, from the second on the only
thing from which something can be learned."""

MOST_LABELS = 100
MOST_CHUNKS = 3_000
"""Chunks up to which a map of all distances takes a minute."""

FEWEST_CHUNKS = 4
"""Chunks that a map needs."""

LONG_DOCUMENT = 5_000
"""Characters from which on documents are cut in chunks, so that all have one length."""

SIZES = (5_000, 2_500, 1_000, 500, 250, 100)
LARGE_SIZES = (10_000, 20_000, 50_000, 100_000)
SAFETY = 0.8
"""Share of a text's characters that cleaning leaves at least."""

SHORT_CHARS = 50
"""Characters at which preprocess leaves documents out, where the recipe does not say."""

Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Documents:
    """Which columns are documents."""

    text: int
    """Place of the text."""
    label: int | None
    """Place of what it is labelled by."""
    notes: Mapping[int, Note]
    """Place -> evidence."""


def find_documents(
    columns: Sequence[Known],
    target: Target | None,
    usable: Iterable[int],
    *,
    is_given: bool = False,
    is_decided: bool = False,
) -> Documents | None:
    """The text and its label, where the table is one of documents.

    Args:
        columns: of the table.
        target: what would be learned otherwise.
        usable: places of the columns from which an estimator could learn it.
        is_given: whether the rows are documents for certain.
        is_decided: whether a person names the target.
    """
    texts = [column for column in columns if column.type == "text" and column.valued]
    texts = [column for column in texts if is_given or column.profile.mean_words >= SHORT_TEXT]
    if not texts or (is_decided and target is not None and target.kind in ("regression", "none")):
        return None
    text = max(texts, key=lambda column: (column.profile.mean_words, bool(set(split_name(column.name)) & PROSE)))
    others = [column for column in columns if column.index != text.index]
    is_number = target is not None and target.kind in ("regression", "none")
    label = _find_label(others, None if is_number else target, is_decided=is_decided)
    is_long = text.profile.mean_words >= LONG_TEXT
    names_author = label is not None and bool(set(split_name(label.name)) & AUTHORS)
    has_inputs = any(place not in (text.index, label.index if label else None) for place in usable)
    is_only = not has_inputs and not is_number and (is_long or target is not None)
    if not (is_given or is_only or (is_long and names_author)):
        return None
    words = f"{text.profile.mean_words:,.0f} words on average"
    notes = {text.index: Note(f"texts of {words}: the documents")}
    if label is not None:
        notes[label.index] = _say_label(label, others)
    return Documents(text.index, label.index if label else None, notes)


def _find_label(others: Sequence[Known], target: Target | None, *, is_decided: bool) -> Known | None:
    able = [column for column in others if column.type in ("category", "bool", "text") and _can_label(column)]
    named = [column for column in able if set(split_name(column.name)) & LABELS]
    authors = [column for column in named if set(split_name(column.name)) & AUTHORS]
    if target is not None and (is_decided or not authors):
        return next(column for column in others if column.index == target.index)
    found = authors or named or (able if len(able) == 1 else [])
    return found[0] if found else None


def _can_label(column: Known) -> bool:
    return 2 <= column.distinct <= MOST_LABELS and column.valued > column.distinct


def _say_label(label: Known, others: Sequence[Known]) -> Note:
    rows = list(label.counts.items())
    shown = ", ".join(f"{value} ({number:,})" for value, number in rows[:5]) + (", …" if len(rows) > 5 else "")
    rest = [column for column in others if column.index != label.index and _can_label(column)]
    is_named = bool(set(split_name(label.name)) & LABELS)
    text = f"what the texts are labelled by: {count(label.distinct, 'value')}{': ' if shown else ''}{shown}"
    choices = tuple(column.shown for column in rest[:8])
    return Note(text, is_question=not is_named and bool(rest), choices=choices, key="target" if choices else "")


@dataclass(frozen=True)
class Cut:
    """How documents are cut and compared."""

    preprocess: Mapping[str, Any]
    model: Mapping[str, Any]
    """Empty: there is too little or too much text."""
    notes: Mapping[str, tuple[Note, ...]]
    """Dotted key -> evidence."""
    problem: str = ""
    """Why there is no `[model]`."""


def cut_documents(text: Known, label: Known | None, *, has_time: bool) -> Cut:
    """`[preprocess]` and `[model]` for documents.

    Args:
        text: the column of texts.
        label: what they are labelled by.
        has_time: whether they can be put in the order of time.
    """
    lengths = _measure(text)
    scale = text.valued / max(1, len(lengths))
    preprocess: dict[str, Any] = {"kind": "documents"}
    notes: dict[str, tuple[Note, ...]] = {}
    if len(lengths) and (lengths <= SHORT_CHARS).mean() > MOST_SHORT:
        preprocess["longer_than_chars"] = 0
        share = f"{100 * (lengths <= SHORT_CHARS).mean():.0f}%"
        notes["preprocess.longer_than_chars"] = (Note(f"{share} of the texts have at most {SHORT_CHARS} characters"),)
    kept = lengths if "longer_than_chars" in preprocess else lengths[lengths > SHORT_CHARS]
    keys, why = _choose_cut(kept, scale, text, is_in_runs=has_time or (label is not None and _is_in_runs(label)))
    if not keys:
        return Cut(preprocess, {}, notes, why)
    notes["model.chunking"] = (Note(why),)
    model = {"kind": "authorship", **keys}
    if model.get("chunking") == "joined" and has_time:
        model |= {"order": "time"}
    return Cut(preprocess, model, notes)


MOST_SHORT = 0.2
"""Share of documents that preprocess may leave out as too short."""


def _choose_cut(lengths: Lengths, scale: float, text: Known, *, is_in_runs: bool) -> tuple[dict[str, Any], str]:
    """The keys of `[model]` and why; no keys where no map can be made."""
    documents = int(len(lengths) * scale)
    median = float(np.median(lengths)) if len(lengths) else 0.0
    said = f"{count(documents, 'document')} of {median:,.0f} characters (median)"
    if FEWEST_CHUNKS <= documents <= MOST_CHUNKS and median < LONG_DOCUMENT:
        return {"chunking": "whole", **_compare(text, median)}, f"{said}: each is compared as a whole"
    if median >= LONG_DOCUMENT or documents < FEWEST_CHUNKS:
        for size in (*SIZES[:1], *LARGE_SIZES, *SIZES[1:]):
            chunks = int((lengths * SAFETY // size).sum() * scale)
            if FEWEST_CHUNKS <= chunks <= MOST_CHUNKS:
                return {"chunking": "within", "chunk_chars": size}, f"{said}: cut into about {chunks:,} equal chunks"
        return {}, f"{said}: too little text for a map of styles" if documents < FEWEST_CHUNKS else f"{said}: too many"
    if is_in_runs:
        return {
            "chunking": "joined",
            "chunks": 200,
        }, f"{said}: joined, since they are too many to be compared one by one"
    return {}, (
        f"{said} are too many to be compared one by one, so the recipe ends after preprocess; a function of your own "
        "can learn from them (docs/own-code.md)"
    )


def _compare(text: Known, median: float) -> dict[str, Any]:
    """Words where a text has many of them, else sequences of three characters, which short texts have more of."""
    chars_per_word = median / max(1.0, text.profile.mean_words)
    if median >= LONG_DOCUMENT / 5 and chars_per_word < MOST_CHARS_PER_WORD:
        return {"units": "words", "ngram": 1, "distance": "cosine_delta", "features": 150}
    return {"units": "chars", "ngram": 3, "distance": "cosine_delta", "features": 500}


MOST_CHARS_PER_WORD = 15
"""Characters per word above which a script has no blanks between words."""


def _measure(text: Known) -> Lengths:
    lengths = pc.utf8_length(text.read_as("text"))
    found: Lengths = pc.drop_null(lengths).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _is_in_runs(label: Known) -> bool:
    """Whether documents of one label follow one another, so that joining them mixes few labels."""
    codes = label.values.dictionary_encode().indices
    changes = pc.sum(pc.not_equal(codes.slice(1), codes.slice(0, len(codes) - 1))).as_py() or 0
    return bool(changes < MOST_RUNS * max(1, label.distinct))


MOST_RUNS = 3
