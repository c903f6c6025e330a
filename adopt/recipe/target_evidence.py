"""What speaks for a column, or for no target: each piece of evidence has a name, and a weight in target_weights.py."""

from collections.abc import Collection, Sequence

from adopt.recipe.known import Known
from adopt.recipe.side_names import is_coordinate
from adopt.recipe.target_lexicon import ABOUT, ATTRIBUTES, ENDS, NUMBER_ENDS, TRUE
from adopt.recipe.target_table import (
    FIRST,
    FIRST_CLASS,
    FIRST_NUMBER,
    LAST_CLASS,
    LAST_NUMBER,
    ONLY,
    PLANNED,
    Rated,
    Table,
)
from adopt.recipe.target_vocabulary import ASKING, CURRENCIES, EXTREMES, HISTORY, MARKS, NEVER, UNITS
from adopt.recipe.target_words import describes
from adopt.recipe.words import split_name

PLACE_NAMES = {
    LAST_CLASS: "last class", LAST_NUMBER: "last number", ONLY: "only of its kind", FIRST_NUMBER: "first number",
    FIRST_CLASS: "first class", PLANNED: "planned", FIRST: "first", 0: "no place",
}  # fmt: skip
"""Value of a place -> its piece of evidence."""

FEW, MANY = 3, 6
"""Columns that could be learned up to which they are few; classes from which on they are many."""

LONG_NAME, LONG_WORD, STEM = 3, 4, 5
"""Words of a long name; letters of a word that may be one of the title, and of it those that are compared."""


