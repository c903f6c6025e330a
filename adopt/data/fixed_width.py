"""A text whose fields stand at the same characters of each line: between them every line has blanks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from typing import Any

from adopt.data.cell_kinds import Kind, find_column_kind
from adopt.data.header import Row, find_header
from adopt.data.verdict import are_names
from adopt.notes import Note
from relay.handoff.errors import SourceError, UsageError
from relay.reading.encodings import open_lines
from relay.reading.formats.lines import split_lines
from relay.reading.rawfile import RawFile

DECIDED = ("positions", "widths", "skip_rows", "header")
"""Keys that a person may decide instead of what is found."""
LEAST_LINES = 3
MOST_NAMES = 3
"""Lines before the first record: names, units, a rule below them."""
LEAST_FIELDS = 2
LEAST_FILLED = 0.7
BLANKS = re.compile(r"\s")
TO_THE_END = 9_999
"""Characters of a line to which the last field goes: lines behind the first ones may be longer."""


@dataclass(frozen=True)
class FixedTable:
    """How a text of fixed width is read."""

    names: tuple[str, ...]
    keys: dict[str, Any]
    key_notes: dict[str, tuple[Note, ...]]
    has_names: bool = True


def find_fixed_table(text: str) -> FixedTable | None:
    """The fields of a text of fixed width; None where it is none.

    Args:
        text: the beginning of a file, in whole lines.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    found_tabs = {tuple(at for at, sign in enumerate(line) if sign == "\t") for line in lines} if "\t" in text else {()}
    if len(lines) < LEAST_LINES or len(found_tabs) > 1 or not any("  " in line for line in lines):
        return None
    tabs = found_tabs.pop()
    if tabs:  # what stands behind is one field, whose blanks divide nothing
        lines = [f"{line[: tabs[0]]} {BLANKS.sub('_', line[tabs[0] + 1 :])}" for line in lines]
    for skipped in range(min(MOST_NAMES, len(lines) - LEAST_LINES) + 1):
        if found := _find_below(lines, skipped):
            break
    else:
        return None
    names, places, notes = found
    if tabs and tabs[0] < places[-1][0] - 1:
        return None  # one among the fields, where ingest takes none
    names = tuple(name or f"column_{at}" for at, name in enumerate(names, 1))
    ends = [end for _, end in places[:-1]] + [TO_THE_END]
    keys: dict[str, Any] = {
        "format": "fixed",
        "positions": {name: [start + 1, end] for name, (start, _), end in zip(names, places, ends, strict=True)},
    }
    if skipped:
        keys["skip_rows"] = [at for at, line in enumerate(text.splitlines()) if line.strip()][skipped - 1] + 1
    where = f"every one of the first {len(lines) - skipped:,} lines has blanks between the same {len(places)} fields"
    return FixedTable(names, keys, {"positions": (Note(where), *notes)})


def _find_below(
    lines: Sequence[str], skipped: int
) -> tuple[tuple[str, ...], list[tuple[int, int]], tuple[Note, ...]] | None:
    """The names, the fields and what to say of them, where so many lines above hold no record; None: none fit."""
    top, body = lines[:skipped], lines[skipped:]
    # Names above the fields that they name tell where the fields are, as the rows do.
    places = find_places(lines[skipped - 1 :] if skipped == 1 else body)
    if skipped == 1 and not _are_fields(lines[1:], places):
        places = find_places(body)
    if not _are_fields(body, places):
        return None
    cells = [[line[start:end].strip() for start, end in places] for line in lines]
    if not skipped:
        header = find_header([Row(at, row) for at, row in enumerate(cells)])
        return None if header.count or header.skipped else (header.names, places, header.notes)
    aligned = find_header([Row(at, row) for at, row in enumerate(cells[skipped - 1 :])])
    if skipped == 1 and aligned.count == 1 and find_crossing(top, [end for _, end in places[:-1]]) is None:
        return aligned.names, places, aligned.notes
    if find_header([Row(at, row) for at, row in enumerate(cells[skipped:])]).count:
        return None  # one more line above the records
    words = next((words for line in top if len(words := line.lstrip("#").split()) == len(places)), None)
    if words is None or not are_names(words):
        return None
    text = f"the names stand in the first line, not above their fields; {skipped} lines are left out"
    return tuple(words), places, (Note(text, True),)


