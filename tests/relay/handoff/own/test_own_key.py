"""What wakes a stage with own code, and the reason that its log gives; and what wakes nothing. By the real stages."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from once import make_once

from relay.handoff.own import function as own_function

Desk = Any  # tests/conftest.py

ROOT = Path(__file__).resolve().parents[4]

RECIPE = """
title = "Mine"
[columns]
id = { type = "int", role = "id" }
x = { type = "float", role = "input" }
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "python"
function = "clean"
[model]
kind = "estimator"
estimator = "build_model"
"""

MINE = """
import pandas as pd
from pathlib import Path
from .helper import double
from .kit import WORDS


def clean(frame: pd.DataFrame, *, factor: float = 1.0, words: Path = Path("words.txt")):
    words.read_text()
    return double(frame).assign(x=frame.x * factor)


def build_model():
    from sklearn.linear_model import LinearRegression

    return LinearRegression()
"""

FILES = {
    "mine.py": MINE,
    "helper.py": "def double(frame):\n    return frame\n\n\ndef unused():\n    return 1\n",
    "kit/__init__.py": "from .lists import WORDS\n",
    "kit/lists.py": "WORDS = ['a']\n\n\ndef unused():\n    return 1\n",
    "kit/words.txt": "a\n",
    "kit/aside.py": "X = 1\n",
    "words.txt": "a b\n",
    "other.py": "def clean(frame):\n    return frame\n",
}


def make(desk: Desk) -> None:
    """A recipe with a module, a helper and a package, of which ingest and preprocess have run."""
    rows = [f"{number},{number * 0.5}" for number in range(50)]
    (desk.folder / "rows.csv").write_text("\n".join(["id,x", *rows]))
    for name, text in FILES.items():
        (desk.folder / name).parent.mkdir(exist_ok=True)
        (desk.folder / name).write_text(text)
    path = desk.recipe(RECIPE, "mine")
    assert [desk.run(stage, path) for stage in ("ingest", "preprocess")] == [0, 0]


@pytest.fixture
def mine(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with such a recipe."""
    made = make_once(tmp_path_factory, "own key", lambda folder: make(type(desk)(folder / "desk")))
    shutil.copytree(made / "desk", desk.folder, dirs_exist_ok=True)
    return desk


def reason(desk: Desk, *more: str) -> str:
    """Why preprocess runs, or "unchanged"."""
    assert desk.run("preprocess", str(desk.folder / "mine.toml"), *more) == 0
    if desk.outcomes("preprocess")[-1] == "unchanged":
        return "unchanged"
    said = [line for line in desk.said("preprocess") if ": runs, " in line]
    return str(said[-1].partition(": runs, ")[2])


WAKES = {
    "its function": ("mine.py", "frame.x * factor", "factor * frame.x", "code recipes/mine.py: clean"),
    "a default": ("mine.py", "= 1.0", "= 2.0", "code recipes/mine.py: clean"),
    "another statement": ("mine.py", "import pandas as pd\n", "import pandas as pd\nN = 1\n", "code recipes/mine.py"),
    "a function of a helper file": ("helper.py", "return frame", "return frame * 1", "code recipes/helper.py: double"),
    "a module of a package": ("kit/lists.py", "['a']", "['b']", "code recipes/kit/lists.py"),
    "another file of a package": ("kit/words.txt", "a", "b", "code recipes/kit/words.txt"),
    "the file of a Path": ("words.txt", "a b", "a c", "file of words"),
}


@pytest.mark.parametrize("what", WAKES)
def test_it_wakes_the_stage_and_the_reason_names_it(what: str, mine: Desk) -> None:
    name, old, new, expected = WAKES[what]
    assert FILES[name].count(old) == 1
    (mine.folder / name).write_text(FILES[name].replace(old, new))
    assert expected in reason(mine)


def test_a_parameter_wakes_the_stage_and_both_values_are_told(mine: Desk) -> None:
    assert reason(mine, "--set", "preprocess.arguments.factor=3.0") == "parameter arguments.factor 1.0 -> 3.0"


