"""What counts for the key of a user's function, and what does not."""

from pathlib import Path

import pytest

from relay.handoff.own.module import OwnCodeError, OwnFolder
from relay.handoff.own.reach import Reach, find_reach

MODULE = '''import numpy as np
from .helper import tidy as t
import recipes.deep.tools as tools
from recipes import third

SHARE = 0.5


def clean(frame, share=SHARE):
    """Clean."""
    return t(frame) + tools.use(frame) + third.first(Shape())


class Shape(third.Base):
    def area(self):
        return 1


def build_model():
    from xgboost import XGBClassifier
    return XGBClassifier()


if __name__ == "__main__":
    build_model()
'''

FILES = {
    "mine.py": MODULE,
    "helper.py": "def tidy(x):\n    return inner(x)\n\n\ndef inner(x):\n    return x\n\n\ndef other():\n    pass\n",
    "third.py": "class Base:\n    pass\n\n\ndef first(x):\n    return x\n\n\ndef second():\n    return 2\n",
    "deep/__init__.py": "DEPTH = 1\n",
    "deep/tools.py": "import json\n\n\ndef use(x):\n    return json.dumps(x)\n\n\ndef unused():\n    return 0\n",
    "deep/words.txt": "a\nb\n",
}


def reach(folder: Path, function: str = "clean", module: str = "mine", **files: str) -> Reach:
    """The reach of a function in a folder with the files above, some of them replaced."""
    for name, text in {**FILES, **{f"{name}.py": text for name, text in files.items()}}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    own = OwnFolder(folder)
    source = own.find(f"recipes.{module}")
    assert source is not None
    return find_reach(source, function, own)


def test_all_that_a_function_reaches_by_name_counts(tmp_path: Path) -> None:
    assert set(reach(tmp_path).code) == {
        *("recipes/mine.py", "recipes/mine.py: clean", "recipes/mine.py: Shape"),
        *("recipes/helper.py", "recipes/helper.py: inner", "recipes/helper.py: tidy"),
        *("recipes/third.py", "recipes/third.py: Base", "recipes/third.py: first"),
        *("recipes/deep/__init__.py", "recipes/deep/tools.py", "recipes/deep/tools.py: use", "recipes/deep/words.txt"),
    }


def test_packages_count_where_a_reached_statement_imports_them(tmp_path: Path) -> None:
    assert (reach(tmp_path).imports, reach(tmp_path, "build_model").imports) == (("numpy",), ("numpy", "xgboost"))


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("XGBClassifier()", "XGBClassifier(2)", set()),
        ('"""Clean."""', '"""Clean well."""', {"recipes/mine.py: clean"}),
        ("SHARE = 0.5", "SHARE = 0.6", {"recipes/mine.py"}),
        ("return 1\n", "return 2\n", {"recipes/mine.py: Shape"}),
        ("\n\n\nclass Shape", "\n# a note between\n\n\nclass Shape", set()),
        ("    build_model()\n", "    build_model(), 1\n", set()),
        ("import numpy as np\n", "import numpy as np\nimport math\n", {"recipes/mine.py"}),
    ],
)
def test_only_what_is_reached_wakes(old: str, new: str, changed: set[str], tmp_path: Path) -> None:
    assert MODULE.count(old) == 1
    before, after = reach(tmp_path).code, reach(tmp_path, mine=MODULE.replace(old, new)).code
    assert {name for name in before | after if before.get(name) != after.get(name)} == changed


def test_line_ends_do_not_count(tmp_path: Path) -> None:
    before = reach(tmp_path).code
    (tmp_path / "mine.py").write_bytes(MODULE.replace("\n", "\r\n").encode())
    own = OwnFolder(tmp_path)
    source = own.find("recipes.mine")
    assert source is not None
    assert find_reach(source, "clean", own).code == before


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("def f():\n    return eval('g()')\ndef g():\n    return 1\n", {"f", "g"}),
        ("def f():\n    return globals()['g']()\ndef g():\n    return 1\n", {"f", "g"}),
        ("def keep(x):\n    return x\n@keep\ndef g():\n    pass\ndef f():\n    pass\n", {"f", "keep"}),
        ("def f(rows):\n    return sorted(rows, key=g)\ndef g(x):\n    return -x\n", {"f", "g"}),
        ("def f():\n    return [h.g for h in ()]\ndef g():\n    pass\n", {"f"}),
        ("def f(x=1):\n    return 1\ndef f(x=2):\n    return g()\ndef g():\n    pass\n", {"f", "g"}),
        ("TABLE = [1]\ndef g():\n    pass\nTABLE.append(g)\ndef f():\n    return TABLE\n", {"f", "g"}),
        ("try:\n    def f():\n        return g()\nfinally:\n    pass\ndef g():\n    pass\ndef h():\n    pass\n", {"g"}),
    ],
)  # fmt: skip
def test_names_are_followed_in_each_form(text: str, reached: set[str], tmp_path: Path) -> None:
    name = "f" if "    def f" not in text else "g"
    found = {key.partition(": ")[2] for key in reach(tmp_path, name, mine=text).code if ": " in key}
    assert found == reached


@pytest.mark.parametrize(
    ("statement", "use", "reached"),
    [
        ("from . import helper", "helper.tidy", {"tidy", "inner"}),
        ("import recipes.helper", "recipes.helper.other", {"other"}),
        ("import recipes.helper as h", "h.inner", {"inner"}),
        ("import recipes.helper as h", "print(h)", {"tidy", "inner", "other"}),
        ("from recipes.helper import *", "other()", {"other"}),
        ("from .helper import tidy", "1", set()),
        ("from .again import tidy", "tidy(1)", {"tidy", "inner"}),
    ],
)
def test_imports_are_followed_in_each_form(statement: str, use: str, reached: set[str], tmp_path: Path) -> None:
    text = f"{statement}\n\n\ndef clean():\n    return {use}\n"
    found = reach(tmp_path, mine=text, again="from .helper import tidy\n").code
    assert {key.partition(": ")[2] for key in found if key.startswith("recipes/helper.py: ")} == reached


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def clen():\n    pass\n", r'mine.py has no function clean \(did you mean "clen"\?\); it has clen'),
        ("from .missing import x\ndef clean():\n    pass\n", "mine.py, line 1: there is no recipes/missing.py"),
        ("def clean(:\n", "mine.py, line 1: not valid Python: invalid syntax"),
        ("clean = 3\n", "mine.py has no function clean; it has none"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match=f"recipes/{why}"):
        reach(tmp_path, mine=text)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("def clean():\n    pass\n")
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mine.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(OwnCodeError, match="a symbolic link out of"):
        OwnFolder(tmp_path / "recipes").find("recipes.mine")


@pytest.mark.parametrize("module", ["recipes.a/b", "recipes.../x", "recipes.", "recipes", "os.path", "recipes.a-b"])
def test_only_names_of_modules_are_looked_up(module: str, tmp_path: Path) -> None:
    (tmp_path / "a-b.py").write_text("")
    assert OwnFolder(tmp_path).find(module) is None


def test_a_source_file_is_at_most_five_megabytes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("#" * 5_000_001)
    with pytest.raises(OwnCodeError, match=r"recipes/mine\.py: more than 5 MB"):
        OwnFolder(tmp_path).find("recipes.mine")
