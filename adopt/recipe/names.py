"""Names of columns and recipes: what a source calls them, and what a recipe can."""

import re
from collections.abc import Sequence, Set
from unicodedata import normalize

from relay.handoff.data_recipe import NAME

VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
"""A column's name that is kept: a TOML key without quotes, and at most what PostgreSQL takes."""
LONGEST = 40
"""Characters of a name that is made."""
TAKEN_BY_RELAY = frozenset(("split", "text_chars"))
"""Columns that preprocess adds. It adds `period` only where a recipe asks for periods, which no draft does."""

CAMEL = re.compile(
    r"(?<=[a-zß-öø-ÿ]{2})(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ0-9])(?=[A-ZÀ-ÖØ-Þ](?!s(?![a-zß-öø-ÿ]))[a-zß-öø-ÿ])"
)
"""Between the words of MonthlyIncome, HTTPStatus and 59Days, but not of kWh and IDs."""
LETTERS = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe", "ł": "l", "đ": "d",
    "ð": "d", "þ": "th", "ı": "i", "µ": "u", "'": "", "’": "",
}  # fmt: skip
"""Letters that lose no accent by which they would become ASCII, and apostrophes, which part no words."""
SIGNS = {
    "%": " percent ", "€": " eur ", "$": " usd ", "£": " gbp ", "°": " deg ", "&": " and ", "#": " number ",
}  # fmt: skip
"""Signs that mean something in a name, as words."""
SPELLED_OUT = str.maketrans(LETTERS | SIGNS)


def choose_names(sources: Sequence[str]) -> tuple[str, ...]:
    """The recipe's name for each column of a source: its own where that is valid, else one made of its words.

    All names differ, those that are made also from others in another case of letters.
    """
    sources = drop_widths(sources)
    kept = [name if VALID.fullmatch(name) and name.casefold() not in TAKEN_BY_RELAY else "" for name in sources]
    kept = ["" if name in kept[:at] else name for at, name in enumerate(kept)] if _repeats(kept) else kept
    used = {name.casefold() for name in kept}
    chosen = []
    for place, (source, name) in enumerate(zip(sources, kept, strict=True), 1):
        if not name:
            name = make_unique(make_words(source) or f"column_{place}", used)
            used.add(name.casefold())
        chosen.append(name)
    return tuple(chosen)


def drop_widths(sources: Sequence[str]) -> Sequence[str]:
    """Names of two lines of a header without the second one, if it says how wide each column is: `site_no 15s`."""
    if len(sources) < FEWEST_WIDTHS or not all(map(WIDTH.search, sources)):
        return sources
    return [WIDTH.sub("", name) for name in sources]


WIDTH = re.compile(r"(?<=\S) \d{1,3}[sdn]$")
FEWEST_WIDTHS = 2


def make_words(text: str, longest: int = LONGEST) -> str:
    """A text as words in snake_case ASCII that begin with a letter; empty where it holds none that can be written."""
    # Before letters are spelled out: "Ä" would become a capital and a small letter.
    apart = CAMEL.sub(" ", normalize("NFC", text)).lower()
    plain = normalize("NFKD", apart.translate(SPELLED_OUT)).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        return ""
    name = "_".join(words)
    name = f"given_{name}" if name in TAKEN_BY_RELAY else f"column_{name}" if name[0].isdigit() else name
    return shorten(name, longest)


def shorten(name: str, longest: int = LONGEST) -> str:
    """A name of at most so many characters, cut between two words where that keeps more than half of it."""
    if len(name) <= longest:
        return name
    cut = name[:longest]
    if name[longest] != "_" and (at := cut.rfind("_")) > longest // 2:
        cut = cut[:at]
    return cut.rstrip("_")


def make_unique(name: str, used: Set[str], longest: int = LONGEST) -> str:
    """The name, with a number behind it where it is used already.

    Args:
        name: in lower case.
        used: the names that are taken, case-folded.
        longest: characters of a name.
    """
    number, unique = 1, name
    while unique in used:
        number += 1
        unique = f"{shorten(name, longest - len(str(number)) - 1)}_{number}"
    return unique


def is_recipe_name(name: str) -> bool:
    """Whether a recipe can have this name in the data folder too."""
    return NAME.fullmatch(name) is not None


def _repeats(names: Sequence[str]) -> bool:
    given = [name for name in names if name]
    return len(set(given)) < len(given)
