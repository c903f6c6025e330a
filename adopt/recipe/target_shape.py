"""What the place and the cells of a column say about whether it is the target."""

import re
from collections.abc import Sequence

from adopt.recipe.known import Known
from adopt.recipe.target_kind import MOST_CLASSES
from adopt.recipe.target_vocabulary import OUTCOMES
from adopt.recipe.words import join_name, list_words, split_name

LONG_SERIES = 5
"""Columns that are numbered from which on they are measured alike, and none of them is the target by its place."""

MOST_OUTCOMES = 10
"""Different cells of a column that says how something ended, at most."""

MOST_LEVELS = 12
"""Different values of a factor of an experiment, at most."""

EVEN = 0.02
"""How much the numbers of rows per level differ at most where a plan chose them, as a share of the rows per level."""

PREDICTED = ("predicted", "prediction", "pred", "fitted", "forecast", "estimated", "estimate", "est", "yhat", "flagged")
"""What the name of a column of predicted values has more than that of the true ones."""

YEAR = re.compile(
    r"(?:fy|yr?|year|jahr|x)?[\W_]*((?:19|20)\d\d)[\W_]*(?:yr|fy|q[1-4]|h[12])?(?:19|20)?\d{0,4}\W*", re.IGNORECASE
)
"""Names that are years, as files of statistics have them: `2019`, `X2019`, `FY 2019`, `2022 [YR2022]`, `2019Q1`."""

FEWEST_YEARS = 3
"""Columns named by years from which on they are one indicator over time."""

NUMBERED = re.compile(r"(.*?)[\W_]*(\d+)")


def find_series(columns: Sequence[Known]) -> frozenset[int]:
    """The places of columns that are numbered alike, such as V1 to V28, where others are not."""
    stems: dict[str, list[Known]] = {}
    for column in columns:
        if (found := NUMBERED.fullmatch(column.name.strip())) is not None:
            stems.setdefault(found[1].casefold(), []).append(column)
    members = {one.index for some in stems.values() if len(some) >= LONG_SERIES for one in some}
    return frozenset(members) if len(members) < len(columns) else frozenset()


def find_years(columns: Sequence[Known]) -> frozenset[int]:
    """The places of columns that are named by years, one indicator over time."""
    found = {column.index: match[1] for column in columns if (match := YEAR.fullmatch(column.name.strip()))}
    return frozenset(found) if len(set(found.values())) >= FEWEST_YEARS else frozenset()


CALENDAR = list_words(
    "spring summer autumn fall winter frühling sommer herbst monday tuesday wednesday thursday friday saturday sunday "
    "mon tue wed thu fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so "
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep oct nov dec januar februar märz mai juni juli oktober dezember mär okt dez holiday weekend weekday workday "
    "north south east west northeast northwest southeast southwest nord süd ost"
)
"""Cells that say when or where something was measured, in small letters."""


def says_when(column: Known) -> bool:
    """Whether all different cells say when or where something was measured, such as seasons and weekdays."""
    return bool(column.counts) and all(str(value).casefold().removeprefix("no ") in CALENDAR for value in column.counts)


RATES = {
    "ctr": ("click", "impr"), "clickthroughrate": ("click", "impr"), "clickrate": ("click", "impr"),
    "cpc": ("cost", "click"), "cpm": ("cost", "impr"), "cvr": ("conver", "click"), "convrate": ("conver", "click"),
    "conversionrate": ("conver", "click"), "cpa": ("cost", "conver"), "costconv": ("cost", "conver"),
    "costperconversion": ("cost", "conver"), "costperclick": ("cost", "click"), "roas": ("revenue", "cost"),
    "openrate": ("open", "sent"), "bouncerate": ("bounce", "session"),
}  # fmt: skip
"""Name of a rate, without the marks between its words and without `avg` -> how its two parts are called."""


def find_rates(columns: Sequence[Known]) -> frozenset[int]:
    """The places of rates that were computed from two other columns: what is known before has neither."""
    names = {column.index: join_name(column.name) for column in columns}
    found = set()
    for place, name in names.items():
        parts = RATES.get(re.sub(r"^(avg|average|mean)|(eur|usd|percent|pct|all)$", "", name))
        others = [other for at, other in names.items() if at != place]
        if parts and all(any(part in other for other in others) for part in parts):
            found.add(place)
    return frozenset(found)


def says_outcome(column: Known) -> bool:
    """Whether most of the different cells are words for how something ended, such as `good` and `bad`."""
    if column.type not in ("category", "text") or not 2 <= column.distinct <= MOST_OUTCOMES:
        return False
    values = [str(value) for value in column.counts]
    named = [value for value in values if OUTCOMES.intersection(split_name(value))]
    if len(values) == 2 and len(named) == 1:
        return named[0].casefold() not in USUAL
    return len(named) * 2 > len(values)


USUAL = ("normal", "good", "completed")
"""Words for how something ended that alone say little: customers are `Member` or `Normal`."""


def is_planned(column: Known) -> bool:
    """Whether each of a few values has the same number of rows, as the levels of an experiment have."""
    if not 2 <= column.distinct <= MOST_LEVELS or column.type in ("text", "time") or not column.counts:
        return False
    rows = list(column.counts.values())
    return min(rows) >= 2 and max(rows) - min(rows) <= (EVEN * max(rows) if len(rows) > 2 else 0)


def is_measured(column: Known) -> bool:
    """Whether a column holds many different numbers."""
    return column.is_number and column.distinct > MOST_LEVELS


def find_predicted(columns: Sequence[Known]) -> dict[int, int]:
    """Place of a column whose values were predicted -> place of the column that has the true ones."""
    names = {join_name(column.name): column.index for column in columns if column.name}
    found = {}
    for column in columns:
        joined = join_name(column.name)
        for word in PREDICTED:
            rest = joined.replace(word, "", 1)
            if rest != joined and len(rest) > 1 and names.get(rest, column.index) != column.index:
                found[column.index] = names[rest]
    return found


def find_leading(columns: Sequence[Known]) -> Known | None:
    """The first column of a table without names, if it alone holds words and the last one is a number as the others.

    So it is a class that stands before its attributes, which are all measured on one scale.
    """
    if not columns:
        return None
    first, *others = columns
    if first.is_number or len(others) < FEWEST_ALIKE or not 2 <= first.distinct <= MOST_CLASSES:
        return None
    if first.valued < FEWEST_OF_CLASS * first.distinct or any(column.type != others[-1].type for column in others):
        return None
    if not others[-1].is_number or others[-1].range is None:
        return None
    sizes = sorted(column.distinct for column in others)
    highest = sorted(column.range[1] for column in others if column.range is not None)
    # A last column of fewer values, or of another scale, is a class or a number of its own.
    is_alike = others[-1].distinct * 2 >= sizes[len(sizes) // 2] and others[-1].range[1] <= 2 * highest[-2]
    return first if is_alike else None


FEWEST_ALIKE, FEWEST_OF_CLASS = 3, 3
"""Numbers beside a class at least, and rows of each class on average."""