class Evidence:
    """The evidence of one table.

    Args:
        table: with its columns.
        columns: all of the source.
        rated: the columns that could be learned.
        taken: places of columns that are something else, such as ids.
    """

    def __init__(
        self, table: Table, columns: Sequence[Known], rated: Sequence[Rated], taken: Collection[int] = ()
    ) -> None:
        self.table, self.columns, self.rated, self.taken = table, columns, rated, taken
        self.is_asked = table.is_survey or bool(table.years)
        self.title = split_name(table.title)
        self.able = [one for one in rated if not (table.has_names and describes(one.column.name))]
        styles = [_find_style(column.name) for column in columns]
        self.odd = {style for style in styles if styles.count(style) == 1} if len(columns) > FEW + 1 else set()

    def of(self, one: Rated) -> frozenset[str]:
        """What speaks for or against one column."""
        found = {f"name {one.name}", PLACE_NAMES[one.place], *self._find_by_place(one), *self._find_by_cells(one)}
        return frozenset(found.union(self._find_by_name(one) if self.table.has_names else ()))

    def of_none(self) -> frozenset[str]:
        """What speaks for no target at all."""
        columns, rated, table = self.columns, self.rated, self.table
        texts, times = (sum(column.type == kind for column in columns) for kind in ("text", "time"))
        is_so = {
            "none": True,
            "none: log": table.is_log,
            "none: journal": table.is_journal,
            "none: survey": table.is_survey,
            "none: years": bool(table.years),
            "none: texts": texts * 3 >= len(columns),
            "none: mostly texts": texts * 5 >= len(columns) * 2,
            "none: time": times > 0,
            "none: times": times >= FEW,
            "none: few": len(rated) <= FEW,
            "none: half of the columns": len(rated) * 2 <= len(columns),
            "none: a third of the columns": len(rated) * 3 <= len(columns),
            "none: all describe": len(self.able) <= 1,
            "none: most describe": len(self.able) * 2 <= len(rated),
            "none: ids": len(self.taken) >= 2,
            "none: coordinates": sum(is_coordinate(column.name) for column in columns) >= 2,
        }
        return frozenset(name for name, is_there in is_so.items() if is_there)

    def _find_by_place(self, one: Rated) -> set[str]:
        at, last = one.column.index, len(self.columns) - 1
        is_last = at == last
        found = {f"last of all: {one.kind}", "last of all"} if is_last else set()
        if len(self.rated) > FEW + 1:
            found |= {"second last"} if one is self.rated[-2] else set()
            found |= {"first of all"} if one is self.rated[0] else set()
        found |= {"last that does not describe"} if self.able and one is self.able[-1] else set()
        return found | ({"second half"} if at * 2 > last else set())

    def _find_by_cells(self, one: Rated) -> set[str]:
        column = one.column
        found: set[str] = {one.kind}
        if one.kind == "classes":
            found |= {"many classes"} if column.distinct > MANY else set()
            found |= {"classes are numbers"} if column.is_number else set()
        found |= {"planned levels"} if column.index in self.table.planned else set()
        found |= {"only class"} if column is self.table.only_class else set()
        is_only = sum(other.kind == one.kind for other in self.rated) == 1 and len(self.rated) > FEW
        found |= {f"only {one.kind}"} if is_only else set()
        return found | ({"empty cells"} if column.nulls * 20 > column.profile.rows else set())

    def _find_by_name(self, one: Rated) -> set[str]:
        column, table = one.column, self.table
        words = split_name(column.name)
        found = self._find_by_words(words, one)
        is_so = {
            "describes": describes(column.name),
            "asks": bool(words) and words[0] in ASKING,
            "extreme": bool(EXTREMES & set(words)),
            "before": bool(HISTORY & set(words)),
            "digit": any(letter.isdigit() for letter in column.name),
            "numbered": column.index in table.series,
            "odd case": _find_style(column.name) in self.odd,
            "long name": len(words) >= LONG_NAME,
            "words of outcomes": column in table.outcomes,
            "in a log": table.is_log,
            "in a journal": table.is_journal,
            "no name in a log": not is_named(one) and (table.is_log or table.is_journal or self.is_asked),
            "about another": bool(ABOUT & set(words[1:])),
            "last of all: no name": column.index == len(self.columns) - 1 and not one.name,
            "last of all: attribute": column.index == len(self.columns) - 1 and "attribute" in found,
        }
        return found | {name for name, is_there in is_so.items() if is_there}

    def _find_by_words(self, words: Sequence[str], one: Rated) -> set[str]:
        if not words:
            return set()
        core = [word for word in words if word not in CURRENCIES | UNITS | ASKING | MARKS and not word.isdigit()]
        core = core or list(words)
        kind = "number" if one.kind == "regression" else "class"
        ends = {core[-1], "".join(core)}
        is_outcome = bool(ends & ENDS) or (len(core) > 1 and core[0] in ENDS and core[-1] not in NEVER)
        is_so = {
            f"outcome: {kind}": is_outcome,
            f"result: {kind}": bool(ends & NUMBER_ENDS),
            "true value": len(words) > 1 and bool({core[0], core[-1]} & TRUE),
            "attribute": bool(ends & ATTRIBUTES),
            "attribute first": core[0] in ATTRIBUTES and len(core) > 1,
            "attributes only": all(word in ATTRIBUTES | NEVER for word in core),
            "word of the title": self._is_in_title(words),
            "words of the title": self._is_title(words),
            "end of the title": bool(self.title) and words[-1][:LONG_WORD] == self.title[-1][:LONG_WORD],
        }
        return {name for name, is_there in is_so.items() if is_there}

    def _is_title(self, words: Sequence[str]) -> bool:
        title, length = tuple(self.title), len(words)
        return length > 1 and any(title[at : at + length] == tuple(words) for at in range(len(title)))

    def _is_in_title(self, words: Sequence[str]) -> bool:
        if words[-1] in ATTRIBUTES | NEVER:
            return False
        title = {word[:STEM] for word in self.title if len(word) >= LONG_WORD}
        return any(word[:STEM] in title for word in words if len(word) >= LONG_WORD)


def is_named(one: Rated) -> bool:
    """Whether the name of a column says that it is to be learned."""
    words = split_name(one.column.name)
    return bool(one.name) or (bool(words) and bool({words[-1], "".join(words)} & (ENDS | NUMBER_ENDS)))


def _find_style(name: str) -> str:
    if name.isupper():
        return "capitals"
    return "small" if name.islower() else "mixed"
