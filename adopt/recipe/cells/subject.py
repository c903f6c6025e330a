"""What all guesses about one column start from, and how its evidence is put into words."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from adopt.data.profile import Cells, ColumnProfile
from adopt.data.words_of_nothing import DASHES, LEVELS, NOT_AVAILABLE, NUMBERS, SURE, USUAL
from adopt.notes import Note
from adopt.recipe.cells.places import are_places
from adopt.recipe.draft import ColumnType
from relay.handoff.wording import count

WORDS: tuple[ColumnType, ...] = ("text", "category")
SHOWN = 3
MOST_INTERRUPTIONS, MOST_INTERRUPTED, MOST_NOT_AVAILABLE, MOST_DASHES = 3, 0.2, 0.4, 0.6
"""Different words among numbers that are read as no value, the share of the cells that they may have, that of words
that are hardly ever anything else, and that of dashes."""
MOST_EXAMPLES = 3
"""So many examples may not be all: `Cells.examples`."""
_NUMBERS = frozenset(map(float, NUMBERS))


@dataclass(frozen=True)
class Subject:
    """A column whose type is to be guessed."""

    column: ColumnProfile
    others: tuple[ColumnProfile, ...]
    name: str
    """The recipe's."""
    declared: tuple[str, ...] | None
    """Words that a person declares as "no value"; None: nothing is declared."""

    @cached_property
    def nothing(self) -> dict[str, int]:
        """Words that are no value in a column of numbers, times or truth values -> cells."""
        words = {word: cells for word, cells in self.column.missing_words.items() if not is_number(word)}
        if self.declared is not None:
            return {word: cells for word, cells in words.items() if word in self.declared}
        return {word: cells for word, cells in words.items() if word in USUAL or word in SURE}

    @cached_property
    def doubtful(self) -> dict[str, int]:
        """Words that often mean "no value" and that ingest would not take for it -> cells."""
        words = self.column.missing_words.items()
        return {word: cells for word, cells in words if word not in self.nothing and not is_number(word)}

    @cached_property
    def is_interrupted(self) -> bool:
        """Whether a few words stand among cells that are otherwise numbers or times, such as ERR: they are no values.

        A word that is no number changes no number when it is read as "no value"; a person is asked all the same.
        """
        most = MOST_NOT_AVAILABLE if self.doubtful.keys() <= NOT_AVAILABLE else MOST_INTERRUPTED
        most = MOST_DASHES if self.doubtful.keys() <= DASHES else most
        is_little = sum(self.doubtful.values()) <= most * self.column.filled
        is_free = self.declared is None and 0 < len(self.doubtful) <= MOST_INTERRUPTIONS
        return is_free and is_little and bool(self._without())

    @cached_property
    def sentinels(self) -> dict[str, int]:
        """Numbers that may stand for no value -> cells."""
        declared = self.declared or ()
        words = self.column.missing_words.items()
        return {word: cells for word, cells in words if is_number(word) and word not in declared}

    @cached_property
    def known(self) -> int:
        """Cells that are counted in `ways`."""
        words = (cells for word, cells in self.column.missing_words.items() if not is_number(word))
        return self.column.filled - sum(words)

    def fits(self, way: str) -> bool:
        """Whether all cells can be read in this way."""
        cells = self.column.ways.get(way)
        if cells is None or not self.known:
            return False
        return cells.misses == 0 or (self.declared is not None and cells.misses > 0 and self._are_all(cells))

    def _are_all(self, cells: Cells) -> bool:
        """Whether the cells that cannot be read in a way are nothing but declared words."""
        is_complete = len(cells.examples) < MOST_EXAMPLES
        return is_complete and all(text.strip() in (self.declared or ()) for text in cells.examples)

    def way(self, name: str) -> Cells:
        """How many cells can be read in this way."""
        return self.column.ways.get(name, Cells(0, self.known))

    def has_word(self, *words: str) -> bool:
        """Whether the column's name has one of these words."""
        return not find_words(self.column.name).isdisjoint(words)

    def key(self, name: str) -> str:
        """The dotted key of a key of the column."""
        return f"columns.{self.name}.{name}"

    def find_nothing(self, kind: ColumnType) -> tuple[dict[str, object], list[Note]]:
        """The keys about cells without a value, and notes on words that may mean none."""
        column, keys, notes = self.column, dict[str, object](), list[Note]()
        applied = self._applied(kind)
        if self.declared is not None:
            keys["missing"] = list(self.declared)
        elif (kind in WORDS and applied) or (kind not in WORDS and not applied.keys() <= USUAL):
            keys["missing"] = sorted(applied)
        if "missing" in keys and self.declared is None:
            is_question = not applied.keys() <= self.nothing.keys()
            choices, key = (("text",), self.key("type")) if is_question else ((), "")
            said = f"{list_words(applied, column.rows)}: read as no value"
            notes.append(Note(said, is_question=is_question, choices=choices, key=key))
        if column.empty or applied or any(self._has(word) for word in self.declared or ()):
            keys["null"] = True
        doubtful = {word: cells for word, cells in column.missing_words.items() if word not in applied}
        if self.declared is None and doubtful:
            notes.extend(self._doubt(kind, doubtful, applied))
        return keys, notes

    def _has(self, word: str) -> bool:
        """Whether a cell is known to be the word."""
        strange = {text.strip() for cells in self.column.ways.values() for text in cells.examples}
        return word in self.column.missing_words or word in strange or word in dict(self.column.most_frequent)

    def _applied(self, kind: ColumnType) -> dict[str, int]:
        """The words that are read as no value in a column of this type."""
        if kind not in WORDS and self.is_interrupted:
            return {**self.nothing, **self.doubtful}
        if kind not in WORDS or self.declared is not None:
            return self.nothing
        return {word: cells for word, cells in self.nothing.items() if word in SURE}

    def _doubt(self, kind: ColumnType, doubtful: dict[str, int], applied: dict[str, int]) -> list[Note]:
        other = self._without() if kind in WORDS else ""
        if kind in WORDS:
            doubtful = {word: cells for word, cells in doubtful.items() if not is_number(word)}
        if kind in WORDS and not other:  # among words a letter is one of them
            doubtful = {word: cells for word, cells in doubtful.items() if not word.isalpha() or len(word) > 1}
        if not doubtful:
            return []
        listed = list_words(doubtful, self.column.rows)
        if set(doubtful) == {"NA"} and are_places(self.column.most_frequent):
            return [Note(f"{listed}, kept as a value: the others are codes of places")]
        if kind in WORDS and not other and doubtful.keys() <= LEVELS:
            return [Note(f"{listed}, kept as a value like any other")]
        choice = json.dumps(sorted((*doubtful, *applied)), ensure_ascii=False)
        what = "kept as numbers" if kind not in WORDS else f"kept as text; all others are {other}" if other else "kept"
        return [
            Note(
                f"{listed}, {what}. If that means no value: missing = {choice}",
                is_question=True,
                choices=(choice,),
                key=self.key("missing"),
            )
        ]

    def _without(self) -> str:
        """What all other cells are; empty where they are words."""
        if self.column.united is not None:
            return replace(self, column=self.column.united.bare)._without()
        if any(self.fits(way) for way in self.column.ways if way.startswith(("int", "float"))):
            return "numbers"
        return "times" if any(self.fits(way) for way in self.column.ways if way.startswith("time:")) else ""


