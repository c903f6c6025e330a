"""Public tables that people start with, by the names of their columns: what is learned of each is documented."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from adopt.recipe.words import join_name

FILE = Path(__file__).parent / "known_tables.txt"
"""A line per table: its title, what is learned of it (`-`: nothing), and up to 11 of its other columns. Names are in
small letters, without the marks between their words. By hand, from the descriptions of UCI, Kaggle, OpenML, R's
packages and offices of statistics."""

NOTHING = "-"

LEAST_SHARE = 0.7
"""Of the other columns of a known table that must be there."""

FEWEST = 4
"""Of them that must be there."""


@dataclass(frozen=True)
class KnownTable:
    """One public table."""

    title: str
    targets: tuple[str, ...]
    """What is learned, the usual one first; `-` for nothing."""
    others: frozenset[str]


@lru_cache(maxsize=1)
def read_known_tables() -> tuple[KnownTable, ...]:
    """All of them."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        title, targets, others = line.split(": ")
        found.append(KnownTable(title, tuple(targets.split()), frozenset(others.split())))
    return tuple(found)


def find_known_table(names: Sequence[str]) -> KnownTable | None:
    """The known table whose columns a table has, or None.

    Args:
        names: of the table's columns.
    """
    joined = frozenset(join_name(name) for name in names)
    found = [(len(one.others & joined), one) for one in read_known_tables() if _is_table(one, joined)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _is_table(one: KnownTable, names: frozenset[str]) -> bool:
    if one.targets[0] != NOTHING and one.targets[0] not in names:
        return False
    return len(one.others & names) >= max(FEWEST, LEAST_SHARE * len(one.others))
