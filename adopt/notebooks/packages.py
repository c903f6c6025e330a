"""What notebooks import and this environment lacks, seen without running a cell."""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from adopt.notebooks.magics import parse
from adopt.notebooks.plan import CellRef, Refusal, RefusalKind
from adopt.notebooks.records import Notebook
from adopt.notebooks.removed import Removed, find_removed_name
from relay.handoff.own.packages import guess_distribution
from relay.handoff.wording import list_words

OF_PYTHON_2 = {
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "httplib": "http.client",
    "cPickle": "pickle",
    "StringIO": "io",
    "cStringIO": "io",
    "ConfigParser": "configparser",
    "Queue": "queue",
    "HTMLParser": "html.parser",
    "__builtin__": "builtins",
    "commands": "subprocess",
}
"""Module of Python 2 -> where Python 3 has it."""
ELSEWHERE = {
    "google.colab": "Colab",
    "kaggle_datasets": "Kaggle",
    "kaggle_secrets": "Kaggle",
    "dbutils": "Databricks",
}
"""Module -> the only place that has it."""
OPTIONAL = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


@dataclass(frozen=True)
class Import:
    """A module that a cell imports."""

    module: str
    """Dotted, without the name that is taken from it."""
    name: str
    """The name that is taken from it; empty for `import a.b`."""
    binds: str
    """The notebook's name for it; `*` where it is not known."""
    where: CellRef

    @property
    def package(self) -> str:
        """The top-level name."""
        return self.module.split(".")[0]


def find_missing(notebooks: Sequence[Notebook]) -> tuple[Refusal, ...]:
    """Everything that the imports of all notebooks need and that is not there: packages, and names of old versions.

    An import in a `try` that expects it to fail is left out, and so is a module beside the notebooks.
    """
    imports = [one for book, notebook in enumerate(notebooks) for one in _find_imports(notebook, book)]
    beside = {path.stem for notebook in notebooks for path in notebook.path.parent.iterdir()}
    imports = [one for one in imports if one.package not in beside]
    missing = [one for one in imports if not _is_there(one)]
    refusals = [*_refuse_python_2(missing), *_refuse_elsewhere(missing), *_refuse_packages(missing, notebooks)]
    return (*refusals, *_refuse_removed([one for one in imports if one not in missing]))


def find_removed_import(module: str, name: str) -> Removed | None:
    """What `from module import name`, or `import module`, was in an older version of an installed library."""
    return find_removed_name(f"{module}.{name}" if name else module)


def _find_imports(notebook: Notebook, book: int) -> Iterator[Import]:
    for cell in notebook.cells:
        where = CellRef(book, cell.number)
        for node in _walk(parse(cell.text)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, "", alias.asname or alias.name.split(".")[0], where)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    yield Import(node.module, alias.name, alias.asname or alias.name, where)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, without the bodies of `try` statements that expect an import to fail."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Try) and any(_expects_import(handler) for handler in child.handlers):
            for part in (*child.orelse, *child.finalbody):
                yield from _walk(part)
        else:
            yield child
            yield from _walk(child)


def _expects_import(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in OPTIONAL for kind in kinds)


def _is_there(one: Import) -> bool:
    if one.package in sys.stdlib_module_names:
        return True
    try:
        spec = find_spec(one.package)
        if spec is not None and spec.origin is None:  # several distributions may share such a package
            spec = find_spec(one.module)
    except (ImportError, ValueError):
        return False
    return spec is not None


def _is_elsewhere(one: Import, module: str) -> bool:
    return f"{one.module}.{one.name}.".startswith(f"{module}.")


def _refuse_python_2(missing: Sequence[Import]) -> Iterator[Refusal]:
    old = [one for one in missing if one.package in OF_PYTHON_2]
    if old:
        names = sorted({one.package for one in old})
        message = f"The notebook is written in Python 2: {_say_cells(old)} imports {list_words(names)}."
        now = ", ".join(f"`{OF_PYTHON_2[name]}` for `{name}`" for name in names)
        yield Refusal(RefusalKind.PYTHON_2, message, f"Convert it to Python 3: {now}.", _cells(old))


def _refuse_elsewhere(missing: Sequence[Import]) -> Iterator[Refusal]:
    for module, place in ELSEWHERE.items():
        found = [one for one in missing if _is_elsewhere(one, module)]
        if found:
            message = f"{_say_cells(found).capitalize()} imports `{module}`, which exists only in {place}."
            step = "Delete what uses it, and read the data from a file beside the notebook or from a URL."
            yield Refusal(RefusalKind.MISSING_PACKAGE, message, step, _cells(found))


def _refuse_packages(missing: Sequence[Import], notebooks: Sequence[Notebook]) -> Iterator[Refusal]:
    """One refusal for all packages: those that are used, and those that are only imported."""
    rest = [
        one
        for one in missing
        if one.package not in OF_PYTHON_2 and not any(_is_elsewhere(one, module) for module in ELSEWHERE)
    ]
    if not rest:
        return
    names = _find_names(notebooks)
    used = {one.package for one in rest if one.binds == "*" or one.binds in names[one.where.book]}
    idle = {one.package for one in rest} - used
    parts = [
        f"{list_words(sorted(packages))} ({_say_cells([one for one in rest if one.package in packages])}){words}"
        for packages, words in ((used, ""), (idle, ", only imported"))
        if packages
    ]
    message = f"Packages that are not installed: {'; '.join(parts)}."
    step = ""
    if used:
        install = list_words([guess_distribution(name) for name in sorted(used)])
        step = f"Add {install} to the `requirements.in` of the stage that uses it, and run `make lock`."
    if idle:
        verb = "is" if len(idle) == 1 else "are"
        step = f"{step} Delete the import of {list_words(sorted(idle))}, which {verb} not used.".strip()
    yield Refusal(RefusalKind.MISSING_PACKAGE, message, step, _cells(rest))


def _find_names(notebooks: Sequence[Notebook]) -> list[set[str]]:
    """For each notebook, the names that its code reads."""
    return [
        {
            node.id
            for cell in notebook.cells
            for node in ast.walk(parse(cell.text))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for notebook in notebooks
    ]


def _refuse_removed(imports: Sequence[Import]) -> Iterator[Refusal]:
    """Names of modules that were removed; whether they are really gone is asked of the installed library."""
    for one in imports:
        removed = find_removed_import(one.module, one.name if one.name != "*" else "")
        if removed is not None and not _has(one):
            message = f"Cell {one.where.cell} imports what is gone: {removed.message}."
            yield Refusal(RefusalKind.REMOVED_API, message, removed.next_step, (one.where,))


def _has(one: Import) -> bool:
    try:
        module = __import__(one.module, fromlist=[""])
        return not one.name or one.name == "*" or hasattr(module, one.name)
    except Exception:  # whatever it raises, it cannot be imported
        return False


def _cells(imports: Sequence[Import]) -> tuple[CellRef, ...]:
    return tuple(dict.fromkeys(one.where for one in imports))


def _say_cells(imports: Sequence[Import]) -> str:
    numbers = sorted({one.where.cell for one in imports})
    return f"cell {numbers[0]}" if len(numbers) == 1 else f"cells {list_words([str(number) for number in numbers])}"
