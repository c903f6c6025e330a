"""A user's function in tasks: what was sent is what arrives, and it is what the key names."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from relay.compute.errors import ComputeError, OtherWorkerError
from relay.compute.own_source import OwnSource, pack_own, unpack_own
from relay.handoff.own.function import OwnFunction, find_function
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
    for name, text in {
        **FILES,
        **{
            key.replace("kit__", "kit/").replace("__", ".").replace("_txt", ".txt"): text for key, text in files.items()
        },
    }.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    recipe = load_recipe(str(folder / "mine.toml"))
    return find_function(recipe, "preprocess", "clean", {}, 1)


def send(function: OwnFunction) -> OwnSource:
    """The source as it arrives on a worker."""
    arrived: OwnSource = pickle.loads(pickle.dumps(pack_own(function)))
    return arrived


def test_each_file_that_the_key_names_arrives_and_no_other_one(tmp_path: Path) -> None:
    function = make(tmp_path, kit__words__txt="a\n")
    with unpack_own(send(function)) as folder:
        arrived = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*")}
        assert arrived == {
            name: (tmp_path / name).read_text()
            for name in ("mine.py", "helper.py", "kit/__init__.py", "kit/late.py", "kit/words.txt")
        }
    assert not folder.exists()


def test_what_did_not_arrive_whole_is_refused(tmp_path: Path) -> None:
    source = send(make(tmp_path))
    (name, digest, content), *others = source.files
    cut = replace(source, files=((name, digest, content + b"1"), *others))
    with pytest.raises(ComputeError, match=rf"recipes/{name} did not arrive as it was sent"), unpack_own(cut):
        pass


def test_a_machine_with_another_version_of_a_package_is_refused(tmp_path: Path) -> None:
    function = make(tmp_path, helper__py="import pandas\n\n\ndef double(x):\n    return 2 * x\n")
    source = send(function)
    assert [name for name, _ in source.packages] == ["pandas"]
    with (
        pytest.raises(OtherWorkerError, match=r"has pandas \d\S+ instead of 0.1, which recipes/mine.py: clean imports"),
        unpack_own(replace(source, packages=(("pandas", "0.1"),))),
    ):
        pass


def test_a_file_that_was_changed_since_the_key_is_refused(tmp_path: Path) -> None:
    function = make(tmp_path)
    (tmp_path / "helper.py").write_text("def double(x):\n    return 5 * x\n")
    with pytest.raises(ComputeError, match=r"recipes/helper.py was changed while the stage ran. Run it again."):
        pack_own(function)


def test_too_much_source_is_refused(tmp_path: Path) -> None:
    function = make(tmp_path, helper__py="def double(x):\n    return 2 * x\n" + "#" * 1_000_001)
    with pytest.raises(ComputeError, match="expected at most 1,000,000"):
        pack_own(function)
