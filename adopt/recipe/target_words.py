"""How strongly a name says that its column is the target."""

from collections.abc import Sequence

from adopt.recipe.target_vocabulary import (
    ADJECTIVE,
    ASKING,
    CLASSES,
    CONTRACTS,
    COUNTED,
    COUNTS,
    CURRENCIES,
    DEMANDED,
    EXTREMES,
    FUTURE,
    GERMAN_HEADS,
    HEADS_FIRST,
    HISTORY,
    HIT,
    ILLNESSES,
    IN_STATES,
    KINDS,
    KINDS_OF_CASES,
    LEVELS,
    MARKS,
    MILD,
    MONEY,
    NAMED,
    NEVER,
    NUMBERS,
    OUTCOMES,
    PER,
    PLAIN_CLASSES,
    SCORES,
    SOLD,
    STATES,
    STRONG,
    SUMS,
    TRUTHS,
    UNITS,
)
from adopt.recipe.words import is_id_name, split_name

CERTAIN, FORETOLD, LIKELY, POSSIBLE, STATE, PLAIN, MODEST, HEAD, WEAK, PER_UNIT = (
    100,
    90,
    82,
    60,
    54,
    52,
    51,
    40,
    30,
    38,
)
"""A likely class beats a possible number, also where the number is the last column; so does a price one per unit. A
name that ends in the word of a number, such as `writing score`, beats the last place of a number alone."""

KIND_OF_CASE = 34
"""More than the last place of a number, and less than that of classes."""

COMPOUND = 4
"""What a name loses that has the word of a number and others before it: `price` rather than `min price`."""


def rate_name(name: str, title: str = "") -> int:
    """How strongly a name says that the column is the target: `CERTAIN` to `WEAK`, or 0.

    Args:
        name: the source's.
        title: of the data, which may be named after what is to be learned.
    """
    words, named = split_name(name), split_name(title)
    rate = _rate_words(words)
    if _is_title(words, named):
        return max(rate, POSSIBLE)
    return max(rate, PLAIN) if _is_word_of_title(words, named) else rate


def describes(name: str) -> bool:
    """Whether a name is of what describes a row, such as its place, its time or an attribute of a person."""
    words = split_name(name)
    if not words:
        return False
    is_flag = (words[0] in ASKING or words[-1] in ("flag", "flags")) and _rate_words(words) < POSSIBLE
    return words[-1] in NEVER or is_flag or is_id_name(name)


