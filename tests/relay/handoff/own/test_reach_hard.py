"""Code that is hard to follow: what decides a result is found all the same, and what does not is left out."""

from pathlib import Path

import pytest

from relay.handoff.own.module import OwnCodeError, OwnFolder
from relay.handoff.own.reach import Reach, find_reach

HELPER = "def tidy(x):\n    return inner(x)\n\n\ndef inner(x):\n    return x\n\n\ndef other():\n    pass\n"


def reach(folder: Path, text: str | bytes, function: str = "clean", **files: str) -> Reach:
    """The reach of a function of `mine.py` beside `helper.py` and other files."""
    for name, content in {"mine": text, "helper": HELPER, **files}.items():
        path = folder / f"{name.replace('__0', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    own = OwnFolder(folder)
    source = own.find("recipes.mine")
    assert source is not None
    return find_reach(source, function, own)


def names(found: Reach) -> set[str]:
    """File and function of what is reached, without `recipes/` and `.py`; the function under test is left out."""
    texts = (key.removeprefix("recipes/").replace(".py: ", ".") for key in found.code if ": " in key)
    return set(texts) - {"mine.clean"}


FOLLOWED = {
    "an annotation in quotes": (
        "def clean(x: 'Shape'):\n    pass\nclass Shape:\n    pass\n",
        {"mine.Shape"},
    ),
    "an annotation of a dataclass's field": (
        "from dataclasses import dataclass\ndef clean():\n    return A\n@dataclass\nclass A:\n    b: 'B'\n"
        "class B:\n    pass\n",
        {"mine.A", "mine.B"},
    ),
    "a lambda among the other statements": (
        "KEY = lambda x: g(x)\ndef g(x):\n    pass\ndef clean():\n    pass\n",
        {"mine.g"},
    ),
    "a comprehension": (
        "def clean(f):\n    return [g(x) for x in f if h(x)]\ndef g(x):\n    pass\ndef h(x):\n    pass\n",
        {"mine.g", "mine.h"},
    ),
    "a comprehension's variable hides nothing outside of it": (
        "def clean(f):\n    return [g for g in f], g()\ndef g():\n    pass\n",
        {"mine.g"},
    ),
    "a default of a nested function": (
        "def clean(g=1):\n    def k(a=h):\n        return a\n    return k\ndef h():\n    pass\n",
        {"mine.h"},
    ),
    "a name that a nested function declares global": (
        "def clean():\n    g = 1\n    def k():\n        global g\n        return g()\n    return k\n"
        "def g():\n    pass\n",
        {"mine.g"},
    ),
    "a function named in a query": (
        "def clean(f):\n    return f.query('age > @limit()')\ndef limit():\n    pass\n",
        {"mine.limit"},
    ),
    "a method of a class that is reached": (
        "class A:\n    def run(self):\n        return g()\ndef g():\n    pass\ndef clean():\n    return A().run()\n",
        {"mine.A", "mine.g"},
    ),
    "getattr of a module": (
        "from . import helper\ndef clean(n):\n    return getattr(helper, n)\n",
        {"helper.inner", "helper.other", "helper.tidy"},
    ),
    "a module's __dict__": (
        "from . import helper\ndef clean(n):\n    return helper.__dict__[n]\n",
        {"helper.inner", "helper.other", "helper.tidy"},
    ),
    "sys.modules": (
        "import sys\ndef clean(n):\n    return getattr(sys.modules[__name__], n)\ndef g():\n    pass\n",
        {"mine.g"},
    ),
    "__subclasses__": (
        "class A:\n    pass\nclass B(A):\n    pass\ndef clean():\n    return A.__subclasses__()\n",
        {"mine.A", "mine.B"},
    ),
    "an import that may fail": (
        "try:\n    from .fast import tidy\nexcept ImportError:\n    from .helper import tidy\n\n"
        "def clean():\n    return tidy(1)\n",
        {"helper.inner", "helper.tidy"},
    ),
    "an import in one branch": (
        "import sys\nif sys.platform == 'linux':\n    from .helper import tidy as t\nelse:\n"
        "    from .helper import other as t\ndef clean():\n    return t(1)\n",
        {"helper.inner", "helper.other", "helper.tidy"},
    ),
    "a star import over a function of the same name": (
        "def other():\n    pass\nfrom .helper import *\ndef clean():\n    return other()\n",
        {"helper.other", "mine.other"},
    ),
    "a decorator of the package": (
        "import functools\nfrom .helper import other\n@functools.cache\ndef g():\n    return other()\n"
        "def clean():\n    return g()\n",
        {"helper.other", "mine.g"},
    ),
    "a decorator that registers": (
        "from .helper import tidy\n@tidy\ndef g():\n    return other()\ndef other():\n    pass\n"
        "def clean():\n    pass\n",
        {"helper.inner", "helper.tidy", "mine.other"},
    ),
    "a decorator of a variable": (
        "from x import App\napp = App()\n@app.step\ndef g():\n    return other()\ndef other():\n    pass\n"
        "def clean():\n    return app\n",
        {"mine.other"},
    ),
    "an accessor of pandas": (
        "import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('own')\nclass Own:\n"
        "    def go(self):\n        return g()\ndef g():\n    pass\ndef clean(f):\n    return f.own.go()\n",
        {"mine.g"},
    ),
    "a class whose body runs statements": (
        "ALL = []\nclass A:\n    ALL.append(g)\ndef g():\n    pass\ndef clean():\n    return ALL\n",
        {"mine.g"},
    ),
    "functools.singledispatch": (
        "import functools\n@functools.singledispatch\ndef show(x):\n    pass\n@show.register\n"
        "def _(x: int):\n    return g()\ndef g():\n    pass\ndef clean(x):\n    return show(x)\n",
        {"mine.g", "mine.show"},
    ),
}