RESTS = {
    "the function of another stage": ("mine.py", "LinearRegression()", "LinearRegression(copy_X=False)"),
    "a package of another stage's function": ("mine.py", "    from sklearn", "    import numpy\n    from sklearn"),
    "a function that is not reached": ("helper.py", "return 1", "return 2"),
    "a function of a package that is not reached": ("kit/lists.py", "return 1", "return 2"),
    "a module of another recipe": ("other.py", "return frame", "return frame * 2"),
    "a module that nothing imports": ("kit/aside.py", "1", "2"),
    "a comment between statements": ("mine.py", "\n\n\ndef build_model", "\n\n# learns\n\ndef build_model"),
}


@pytest.mark.parametrize("what", RESTS)
def test_it_wakes_nothing(what: str, mine: Desk) -> None:
    name, old, new = RESTS[what]
    assert FILES[name].count(old) == 1
    (mine.folder / name).write_text(FILES[name].replace(old, new))
    assert reason(mine) == "unchanged"
    assert mine.run("ingest", str(mine.folder / "mine.toml")) == 0
    assert mine.outcomes("ingest") == ["ran", "unchanged"]


@pytest.fixture
def lock(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the lock of preprocess, which counts for own code from here on."""
    folder = mine.folder / "project" / "preprocess"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "preprocess" / "requirements.txt", folder)
    monkeypatch.setattr(own_function, "ROOT", folder.parent)
    return folder / "requirements.txt"


def pin(lock: Path, package: str, version: str) -> None:
    """Pin another version of a package in a lock; one that it has not is added, required by nothing."""
    lines = lock.read_text().splitlines()
    found = [number for number, line in enumerate(lines) if line.startswith(f"{package}==")]
    for number in found:
        lines[number] = f"{package}=={version} \\"
    added = (
        [] if found else [f"{package}=={version} \\", "    --hash=sha256:0", "    # via -r preprocess/requirements.in"]
    )
    lock.write_text("\n".join([*lines, *added, ""]))


def own_packages(desk: Desk) -> dict[str, str]:
    """The pins that own code brings into the key of preprocess."""
    from relay.handoff.code import read_pins
    from relay.handoff.recipe import load_recipe

    recipe = load_recipe(str(desk.folder / "mine.toml"), ())
    found = own_function.find_function(recipe, "preprocess", "clean", {}, 1)
    return read_pins(own_function.ROOT / "preprocess" / "requirements.txt", found.code.packages)


def test_pins_of_what_a_file_imports_count_with_what_that_requires(mine: Desk, lock: Path) -> None:
    before = own_packages(mine)
    assert {"pandas", "numpy", "python-dateutil"} <= before.keys()
    pin(lock, "python-dateutil", "99.0")
    assert {name for name, version in own_packages(mine).items() if before[name] != version} == {"python-dateutil"}


@pytest.mark.parametrize(("package", "version"), [("geopandas", "1.0"), ("loguru", "99.0")])
def test_pins_of_what_nothing_imports_do_not_count(package: str, version: str, mine: Desk, lock: Path) -> None:
    before = own_packages(mine)
    pin(lock, package, version)
    assert own_packages(mine) == before


def test_a_changed_pin_wakes_the_stage_by_the_command(mine: Desk) -> None:
    checkout = mine.folder / "checkout"
    for name in ("relay", "ingest", "preprocess"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = str(mine.folder / "mine.toml")

    def run() -> str:
        process = mine.start("preprocess", path, root=checkout)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return str(mine.said("preprocess")[-1] if "unchanged" in errors else errors.partition(": runs, ")[2])

    lock = checkout / "preprocess" / "requirements.txt"
    pin(lock, "geopandas", "1.0")
    assert "unchanged" in run()
    pin(lock, "python-dateutil", "99.0")
    assert "python-dateutil" in run().splitlines()[0]
