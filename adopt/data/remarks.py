"""Lines below a table that have other cells than its rows: where it is from, and totals written without all cells.

Ingest rejects such lines, so `totals.py`, which looks at the rows that are read, never sees them.
"""

import re
from collections.abc import Sequence
from typing import Any

from adopt.data.cell_kinds import count_filled
from adopt.data.totals import MOST_FILLED, is_label
from adopt.notes import Note

LAST_ROWS = 25
"""Rows at the end that are looked at."""
REMARK = re.compile(
    r"(?:sources?|quellen?|notes?|remarks?|hinweise?|anmerkung(?:en)?|stand|legende|legend|erläuterung(?:en)?|copyright"
    r"|fuentes?|fonti?|bron|generated|created|exported|erstellt|last updated?|data from)\b[^:]{0,20}:|©|\(c\) |\* ",
    re.IGNORECASE,
)
"""How a remark below a table begins, also one that delimiters divide into cells."""


def find_remarks(
    rows: Sequence[Sequence[str]], names: Sequence[str], usual: int
) -> tuple[list[dict[str, str]], tuple[Note, ...]]:
    """The rules of `skip_if` for lines at the end that are no records, and their evidence.

    Args:
        rows: the last ones of the table, in its order.
        names: of its columns.
        usual: filled cells of most rows.
    """
    rules: list[dict[str, str]] = []
    notes: list[Note] = []
    for row in reversed(rows[-LAST_ROWS:]):
        at = next((at for at, cell in enumerate(row) if cell.strip()), None)
        if at is None or at >= len(names):
            continue
        is_remark = REMARK.match(row[at].strip()) is not None
        if len(row) == len(names) and not is_remark:
            if is_label(row[at]):
                continue
            break
        cell, filled = row[at].strip(), count_filled(row)
        is_total = is_label(cell) and filled <= max(1, usual * MOST_FILLED)
        if not is_total and not is_remark and not (len(names) > 2 and filled == 1 and usual > 2):
            break
        rule = {"column": names[at], "value": cell}
        if rule not in rules:
            rules.append(rule)
            what = "is a row of totals" if is_total else "is a remark, and no record"
            notes.append(Note(f'a row at the end {what}: "{cell[:60]}" in {names[at] or "its first cell"}'))
    return rules, tuple(notes)


def write_rules(rules: Sequence[dict[str, str]]) -> Any:
    """The rules as `[ingest] skip_if` takes them."""
    return rules[0] if len(rules) == 1 else list(rules)


def add_rules(known: Any, more: Any) -> Any:
    """The rules of `skip_if` and more, each once."""
    rules = [*(known if isinstance(known, list) else [known] if known else [])]
    rules += [rule for rule in (more if isinstance(more, list) else [more]) if rule not in rules]
    return write_rules(rules)
