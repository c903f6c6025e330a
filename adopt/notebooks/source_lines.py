"""The text of statements with their comments, as libcst nodes."""

from collections.abc import Iterable, Sequence

import libcst as cst

from adopt.notebooks.records import Notebook, Place

Line = cst.SimpleStatementLine | cst.BaseCompoundStatement

CELL_MARKS = ("# %%", "# ingest", "# preprocess", "# model")
"""How comments begin that divide notebooks: they mean nothing in a module."""


def read_lines(notebooks: Sequence[Notebook]) -> dict[Place, Line]:
    """The line of each top-level statement: its text, the comments above it and the one behind it.

    Several statements in one line (`a = 1; b = 2`) become a line each.
    """
    return {
        Place(book, cell.number, position): line
        for book, notebook in enumerate(notebooks)
        for cell in notebook.cells
        for position, line in enumerate(_split_text(cell.text))
    }


def _split_text(text: str) -> list[Line]:
    module = cst.parse_module(text)
    lines: list[Line] = []
    for number, line in enumerate(module.body):
        above = (*(module.header if number == 0 else ()), *line.leading_lines)
        lines += [
            one.with_changes(leading_lines=_keep_comments(above) if first else ()) for first, one in _split_line(line)
        ]
    return lines


def _split_line(line: Line) -> Iterable[tuple[bool, Line]]:
    """Each statement of a line as a line, and whether it is the first one."""
    if not isinstance(line, cst.SimpleStatementLine):
        yield True, line
        return
    for number, small in enumerate(line.body):
        is_last = number == len(line.body) - 1
        one = small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        yield (
            number == 0,
            cst.SimpleStatementLine([one], trailing_whitespace=line.trailing_whitespace if is_last else _END),
        )


_END = cst.TrailingWhitespace()


def _keep_comments(above: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """The comments above a statement, without empty lines before the first one and without marks of cells."""
    kept: list[cst.EmptyLine] = []
    for line in above:
        text = "" if line.comment is None else line.comment.value
        is_mark = any(text == mark or text.startswith(f"{mark} ") for mark in CELL_MARKS)
        if text and not is_mark:
            kept.append(line.with_changes(indent=True))
        elif not text and kept:
            kept.append(cst.EmptyLine(indent=False))
    return kept


def show_node(node: cst.CSTNode) -> str:
    """The text of a node."""
    return cst.Module(body=[]).code_for_node(node)


def parse_lines(text: str) -> list[Line]:
    """The lines of a text that is made here."""
    return list(cst.parse_module(text).body)