def _are_fields(lines: Sequence[str], places: Sequence[tuple[int, int]]) -> bool:
    """Whether nearly all fields are filled, and one holds numbers or times."""
    if len(places) < LEAST_FIELDS or not _fills(lines, places):
        return False
    kinds = {find_column_kind([line[start:end].strip() for line in lines]) for start, end in places}
    return bool(kinds & {Kind.NUMBER, Kind.TIME})


def read_decided(text: str, decided: Mapping[str, Any]) -> FixedTable | None:
    """The fields as a person decided them by `positions` or `widths`; None where neither is said.

    Raises:
        UsageError: they are not written as a recipe has them.
    """
    keys = {key: decided[key] for key in DECIDED if key in decided}
    if "positions" in keys and isinstance(keys["positions"], Mapping):
        return FixedTable(tuple(keys["positions"]), {"format": "fixed", **keys}, {})
    if "widths" not in keys:
        return None
    widths = keys["widths"]
    if not isinstance(widths, list) or not all(isinstance(width, int) and width > 0 for width in widths):
        raise UsageError(f"--set ingest.widths: found {widths!r}, expected the characters of each field, as [3, 5]")
    keys = {"format": "fixed", **keys}
    if decided.get("header") is False:
        return FixedTable(tuple(f"column_{at}" for at in range(1, len(widths) + 1)), keys, {}, has_names=False)
    lines = text.splitlines()[int(decided.get("skip_rows", 0)) :]
    first = next((line for line in lines if line.strip()), "")
    places = pairwise([0, *accumulate(widths)])
    return FixedTable(tuple(first[start:end].strip() for start, end in places), keys, {})


def find_places(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Where the fields are, from the first character to the one behind the last: all lines have blanks between them.

    The gap belongs to the field from which texts can grow into it: to the left one where its texts begin alike, as
    words do, else to the right one, where numbers end alike.
    """
    width = max(map(len, lines))
    shown = "".join("x" if any(line[at : at + 1].strip() for line in lines) else " " for at in range(width))
    spans = [found.span() for found in re.finditer(r"x+", shown)]
    borders = [0]
    for (start, end), (following, _) in pairwise(spans):
        is_left = all(line[start : start + 1].strip() for line in lines if line[start:end].strip())
        borders.append(following if is_left else end)
    return [*pairwise([*borders, spans[-1][1]])] if spans else []


def _fills(lines: Iterable[str], places: Sequence[tuple[int, int]]) -> bool:
    """Whether nearly all fields of all lines hold something: prose has gaps anywhere."""
    cells = [line[start:end].strip() for line in lines for start, end in places]
    return sum(map(bool, cells)) >= LEAST_FILLED * len(cells)


def find_crossing(lines: Iterable[str], borders: Sequence[int]) -> int | None:
    """The number of the first line with a text across the border of two fields; None without one."""
    for number, line in enumerate(lines, 1):
        if any(line[at - 1 : at].strip() and line[at : at + 1].strip() for at in borders):
            return number
    return None


def require_borders(part: RawFile, table: FixedTable, encoding: str | None) -> None:
    """Make sure that no line of the whole file has a text across the border of two fields.

    Raises:
        SourceError: one has.
    """
    borders = [last for _, last in table.keys["positions"].values()][:-1]
    blocks, name = open_lines(part, encoding)
    skipped = int(table.keys.get("skip_rows", 0))
    lines = (line.decode(name, "replace") for line in split_lines(blocks))
    number = find_crossing(islice(lines, skipped, None), borders)
    if number is not None:
        raise SourceError(
            f"{part.name}: it has fields of fixed width, but line {number + skipped:,} has a text across two of them",
            next_step="Say where the fields are, one --set ingest.positions.NAME=[FIRST, LAST] for each, in characters "
            "from 1 (docs/reading.md).",
        )