def _is_title(words: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the data are named after a column, such as `Life Expectancy Data`: one word alone says little."""
    if len(words) < FEWEST_IN_TITLE or words[-1] in NEVER:
        return False
    return any(tuple(title[at : at + len(words)]) == tuple(words) for at in range(len(title)))


FEWEST_IN_TITLE = 2
"""Words of a column's name from which on its place in the title says something."""


def _is_word_of_title(words: Sequence[str], title: Sequence[str]) -> bool:
    """Whether a column is called as a long word of the title: `BodyFat` in bodyfat.csv."""
    joined = "".join(words)
    return len(joined) >= LONG_WORD and joined in title and words[-1] not in NEVER and not is_id_name(joined)


LONG_WORD = 5
"""Letters of such a word."""


def is_average(name: str) -> bool:
    """Whether a name is of the mean of a number that is often to be learned: `AveragePrice`."""
    words = split_name(name)
    return len(words) > 1 and words[0] in MEANS and words[-1] in NUMBERS


MEANS = ("average", "avg", "mean")


def _rate_words(words: Sequence[str]) -> int:
    stripped = _strip(words)
    rate = _rate_stripped(stripped) if stripped else 0
    return POSSIBLE + COMPOUND if rate == PLAIN and words[0] in ASKING else rate


def _rate_stripped(words: Sequence[str]) -> int:
    joined = "".join(words)
    if PER & set(words[1:-1]):
        return PER_UNIT if any(word in CLASSES | NUMBERS for word in words) else 0
    if len(words) > 1 and (HISTORY & set(words) or (words[-1] == "target" and words[-2] in HIT)):
        return WEAK if HISTORY & set(words) and (CLASSES | STRONG) & set(words) else 0
    if _is_named(words, joined):
        return CERTAIN
    if FUTURE & set(words) and len(words) > 1 and words[-1] not in NEVER:
        return FORETOLD
    if "time" in words and "to" in words[words.index("time") + 1 :][:1]:
        return POSSIBLE
    if words[-1] in NEVER and not STRONG & set(words):
        return 0
    if {joined, words[-1]} & CLASSES or STRONG & set(words):
        return LIKELY + COMPOUND if joined in CLASSES else LIKELY
    return _rate_number(words, joined)


def _is_named(words: Sequence[str], joined: str) -> bool:
    """Whether a name says that this is the target: `target`, `class`, `risk_label`, `target_value`."""
    if joined in NAMED or (len(words) > 1 and words[-1] in ("target", "label", "outcome")):
        return True
    if len(words) > 1 and all(word in OUTCOMES for word in words):
        return True  # `Pass/Fail`
    return words[0] == "target" and not {words[-1]} & (NEVER | ADJECTIVE)


def _strip(words: Sequence[str]) -> Sequence[str]:
    """A name without a unit, a word for the kind of its cells, and the first word of a question."""
    if "in" in words[1:-1] and words[words.index("in") - 1] in MONEY | MILD:
        words = words[: words.index("in")]  # `Betrag in EUR`
    if len(words) > 1 and (words[-1] in CURRENCIES | UNITS or (words[-1] in MARKS and set(words[:-1]) & CLASSES)):
        words = words[:-1]
    return words[1:] if len(words) > 1 and words[0] in ASKING else words


def _rate_number(words: Sequence[str], joined: str) -> int:
    if joined in DEMANDED or (words[-1] == "sold" and set(words[:-1]) & COUNTED):
        return POSSIBLE + COMPOUND
    if joined in NUMBERS | COUNTS:
        return MODEST if joined in MILD else POSSIBLE
    if words[-1] in TRUTHS or (words[-1] in LEVELS and set(words[:-1]) & (NUMBERS - MILD)):
        return POSSIBLE
    if _is_sum(words):
        return POSSIBLE - COMPOUND
    return _rate_state(words, joined) or _rate_rest(words)


def _rate_state(words: Sequence[str], joined: str) -> int:
    """How strongly a name says so that is of how something stands or of what kind it is."""
    if words[-1] in STATES and set(words[:-1]) & CONTRACTS:
        return POSSIBLE + COMPOUND
    if joined in STATES or (words[-1] in STATES and set(words[:-1]) & IN_STATES):
        return STATE
    if joined in PLAIN_CLASSES or words[-1] in ILLNESSES:
        return PLAIN
    return KIND_OF_CASE if joined in KINDS_OF_CASES else 0


def _rate_rest(words: Sequence[str]) -> int:
    """How strongly a name says so that only holds the word of a target."""
    if EXTREMES & set(words):
        return 0
    if words[-1] in NUMBERS - MILD - SCORES:
        return HEAD
    return WEAK if words[-1] in KINDS | PLAIN_CLASSES or any(word in CLASSES | NUMBERS for word in words) else 0


def _is_sum(words: Sequence[str]) -> bool:
    """Whether a name is of what a thing is worth in the end, or of what people count: `Weekly_Sales`, `new_cases`."""
    last, before = words[-1], set(words[:-1])
    if last.endswith(GERMAN_HEADS) and last not in NUMBERS and not EXTREMES & set(words):
        return True
    return bool(
        (last in NUMBERS and before & SOLD)
        or (last in COUNTS and before & NEW)
        or (last in SUMS and before & (COUNTED | COUNTS))
        or (words[0] in HEADS_FIRST and before and not EXTREMES & set(words))
    )


NEW = frozenset(("new", "daily", "weekly", "total", "number", "no", "num", "anzahl", "confirmed"))
"""Words before those of what is counted."""
