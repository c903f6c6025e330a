"""Documents cut into chunks of equal length, kept as UTF-8 bytes: a Python string takes up to 4 bytes a character."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError
from stylometry.utf8 import Texts, count_characters, find_bytes, join_texts

Integers: TypeAlias = npt.NDArray[np.int64]
Label: TypeAlias = str | None


@dataclass(frozen=True)
class Chunks:
    """Chunks of text one after another, and what was left out to make them equally long.

    Made by the functions below, which check that the text is valid: the kernels read it without looking for its end.

    Attributes:
        utf8: Text of all chunks, UTF-8 (bytes,), read-only.
        offsets: Byte at which each chunk begins, and the end of the last (chunks + 1,), read-only.
        first_document: Index of the first document in each chunk (chunks,).
        last_document: Index of the last document in each chunk (chunks,).
        labels: Label with the most characters in each chunk, the one met first if two are level (chunks,).
        chunk_chars: Characters in each chunk; 0 if whole documents were kept.
        remainder_chars: Characters left over after the last whole chunk of each text.
        short_documents: Documents left out because they are shorter than a chunk.
        short_chars: Characters of those documents.
        chunk_words: Words in each chunk where they were cut by words; else 0.
    """

    utf8: npt.NDArray[np.uint8]
    offsets: Integers
    first_document: Integers
    last_document: Integers
    labels: tuple[Label, ...]
    chunk_chars: int
    remainder_chars: int = 0
    short_documents: int = 0
    short_chars: int = 0
    chunk_words: int = 0

    def __post_init__(self) -> None:
        self.utf8.flags.writeable = False
        self.offsets.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    def texts(self) -> list[str]:
        """Text of each chunk (chunks,)."""
        ends = zip(self.offsets[:-1], self.offsets[1:], strict=True)
        return [self.utf8[start:end].tobytes().decode() for start, end in ends]


def keep_whole(texts: Texts, labels: Sequence[Label]) -> Chunks:
    """Each document as one chunk, whatever its length.

    Raises:
        StylometryError: If a text is not valid Unicode, there is none, or labels and documents differ in number.
    """
    utf8, offsets = join_texts(texts)
    _check_labels(labels, len(offsets) - 1)
    documents = np.arange(len(labels))
    return Chunks(utf8, offsets, documents, documents, tuple(labels), chunk_chars=0)


def cut_within(texts: Texts, labels: Sequence[Label], chunk_chars: int) -> Chunks:
    """Chunks of `chunk_chars` characters, none of which crosses the border of a document.

    A document's remainder is dropped and documents shorter than a chunk are left out; both are counted.

    Raises:
        StylometryError: If no document is long enough, a text is not valid Unicode, or labels and documents differ in
            number.
    """
    _check_positive("chunk_chars", chunk_chars)
    utf8, offsets = join_texts(texts)
    _check_labels(labels, len(offsets) - 1)
    starts = count_characters(utf8, offsets)
    chars = np.diff(starts)
    pieces = chars // chunk_chars
    if not pieces.any():
        raise StylometryError(
            f"no document is long enough for a chunk: found at most {chars.max()} characters (of {len(chars)} "
            f"documents), expected at least {chunk_chars}. Choose fewer characters a chunk, or join the documents "
            "(cut_joined)."
        )
    owners = np.repeat(np.arange(len(pieces)), pieces)
    within = np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    ends = find_bytes(utf8, starts[owners] + (within + 1) * chunk_chars)
    begins = np.where(within == 0, offsets[owners], np.roll(ends, 1))
    short = pieces == 0
    return Chunks(
        np.concatenate([utf8[begin:end] for begin, end in zip(begins, ends, strict=True)]),
        np.concatenate([[0], np.cumsum(ends - begins)]),
        first_document=owners,
        last_document=owners,
        labels=tuple(labels[owner] for owner in owners.tolist()),
        chunk_chars=chunk_chars,
        remainder_chars=int((chars[~short] % chunk_chars).sum()),
        short_documents=int(short.sum()),
        short_chars=int(chars[short].sum()),
    )


def cut_joined(texts: Texts, labels: Sequence[Label], *, chunks: int) -> Chunks:
    """The given number of equally long chunks of all texts, joined by one blank each.

    A chunk has (characters with blanks) // chunks characters; what remains after the last one is dropped and counted.
    The blank between two documents belongs to the one before it.

    Raises:
        StylometryError: If there are fewer characters than chunks, a text is not valid Unicode, or labels and
            documents differ in number.
    """
    _check_positive("chunks", chunks)
    utf8, offsets = join_texts(texts, between=b" ")
    _check_labels(labels, len(offsets) - 1)
    ends = count_characters(utf8, offsets)[1:]
    total = int(ends[-1])
    chunk_chars = total // chunks
    if chunk_chars == 0:
        raise StylometryError(
            f"too little text: found {total} characters, expected at least one for each of {chunks} chunks. "
            "Choose fewer chunks or give more text."
        )
    borders = np.arange(chunks + 1) * chunk_chars
    cuts = find_bytes(utf8, borders)
    first = np.searchsorted(ends, borders[:-1], side="right")
    last = np.searchsorted(ends, borders[1:] - 1, side="right")
    return Chunks(
        utf8[: cuts[-1]],
        cuts,
        first_document=first,
        last_document=last,
        labels=_find_majorities(labels, ends, borders, first, last),
        chunk_chars=chunk_chars,
        remainder_chars=total - chunks * chunk_chars,
    )


def _find_majorities(
    labels: Sequence[Label], ends: Integers, borders: Integers, first: Integers, last: Integers
) -> tuple[Label, ...]:
    """The label with the most characters of each chunk; `ends` and `borders` count characters."""
    majorities = []
    for chunk in range(len(first)):
        if first[chunk] == last[chunk]:
            majorities.append(labels[first[chunk]])
            continue
        documents = range(first[chunk], last[chunk] + 1)
        inside = np.clip(ends[documents.start : documents.stop], None, borders[chunk + 1])
        chars: dict[Label, int] = {}
        for document, length in zip(documents, np.diff(inside, prepend=borders[chunk]).tolist(), strict=True):
            chars[labels[document]] = chars.get(labels[document], 0) + length
        # A dictionary keeps the order of entry and max takes the first of equals: the label met first.
        majorities.append(max(chars, key=chars.__getitem__))
    return tuple(majorities)


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise StylometryError(f"{name} is too small: found {value}, expected at least 1. Choose a larger number.")


def _check_labels(labels: Sequence[Label], documents: int) -> None:
    if len(labels) != documents:
        raise StylometryError(
            f"labels do not fit the texts: found {len(labels)} labels for {documents} documents, expected one each. "
            "Use None for a document whose label is not known."
        )
