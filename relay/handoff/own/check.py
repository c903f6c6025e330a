"""`--check` of own code: are its packages pinned, and can its module be imported?"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from relay.handoff.own.apart import Apart
from relay.handoff.own.child import Child
from relay.handoff.own.function import OwnFunction
from relay.handoff.own.module import OwnCodeError, OwnFolder, find_source, list_functions
from relay.handoff.own.packages import guess_distribution, name_distributions
from relay.handoff.own.reach import find_reach
from relay.handoff.recipe import Recipe
from relay.handoff.settings import ROOT, Settings

TASK = "relay.handoff.own.check:load"


def check_own(function: OwnFunction, settings: Settings, name: str) -> None:
    """Return where the packages of the function are pinned and its module can be imported, in a process apart.

    Args:
        function: of one stage.
        settings: give the data folder.
        name: of the run, for the log.

    Raises:
        OwnCodeError: a package is missing, with the files that need it, a line each; or the import fails.
    """
    if lines := list(find_unpinned(function.recipe)):
        raise OwnCodeError(
            "own code imports packages that are not pinned; add them, then run `make lock`:", lines=tuple(lines)
        )
    # Not in the data folder: a check works where that cannot be written.
    work = function.work(TASK, settings.data_dir)
    with TemporaryDirectory(prefix="relay-check-") as scratch, Apart(work, Path(scratch) / "work", name) as apart:
        apart.finish()


def load(child: Child) -> None:
    """Import the user's module, in the process apart."""
    child.load()


def find_unpinned(recipe: Recipe, root: Path = ROOT) -> Iterator[str]:
    """A line for each package that a stage's function imports and the stage's lock does not pin.

    An image holds the locks of its own stages only: the others are checked where they run.
    """
    needed: dict[str, list[str]] = {}
    for stage, function in find_names(recipe).items():
        if not (root / stage / "requirements.txt").is_file():
            continue
        folder = OwnFolder(recipe.path.parent)
        source = find_source(recipe, folder)
        if function in list_functions(source):
            reach = find_reach(source, function, folder)
            _, missing = name_distributions(reach.imports, root / stage / "requirements.txt")
            for name in missing:
                needed.setdefault(guess_distribution(name), []).append(f"{stage}/requirements.in")
    for package, files in sorted(needed.items()):
        yield f"  {package}: add it to {' and '.join(files)}"


def find_names(recipe: Recipe) -> dict[str, str]:
    """Stage -> the name of its own function, as the recipe's sections say it."""
    found = {}
    for stage, section in recipe.sections.items():
        name: Any = section.get("function")
        if stage == "model" and section.get("kind") == "estimator":
            name = section.get("estimator")
            name = name if isinstance(name, str) and "." not in name else None
        if isinstance(name, str):
            found[stage] = name
    return found
