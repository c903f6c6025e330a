"""Columns that say which row it is, whose it is, or how much it counts."""

import re
from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from adopt.notes import Note
from adopt.recipe.draft import Role
from adopt.recipe.known import Known
from adopt.recipe.words import (
    FILES,
    ROW_NAMES,
    RUNNING,
    STEPS,
    STRONG_ID,
    WEIGHTS,
    is_id_name,
    join_name,
    list_words,
    names_person,
    split_name,
)
from relay.handoff.wording import count

Mark = tuple[int, Role, Note]

FEWEST_IDS = 3
"""Values below which nothing is an id."""

MOST_WORDS = 2
"""Words of what rows are grouped by, on average."""

FEWEST_GROUPS = 10
"""Groups below which a division by them may leave a side empty, and their values are categories."""

MOST_CATEGORIES = 50
"""Values of an identifier up to which it is a category rather than a group."""


def find_ids(columns: Sequence[Known], *, duplicates: int, has_names: bool) -> Iterator[Mark]:
    """The id, and what else numbers the rows, which is left out.

    Args:
        columns: of the table.
        duplicates: rows that equal an earlier one.
        has_names: whether the source names its columns.
    """
    found = [(column, why) for column in columns if (why := _explain_id(column, duplicates, has_names=has_names))]
    found.sort(key=lambda pair: (not is_id_name(pair[0].name), pair[0].index))
    for place, (column, why) in enumerate(found):
        if place == 0:
            yield column.index, "id", Note(why)
        else:
            yield column.index, "ignore", Note(f"{why}; {found[0][0].shown} is the id already, so it is left out")


def _explain_id(column: Known, duplicates: int, *, has_names: bool) -> str:
    """Why a column names rows; empty where it does not."""
    if column.valued < FEWEST_IDS or column.type not in ("int", "text", "category"):
        return ""
    repeats = column.valued - column.distinct
    is_unique = column.is_unique or (column.is_exact and 0 < repeats <= duplicates)
    if not is_unique or column.nulls > column.valued * 0.05:
        return ""
    but = f"; it repeats in {count(repeats, 'duplicate row')} only" if repeats and column.is_exact else ""
    about = "" if column.is_exact else "about "
    is_short = column.profile.longest <= LONGEST and column.profile.mean_words <= MOST_WORDS
    if has_names and is_id_name(column.name) and is_short:
        return f"the name of an id, and {about}{column.distinct:,} different values in {column.valued:,} rows{but}"
    if has_names and join_name(column.name) in FILES and column.type != "int":
        return f"the name of a file, different in each of {column.valued:,} rows{but}"
    if has_names and _is_running(column):
        first, last = column.range or (0, 0)
        return f"numbers that run on from row to row, from {first:,.0f} to {last:,.0f}{but}"
    if _counts_rows(column, has_names=has_names):
        first, last = column.range or (0, 0)
        return f"it numbers the rows, from {first:,.0f} to {last:,.0f}{but}"
    if not has_names and column.index == 0 and _looks_numbered(column):
        first, last = column.range or (0, 0)
        return f"the first column: {column.distinct:,} different whole numbers, from {first:,.0f} to {last:,.0f}"
    if column.profile.mean_words <= 1 and column.type != "int" and _looks_coded(column):
        return f"{about}{column.distinct:,} different codes of one length in {count(column.valued, 'row')}{but}"
    if column.index == 0 and column.type == "text" and column.profile.mean_words <= FEW_WORDS and _has_no_name(column):
        return f"it has no name and {column.distinct:,} different texts: names of the rows{but}"
    return ""


def find_lost_ids(columns: Sequence[Known]) -> Iterator[Mark]:
    """Identifiers of so many digits that a program wrote them as numbers with an exponent: `1.23764649514876E+18`."""
    for column in columns:
        low = column.range[0] if column.range is not None else 0
        if column.type == "float" and low >= LEAST_LOST and _may_be_id(column.name):
            text = "the name of an id, whose last digits were lost when it was written with an exponent"
            yield column.index, "ignore", Note(text)


LEAST_LOST = 1e15
"""From which number on programs write no longer all digits."""


