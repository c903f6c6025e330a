"""Rows at the end of a table that are no records: totals, and lines that say where it is from."""

import re
from collections.abc import Sequence
from typing import Any

from adopt.data.cell_kinds import count_filled
from adopt.notes import Note

TOTAL = re.compile(
    r"(?:grand |sub)?totals?|totaal|totale|total général|totaux|sum|summe|gesamt(?:summe|ergebnis)?|insgesamt|"
    r"zwischensumme|somme|suma|razem|celkem|összesen|всего|итого|yhteensä|i alt|totalt|合計|总计",
    re.IGNORECASE,
)
"""What stands in the row of totals, in the languages of Europe and some more."""
LAST_ROWS = 5
"""Rows at the end that are looked at."""
MOST_FILLED = 0.8
"""Share of the usual number of filled cells that a row of totals has at most: texts and dates have no total."""
SAMPLE_BYTES = 1 << 16


def find_footer(
    rows: Sequence[Sequence[str]], names: Sequence[str], usual: int
) -> tuple[list[dict[str, str]], tuple[Note, ...]]:
    """The rules of `skip_if` for the rows at the end that are no records, and their evidence.

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
        cell, filled = row[at].strip(), count_filled(row)
        is_total = TOTAL.fullmatch(cell.rstrip(": ")) is not None and filled <= max(1, usual * MOST_FILLED)
        is_remark = len(names) > 2 and filled == 1 and usual > 2 and len(row) != len(names)
        if not is_total and not is_remark:
            break
        rule = {"column": names[at], "value": cell}
        if rule not in rules:
            rules.append(rule)
            what = "is a row of totals" if is_total else "is a remark, and no record"
            notes.append(Note(f'a row at the end {what}: "{cell[:60]}" in {names[at] or "its first cell"}'))
    return rules, tuple(notes)


def write_rules(rules: list[dict[str, str]]) -> Any:
    """The rules as `[ingest] skip_if` takes them."""
    return rules[0] if len(rules) == 1 else rules
