"""Put a recipe in its folder, once it is known to be accepted; a file that is there is never touched."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from adopt.new_file import write_new
from adopt.scratch import open_scratch
from relay.handoff.errors import UsageError
from relay.handoff.recipe_file import data_recipes, show_path
from relay.handoff.settings import ROOT

STAGES = ("ingest", "preprocess", "model")
CHECK_SECONDS = 120
"""How long a stage may take to check a recipe: `model` imports scikit-learn, some seconds on a busy machine."""


class NameTakenError(UsageError):
    """A recipe of that name is there already."""

    kind = "name_taken"


def write_recipe(text: str, path: Path, code: str = "") -> None:
    """Write a recipe file whole, and the module beside it, and only where neither is; both of them or none.

    Args:
        text: of the recipe.
        path: of the recipe.
        code: of the module; empty: it has none.

    Raises:
        NameTakenError: a file of that name is there, also when it came a moment ago.
        OSError: the folder cannot be written.
    """
    module = locate_module(path)
    if code:
        # Before the recipe: no program then finds a recipe whose function is not there yet.
        _write_new(module, code)
    try:
        _write_new(path, text)
    except BaseException:
        if code:
            module.unlink(missing_ok=True)
        raise


def _write_new(path: Path, text: str) -> None:
    try:
        write_new(path, text.encode())
    except FileExistsError:
        raise refuse_name(path) from None


def locate_module(path: Path) -> Path:
    """Where the own code of a recipe lies."""
    return path.with_name(f"{path.stem.replace('-', '_')}.py")


def find_module(path: Path) -> Path | None:
    """The own code that lies beside a recipe's place already, a module or a package; None where that place is free."""
    module = locate_module(path)
    places = (module, module.with_suffix(""))
    return next((place for place in places if place.exists() or place.is_symlink()), None)


def refuse_name(path: Path, name: str = "") -> NameTakenError:
    """The error that says that a name is taken and how to choose another.

    Args:
        path: what is there.
        name: of the recipe; empty: that of the path.
    """
    return NameTakenError(
        f"{show_path(path)} is there already, and is never overwritten",
        next_step=f"Give the new recipe another name, such as --name {name or path.stem}_2",
    )


def check_recipe(text: str, name: str, *, is_in_data: bool, code: str = "") -> str:
    """What the stages say is wrong with a recipe, empty where all three accept it.

    Each stage checks a scratch copy in a process of its own, side by side.

    Args:
        text: of the recipe.
        name: of the recipe.
        is_in_data: whether it will lie in the data folder, where less is allowed.
        code: of the module beside it; empty: it has none.
    """
    with open_scratch() as folder:
        recipes = data_recipes(folder)
        recipes.mkdir()
        path = recipes / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        if code:
            locate_module(path).write_text(code, encoding="utf-8")
        changes = {"DATA_DIR": str(folder)} if is_in_data else {}
        asked = [(stage, _start_check(stage, path, changes)) for stage in STAGES]
        try:
            # The first problem is the answer: the stages after it are not waited for.
            return next((problem for stage, process in asked if (problem := _read_check(stage, process, path))), "")
        finally:
            for _, process in asked:
                with process:
                    process.kill()


def _start_check(stage: str, path: Path, changes: Mapping[str, str]) -> "subprocess.Popen[str]":
    # Overrides and recipes of the environment are for runs; this is about the file as it is.
    environment = {key: value for key, value in os.environ.items() if key not in ("OVERRIDES", "RECIPES", "RECIPE")}
    return subprocess.Popen(  # noqa: S603 - our own program, and no shell
        [sys.executable, "-m", stage, "--check", "--json", str(path)],
        cwd=ROOT,
        env={**environment, **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _read_check(stage: str, process: "subprocess.Popen[str]", path: Path) -> str:
    try:
        stdout, stderr = process.communicate(timeout=CHECK_SECONDS)
    except subprocess.TimeoutExpired:
        return f"`python -m {stage} --check` did not answer within {CHECK_SECONDS} s"
    try:
        found = json.loads(stdout)
    except ValueError:
        return f"`python -m {stage} --check` failed: {stderr.strip() or stdout.strip()}"
    error = found.get("error")
    return f"{stage}: {str(error['message']).replace(f'{path}: ', '')}" if error else ""