@pytest.mark.parametrize("what", FOLLOWED)
def test_it_is_followed_through(what: str, tmp_path: Path) -> None:
    text, expected = FOLLOWED[what]
    assert names(reach(tmp_path, text)) == expected


LEFT_OUT = {
    "a local variable of the same name": (
        "def clean(f):\n    train, test = f\n    return train\ndef train():\n    import xgboost\n"
    ),
    "a parameter of the same name": ("def clean(train):\n    return train.x\ndef train():\n    pass\n"),
    "a loop's variable": ("def clean(f):\n    for train in f:\n        yield train\ndef train():\n    pass\n"),
    "a nested function of the same name": (
        "def clean(f):\n    def g():\n        pass\n    return g\ndef g():\n    pass\n"
    ),
    "a comprehension's variable": ("def clean(f):\n    return [g for g in f]\ndef g():\n    pass\n"),
    "a lambda's parameter": ("def clean(f):\n    return f.apply(lambda g: g + 1)\ndef g():\n    pass\n"),
    "a text that names a function": ("def clean(f):\n    return f[f.split == 'train']\ndef train():\n    pass\n"),
    "a docstring that names a function": ("def clean(f):\n    '''See @train.'''\ndef train():\n    pass\n"),
    "what only types need": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars\n"
        "    from .nowhere import X\ndef clean(f: 'X') -> 'polars.DataFrame':\n    return f\n"
    ),
    "a wrapping decorator of Python": (
        "import functools\n@functools.cache\ndef g():\n    return 1\ndef clean():\n    pass\n"
    ),
}


@pytest.mark.parametrize("what", LEFT_OUT)
def test_it_wakes_nothing(what: str, tmp_path: Path) -> None:
    found = reach(tmp_path, LEFT_OUT[what])
    assert (names(found), found.imports) == (set(), ())


def test_files_that_import_from_each_other_are_followed_once(tmp_path: Path) -> None:
    text = "from .one import x\nfrom .three import *\ndef clean():\n    return x() + y()\n"
    found = reach(
        tmp_path,
        text,
        one="from .two import x\n",
        two="from .one import x\n",
        three="from .four import *\n",
        four="from .three import *\nfrom .mine import clean\ndef y():\n    pass\n",
    )
    assert names(found) == {"four.y"}


