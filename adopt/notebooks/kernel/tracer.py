"""Records what each top-level statement of a notebook does, inside its kernel.

IPython runs the top-level statements of a cell one by one (`run_ast_nodes` calls `run_code` for each), so that wrapping
`run_code` is enough: no text is changed, and no user code becomes slower.
"""

import json
import pickle
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adopt.notebooks.kernel.drawing import Drawing
from adopt.notebooks.kernel.files import Watch
from adopt.notebooks.kernel.fingerprint import Fingerprint
from adopt.notebooks.kernel.states import find_states
from adopt.notebooks.kernel.values import describe_value, find_names

RECORDS = "records.jsonl"
"""The file in the folder of a run to which a line is added for each statement."""
CHEAP_SECONDS = 0.05
"""Up to here all names are looked at after each statement; beyond only those that the statement can reach."""
MOST_STDOUT = 1_000_000
"""Characters of a statement's output that are kept."""
OF_IPYTHON = {"In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "_exit_code"}
OF_PYTHON = {"__warningregistry__", "__annotations__"}


@dataclass
class Known:
    """A name as it was last looked at."""

    value: Any
    digest: str
    owners: frozenset[int] | None
    seconds: float
    """That its fingerprint took."""


def seed_of(book: int, cell: int, position: int) -> int:
    """The seed of a statement in a run that is seeded."""
    return (book * 1_000_000 + cell * 1_000 + position) % 2**32


def start(shell: Any, settings_file: str) -> None:
    """Trace a notebook in this kernel, as a file of settings says. The project is off the search path afterwards."""
    settings = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    sys.path.remove(settings["project"])
    for name in [name for name in sys.modules if name.partition(".")[0] == "adopt"]:
        del sys.modules[name]
    shell.relay_tracer = Tracer(shell, settings)


class Tracer:
    """What is known of the names, states, files and figures of a running notebook.

    Args:
        shell: The IPython shell of this kernel.
        settings: `out`, the folder to write into; `book`; `cells`, the numbers of the cells that will run; `keep`, from
            `cell,position` to the names whose values are kept; `is_seeded`; `guarded`, a folder that must not change;
            `top`, the folder that was copied.
    """

    def __init__(self, shell: Any, settings: dict[str, Any]) -> None:
        self.shell = shell
        self.out = Path(settings["out"])
        self.book: int = settings["book"]
        self.cells = iter(settings["cells"])
        self.keep: dict[str, list[str]] = settings["keep"]
        self.is_seeded: bool = settings["is_seeded"]
        self.cell, self.position = 0, 0
        self.is_busy = False
        self.seconds = 0.0
        self.known: dict[str, Known] = {}
        self.hidden = dict(shell.user_ns)
        self.modules = set(sys.modules)
        self.states = find_states()
        self.watch = Watch(Path.cwd(), self.out, settings["guarded"], settings.get("top", ""))
        self.drawing = Drawing(self.out, self.book)
        self.run_code: Callable[..., Awaitable[bool]] = shell.run_code
        shell.events.register("pre_run_cell", self.begin_cell)
        shell.events.register("post_run_cell", self.end_cell)
        shell.run_code = self.run_statement

    def begin_cell(self, _: Any) -> None:
        """Go on to the next cell, unless a statement runs a cell itself."""
        if not self.is_busy:
            self.cell, self.position = next(self.cells, 0), 0

    def end_cell(self, _: Any) -> None:
        """Look at all names: what no statement was known to reach is the last one's doing."""
        if not self.is_busy and self.cell and self.position:
            found = self._find_changes(None)
            if found["bound"] or found["changed"]:
                self._write({"late": [self.cell, self.position - 1], **found})

    def finish(self) -> None:
        """Write what is only known when the notebook has ended."""
        self.drawing.keep_all()
        self._write({"seconds": self.seconds})

    async def run_statement(self, code: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run a statement as IPython does, and record what it did. Gives whether it failed."""
        if self.is_busy or not self.cell:
            return await self.run_code(code, result, async_=async_)
        began = time.perf_counter()
        reached = find_names(code, self.shell.user_ns)
        text: list[str] = []
        self._seed()
        self.drawing.begin()
        self.is_busy = True
        self.watch.start()
        started = time.perf_counter()
        try:
            with _Tee(text):
                failed = await self.run_code(code, result, async_=async_)
        finally:
            ended = time.perf_counter()
            opened = self.watch.stop()
            self.is_busy = False
        self._record(reached, result, "".join(text), {**opened, "seconds": ended - started})
        self.seconds += time.perf_counter() - ended + started - began
        return failed

    def _seed(self) -> None:
        if self.is_seeded:
            seed = seed_of(self.book, self.cell, self.position)
            random.seed(seed)
            if "numpy" in sys.modules:
                sys.modules["numpy"].random.seed(seed)
            self.states = find_states()

    def _record(self, reached: set[str], result: Any, stdout: str, fields: dict[str, Any]) -> None:
        error = getattr(result, "error_in_exec", None)
        shown = getattr(result, "result", None)
        is_shown = shown is not None and not self.shell.displayhook.quiet()
        states = find_states()
        record = {
            "place": [self.book, self.cell, self.position],
            **self._find_changes(reached),
            **fields,
            "moved": [name for name in states if name in self.states and states[name] != self.states[name]],
            "modules": self._find_modules(),
            "stdout": stdout[:MOST_STDOUT],
            "shown": describe_value(shown, Fingerprint(shown), self.shell.user_ns) if is_shown else None,
            "drawn": self.drawing.end(),
            "error": type(error).__name__ if error is not None else "",
        }
        self.states = states
        self._write(record)
        self._keep_values()
        self.position += 1

    def _find_changes(self, reached: set[str] | None) -> dict[str, Any]:
        """What happened to the names: all of them, or those that a statement could reach."""
        names = self.shell.user_ns
        now = {name: value for name, value in names.items() if self._is_own(name, value)}
        gone = [name for name in self.known if name not in now]
        for name in gone:
            del self.known[name]
        bound = [name for name, value in now.items() if name not in self.known or self.known[name].value is not value]
        chosen = self._choose(set(now) - set(bound), reached)
        same = [name for name in now if name in chosen]
        values, changed = {}, []
        for name in (*bound, *same):
            before = self.known.get(name)
            began = time.perf_counter()
            print_ = Fingerprint(now[name])
            self.known[name] = Known(now[name], print_.digest, print_.owners, time.perf_counter() - began)
            is_changed = name in chosen and before is not None and before.digest != print_.digest
            if is_changed:
                changed.append(name)
            if is_changed or name not in chosen:
                values[name] = describe_value(now[name], print_, names)
        return {"bound": bound, "changed": changed, "gone": gone, "values": values}

    def _choose(self, names: set[str], reached: set[str] | None) -> set[str]:
        """The names to look at: all where that is cheap, otherwise what the statement mentions and its aliases."""
        if reached is None or sum(self.known[name].seconds for name in names) <= CHEAP_SECONDS:
            return names
        touched: set[int] = set().union(*(self.known[name].owners or () for name in reached if name in self.known))
        return {name for name in names if name in reached or self._is_alias(self.known[name], touched)}

    @staticmethod
    def _is_alias(known: Known, touched: set[int]) -> bool:
        return known.owners is None or not known.owners.isdisjoint(touched)

    def _is_own(self, name: str, value: Any) -> bool:
        """Whether a name is the notebook's, not IPython's."""
        if name in OF_IPYTHON | OF_PYTHON or (name.startswith("_") and name.lstrip("_i").isdigit()):
            return False
        return name not in self.hidden or self.hidden[name] is not value

    def _find_modules(self) -> list[str]:
        """The modules that were loaded from the notebook's folder, as paths in it."""
        new = set(sys.modules) - self.modules
        self.modules |= new
        files = [getattr(sys.modules[name], "__file__", None) for name in sorted(new) if name in sys.modules]
        paths = [Path(file).resolve() for file in files if file]
        folder = self.watch.folder
        return [path.relative_to(folder).as_posix() for path in paths if path.is_relative_to(folder)]

    def _keep_values(self) -> None:
        for name in self.keep.get(f"{self.cell},{self.position}", ()):
            if name in self.shell.user_ns:
                path = self.out / f"kept-{self.book}-{self.cell}-{self.position}-{name}.pickle"
                path.write_bytes(pickle.dumps(self.shell.user_ns[name]))

    def _write(self, line: dict[str, Any]) -> None:
        with (self.out / RECORDS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


class _Tee:
    """Collects what is printed while it is entered; IPython exchanges the stream's `write` for each cell.

    Args:
        text: Where to add it.
    """

    def __init__(self, text: list[str]) -> None:
        self.text = text

    def __enter__(self) -> None:
        self.stream = sys.stdout
        self.write = self.stream.write
        setattr(self.stream, "write", self._add)  # noqa: B010  (mypy sees a method)

    def __exit__(self, *_: object) -> None:
        setattr(self.stream, "write", self.write)  # noqa: B010

    def _add(self, words: str) -> Any:
        self.text.append(words)
        return self.write(words)
