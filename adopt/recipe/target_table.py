"""How strongly the name and the place of each column of a table say that it is the target."""

from collections.abc import Sequence
from dataclasses import dataclass

from adopt.recipe.known import Known
from adopt.recipe.table_kind import is_journal, is_log, is_state_of_log, is_survey
from adopt.recipe.target_kind import TargetKind, find_kind
from adopt.recipe.target_shape import (
    find_leading,
    find_predicted,
    find_rates,
    find_series,
    find_years,
    is_measured,
    is_planned,
    says_outcome,
    says_when,
)
from adopt.recipe.target_vocabulary import MONEY, SCALES, SUMS
from adopt.recipe.target_words import (
    COMPOUND,
    FORETOLD,
    LIKELY,
    MODEST,
    PLAIN,
    POSSIBLE,
    describes,
    is_average,
    rate_name,
)
from adopt.recipe.words import join_name, split_name

MOST_MEASURED = 2
"""Measured numbers beside the planned levels of an experiment, at most."""

FEWEST_FREE = 3
"""Columns below which none is the target because of its place."""

LAST_CLASS, LAST_NUMBER, ONLY, FIRST_NUMBER, FIRST_CLASS, PLANNED, FIRST = 50, 35, 45, 36, 40, 20, 3
"""What the place of a column is worth: targets are often last, where the last one describes the rows sometimes first,
in an experiment the only number that is measured, and beside measured numbers the only class."""

PLACES = dict.fromkeys((LAST_CLASS, LAST_NUMBER, PLANNED), "the last column")
PLACES |= dict.fromkeys((FIRST_CLASS, FIRST_NUMBER, FIRST), "the first column")
PLACES[ONLY] = "the only column of its kind"

BESIDE_NAME = 0.6
"""The part of that for a column whose name says so too."""

MOST_STEPS = 11
"""Steps of a scale, at most."""


@dataclass(frozen=True)
class Rated:
    """A column that could be learned."""

    column: Known
    kind: TargetKind
    name: int
    """How strongly its name says so."""
    place: int
    """How strongly its place does."""

    @property
    def total(self) -> float:
        """Both."""
        if not self.name or self.place not in (LAST_CLASS, LAST_NUMBER, FIRST_CLASS):
            return max(self.place, self.name + FIRST if self.name else 0)
        return self.name + BESIDE_NAME * self.place


