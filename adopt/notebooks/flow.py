"""What each statement depends on and what it changes, from its text and from what a run saw.

Reads are taken from the text, because a run cannot see them; functions of the notebook are followed. Writes are taken
from both: aliases, generators and functions that change their arguments are only seen by the run.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

from adopt.notebooks.magics import parse
from adopt.notebooks.names import Names, find_calls, find_function_name, find_names, find_source
from adopt.notebooks.records import Cell, Kind, Notebook, Place, Run, Statement, StatementRecord

MAY_NOT_BIND = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.With | ast.AsyncWith | ast.Match
"""Statements that may leave a name as it was: what they bind, they also depend on."""
SEEDING = re.compile(r"\w*seed\w*\s*\(|set_state\s*\(|setstate\s*\(")
CANNOT_HOLD_FUNCTIONS = {
    *(Kind.FRAME, Kind.SERIES, Kind.ARRAY, Kind.NUMBER, Kind.BOOL, Kind.TEXT, Kind.NONE, Kind.PLAIN, Kind.RNG),
    *(Kind.MODULE, Kind.FIGURE),
}
NO_DRAWING = re.compile(r"\.(show|savefig|close)\s*\(")
"""Calls of pyplot that change no figure."""
READS_FILES = re.compile(r"(read|load|scan|open)")
WRITES_FILES = re.compile(r"(write|save|dump|to_)")
FOR_FIGURES = "set:matplotlib"


@dataclass
class _Book:
    """What is known of a notebook's names while its statements are read in order."""

    number: int
    folder: Path
    """Where it ran."""
    functions: dict[str, frozenset[str]] = field(default_factory=dict)
    """Function or class -> the names that its code reads."""
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    """Name -> the functions and classes that its value may call: an object of a class, a Pipeline, a partial."""
    opaque: set[str] = field(default_factory=set)
    """Names whose values cannot be looked into, such as database connections: what mentions them may change them."""
    settings: set[str] = field(default_factory=set)
    """Settings that statements have changed so far; everything behind depends on them."""
    seeded: set[str] = field(default_factory=set)
    """Global generators that have been seeded. Where none is, every draw is arbitrary and depends on no other."""

    def reach(self, names: frozenset[str]) -> set[str]:
        """Names, and all that the functions behind them read."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [*self.functions.get(name, ()), *self.held.get(name, ())]
        return found


def build_statements(notebooks: Sequence[Notebook], run: Run) -> tuple[Statement, ...]:
    """The top-level statements of all notebooks in the order in which they ran.

    Args:
        notebooks: As they were read.
        run: What a run of them saw; statements that did not run depend on nothing and change nothing.
    """
    numbers = count()
    found: list[Statement] = []
    for book, (notebook, ran) in enumerate(zip(notebooks, run.books, strict=False)):
        known = _Book(book, run.folder)
        for cell in notebook.cells:
            statements = list(_read_cell(cell, known, ran.records, numbers))
            found += _attach_to_figures(statements)
    return tuple(found)


def qualify(book: int, *names: str) -> set[str]:
    """Names with the number of their notebook: `0:df`."""
    return {f"{book}:{name}" for name in names}


def is_variable(name: str) -> bool:
    """Whether a name of `uses` or `defs` is a notebook's name, not a pseudo-name."""
    return name.partition(":")[0].isdigit()


def find_plain_name(name: str) -> str:
    """A notebook's name without the number of the notebook."""
    return name.partition(":")[2]


def _read_cell(
    cell: Cell, book: _Book, records: Mapping[Place, StatementRecord], numbers: Iterator[int]
) -> Iterator[Statement]:
    for position, node in enumerate(parse(cell.text).body):
        place = Place(book.number, cell.number, position)
        text = find_source(cell.text, node)
        names = find_names(text, node)
        record = records.get(place)
        uses, defs = (set(), set()) if record is None else _find_dependencies(node, text, names, record, book)
        yield Statement(
            index=next(numbers),
            place=place,
            text=text,
            node=node,
            record=record or StatementRecord(place),
            loads=names.loads,
            deferred=names.deferred,
            stores=names.stores,
            uses=frozenset(uses),
            defs=frozenset(defs),
            markdown=cell.markdown if position == 0 else "",
            tags=cell.tags,
            aliases=frozenset(qualify(book.number, *record.changed) - uses) if record is not None else frozenset(),
            has_magic="get_ipython" in names.loads,
        )