def _may_be_id(name: str) -> bool:
    words = split_name(name)
    return is_id_name(name) or bool(words and words[-1].endswith(("id", "ids", "ean", "isbn", "gtin", "barcode")))


def find_restarting(columns: Sequence[Known]) -> Iterator[Mark]:
    """Numbers that count the rows of each group from 1, such as the `Nr.` of pupils by class."""
    for column in columns:
        if column.type not in ("int", "category") or not _names_running(column.name) or column.is_unique:
            continue
        numbers = column.read_as("int")
        steps = pc.drop_null(pc.subtract(numbers.slice(1), numbers.slice(0, max(0, len(numbers) - 1))))
        ones = pc.sum(pc.equal(steps, 1)).as_py() or 0
        if len(steps) >= FEWEST_STEPS and ones >= RUNS_ON * len(steps):
            yield column.index, "ignore", Note("numbers that run on from row to row and begin again: they say nothing")


FEWEST_STEPS, RUNS_ON = 10, 0.85
"""Steps from row to row at least, and the share of them that are 1."""


def _names_running(name: str) -> bool:
    """Whether a name is of numbers that count rows; `#` has no words."""
    joined = join_name(name)
    return joined in RUNNING or name.strip() in ("#", "№", "n°") or (joined == "" and name.strip() == "")


def _is_running(column: Known) -> bool:
    """Whether whole numbers that never repeat go up from row to row, under a name of numbers that count rows."""
    return column.type == "int" and column.profile.is_sorted and _names_running(column.name)


def _has_no_name(column: Known) -> bool:
    return not split_name(column.name) or join_name(column.name).startswith("unnamed")


LONGEST = 80
"""Characters of the longest identifier."""

FEW_WORDS = 4
"""Words of the name of a row, on average."""


def _counts_rows(column: Known, *, has_names: bool) -> bool:
    """Whether it holds 0, 1, 2, …, 1, 2, 3, … or 100001, 100002, …, and is no step of time."""
    if column.type != "int" or column.range is None or column.nulls:
        return False
    first, last = column.range
    words = split_name(column.name)
    if last - first + 1 != column.profile.rows or (first not in (0, 1) and (not has_names or last <= LAST_YEAR)):
        return False
    if has_names and words and words[0] in ROW_NAMES:
        return True
    return column.index == 0 and column.profile.is_sorted and not (set(words) & STEPS and has_names)


LAST_YEAR = 2100
"""Largest number up to which what counts up from another one than 0 and 1 may be years, or a measured number."""


def _looks_numbered(column: Known) -> bool:
    """Whether large whole numbers that never repeat stand in no order, as numbers of cases do."""
    if column.type != "int" or column.range is None or column.profile.is_sorted or column.valued < FEWEST_NUMBERED:
        return False
    return column.range[0] > 0 and column.range[1] >= max(LEAST_NUMBER, SPARSE * column.profile.rows)


FEWEST_NUMBERED, LEAST_NUMBER, SPARSE = 20, 10_000, 10
"""Rows from which on whole numbers that never repeat are no chance, and how large the largest one is at least, also per
row."""


def _looks_coded(column: Known) -> bool:
    """Whether all cells have one length of eight characters or more, as keys made by programs have."""
    profile = column.profile
    cells = [cell.strip() for cell, _ in profile.most_frequent]
    if any(map(CLOCK.fullmatch, cells)) or PAYLOADS.intersection(split_name(column.name)):
        return False
    return profile.shortest == profile.longest >= 8


CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?")
"""Cells that are times of day."""

PAYLOADS = list_words("raw payload data message frame bytes body phone tel telefon mobile fax")
"""Words in the names of what a device sent, and of numbers of phones: of one length, and no names of rows."""


def find_weight(columns: Sequence[Known]) -> Iterator[Mark]:
    """The sample weight by its name; `weight` alone is what something weighs, unless its numbers are those of a survey.

    Further ones, such as a weight per household, are left out.
    """
    found = [(column, said) for column in columns if (said := _explain_weight(column)) is not None]
    for place, (column, (text, is_question)) in enumerate(found):
        if place:
            note = Note(f"{text}; {found[0][0].shown} is the weight already, so it is left out")
            yield column.index, "ignore", note
        else:
            key = f"columns.{column.shown}.role" if is_question else ""
            choices = ('"input"', '"ignore"') if is_question else ()
            yield column.index, "weight", Note(text, is_question=is_question, choices=choices, key=key)