class Table:
    """The columns of which one may be the target, and what each of them says about the others.

    Args:
        columns: of the table.
        free: those that are nothing else, and say something.
        has_names: whether the source names its columns.
        title: of the data.
    """

    def __init__(self, columns: Sequence[Known], free: Sequence[Known], *, has_names: bool, title: str) -> None:
        self.columns, self.free, self.has_names, self.title = columns, free, has_names, title
        has_texts = any(map(is_prose, columns))
        # Without names of columns, names of the rows at the end stand where the target would.
        self.ends_in_names = not has_names and bool(columns) and _names_rows(columns[-1])
        self.is_log = is_log(columns, free)
        self.has_time = has_names and any(column.type == "time" for column in columns)
        self.is_journal = has_names and is_journal(columns)
        self.is_survey = has_names and is_survey(columns)
        self.years = find_years(columns) if has_names else frozenset()
        self.series = (find_series(free) if has_names else frozenset()) | self.years
        self.rates = find_rates(columns) if has_names else frozenset()
        # In an experiment most columns are planned; many numbers beside a class of equal rows are a sample made so.
        is_experiment = sum(map(is_measured, free)) <= MOST_MEASURED
        planned = [column for column in free if is_experiment and is_planned(column)]
        # Two classes of equally many rows are chance, or a sample made so, unless another column is planned, too.
        self.planned = {one.index for one in planned if one.distinct > 2 or len(planned) > 1}
        self.leading = None if has_names else find_leading(free)
        self.outcomes = [column for column in free if says_outcome(column)]
        self.predicted = find_predicted(free) if has_names else {}
        telling = [column for column in free if not (has_names and describes(column.name))]
        measured = [column for column in telling if is_measured(column)]
        classes = [column for column in telling if not is_measured(column) and find_kind(column) is not None]
        self.only_measured = measured[0] if len(measured) == 1 and has_names else None
        is_in_text = has_texts and not measured
        is_measured_class = len(measured) >= FEWEST_FREE and has_names and len(classes) == 1 and _tells(classes[0])
        self.only_class = classes[0] if len(classes) == 1 and (is_in_text or is_measured_class) else None
        if not has_names:
            self.only_class = self.only_class or _find_only_words(free)

    def rate(self, column: Known, kind: TargetKind) -> Rated:
        """How strongly the name and the place of a column say that it is the target."""
        return Rated(column, kind, self._rate_name(column, kind), self._rate_place(column, kind))

    def _rate_name(self, column: Known, kind: TargetKind) -> int:
        if not self.has_names or column.index in self.predicted or column.index in self.years | self.rates:
            return 0
        if column.index in self.predicted.values():
            return FORETOLD
        name = rate_name(column.name, self.title)
        if self._is_at_odds(column, kind, name):
            return 0
        if name < LIKELY and (column.index in self.series or column.index in self.planned):
            return 0
        if column in self.outcomes and (len(self.outcomes) == 1 or column in (self.free[0], self.free[-1])):
            name = max(name, LIKELY if 0 < name < POSSIBLE else PLAIN)
        if kind == "regression" and self._is_only_average(column):
            name = max(name, POSSIBLE - COMPOUND)
        return 0 if self._is_side(column, name) else name

    def _is_only_average(self, column: Known) -> bool:
        """Whether a mean is the only column of that number: rows that are groups have no other."""
        last = split_name(column.name)[-1:]
        others = [other for other in self.free if other is not column and split_name(other.name)[-1:] == last]
        return is_average(column.name) and not others

    def _is_side(self, column: Known, name: int) -> bool:
        """Whether an amount of a journal or a state of an instrument is recorded rather than to be foretold."""
        if self.is_journal:
            return name < LIKELY or is_state_of_log(column)
        return self.is_log and (name < MODEST or is_state_of_log(column))

    def _is_at_odds(self, column: Known, kind: TargetKind, name: int) -> bool:
        """Whether the cells are not what the name says: a day of death, words for a salary, a y beside an x."""
        words = set(split_name(column.name))
        if words == {"y"} and len(self.free) > FEWEST_FREE:
            return any(join_name(other.name) == "x" for other in self.free)
        if words & SUMS and name == POSSIBLE - COMPOUND and not is_measured(column):
            return True  # how many go in one taxi, not how many a line carries
        if LIKELY <= name < FORETOLD and kind == "regression":
            return not words & SCALES or column.distinct > MOST_STEPS
        return bool(words & MONEY) and column.type in ("category", "text") and name < LIKELY

    def _rate_place(self, column: Known, kind: TargetKind) -> int:
        """What the place of a column among those that are nothing else is worth."""
        free = self.free
        if column is self.only_class and column is not free[-1]:
            return ONLY
        if len(free) < FEWEST_FREE:
            return self._rate_of_two(column)
        if column.index in self.series or column.index in self.predicted or column.index in self.rates:
            return 0
        if self.has_names and describes(column.name):
            return 0
        if column is self.leading:
            return FIRST_CLASS
        if column is free[-1] and not self.ends_in_names:
            if self.leading is not None:
                return LAST_NUMBER
            if self.has_names and column.index in self.planned:
                return PLANNED
            return LAST_CLASS if kind != "regression" and _differs(column, free) else LAST_NUMBER
        if column is self.only_measured:
            return ONLY
        return self._rate_first(column, kind) if column is free[0] else 0

    def _rate_first(self, column: Known, kind: TargetKind) -> int:
        if self.ends_in_names:
            return FIRST_NUMBER if is_measured(column) else 0
        if not self.has_names:
            # Files without names are often sorted by a class in their first column.
            is_class = kind == "binary" or (kind == "classes" and column.profile.is_sorted)
            return FIRST_CLASS if is_class else 0
        last = self.free[-1]
        is_response = is_measured(column) and (describes(last.name) or last.index in self.planned)
        return FIRST_NUMBER if is_response else FIRST

    def _rate_of_two(self, column: Known) -> int:
        """The place of one of two columns: the only class, the only number over time, or the second of two numbers."""
        if column is self.only_class or (len(self.free) == 1 and self.has_time and is_measured(column)):
            return ONLY
        is_second = len(self.free) == 2 and column is self.free[1] and self.has_names and not describes(column.name)
        return LAST_NUMBER if is_second and all(map(is_measured, self.free)) and not self.is_log else 0


def _find_only_words(free: Sequence[Known]) -> Known | None:
    """The only column of words, a few of them, among numbers of which the last one is measured, too."""
    words = [column for column in free if not column.is_number]
    if len(words) != 1 or len(free) <= FEWEST_FREE or free[-1].type != "float" or not is_measured(free[-1]):
        return None
    return words[0] if words[0].type in ("category", "bool") and _tells(words[0]) else None


def _names_rows(column: Known) -> bool:
    return column.type == "text" and not is_prose(column) and column.distinct * FEW_ROWS > column.valued


FEW_ROWS = 4
"""Rows that have one name, on average, at most."""


def _tells(column: Known) -> bool:
    """Whether a class beside measured numbers may be what they tell: it has few values, and not those of a calendar."""
    return column.distinct <= MOST_TOLD and not says_when(column)


MOST_TOLD = 10
"""Values of such a class."""


def _differs(column: Known, free: Sequence[Known]) -> bool:
    """Whether most other columns have another type or more values."""
    others = [other for other in free if other is not column]
    alike = sum(1 for other in others if other.type == column.type and other.distinct <= column.distinct)
    return alike * 2 <= len(others)


def is_prose(column: Known) -> bool:
    """Whether a column holds texts of which a class can be learned."""
    return column.type == "text" and column.profile.mean_words >= SHORT_TEXT


SHORT_TEXT = 5
"""Words that a text has on average from which on classes can be learned of it."""
