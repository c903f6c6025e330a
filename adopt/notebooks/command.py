"""`python -m adopt 1.ipynb 2.ipynb 3.ipynb`: run notebooks, write what they become, prove it, and place it."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from adopt.notebooks.placing import REPORT_HTML, Places, require_free, set_aside
from adopt.notebooks.report import Report, write_json, write_lines
from adopt.notebooks.verdicts import read_accepted
from adopt.recipe.names import is_recipe_name, make_words
from adopt.scratch import open_scratch
from relay.handoff.errors import FAILED, UsageError
from relay.handoff.recipe_file import show_path
from relay.handoff.settings import DATA_DIR, RECIPES_DIR, read_settings
from relay.handoff.verbs import VerbAnswer

NEEDED = ("nbclient", "ipykernel", "libcst", "ruff")
SUFFIXES = (".ipynb", ".py")
LONGEST_NAME = 40
CELL_TIMEOUT = 600
"""Seconds for one cell, as `execute` has it, which needs the packages of notebooks."""


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold."""
    parser.description = (
        "Runs notebooks, writes recipes/NAME.toml and its module with one function per stage, runs the stages, and "
        "compares every frame, metric and figure (data/adopted/NAME/report.html). Writes nothing where it cannot."
    )
    parser.epilog = (
        "Exit code: 0 all is equal or accepted; 1 something differs, or the notebooks are refused; 2 bad usage. "
        "Example: python -m adopt 1.ingest.ipynb 2.preprocess.ipynb 3.model.ipynb --name forum"
    )
    parser.add_argument(
        "given", nargs="+", metavar="NOTEBOOK", help="one notebook, or several in the order of the stages"
    )
    parser.add_argument("--name", default="", help="name of the recipe (default: from the name of the notebook)")
    parser.add_argument("--split", default="", metavar="CELLS", help="cells of the three stages, such as 1-3,4-9,10-")
    parser.add_argument("--accept", action="append", default=[], metavar='"KIND NAME: REASON"',
                        help="accept a difference, such as \"frame orders: rows are sorted\"; repeatable")  # fmt: skip
    parser.add_argument(
        "--correct-leaks",
        action="store_true",
        help="fit scalers, encoders and vectorisers on the training rows only; each metric is shown twice",
    )
    parser.add_argument(
        "--timeout", type=float, default=CELL_TIMEOUT, metavar="SECONDS", help="limit for each cell (600)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")
    parser.add_argument("--into", type=Path, metavar="DIR", help="folder of the recipe (default: recipes/)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=DATA_DIR.option)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Adopt the notebooks.

    Raises:
        UsageError: what is given names nothing, or the name is taken.
        NotebookError: they cannot be adopted.
    """
    _require_packages()
    accepted = read_accepted(options.accept)
    paths = _find_paths(options.given)
    name = options.name or make_words(paths[0].stem, LONGEST_NAME) or "notebook"
    if not is_recipe_name(name):
        raise UsageError(f'--name {name}: no recipe can be called "{name}"; expected letters, digits, - and _')
    data_dir = (options.data_dir or read_settings().data_dir).absolute()
    places = Places((options.into or RECIPES_DIR).absolute(), data_dir, name)
    before = {} if options.dry_run else require_free(places)
    from adopt.notebooks.adoption import Wishes, adopt_notebooks
    from adopt.notebooks.finish import finish_adoption

    wishes = Wishes(name, _describe_command(options, name), options.split, options.timeout, options.correct_leaks)
    with open_scratch() as folder, set_aside(places, before, folder) as done:
        adoption = adopt_notebooks(paths, wishes, folder / "work")
        finished = finish_adoption(adoption, accepted)
        if not options.dry_run:
            finished.place(places)
            done.append("done")
    report = finished.report
    shown = show_path(places.report / REPORT_HTML)
    texts = finished.texts if options.dry_run else {}
    lines = [*(f"# {name}\n\n{text}" for name, text in texts.items()), *write_lines(report)]
    lines += ["Nothing was written (--dry-run)."] if options.dry_run else _say_end(report, shown)
    leave = None if report.is_settled else _fail
    return VerbAnswer(json.loads(write_json(report)) | {"report": shown}, "\n".join(lines), leave)


def _fail() -> NoReturn:
    """End with the exit code of a difference, once the answer is out."""
    sys.exit(FAILED)


def _say_end(report: Report, shown: str) -> Iterator[str]:
    yield f"Report: {shown}"
    yield f"Written: {', '.join(report.files)}"
    if report.is_settled:
        yield f"Next: make run RECIPE={report.name}"
        return
    item = report.open_items[0]
    yield (
        f'The recipe does not compute the same. Look at the report; accept a difference with --accept "{item.label}: '
        'the reason", or change the notebook and run the command again.'
    )


def _require_packages() -> None:
    """Return where everything is installed that notebooks need.

    Raises:
        UsageError: something is missing; the message names the command that installs it.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"notebooks need packages that are not installed: {', '.join(missing)}",
            next_step="Run `make adopt FROM=…` once, which installs them from notebooks/requirements.txt",
        )


def _find_paths(given: Sequence[str]) -> list[Path]:
    """The notebooks.

    Raises:
        UsageError: one does not exist or is no notebook.
    """
    paths = [Path(one) for one in given]
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError(f"{path} is not a notebook; expected {' or '.join(SUFFIXES)} files only")
        if not path.is_file():
            raise UsageError(f"{path} does not exist", next_step="Check the path")
    return paths


def _describe_command(options: argparse.Namespace, name: str) -> str:
    """The command that adopts the same again; notebooks by their names alone, for no path belongs in a recipe."""
    words = ["python", "-m", "adopt", *(Path(one).name for one in options.given), "--name", name]
    words += ["--split", options.split] if options.split else []
    words += ["--correct-leaks"] if options.correct_leaks else []
    return shlex.join(words)
