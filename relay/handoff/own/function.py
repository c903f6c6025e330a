"""A user's function as a stage sees it: what it takes, its values, what of it is in the key, and how it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relay.handoff.code import Code
from relay.handoff.own.arguments import hash_files, locate_files, pack, resolve_arguments, to_plain
from relay.handoff.own.module import OwnFolder, Source, find_source, require_outside
from relay.handoff.own.packages import require_pinned
from relay.handoff.own.reach import Reach, find_reach, require_function
from relay.handoff.own.signature import Signature, read_signature
from relay.handoff.recipe import Recipe
from relay.handoff.run import InputChangedError
from relay.handoff.settings import ROOT

if TYPE_CHECKING:  # what starts processes is needed only where there is work
    from relay.handoff.own.apart import Work

CODE = Code(modules=("relay.handoff.own.child", "relay.handoff.own.frames", "relay.handoff.own.loading"))
"""What of ours decides bytes wherever own code runs."""


@dataclass(frozen=True)
class OwnFunction:
    """A function of the module beside a recipe. Nothing of it is imported."""

    recipe: Recipe
    stage: str
    """Whose lock must pin what it imports."""
    source: Source
    signature: Signature
    reach: Reach
    values: Mapping[str, Any]
    """Each parameter's value, typed."""
    timeout: float | None = None
    """Seconds after which it is ended."""

    @cached_property
    def code(self) -> Code:
        """What decides its result: its part of the module, and the packages that this imports.

        Raises:
            OwnCodeError: the stage's lock does not pin a package.
        """
        lock = ROOT / self.stage / "requirements.txt"
        packages = require_pinned(self.reach.imports, self.stage, lock, self.source.shown, self.recipe.path.parent)
        return CODE + Code(modules=(), packages=tuple(packages), own=self.reach.code)

    @property
    def arguments(self) -> dict[str, Any]:
        """The values as JSON has them, for the key and the receipt."""
        return to_plain(self.values)

    def files(self, data_dir: Path) -> dict[str, Any]:
        """Parameter -> the file, or the list of files, that it names."""
        return locate_files(self.values, data_dir, self.recipe.path.parent)

    def inputs(self, data_dir: Path) -> dict[str, str]:
        """Name -> SHA-256 of each file that a parameter names.

        Raises:
            RecipeError: a file is not there.
        """
        return hash_files(self.signature.shown, self.files(data_dir))

    def require_same(self, data_dir: Path, inputs: Mapping[str, str]) -> None:
        """Return when the files that parameters name are still those of the key.

        Args:
            data_dir: from which paths that begin with `data/` count.
            inputs: name -> SHA-256 of all that the stage reads, from the key.

        Raises:
            InputChangedError: one was replaced since the key was made, so that the function may have read another one.
        """
        for name, digest in self.inputs(data_dir).items():
            if inputs.get(name) != digest:
                raise InputChangedError(name)

    def work(self, task: str, data_dir: Path, **arguments: Any) -> "Work":
        """What a process of own code does with the function.

        Args:
            task: a function of ours, module:function; it finds `values` (see `unpack`) and `data_dir` in its arguments.
            data_dir: from which paths that begin with `data/` count.
            arguments: what else the task needs, as JSON has it.

        Raises:
            OwnCodeError: its module lies in the data folder.
        """
        from relay.handoff.own.apart import Work

        require_outside(self.recipe.path.parent, data_dir)
        values = {**self.values, **self.files(data_dir)}
        return Work(
            task=task,
            arguments={"values": pack(values), "data_dir": str(data_dir), **arguments},
            folder=self.recipe.path.parent,
            module=self.source.module,
            function=self.signature.function,
            files=self.reach.files,
            shown=self.signature.shown,
            seed=self.recipe.seed,
            timeout=self.timeout,
        )


def find_function(
    recipe: Recipe,
    section: str,
    function: str,
    given: Mapping[str, Any],
    data: int | Callable[[list[str]], int],
    timeout: float | None = None,
) -> OwnFunction:
    """The function that a section of a recipe names, with the section's arguments.

    Args:
        recipe: beside which the module lies.
        section: ingest, preprocess or model: the stage that runs the function.
        function: its name in the module.
        given: the section's `arguments`.
        data: how many positional parameters take data, or what tells that from their names.
        timeout: seconds.

    The same recipe gives the same function until another one is asked for: a stage asks several times, and what it
    hashes must be what it looked at before.

    Raises:
        OwnCodeError: there is no such function, or its parameters are not understood.
        RecipeError, UsageError: an argument is unknown, missing or of another type.
    """
    question = (section, function, dict(given), timeout)
    if _last and _last[0][0] is recipe and _last[0][1] == question:
        return _last[0][2]
    found = _find_function(recipe, section, function, given, data, timeout)
    _last[:] = [(recipe, question, found)]
    return found


_last: list[tuple[Recipe, Any, OwnFunction]] = []
"""The function that was found last, and for what."""


def _find_function(
    recipe: Recipe,
    section: str,
    function: str,
    given: Mapping[str, Any],
    data: int | Callable[[list[str]], int],
    timeout: float | None,
) -> OwnFunction:
    folder = OwnFolder(recipe.path.parent)
    source = find_source(recipe, folder)
    node = require_function(source, function)
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    signature = read_signature(source, node, data if isinstance(data, int) else data(names))
    return OwnFunction(
        recipe=recipe,
        stage=section,
        source=source,
        signature=signature,
        reach=find_reach(source, function, folder),
        values=resolve_arguments(signature, given, recipe, section),
        timeout=timeout,
    )