def test_a_name_is_followed_through_re_exports_of_a_package(tmp_path: Path) -> None:
    files = {"kit__0__init__": "from .tools import *\n", "kit__0tools": "from ..helper import tidy as neat\n"}
    found = reach(tmp_path, "from .kit import neat\ndef clean():\n    return neat(1)\n", **files)
    assert names(found) == {"helper.tidy", "helper.inner"}
    assert set(found.files) == {
        "recipes/mine.py",
        "recipes/helper.py",
        "recipes/kit/__init__.py",
        "recipes/kit/tools.py",
    }


def test_a_file_with_a_function_for_missing_names_reaches_it(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        "from . import lazy\ndef clean():\n    return lazy.anything\n",
        lazy="def __getattr__(name):\n    return tidy\ndef tidy():\n    pass\ndef unused():\n    pass\n",
    )
    assert names(found) == {"lazy.__getattr__", "lazy.tidy"}


def test_where_defining_a_class_does_something_all_classes_count(tmp_path: Path) -> None:
    base = "class Base:\n    def __init_subclass__(cls):\n        ALL.append(cls)\nALL = []\n"
    found = reach(
        tmp_path,
        "from .base import ALL, Base\nclass A(Base):\n    def go(self):\n        return g()\ndef g():\n    pass\n"
        "def h():\n    pass\ndef clean():\n    return ALL\n",
        base=base,
    )
    assert names(found) == {"base.Base", "mine.A", "mine.g"}


DEEP = {
    "a sum of 600 terms": "def clean():\n    return " + " + ".join(["g()"] * 600) + "\ndef g():\n    pass\n",
    "a chain of 300 calls": "def clean(f):\n    return f" + ".assign(x=g())" * 300 + "\ndef g():\n    pass\n",
    "300 branches": "def clean(x):\n    if x == 0:\n        pass\n"
    + "".join(f"    elif x == {n}:\n        return g()\n" for n in range(300))
    + "def g():\n    pass\n",
    "5,000 functions": "".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(5_000))
    + "def f5000():\n    return g()\ndef g():\n    pass\ndef clean():\n    return f0()\n",
}


@pytest.mark.parametrize("what", DEEP)
def test_deep_and_long_files_are_followed_to_their_end(what: str, tmp_path: Path) -> None:
    assert "mine.g" in names(reach(tmp_path, DEEP[what]))


def test_what_python_cannot_parse_for_depth_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match=r"recipes/mine\.py.*: not valid Python: "):
        reach(tmp_path, "def clean():\n    return " + "(" * 300 + ")" * 300 + "\n")


def test_a_byte_order_mark_and_a_form_feed_do_not_count(tmp_path: Path) -> None:
    text = "X = 1\n\n\ndef clean():\n    return 'é'\n"
    plain = reach(tmp_path, text).code
    assert reach(tmp_path, b"\xef\xbb\xbf" + text.encode().replace(b"\n\n\n", b"\n\x0c\n\n")).code == plain


@pytest.mark.parametrize(
    "content", [b"def clean():\n    return '\xe9'\n", b"# coding: latin-1\ndef clean():\n    pass # \xe9"]
)
def test_a_file_that_is_not_utf_8_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match=r"recipes/mine\.py: not UTF-8"):
        reach(tmp_path, content)


def test_a_null_byte_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match=r"recipes/mine\.py.*: not valid Python: .*null"):
        reach(tmp_path, "def clean():\n    pass\0\n")


def test_other_files_of_a_package_count_whatever_their_size(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "words.bin").write_bytes(bytes(6_000_000))
    found = reach(tmp_path, "from .kit import X\ndef clean():\n    return X\n", kit__0__init__="X = 1\n")
    assert "recipes/kit/words.bin" in found.code
