"""Weka's ARFF: names in lines before the rows, and the rows as CSV."""

import re
from dataclasses import dataclass
from typing import Any

from adopt.data.dialect import split_lines
from adopt.notes import Note
from relay.handoff.errors import SourceError

ATTRIBUTE = re.compile(r"""\s*@attribute\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>\S+))""", re.IGNORECASE)
DATA = re.compile(r"\s*@data\b", re.IGNORECASE)
START = re.compile(r"(?:\s*%[^\n]*\n|\s*\n)*\s*@relation\b", re.IGNORECASE)


@dataclass(frozen=True)
class ArffTable:
    """How a file of ARFF is read."""

    names: tuple[str, ...]
    keys: dict[str, Any]
    key_notes: dict[str, tuple[Note, ...]]


def find_arff_table(text: str, name: str) -> ArffTable | None:
    """The names and keys of ARFF; None for any other text.

    Raises:
        SourceError: its rows are sparse, or their beginning was not found.
    """
    if not START.match(text):
        return None
    names: list[str] = []
    lines = split_lines(text)
    for at, line in enumerate(lines):
        if found := ATTRIBUTE.match(line):
            names.append(next(one for one in found.groups() if one is not None))
        elif DATA.match(line):
            return _finish(names, lines[at + 1 :], at + 1, name)
    raise SourceError(f"{name}: begins as ARFF does, and has no line @data in its first {len(text):,} characters")


def _finish(names: list[str], body: list[str], skipped: int, name: str) -> ArffTable:
    rows = [line for line in body if line.strip() and not line.startswith("%")]
    if any(line.lstrip().startswith("{") for line in rows[:1]):
        raise SourceError(
            f"{name}: ARFF with sparse rows, which Relay does not read",
            next_step="Write it as CSV: in Weka by `weka.core.converters.CSVSaver`.",
        )
    keys: dict[str, Any] = {"format": "csv", "header": False, "skip_rows": skipped}
    text = "".join(rows)
    if re.search(r"(?:^|[,\n])\s*'", text):
        keys["quote"] = "'"
    if any(line.startswith("%") for line in body):
        keys["comment"] = "%"
    note = Note(f"ARFF: the {len(names)} names stand in the lines before the rows")
    return ArffTable(tuple(names), keys, {"skip_rows": (note,)})
