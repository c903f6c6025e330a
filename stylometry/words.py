"""Exact counts of words and of sequences of words in chunks of text."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from stylometry.alphabet import CODE_POINTS, Alphabet, read_characters
from stylometry.blocks import choose_threads, divide, write_blocks
from stylometry.chunks import Chunks
from stylometry.counting import MOST_BITS, count_symbols, make_vocabulary, reserve_vocabulary
from stylometry.errors import StylometryError
from stylometry.hashing import JOINER, LETTER, MARK, number_words
from stylometry.ngrams import check_n
from stylometry.parallel import run_each
from stylometry.symbols import Symbols, Text
from stylometry.utf8 import join_texts
from stylometry.word_rules import CJK, Tokens, find_joiners

_FIRST_SLOTS = 1 << 16


@dataclass(frozen=True)
class WordCounts:
    """How often each word, or sequence of n words, stands in each chunk.

    Attributes:
        words: The words that occur, in ascending order (words,).
        indices: Index in `words` of each word of each n-gram, in ascending order (ngrams, n).
        matrix: Occurrences, scipy csr_array of int32 with sorted columns (chunks, ngrams).
    """

    words: tuple[str, ...]
    indices: npt.NDArray[np.int64]
    matrix: Any

    @property
    def ngrams(self) -> list[str]:
        """The words of each n-gram with blanks between them, in the order of the columns (ngrams,)."""
        return [" ".join([self.words[index] for index in indices]) for indices in self.indices.tolist()]


def count_words(chunks: Chunks, n: int = 1, *, tokens: Tokens = "letters", threads: int | None = None) -> WordCounts:
    r"""Counts of sequences of n words that follow each other within a chunk.

    Text is lower-cased chunk by chunk as Python does it. What a word is, `tokens` says:

    - "letters": a letter of any script and what follows it of letters, of marks that combine with them (accents,
      Hebrew points), and of apostrophes with a letter right after: `don't`, `l'état`, `בְּרֵאשִׁית` are one word each,
      `'tis` is `tis`, and `well-known` two words. ’ counts as '. Digits and signs belong to no word.
    - "split_apostrophes": the same, but an apostrophe ends a word: `don't` is `don` and `t`.
    - "keep_hyphens": the same as "letters", and a hyphen between letters joins them: `well-known` is one word.
    - "cjk": the same as "letters", but each Han character and kana is a word of its own.
    - "scikit-learn": as CountVectorizer(ngram_range=(n, n)) has it, `(?u)\b\w\w+\b`: two or more letters, digits or
      underscores; combining marks are none of these, so that pointed Hebrew falls to pieces.

    Args:
        chunks: The chunks, one row each.
        n: Words in an n-gram, 1 to 5.
        tokens: What a word is.
        threads: Threads to count with; by default one a core, fewer for little text. The result is the same.

    Raises:
        StylometryError: If n is out of range, no chunk has n words, or so many different ones that n do not fit.
    """
    counts = count_any_words(chunks, n, tokens=tokens, threads=threads)
    if not len(counts.indices):
        raise StylometryError(
            f"nothing to count: found no chunk with {n} words among {len(chunks)}, expected at least one. "
            "Choose longer chunks or a smaller n."
        )
    return counts


def count_any_words(
    chunks: Chunks, n: int = 1, *, tokens: Tokens = "letters", threads: int | None = None
) -> WordCounts:
    """The same, without columns where no chunk has n words: for a part of all chunks.

    Raises:
        StylometryError: If n is out of range, or there are so many different words that n do not fit.
    """
    check_n(n)
    text = Text(chunks.utf8, chunks.offsets)
    alphabet, text = _read_letters(separate_characters(text) if tokens == "cjk" else text, tokens)
    threads = threads or choose_threads(text)
    shortest = 2 if tokens == "scikit-learn" else 1
    numbered = run_each(
        lambda group: _number_words(group, alphabet, shortest), divide(text, parts=threads), threads=threads
    )
    words, groups = _rank_words(numbered)
    indices, matrix = count_symbols(
        [iter(group) for group in groups],
        bits=find_word_bits(len(words), n),
        n=n,
        threads=threads,
        size=text.utf8.size,
    )
    return WordCounts(tuple(words), indices, matrix)


def find_word_bits(words: int, n: int) -> int:
    """Bits that hold the number of any of so many different words.

    Raises:
        StylometryError: If n words do not fit into a code.
    """
    bits = max(1, (words - 1).bit_length())
    if n * bits > MOST_BITS:
        raise StylometryError(
            f"too many different words: found {words}, expected at most {2 ** (MOST_BITS // n)} for n = {n}. "
            "Choose a smaller n."
        )
    return bits


def _read_letters(text: Text, tokens: Tokens) -> tuple[Alphabet, Text]:
    """Alphabet of what words are made of, numbered from 1 (0 is anything else), and the text to read with it."""
    characters, text = read_characters(text)
    joiners = {} if tokens == "scikit-learn" else find_joiners(tokens)
    kinds = {
        character: _find_scikit_learn_kind(character) if tokens == "scikit-learn" else _find_kind(character, joiners)
        for character in {character.lower() for character in characters}
    }
    spelled = {character: joiners.get(character, character) for character in kinds}
    code_points = np.unique([0, *(ord(spelled[character]) for character, kind in kinds.items() if kind)])
    symbol_of = np.zeros(CODE_POINTS, np.uint32)
    for character in characters:
        if kind := kinds[character.lower()]:
            number = np.searchsorted(code_points, ord(spelled[character.lower()]))
            symbol_of[ord(character)] = np.uint32(number) | kind
    return Alphabet(code_points.astype(np.int32), symbol_of), text


def separate_characters(text: Text) -> Text:
    """The text with a blank before and after each Han character and kana."""
    pattern = re.compile(rf"([{CJK}])")
    pieces = [
        pattern.sub(r" \1", text.utf8[start:end].tobytes().decode()) for start, end in pairwise(text.offsets.tolist())
    ]
    return Text(*join_texts([_AFTER.sub(r"\1 ", piece) for piece in pieces]))


_AFTER = re.compile(rf"([{CJK}][\u3099\u309a\ufe00-\ufe0f]*)(?=\w)")
"""A character with its marks, right before the next letter."""


def _find_kind(character: str, joiners: Mapping[str, str]) -> np.uint32:
    """LETTER, MARK, JOINER, or 0 for what belongs to no word."""
    if character in joiners:
        return JOINER
    category = unicodedata.category(character)[0]
    return {"L": LETTER, "M": MARK}.get(category, np.uint32(0))


def _find_scikit_learn_kind(character: str) -> np.uint32:
    return LETTER if re.match(r"\w", character) else np.uint32(0)


@dataclass(frozen=True)
class _Numbered:
    """Words of consecutive chunks as ids, in blocks, and what each id spells; None if no word ends with it."""

    blocks: list[Symbols]
    spelled: list[str | None]


def _number_words(text: Text, alphabet: Alphabet, shortest: int) -> _Numbered:
    """The words of consecutive chunks."""
    slots = np.zeros(_FIRST_SLOTS, np.int32)
    vocabulary = make_vocabulary()
    blocks = []
    room = np.empty(0, np.uint32)
    for symbols in write_blocks(text, alphabet):
        size = int(symbols.ends[-1])
        vocabulary = reserve_vocabulary(vocabulary, size)
        room = room if len(room) >= size else np.empty(size, np.uint32)
        words = Symbols(room, np.empty_like(symbols.ends))
        slots = number_words(symbols, np.uint64(alphabet.bits), np.uint64(shortest), slots, vocabulary, words)
        blocks.append(Symbols(room[: words.ends[-1]].copy(), words.ends))
    known = int(vocabulary.size[0])
    is_word = np.zeros(known, np.bool_)
    for block in blocks:
        is_word[block.values] = True
    spelled = _spell(vocabulary.codes[:known], alphabet)
    return _Numbered(blocks, [word if is_end else None for word, is_end in zip(spelled, is_word.tolist(), strict=True)])


def _spell(codes: npt.NDArray[np.uint64], alphabet: Alphabet) -> list[str]:
    """What each code of `number_words` spells: its own piece after that of the code before it."""
    bits = alphabet.bits
    shifts = np.arange(64 - bits, -1, -bits).astype(np.uint64)
    symbols = codes[:, 1:] >> shifts & np.uint64((1 << bits) - 1)
    joined = alphabet.code_points[symbols].astype("<u4").tobytes().decode("utf-32-le")
    starts = range(0, len(joined), max(len(shifts), 1))
    lengths = (symbols > 0).sum(axis=1).tolist()
    spelled = [joined[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    # An id is higher than the one before it, so that is already spelled.
    for index in np.flatnonzero(codes[:, 0]).tolist():
        spelled[index] = spelled[int(codes[index, 0]) - 1] + spelled[index]
    return spelled


def _rank_words(numbered: list[_Numbered]) -> tuple[list[str], list[list[Symbols]]]:
    """All words in ascending order, and the blocks of each group with indices of words in them instead of ids."""
    words = sorted({word for group in numbered for word in group.spelled if word is not None})
    index_of = {word: index for index, word in enumerate(words)}
    groups = []
    for group in numbered:
        indices = np.array([0 if word is None else index_of[word] for word in group.spelled], np.uint32)
        groups.append([Symbols(indices[block.values], block.ends) for block in group.blocks])
    return words, groups
