"""Whether the first row of a table has names: each cell is compared with those below it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from adopt.data.cell_kinds import Kind, find_column_kind, find_kind
from adopt.notes import Note

NAME = re.compile(r"[^\W\d][^\r\n]{0,79}")
"""What names of columns look like: they begin with a letter or an underscore."""
FEW = 0.5
"""Different texts of a column per row, up to which a text that is not among them tells something."""
LEAST_ROWS = 5
LEAST_COUNTED = 2
"""Numbers in the first row that can count on."""
LEAST_NUMBERED = 3
"""Columns of a table whose second row can number them."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
SHOWN = 3


def are_names(cells: Sequence[str]) -> bool:
    """Whether cells can be names: different texts that are neither numbers nor times."""
    texts = [cell.strip() for cell in cells]
    return len(set(texts)) == len(texts) and all(
        NAME.fullmatch(text) and find_kind(text) != Kind.TIME for text in texts
    )


@dataclass(frozen=True)
class Verdict:
    """Whether the first row has names."""

    count: int
    notes: tuple[Note, ...] = ()


def judge(top: Sequence[str], body: Sequence[Sequence[str]]) -> Verdict:
    """Whether the first row has the names of the columns, by how its cells differ from those below."""
    if not body:
        return Verdict(1)
    counted = _is_counted(top, body)
    names, values = _vote(top, body, counted=counted)
    if values and not names:
        return Verdict(0, (Note(f"no header: the first row has values like those below it, such as {_show(values)}"),))
    if names and values:
        count = int(len(names) >= len(values))
        text = f"{_show(names)} in the first row look like names, {_show(values)} like values"
        return Verdict(count, (Note(text, True, _choices(count), "ingest.header"),))
    if names:
        return Verdict(1)
    texts = [cell.strip() for cell in top if cell.strip()]
    if counted or are_names(texts):
        return Verdict(1, (_doubt(top),))
    text = f"nothing tells whether the first row has names or values: {_show(texts)}"
    return Verdict(0, (Note(text, True, _choices(0), "ingest.header"),))


def _vote(top: Sequence[str], body: Sequence[Sequence[str]], *, counted: bool) -> tuple[list[str], list[str]]:
    """The cells of the first row that look like names, and those that look like values."""
    names: list[str] = []
    values: list[str] = []
    marks: list[str] = []
    for at, cell in enumerate(top):
        column = [row[at] for row in body]
        vote = _compare(cell.strip(), column, counted=counted)
        if vote < 0 and {text.strip() for text in column} == {cell.strip()} and find_kind(cell) == Kind.WORD:
            marks.append(cell.strip())
        elif vote:
            (names if vote > 0 else values).append(cell.strip())
    values += [] if names else marks  # a mark of the end of each row, which the names have, too
    texts = [cell.strip() for cell in top if cell.strip()]
    if not names and not values:
        values += [text for text in dict.fromkeys(texts) if texts.count(text) > 1]
    return names, values


def _doubt(top: Sequence[str]) -> Note:
    text = f"the first row ({_show([cell.strip() for cell in top])}) is taken for names: no row below it tells"
    return Note(text, True, _choices(1), "ingest.header")


def _choices(count: int) -> tuple[str, ...]:
    return ("true", "false") if count else ("false", "true")


def _show(cells: Sequence[str]) -> str:
    return ", ".join(f'"{cell[:40]}"' for cell in cells[:SHOWN])


def _compare(cell: str, column: Sequence[str], *, counted: bool) -> int:
    """1: the cell differs from those below it as a name does; -1: it is one like them; 0: nothing tells."""
    kind, found = find_column_kind(column), find_kind(cell)
    if kind in (Kind.NUMBER, Kind.TIME, Kind.TRUTH):
        if found == kind:
            return 0 if counted and kind == Kind.NUMBER else -1
        return 1 if found in (Kind.WORD, Kind.OTHER) else 0
    if not cell or kind == Kind.EMPTY:
        return 0
    texts = [text.strip() for text in column if text.strip()]
    if cell in texts:
        return -1
    if len(texts) < LEAST_ROWS:
        return 0
    if len(set(texts)) <= FEW * len(texts):
        return 1 if found in (Kind.WORD, Kind.OTHER) else 0
    shapes = {find_shape(text) for text in texts}
    if len(shapes) > 1 or not re.search(r"[^a ]", shape := shapes.pop()):
        return 0  # words, which names are, too
    return -1 if find_shape(cell) == shape else 1


def find_shape(cell: str) -> str:
    """A text with `a` for each run of letters and `9` for each run of digits."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", cell))


def _is_counted(top: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of the first row count on, as years or numbers of columns that are names do."""
    texts = [cell.strip() for cell in top]
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) <= 4]
    if len(numbers) < LEAST_COUNTED or len(numbers) < sum(find_kind(text) == Kind.NUMBER for text in texts):
        return False
    steps = {second - first for first, second in pairwise(numbers)}
    if len(steps) > 1 or 0 in steps:
        return False
    if all(FIRST_YEAR <= number <= LAST_YEAR for number in numbers):
        return True
    cells = [row[at].strip() for row in body for at, text in enumerate(texts) if text.isdecimal()]
    return numbers[0] in (0, 1) and not all(cell.isdecimal() for cell in cells if cell)


def is_numbered(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the row below the names numbers the columns, as 1, 2, 3 or (1), (2), (3).

    Args:
        rows: that of the names first.
        width: cells of each row.
    """
    cells = [cell.strip() for cell in rows[1]] if len(rows) > LEAST_ROWS else []
    numbers = [int(cell.strip("()[].")) if re.fullmatch(r"[(\[]?\d{1,3}[)\].]?", cell) else -1 for cell in cells]
    if len(numbers) != width or width < LEAST_NUMBERED or numbers != list(range(numbers[0], numbers[0] + width)):
        return False
    body = [row for row in rows[2:] if len(row) == width]
    columns = [[row[at].strip() for row in body] for at in range(width)]
    is_other = any(find_column_kind(column) not in (Kind.NUMBER, Kind.EMPTY) for column in columns)
    others = sum(not any(cell.isdecimal() for cell in column) for column in columns)
    return numbers[0] in (0, 1) and (is_other or others * 2 >= width or not cells[0].isdecimal())