def _explain_weight(column: Known) -> tuple[str, bool] | None:
    """Why a column is a sample weight and whether that is to be asked; None where it is not."""
    joined = join_name(column.name)
    low, high = column.range or (0, 0)
    if not column.is_number or column.nulls or low < 0 or high <= low:
        return None
    if joined in WEIGHING and _averages_one(column):
        return f"from {low:g} to {high:g}, and 1 on average, as the weights of surveys are", True
    if joined in WEIGHTS and joined not in SHORT:
        return f"the name of a sample weight; from {low:g} to {high:g}", False
    if (joined in WEIGHING | SHORT or (joined.endswith(ENDINGS) and not joined.startswith(BODIES))) and _is_computed(
        column
    ):
        return f"by its name and its numbers, from {low:g} to {high:g} with many digits, a sample weight", True
    return None


def _is_computed(column: Known) -> bool:
    """Whether positive numbers have more digits than what is weighed, and a long tail to the right."""
    if column.type != "float" or column.distinct < FEWEST_WEIGHTS or (column.range or (0, 0))[0] <= 0:
        return False
    values = pc.drop_null(column.values).to_numpy(zero_copy_only=False)
    fine = abs(values * DIGITS - (values * DIGITS).round()) > 1e-4
    return bool(fine.mean() > 1 / 2 and values.mean() > SKEWED * pc.quantile(column.values, 0.5)[0].as_py())


def _averages_one(column: Known) -> bool:
    """Whether a column holds many different positive numbers that are 1 on average."""
    if column.type != "float" or column.nulls or column.distinct < FEWEST_WEIGHTS or (column.range or (0, 0))[0] <= 0:
        return False
    return abs(float(pc.mean(column.values).as_py() or 0) - 1) <= NEAR_ONE


DIGITS, SKEWED = 1_000, 1.05
"""What is weighed is written with three decimals at most; the mean of weights lies above their median."""

SHORT = list_words("wt wgt weights pond")
"""Names of weights that are also short for what something weighs."""

ENDINGS = ("wt", "wgt", "wght", "pwt", "weight", "gewicht")
"""Last letters of names of weights: `_LLCPWT`, `pspwght`."""

BODIES = ("body", "brain", "birth", "heart", "head", "liver", "live", "bwt", "egg", "seed", "dry", "wet", "fresh")
"""First letters of names of what is weighed."""

WEIGHING = list_words("weight gewicht")
"""Names of what something weighs, or of how much a row counts."""

FEWEST_WEIGHTS, NEAR_ONE = 20, 0.02
"""Different weights at least, and how far from 1 they are on average at most."""


def find_group(columns: Sequence[Known]) -> Iterator[Mark]:
    """The repeating identifier whose rows belong together; further ones stay what they are."""
    able = [column for column in columns if _is_group(column)]
    if not able:
        return
    best = min(able, key=lambda column: (not names_person(column.name), -column.distinct, column.index))
    about = "" if best.is_exact else "about "
    text = (
        f"{about}{best.distinct:,} different values in {count(best.valued, 'row')}: it repeats, so it names no row; "
        "rows of one value stay on one side of the split"
    )
    is_clear = names_person(best.name) or best.distinct > MOST_CATEGORIES
    key = f"columns.{best.shown}.role"
    yield best.index, "group", Note(text, is_question=not is_clear, choices=('"input"', '"ignore"'), key=key)


def _is_group(column: Known) -> bool:
    if column.type not in ("int", "text", "category") or column.profile.longest > LONGEST:
        return False
    if column.type != "int" and column.profile.mean_words > MOST_WORDS:
        return False
    if column.distinct < FEWEST_GROUPS or column.is_unique or column.nulls * 2 > column.profile.rows:
        return False
    if names_person(column.name):
        return True
    return is_id_name(column.name, STRONG_ID) and column.distinct > MOST_CATEGORIES
