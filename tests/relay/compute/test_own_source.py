"""A user's function in tasks: it runs from the text that was sent, in the version that was sent."""

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.compute.errors import ComputeError
from relay.compute.own_source import OwnSource, load_own, pack_own
from relay.handoff.own.function import OwnFunction, find_function
from relay.handoff.own.module import OwnCodeError
from relay.handoff.recipe import load_recipe

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
"""

FILES = {
    "mine.toml": RECIPE,
    "mine.py": "from .helper import double\n\nCALLS = []\n\n\ndef clean(frame):\n    CALLS.append(frame)\n"
    "    from .kit.late import LATE\n    return double(frame), LATE, len(CALLS)\n",
    "helper.py": "def double(x):\n    return 2 * x\n",
    "kit/__init__.py": "",
    "kit/late.py": "LATE = 'late'\n",
    "unused.py": "1 / 0\n",
}


def make(folder: Path, **files: str) -> OwnFunction:
    """The function `clean` of a folder of recipes."""
    for name, text in {**FILES, **{key.replace("__", "."): text for key, text in files.items()}}.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    recipe = load_recipe(str(folder / "mine.toml"))
    return find_function(recipe, "preprocess", "clean", {}, 1)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before, finders = dict(sys.modules), list(sys.meta_path)
    yield
    for name in set(sys.modules) - set(before):
        if name.split(".")[0] == "recipes":
            del sys.modules[name]
    sys.modules.update(before)
    sys.meta_path[:] = finders


def send(function: OwnFunction) -> OwnSource:
    """The source as it arrives on a worker."""
    arrived: OwnSource = pickle.loads(pickle.dumps(pack_own(function)))
    return arrived


def test_a_function_runs_where_its_folder_is_not(tmp_path: Path) -> None:
    source = send(make(tmp_path / "recipes"))
    assert [module for module, _, _ in source.files] == [
        "recipes.helper", "recipes.kit", "recipes.kit.late", "recipes.mine",
    ]  # fmt: skip
    for path in sorted((tmp_path / "recipes").rglob("*.py")):
        path.unlink()
    assert load_own(source)(4) == (8, "late", 1)


def test_it_is_compiled_once(tmp_path: Path) -> None:
    source = send(make(tmp_path / "once", helper__py="def double(x):\n    return 20 * x\n"))
    assert [load_own(source)(1)[2] for _ in range(3)] == [1, 2, 3]


def test_two_versions_keep_apart(tmp_path: Path) -> None:
    first = send(make(tmp_path / "a", helper__py="def double(x):\n    return 3 * x\n"))
    second = send(make(tmp_path / "b", helper__py="def double(x):\n    return 4 * x\n"))
    assert [load_own(source)(1)[0] for source in (first, second, first, second)] == [3, 4, 3, 4]
    assert first.sha256 != second.sha256


def test_a_file_that_was_changed_since_the_key_is_refused(tmp_path: Path) -> None:
    function = make(tmp_path)
    (tmp_path / "helper.py").write_text("def double(x):\n    return 5 * x\n")
    with pytest.raises(ComputeError, match=r"recipes/helper.py was changed while the stage ran. Run it again."):
        pack_own(function)


def test_data_beside_the_source_of_a_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/words.txt").write_text("a\n")
    with pytest.raises(
        ComputeError, match=r"mine.py: clean cannot run on a cluster: recipes/kit/words.txt lies beside"
    ):
        pack_own(make(tmp_path))


def test_too_much_source_is_refused(tmp_path: Path) -> None:
    function = make(tmp_path, helper__py="def double(x):\n    return 2 * x\n" + "#" * 1_000_001)
    with pytest.raises(ComputeError, match="more than 1 MB"):
        pack_own(function)


def test_a_module_that_lost_its_function_is_refused(tmp_path: Path) -> None:
    source = send(make(tmp_path, mine__py="def clean(frame):\n    return 1\n\n\nclean = None\n"))
    with pytest.raises(OwnCodeError, match="is no function any more"):
        load_own(source)
