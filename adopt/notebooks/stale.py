"""Cells whose stored output is not what they give now: another version of a library, or an edit since."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from adopt.notebooks.plan import CellRef
from adopt.notebooks.records import Notebook, Run
from adopt.notebooks.report import StaleCell
from adopt.notebooks.verdicts import Item

NOISE = re.compile(
    r"<Figure size [^>]*>|<(?:matplotlib|Axes|seaborn|function)[^>]*>|Text\(.*\)|0x[0-9a-f]+|np\.\w+\(|[\s)]"
)
"""Of outputs: what changes from version to version, or from run to run, and is no result."""


def find_stale(notebooks: Sequence[Notebook], run: Run) -> tuple[StaleCell, ...]:
    """The cells whose stored output is not what they give now."""
    found = []
    for book, (notebook, ran) in enumerate(zip(notebooks, run.books, strict=False)):
        for cell in notebook.cells:
            now = ran.outputs.get(cell.number, "")
            if cell.stored_text and now and NOISE.sub("", cell.stored_text) != NOISE.sub("", now):
                found.append(StaleCell(CellRef(book, cell.number), cell.stored_text, now))
    return tuple(found)


def add_stale(items: Iterable[Item], stale: Iterable[StaleCell]) -> tuple[Item, ...]:
    """The items, with what the notebook stores where that is another output."""
    cells = {one.cell for one in stale}
    return tuple(
        replace(item, stale=f"cell {item.cell.cell} shows something else in the file than it gives now")
        if item.cell is not None and item.cell in cells
        else item
        for item in items
    )