def is_number(word: str) -> bool:
    """Whether a word for "no value" is a number, such as -999."""
    try:
        return float(word) in _NUMBERS
    except ValueError:
        return False


def find_words(name: str) -> frozenset[str]:
    """The words of a column's name, in small letters: `birthDate_utc` has birth, date and utc."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return frozenset(re.findall(r"[^\W\d_]+", spaced.lower()))


def share(part: int, whole: int, what: str = "cell") -> str:
    """`3 of 19,999 cells`."""
    return f"{part:,} of {count(whole, what)}"


def quote(examples: Sequence[str]) -> str:
    """Examples in quotes: `"007", "012"`."""
    return ", ".join(f'"{text if len(text) <= 40 else text[:39] + "…"}"' for text in examples[:SHOWN])


def list_words(words: dict[str, int], rows: int) -> str:
    """`3 of 600 cells are "NA"`, or `of 600 cells, 3 are "NA" and 2 are "?"`."""
    ordered = sorted(words.items(), key=lambda item: -item[1])
    if len(ordered) == 1:
        word, cells = ordered[0]
        return f'{share(cells, rows)} {"is" if cells == 1 else "are"} "{word}"'
    parts = [f'{cells:,} {"is" if cells == 1 else "are"} "{word}"' for word, cells in ordered[:SHOWN]]
    more = sum(cells for _, cells in ordered[SHOWN:])
    parts += [f"{more:,} are other words"] if more else []
    return f"of {count(rows, 'cell')}, {', '.join(parts[:-1])} and {parts[-1]}"
