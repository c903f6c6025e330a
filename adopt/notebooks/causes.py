"""Why a cell failed: the cause, not the first consequence, and what to change."""

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adopt.notebooks.magics import parse
from adopt.notebooks.packages import OF_PYTHON_2
from adopt.notebooks.plan import CellRef, NotebookError, Refusal, RefusalKind
from adopt.notebooks.records import Cell, Failure, Notebook, Run
from adopt.notebooks.removed import find_removed

NAMES_OF_PYTHON_2 = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "unichr": "chr",
    "long": "int",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "execfile": "exec",
    "cmp": "a comparison",
    "izip": "zip",
}
"""Name of Python 2 -> what Python 3 has."""
FETCH = re.compile(r"\b(wget|curl|kaggle|gdown|unzip|tar|git clone)\b")
"""Shell lines that bring files; they are not run."""
ASKS_USER = ("StdinNotImplementedError", "EOFError")
LOGIN_STATUS, GONE_STATUS = ("401", "403", "407"), ("404", "410")
MISSING_NAME = re.compile(r"name '(\w+)' is not defined")
MISSING_PATH = re.compile(
    r"No such file or directory:? '([^']+)'|File b?'?([^' ]+)'? does not exist|(\S+) not found\.$"
)
STATUS = re.compile(r"HTTP Error (\d{3})|(\d{3}) (?:Client|Server) Error")
LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class _Case:
    """A failure with what lies around it."""

    failure: Failure
    notebooks: Sequence[Notebook]
    urls: tuple[str, ...]
    """What the failing statement opened."""

    @property
    def notebook(self) -> Notebook:
        return self.notebooks[self.failure.place.book]

    @property
    def cell(self) -> Cell:
        return next(cell for cell in self.notebook.cells if cell.number == self.failure.place.cell)

    @property
    def where(self) -> str:
        """The cell, with its notebook where there are several."""
        of = f" of {self.notebook.path.name}" if len(self.notebooks) > 1 else ""
        return f"cell {self.failure.place.cell}{of}"

    @property
    def own(self) -> set[str]:
        """The functions and classes that the notebook defines."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return {node.name for _, tree in self.trees() for node in ast.walk(tree) if isinstance(node, kinds)}

    def trees(self) -> Iterator[tuple[int, ast.Module]]:
        """The number and the tree of each cell of the notebook."""
        for cell in self.notebook.cells:
            yield cell.number, parse(cell.text)

    def refuse(self, kind: RefusalKind, message: str, step: str, *cells: int) -> Refusal:
        """The refusal; it says too where the notebook failed when it was saved."""
        place = self.failure.place
        if self.cell.stored_error:
            message = f"{message} The notebook was saved with an error ({self.cell.stored_error}) in the same cell."
        refs = tuple(CellRef(place.book, number) for number in (place.cell, *cells))
        return Refusal(kind, message, step, refs)


def explain_failure(run: Run, notebooks: Sequence[Notebook]) -> NotebookError | None:
    """The error that says why a run failed; None where it did not."""
    for book in run.books:
        if (failure := book.failure) is not None:
            record = book.records.get(failure.place)
            return NotebookError((find_cause(failure, notebooks, record.urls if record else ()),))
    return None


def find_cause(failure: Failure, notebooks: Sequence[Notebook], urls: Sequence[str] = ()) -> Refusal:
    """Why a statement failed.

    Args:
        failure: The statement and its exception.
        notebooks: All notebooks of the run.
        urls: What the statement opened before it failed.
    """
    case = _Case(failure, notebooks, tuple(urls))
    for find in (_find_limit, _find_old, _find_login, _find_name, _find_file, _find_question):
        if (found := find(case)) is not None:
            return found
    text = " ".join(failure.message.split())[:LONGEST_MESSAGE].rstrip(".")
    message = f"{_begin(case.where)} ended with {failure.error}: {text}."
    return case.refuse(
        RefusalKind.FAILED_CELL, message, "Run the notebook from the top in this environment and correct it."
    )


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]


def _find_limit(case: _Case) -> Refusal | None:
    if case.failure.error == "TimeoutError":
        message = f"{_begin(case.where)} took longer than the limit."
        return case.refuse(RefusalKind.TIMEOUT, message, "Give a longer limit with `--timeout SECONDS`.")
    if case.failure.error == "DeadKernelError":
        message = f"The kernel ended in {case.where}, as it does when the memory is used up."
        return case.refuse(RefusalKind.FAILED_CELL, message, "Read fewer rows there, or use a larger machine.")
    return None


def _find_old(case: _Case) -> Refusal | None:
    """What older versions of a library, or Python 2, had."""
    missing = MISSING_NAME.search(case.failure.message)
    if missing and missing[1] in NAMES_OF_PYTHON_2 and not _binds(case, missing[1]):
        message = f"The notebook is written in Python 2: {case.where} uses `{missing[1]}`."
        return case.refuse(RefusalKind.PYTHON_2, message, f"Use `{NAMES_OF_PYTHON_2[missing[1]]}`.")
    module = re.search(r"No module named '(\w+)'", case.failure.message)
    if module and module[1] in OF_PYTHON_2:
        message = f"The notebook is written in Python 2: {case.where} imports `{module[1]}`."
        return case.refuse(RefusalKind.PYTHON_2, message, f"Import `{OF_PYTHON_2[module[1]]}`.")
    removed = find_removed(case.failure.message, case.own)
    if removed is None:
        return None
    message = f"{_begin(case.where)} uses what is gone: {removed.message}."
    return case.refuse(RefusalKind.REMOVED_API, message, removed.next_step)


def _find_login(case: _Case) -> Refusal | None:
    status = STATUS.search(case.failure.message)
    if status is not None:
        code = status[1] or status[2]
        url = _find_url(case)
        if code in LOGIN_STATUS:
            message = f"{_begin(case.where)} downloads {url}, which needs a login (HTTP {code})."
            step = "Download the file and read it from beside the notebook."
            return case.refuse(RefusalKind.LOGIN, message, step)
        gone = "does not exist any more" if code in GONE_STATUS else "could not be downloaded"
        message = f"{_begin(case.where)} downloads {url}, which {gone} (HTTP {code})."
        return case.refuse(RefusalKind.MISSING_FILE, message, "Read the data from a file or from another URL.")
    if case.failure.error in ("URLError", "ConnectionError", "gaierror", "ConnectTimeout", "ConnectionRefusedError"):
        message = f"{_begin(case.where)} could not reach {_find_url(case)}."
        return case.refuse(RefusalKind.MISSING_FILE, message, "Check the connection, or read the data from a file.")
    return None


def _find_url(case: _Case) -> str:
    named = re.search(r"https?://[^\s'\"]+", case.failure.message)
    whole = [url for url in case.urls if "://" in url]
    return named[0] if named else (whole or list(case.urls) or ["a file"])[-1]


def _find_name(case: _Case) -> Refusal | None:
    """A name that has no value yet: bound in a later cell, in none, or by an import that failed."""
    missing = MISSING_NAME.search(case.failure.message)
    if missing is None or hasattr(builtins, missing[1]):
        return None
    name = missing[1]
    later = [number for number in _binds(case, name) if number > case.failure.place.cell]
    if later:
        message = f"{_begin(case.where)} uses `{name}` before it has a value: cell {later[0]} gives it one."
        return case.refuse(RefusalKind.MISSING_NAME, message, f"Move cell {later[0]} up.", later[0])
    if name in ("display", "get_ipython"):
        return None
    if [number for number in _binds(case, name) if number <= case.failure.place.cell]:
        message = f"{_begin(case.where)} uses `{name}`, which got no value in this run."
        step = "Bind it in every case, such as above the `if` or `try` that does so now."
    else:
        message = f"{_begin(case.where)} uses `{name}`, and no cell gives it a value: the cell that did was deleted."
        step = f"Add a cell that binds `{name}`."
    return case.refuse(RefusalKind.MISSING_NAME, message, step)


def _binds(case: _Case, name: str) -> list[int]:
    """The cells that give a name a value."""
    found = []
    for number, tree in case.trees():
        for node in ast.walk(tree):
            is_name = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
            is_definition = (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
            )
            is_import = isinstance(node, ast.alias) and (node.asname or node.name.split(".")[0]) == name
            if (is_name or is_definition or is_import) and number not in found:
                found.append(number)
    return found


def _find_file(case: _Case) -> Refusal | None:
    """A file that is not there; a shell line that would have brought it is named."""
    match = MISSING_PATH.search(case.failure.message)
    if match is None or case.failure.error not in ("FileNotFoundError", "OSError", "NotADirectoryError", "IOError"):
        return None
    path = next(part for part in match.groups() if part)
    message = f"{_begin(case.where)} reads the file {path}, which is not there."
    step = f"Put it at {path}, seen from the notebook's folder."
    if path.startswith("/"):
        step = f"Put it beside the notebook and read `{path.rsplit('/', 1)[-1]}`."
    brought = [magic for magic in case.notebook.magics if FETCH.search(magic.line)]
    if brought:
        message = f"{message} Cell {brought[0].cell} fetches files with `{brought[0].line.strip()}`, which is not run."
        step = f"Run that line by hand. {step}"
    return case.refuse(RefusalKind.MISSING_FILE, message, step)


def _find_question(case: _Case) -> Refusal | None:
    if case.failure.error not in ASKS_USER:
        return None
    is_secret = "getpass" in case.cell.text
    message = f"{_begin(case.where)} asks the user for {'a password' if is_secret else 'input'}."
    step = "Read the data from a file." if is_secret else "Assign the answer to the name instead."
    return case.refuse(RefusalKind.LOGIN if is_secret else RefusalKind.FAILED_CELL, message, step)
