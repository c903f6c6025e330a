"""Runs cells in an IPython shell of the test's own process, traced as in a kernel but without its two seconds."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from adopt.notebooks.flow import build_statements
from adopt.notebooks.kernel.tracer import Tracer
from adopt.notebooks.magics import find_plain_text
from adopt.notebooks.plan import Split
from adopt.notebooks.recorded import read_book_run
from adopt.notebooks.records import Cell, Notebook, Run, Statement, StatementRecord
from adopt.notebooks.split import split_notebooks

HOOKS: list[Callable[[str, Any], None]] = []
"""The hooks of the shell that runs: Python cannot take a hook away, and those of all tests would add up."""


def _restore_figures() -> None:
    """Close all figures, by the functions that a tracer has replaced."""
    managers = getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None)
    if managers is not None:
        for name in ("destroy", "destroy_all"):
            while hasattr(getattr(managers, name), "replaced"):
                setattr(managers, name, getattr(managers, name).replaced)
        managers.destroy_all()


def _hear(event: str, arguments: Any) -> None:
    for hook in HOOKS:
        hook(event, arguments)


sys.addaudithook(_hear)


def make_notebook(*cells: str, name: str = "a.ipynb") -> Notebook:
    """A notebook with these cells of code, numbered from 1; `#md ` begins Markdown, `#tag NAME` on a line a tag."""
    made, above = [], ""
    for number, source in enumerate(cells, 1):
        if source.startswith("#md "):
            above = source[4:]
            continue
        tags = tuple(line[5:] for line in source.splitlines() if line.startswith("#tag "))
        text, magics = find_plain_text(source, number)
        made.append(Cell(number, source, text, above, tags, magics))
        above = ""
    return Notebook(Path(name), tuple(made))


def trace(folder: Path, *cells: str, is_seeded: bool = False) -> tuple[Notebook, Run]:
    """A notebook and a run of it in a folder."""
    notebook = make_notebook(*cells)
    return notebook, run_in_process(folder, notebook, is_seeded=is_seeded)


def run_in_process(folder: Path, *notebooks: Notebook, is_seeded: bool = False) -> Run:
    """What the tracer sees of notebooks that run one after the other."""
    books = []
    for book, notebook in enumerate(notebooks):
        out = folder.parent / f"out-{folder.name}-{book}"
        out.mkdir()
        with _enter(folder), patch("sys.addaudithook", HOOKS.append):
            config = Config({"HistoryManager": {"enabled": False}})
            shell: Any = InteractiveShell(config=config)  # type: ignore[no-untyped-call]
            settings = {
                "out": str(out),
                "book": book,
                "cells": [cell.number for cell in notebook.cells],
                "keep": {},
                "is_seeded": is_seeded,
                "guarded": str(folder.parent / "guarded"),
            }
            tracer = Tracer(shell, settings)
            for cell in notebook.cells:
                shell.run_cell(cell.text, store_history=True)
            tracer.cell = 0
            tracer.finish()
        HOOKS.clear()
        books.append(read_book_run(out, book))
    return Run(tuple(books), folder)


def read_records(run: Run) -> dict[tuple[int, int], StatementRecord]:
    """Cell and position -> record, of the first notebook."""
    return {(place.cell, place.position): record for place, record in run.books[0].records.items()}


def read_statements(folder: Path, *cells: str) -> tuple[Statement, ...]:
    """The statements of a notebook that has run in a folder."""
    notebook, run = trace(folder, *cells)
    return build_statements([notebook], run)


def divide(folder: Path, *cells: str, split: str = "") -> Split:
    """A notebook that has run in a folder, divided into stages."""
    notebook, run = trace(folder, *cells)
    return split_notebooks([notebook], run, split=split)


def read_parts(split: Split) -> dict[str, list[str]]:
    """Name of a part -> its statements, each by its first line."""
    lines = [statement.text.splitlines()[0] for statement in split.statements]
    return {part.name: [lines[index] for index in part.statements] for part in split.parts}


@contextmanager
def _enter(folder: Path) -> Iterator[None]:
    """The folder as working folder, on the search path, and the process as it was afterwards."""
    before, path, modules, stdout = Path.cwd(), list(sys.path), set(sys.modules), sys.stdout
    os.chdir(folder)
    sys.path.insert(0, "")
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        sys.stdout = stdout
        _restore_figures()
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(folder)):
                del sys.modules[name]
