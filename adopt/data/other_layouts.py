"""Tables in texts that no delimiter of one sign divides: refused with the command that writes them as CSV."""

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath

from adopt.data.cell_kinds import Kind, find_column_kind
from adopt.data.dialect import Way, find_way
from adopt.data.header import Row, find_header
from relay.handoff.errors import SourceError

MARKS = ("|~|", "~|~", "^|^", "#|#", "|#|", "<>", "::", "||", "~~", "^^", "@@", "##", "$$", "&&")
"""Delimiters of several signs that programs write; those that hold another one first."""
LOOKED_AT = 200
"""Lines of the sample."""
LEAST_LINES = 2
LEAST_FIT = 0.98
"""Share of the lines that are divided alike."""
LEAST_FIELDS = 3
BOX = re.compile(r"\+[-+=]+\+\s*")
RULE = re.compile(r"\|[-:| ]+\|?\s*")
TOKEN = re.compile(r'"[^"]*"|\S+')
MOST_BLOCKS = 20
"""Parts between blank lines that are looked at."""
DRAWN = "sed -n $'/^|[-:| ]*$/d;/^|/{s/^| *//;s/ *|[ ]*$//;s/ *| */\\t/g;p;}' FILE > PLAIN.tsv"
AS_TEXT = "If it is a text, say --set ingest.format=text."


def refuse_long_delimiter(text: str, name: str) -> None:
    """Make sure that no delimiter of several signs divides the lines.

    Raises:
        SourceError: one does; the message says what to do.
    """
    lines = _list_lines(text)
    if len(lines) < LEAST_LINES:
        return
    mark = next((mark for mark in MARKS if _divides(mark, lines)), None)
    if mark is None:
        return
    pattern = re.sub(r"([\\^$.*\[\]/])", r"\\\\\1", mark)
    command = f"sed $'s/{pattern}/\\t/g' {shlex.quote(name)} > {shlex.quote(_stem(name))}.tsv"
    raise SourceError(
        f"{name}: {mark} stands between the cells, {lines[0].count(mark) + 1} in each line, and Relay reads only "
        "delimiters of one sign",
        next_step=f"Replace it by a tab: `{command}`, and give that file. {AS_TEXT}",
    )


def _divides(mark: str, lines: Sequence[str]) -> bool:
    """Whether all lines hold a mark equally often, and its signs nowhere else."""
    counts = [line.count(mark) for line in lines]
    usual = max(set(counts), key=counts.count)
    if not usual or counts.count(usual) < LEAST_FIT * len(lines):
        return False
    return mark != "||" or all("|" not in line.replace(mark, "") for line in lines)


def refuse_drawn_table(text: str, name: str) -> None:
    """Make sure that a text is no table whose borders are drawn, as MySQL prints it and Markdown has it.

    Raises:
        SourceError: it is.
    """
    lines = _list_lines(text)
    is_box = len(lines) > LEAST_LINES and BOX.fullmatch(lines[0]) and lines[1].startswith("|")
    is_markdown = len(lines) > LEAST_LINES and RULE.fullmatch(lines[1]) and all(line.startswith("|") for line in lines)
    if not is_box and not is_markdown:
        return
    command = DRAWN.replace("FILE", shlex.quote(name)).replace("PLAIN", shlex.quote(_stem(name)))
    raise SourceError(
        f"{name}: a table whose borders are drawn, as {'MySQL prints' if is_box else 'Markdown has'} it",
        next_step=f"Write it with tabs: `{command}`, and give that file.",
    )


def refuse_blanks(text: str, name: str, encoding: str) -> None:
    """Make sure that blanks of varying number do not divide the lines of a text that is no other table.

    Raises:
        SourceError: they do.
    """
    if command := advise_blanks(text, name, encoding):
        raise SourceError(
            f"{name}: blanks of varying number stand between the cells of each line, and Relay reads only delimiters "
            "of one sign, or fields at the same characters of each line",
            next_step=f"Write it as CSV in Python: `{command}`. {AS_TEXT}",
        )


def advise_blanks(text: str, name: str, encoding: str) -> str:
    """The command that writes a table as CSV whose cells have blanks of varying number between; empty for others."""
    rows = _divide_by_blanks(text)
    if not rows:
        return ""
    plain = [Row(at, [cell.strip('"') for cell in row]) for at, row in enumerate(rows)]
    has_names = find_header(plain).count > 0
    keys = "" if has_names else ", header=None"
    keys += "" if encoding in ("utf-8", "utf-8-sig") else f', encoding="{encoding}"'
    return (
        f'pandas.read_csv("{name}", sep=r"\\s+", dtype=str, keep_default_na=False{keys})'
        f'.to_csv("{_stem(name)}.csv", index=False{"" if has_names else ", header=False"})'
    )


def count_by_blanks(text: str) -> int:
    """The cells of each line of a table in which blanks of any number stand between them; 0 for others."""
    return max(map(len, _divide_by_blanks(text)), default=0)


def _divide_by_blanks(text: str) -> list[list[str]]:
    """The rows of such a table, most of whose columns hold numbers or times; empty for others."""
    rows = [TOKEN.findall(line) for line in _list_lines(text)]
    widths = [len(row) for row in rows]
    width = max(set(widths), key=widths.count) if widths else 0
    if len(rows) < LEAST_FIELDS or width < LEAST_FIELDS or widths.count(width) < LEAST_FIT * len(rows):
        return []
    kinds = [find_column_kind([row[at] for row in rows[1:] if len(row) == width]) for at in range(width)]
    return rows if sum(kind in (Kind.NUMBER, Kind.TIME) for kind in kinds) * 2 >= width else []


def refuse_several_tables(text: str, name: str) -> None:
    """Make sure that a text does not hold several tables with blank lines between them.

    Raises:
        SourceError: it does; the message says in which lines.
    """
    blocks: list[tuple[int, list[str]]] = []
    is_inside = False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.strip(" \t\r\n,;"):
            if not is_inside:
                blocks.append((number, []))
            blocks[-1][1].append(line)
        is_inside = bool(line.strip(" \t\r\n,;"))
    tables = [
        (first, len(lines), way.width)
        for first, lines in blocks[:MOST_BLOCKS]
        if len(lines) >= LEAST_FIELDS and (way := find_way("".join(lines))) is not None and _has_names(way)
    ]
    if len(tables) < 2 or len({width for _, _, width in tables}) == 1:
        return
    listed = "; ".join(f"lines {first:,} to {first + rows - 1:,} have {width} columns" for first, rows, width in tables)
    first, rows, _ = tables[0]
    command = f"sed -n '{first},{first + rows - 1}p' {shlex.quote(name)} > {shlex.quote(f'{_stem(name)}_1.csv')}"
    raise SourceError(
        f"{name}: several tables with blank lines between them: {listed}",
        next_step=f"Write each into a file of its own, the first by `{command}`.",
    )


def _has_names(way: Way) -> bool:
    """Whether the first row has names for sure: the lines before a table, such as `Bank;ING`, have none."""
    header = find_header(way.rows)
    return header.count == 1 and not any(note.is_question for note in header.notes)


def _list_lines(text: str) -> list[str]:
    return [line for line in text.splitlines()[:LOOKED_AT] if line.strip()]


def _stem(name: str) -> str:
    return PurePath(name).stem
