"""Notebooks run from the top in fresh kernels, with a record of each statement."""

import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adopt.notebooks.read import read_outputs
from adopt.notebooks.recorded import read_book_run
from adopt.notebooks.records import (
    BookRun,
    Cell,
    Failure,
    Notebook,
    Place,
    Run,
    StatementRecord,
)
from adopt.notebooks.scratch import copy_folder, find_folder

ROOT = Path(__file__).resolve().parents[2]
CELL_TIMEOUT = 600
"""Seconds for one cell, unless `--timeout` says another number."""
ALLOWED_TO_FAIL = "raises-exception"
"""The tag of Jupyter for a cell whose error does not end the notebook."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class RunOptions:
    """How notebooks are run."""

    hash_seed: int = 1
    """`PYTHONHASHSEED`: the order of sets of texts depends on it."""
    timeout: float = CELL_TIMEOUT
    """Seconds for each cell."""
    is_seeded: bool = False
    """Whether `random` and numpy are seeded before each statement, for proofs of unseeded notebooks."""
    keep: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    """Statement -> the names whose values are kept after it."""
    on_cell: Callable[[int, int], None] | None = None
    """Called with the numbers of notebook and cell before a cell runs."""


COPY = "copy"
"""The folder in the scratch folder that holds the copy."""


def run_notebooks(notebooks: Sequence[Notebook], scratch: Path, options: RunOptions | None = None) -> Run:
    """Run notebooks one after the other in one copy of their folder; those behind one that fails do not run.

    Args:
        notebooks: As they were read.
        scratch: An empty folder for the copy and for what is recorded; it has to outlive the `Run`.
        options: Seeds, limits, and what is kept.

    Raises:
        NotebookError: Their folder cannot be copied.
    """
    options = options or RunOptions()
    folder = copy_folder(notebooks, scratch / COPY)
    out = scratch / "records"
    out.mkdir(parents=True)
    books: list[BookRun] = []
    for book, notebook in enumerate(notebooks):
        books.append(asyncio.run(_run(notebook, book, folder, out / str(book), options)))
        if books[-1].failure is not None:
            break
    return Run(tuple(books), folder, options.hash_seed, options.is_seeded)


async def _run(notebook: Notebook, book: int, folder: Path, out: Path, options: RunOptions) -> BookRun:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    out.mkdir()
    client, cells = _make_client(notebook, folder, options)
    _write_settings(notebook, book, out, options)
    failed: tuple[int, str, str, tuple[str, ...]] | None = None
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with client.async_setup_kernel(env=_find_environment(options, out), cleanup_kc=True):  # else it lives on
        _take_signals_back(handlers)
        await _run_hidden(client, _START.format(project=str(ROOT), settings=str(out / "settings.json")))
        for position, cell in enumerate(notebook.cells):
            if options.on_cell is not None:
                options.on_cell(book, cell.number)
            try:
                await client.async_execute_cell(cells[position], position)
                failed = _find_other_error(cell, cells[position])
            except CellExecutionError as error:
                lines = tuple(COLOURS.sub("", error.traceback).splitlines())
                failed = (cell.number, error.ename, error.evalue, lines)
            except CellTimeoutError:
                failed = (cell.number, "TimeoutError", f"It took longer than {options.timeout:g} seconds.", ())
            except DeadKernelError:
                failed = (cell.number, "DeadKernelError", "Its process ended, perhaps for lack of memory.", ())
            if failed is not None:
                break
        else:
            await _run_hidden(client, "get_ipython().relay_tracer.finish()")
    outputs = {cell.number: read_outputs(ran.outputs) for cell, ran in zip(notebook.cells, cells, strict=True)}
    run = read_book_run(out, book)
    return replace(run, outputs=outputs, failure=_find_failure(book, run.records, failed))


def _take_signals_back(handlers: Mapping[signal.Signals, Any]) -> None:
    """Let Ctrl-C and SIGTERM end this command as any other: nbclient would end the kernel and go on."""
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)


def _write_settings(notebook: Notebook, book: int, out: Path, options: RunOptions) -> None:
    """Tell the tracer in the kernel what to do."""
    settings = {
        "project": str(ROOT),
        "out": str(out),
        "book": book,
        "cells": [cell.number for cell in notebook.cells],
        "keep": {f"{at.cell},{at.position}": list(names) for at, names in options.keep.items() if at.book == book},
        "is_seeded": options.is_seeded,
        "guarded": str(find_folder([notebook])),
        "top": str(out.parent.parent / COPY),
    }
    (out / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


_START = (
    "__import__('sys').path.insert(0, {project!r}); "
    "__import__('importlib').import_module('adopt.notebooks.kernel.tracer').start(get_ipython(), {settings!r})"
)
"""Binds no name in the notebook."""


def _make_client(notebook: Notebook, folder: Path, options: RunOptions) -> tuple[Any, list[Any]]:
    """A client for a kernel of this Python, whatever kernels the user has, and the cells that it will run."""
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    cells = []
    for cell in notebook.cells:
        tags = [ALLOWED_TO_FAIL] if cell.stored_error or ALLOWED_TO_FAIL in cell.tags else []
        cells.append(nbformat.v4.new_code_cell(cell.text, metadata={"tags": tags}))  # type: ignore[no-untyped-call]
    hidden = nbformat.v4.new_code_cell("")  # type: ignore[no-untyped-call]
    book = nbformat.v4.new_notebook(cells=[*cells, hidden])  # type: ignore[no-untyped-call]
    manager = AsyncKernelManager()
    command = [sys.executable, "-m", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=command, display_name="", language="python")
    client = NotebookClient(
        book,
        km=manager,
        timeout=options.timeout,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
    )
    return client, book.cells[:-1]


async def _run_hidden(client: Any, source: str) -> None:
    """Run a line of ours in the last cell, which is not the notebook's."""
    client.nb.cells[-1].source = source
    await client.async_execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1, store_history=False)


def _find_environment(options: RunOptions, out: Path) -> dict[str, str]:
    """The environment of the kernel: the user's, without their IPython profile and its start-up files."""
    return {
        **os.environ,
        "PYTHONHASHSEED": str(options.hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": str(out / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _find_other_error(cell: Cell, ran: Any) -> tuple[int, str, str, tuple[str, ...]] | None:
    """The error of a cell that failed when its author ran it too, if it is not the same one."""
    for output in ran.outputs:
        is_same = ALLOWED_TO_FAIL in cell.tags or output.get("ename") == cell.stored_error
        if output.output_type == "error" and not is_same:
            lines = tuple(COLOURS.sub("", "\n".join(output.traceback)).splitlines())
            return cell.number, output.ename, output.evalue, lines
    return None


def _find_failure(book: int, records: Mapping[Place, StatementRecord], failed: Any) -> Failure | None:
    if failed is None:
        return None
    cell, error, message, lines = failed
    here = [record for place, record in records.items() if place.cell == cell]
    broken = [record.place for record in here if record.error]
    return Failure(broken[-1] if broken else Place(book, cell, len(here)), error, message, lines)