def _find_dependencies(
    node: ast.stmt, text: str, names: Names, record: StatementRecord, book: _Book
) -> tuple[set[str], set[str]]:
    """What a statement uses and defines; the book learns what it makes."""
    is_import = isinstance(node, ast.Import | ast.ImportFrom)
    is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    reached = set(names.loads) if is_definition else book.reach(names.loads)
    only_reads = is_definition or any(call.startswith("read_") for call in find_calls(node))
    changed = {*record.changed, *(set() if only_reads else reached & book.opaque)}
    uses = qualify(book.number, *reached)
    defs = qualify(book.number, *names.stores, *record.bound, *changed, *record.gone)
    if isinstance(node, MAY_NOT_BIND):
        uses |= qualify(book.number, *names.stores)
    uses |= {f"file:{path}" for path in record.files_read} | {f"net:{url}" for url in record.urls}
    defs |= {f"file:{path}" for path in record.files_written}
    if not (is_definition or record.files_read or record.files_written):
        _add_named_files(node, book.folder, uses, defs)
    figures = {f"fig:{book.number}:{number}" for number in record.drawn}
    uses |= figures | ({FOR_FIGURES} if figures else set()) | (book.settings - {FOR_FIGURES})
    defs |= figures
    if not is_import:
        _add_states(text, record, book, uses, defs)
    _learn(names, record, book, reached)
    return uses, defs


def _add_named_files(node: ast.stmt, folder: Path, uses: set[str], defs: set[str]) -> None:
    """Files that libraries open unseen by the run, as the text names them: `pq.read_table("a.parquet")`."""
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        name = find_function_name(call)
        found = uses if READS_FILES.match(name) else defs if WRITES_FILES.match(name) else None
        for argument in call.args if found is not None else ():
            text = argument.value if isinstance(argument, ast.Constant) else None
            if found is not None and isinstance(text, str) and "\n" not in text and (folder / text).is_file():
                found.add(f"file:{PurePosixPath(text)}")


def _add_states(text: str, record: StatementRecord, book: _Book, uses: set[str], defs: set[str]) -> None:
    """Random numbers that were drawn and settings that were changed. A package's import may do both for itself."""
    for name in record.moved:
        if name.startswith("rng:"):
            defs.add(name)
            if SEEDING.search(text):
                book.seeded.add(name)
            elif name in book.seeded:
                uses.add(name)
        elif not record.drawn:  # the first figure changes settings too
            defs.add(name)
            uses.add(name)
            book.settings.add(name)


def _learn(names: Names, record: StatementRecord, book: _Book, reached: set[str]) -> None:
    """Remember the functions that a statement makes, and which names hold values that may call them."""
    callable_names = {name for name in reached if name in book.functions}
    for name in (*names.stores, *record.bound, *record.changed):
        value = record.values.get(name)
        if value is not None and value.is_opaque:
            book.opaque.add(name)
        elif name in record.bound:
            book.opaque.discard(name)
        if value is not None and value.kind in (Kind.FUNCTION, Kind.CLASS) and (names.deferred or value.function_reads):
            book.functions[name] = frozenset({*names.deferred, *value.function_reads} - {name})
        elif value is not None and value.kind in CANNOT_HOLD_FUNCTIONS:
            book.functions.pop(name, None)
            book.held.pop(name, None)
        elif callable_names - {name}:
            book.held[name] = frozenset(callable_names - {name}) | book.held.get(name, frozenset())


def _attach_to_figures(cell: Sequence[Statement]) -> list[Statement]:
    """The statements of a cell, with calls of pyplot that change nothing to see attached to the figure before them.

    `plt.sca(ax)` chooses where the next call draws.
    """
    here = sorted({name for statement in cell for name in statement.defs if name.startswith("fig:")})
    current = here[0] if here else ""
    found = []
    for statement in cell:
        figures = sorted(name for name in statement.defs if name.startswith("fig:"))
        is_call = isinstance(statement.node, ast.Expr | ast.Assign) and statement.text.startswith("plt.")
        if figures:
            current = figures[-1]
        elif current and is_call and not NO_DRAWING.search(statement.text) and not statement.defs & {FOR_FIGURES}:
            changes = {"uses": statement.uses | {current}, "defs": statement.defs | {current}}
            statement = Statement(**{**vars(statement), **changes})
        found.append(statement)
    return found
