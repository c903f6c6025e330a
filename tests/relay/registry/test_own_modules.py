"""Own code of versions in one process: each version has its own modules, and none changes another's answers."""

import builtins
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from relay.registry.own_code import CodeFiles, OwnCodeRefusedError
from relay.registry.own_modules import OwnModules

MAIN = "recipes/m.py"


def load(folder: Path, stage: str = "serve", **code: str) -> OwnModules:
    """The modules of a version; `a_SLASH_b` is recipes/a/b.py."""
    contents = {}
    for name, text in code.items():
        file = f"recipes/{name.replace('_SLASH_', '/')}.py"
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        contents[file] = text.encode()
    return OwnModules(CodeFiles(folder, contents), stage)


def take(modules: OwnModules, name: str, module: str = "recipes.m") -> Any:
    with modules.visible():
        return getattr(sys.modules[module], name)


def refuse(folder: Path, **code: str) -> str:
    with pytest.raises(OwnCodeRefusedError) as caught:
        load(folder, **code)
    assert caught.value.next_step
    assert "recipes" not in sys.modules
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "from recipes import h\ndef f(): return h.g()",
        "import recipes.h\ndef f(): return recipes.h.g()",
        "import recipes.h as h\ndef f(): return h.g()",
        "from . import h\ndef f(): return h.g()",
        "from .h import g as f",
        "from recipes.h import *\ndef f(): return g()",
        "def f():\n    from . import h\n    return h.g()",
        "def f():\n    from recipes.h import g\n    return g()",
        "def f():\n    import recipes.h as h\n    return h.g()",
        "def f():\n    import recipes\n    return recipes.h.g()",
        "def f():\n    exec('from recipes.h import g', globals())\n    return g()",
        "def f():\n    return __import__('recipes.h', fromlist=['g']).g()",
        "def f():\n    def inner():\n        from .h import g\n        return g()\n    return inner()",
        "from .deep import g as f",
        "from .deep.low import g as f",
        "from .deep import *\ndef f(): return low.g()",
        "import recipes.deep.low\ndef f(): return recipes.deep.low.g()",
    ],
)
def test_each_version_answers_by_its_own_helper(tmp_path: Path, text: str) -> None:
    found = []
    for number in (1, 2):
        helper = f"def g(): return {number}"
        deep = {"deep_SLASH___init__": "from .low import g\n__all__ = ['low']", "deep_SLASH_low": helper}
        found.append(take(load(tmp_path / str(number), m=text, h=helper, **deep), "f"))
    assert not [name for name in sys.modules if name.split(".")[0] == "recipes"]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda index: found[index % 2](), range(200))) == [1, 2] * 100


def test_modules_that_import_each_other_are_loaded_once(tmp_path: Path) -> None:
    modules = load(
        tmp_path,
        m="import recipes.n as n\nclass A: pass\ndef f(): return n.g() is A",
        n="import recipes.m as m\ndef g(): return m.A",
    )
    assert take(modules, "f")()


def test_a_package_that_imports_its_own_parts_loads_each_once(tmp_path: Path) -> None:
    counting = "import builtins\nbuiltins.counted = getattr(builtins, 'counted', 0) + 1\nclass A: pass"
    try:
        modules = load(
            tmp_path,
            m="from recipes.p.part import A\nfrom recipes.p import A as B\ndef f(): return A is B",
            p_SLASH___init__="from .part import A",
            p_SLASH_part=counting,
        )
        assert (take(modules, "f")(), builtins.counted) == (True, 1)  # type: ignore[attr-defined]
    finally:
        del builtins.counted  # type: ignore[attr-defined]


def test_decorators_find_the_module_that_they_are_in(tmp_path: Path) -> None:
    text = """
from __future__ import annotations
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NamedTuple, get_type_hints

class Kind(Enum):
    A = 1

class Row(NamedTuple):
    kind: Kind

@dataclass
class Offer:
    kind: Kind
    count: ClassVar[int] = 3

hints = get_type_hints(Offer)
"""
    modules = load(tmp_path, m=text)
    assert take(modules, "hints")["kind"] is take(modules, "Kind")
    assert list(take(modules, "Offer").__dataclass_fields__) == ["kind", "count"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "raise ValueError('no')",
            "recipes/m.py fails when it is imported: recipes/m.py, line 1, in <module>: ValueErr",
        ),
        ("import sys\nsys.exit()", "recipes/m.py, line 2, in <module>: it called sys.exit()"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("def f(): f()\nf()", "RecursionError"),
        ("raise MemoryError", "no memory is left"),
        ("def f(:", "SyntaxError"),
        ("x = '\0'", "recipes/m.py fails when it is imported"),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", "in <module>: E"),
        ("raise ValueError('\\udcff\\x1b[2J\\n' + 'x' * 10_000)", "ValueError: \\udcff"),
        ("from .. import os", "beyond top-level package"),
        ("from ...x import y", "beyond top-level package"),
        ("from . import nothing", "cannot import name 'nothing'"),
        ("import recipes.nothing", "no module named recipes.nothing"),
        ("from recipes.own import load", "no module named recipes.own"),  # of this program, and not of the version
        ("import importlib\nimportlib.import_module('recipes.own')", "use an import statement"),
        ("import runpy\nrunpy.run_module('recipes.own')", "use an import statement"),
        ("import json\njson.loads('{')", "JSONDecodeError"),
        ("from json import nothing", "cannot import name 'nothing' from 'json'"),
    ],
)
def test_what_fails_at_import_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    refused = refuse(tmp_path, m=text)
    assert said in refused
    assert "requirements.in" not in refused
    assert (len(refused) < 1_000, "\n" in refused) == (True, False)
    refused.encode()


@pytest.mark.parametrize("stage", ["serve", "model"])
def test_a_missing_package_is_named_with_the_file_to_add_it_to(tmp_path: Path, stage: str) -> None:
    with pytest.raises(OwnCodeRefusedError) as caught:
        load(tmp_path, stage, m="import nosuchpackage.part")
    assert "no module named nosuchpackage" in caught.value.message
    assert (
        caught.value.next_step == f"Add nosuchpackage to {stage}/requirements.in, then run `make lock` and build again"
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import builtins\nbuiltins.len = lambda _: 1", "builtins.len"),
        ("import sys\nsys.modules['json'] = 3", "json"),
        (
            "import sys, types\nsys.modules['relay.registry.own_code'] = types.ModuleType('x')",
            "relay.registry.own_code",
        ),
        ("import sys\ndel sys.modules['json']\nimport json", "json"),
    ],
)
def test_code_that_replaces_what_others_use_is_refused_and_undone(tmp_path: Path, text: str, name: str) -> None:
    before = (len, json, sys.modules["relay.registry.own_code"])
    assert f"the own code replaces {name} for the whole process" in refuse(tmp_path, m=text)
    assert (builtins.len, sys.modules["json"], sys.modules["relay.registry.own_code"]) == before


def test_code_that_hides_modules_of_its_own_does_not_reach_another_version(tmp_path: Path) -> None:
    text = "import sys, types\nsys.modules['recipes.h'] = types.SimpleNamespace(g=lambda: 'forged')\n"
    text += "def f():\n    from .h import g\n    return g()"
    first = load(tmp_path / "1", m=text, h="def g(): return 1")
    second = load(tmp_path / "2", m="from .h import g as f", h="def g(): return 2")
    assert (take(first, "f")(), take(second, "f")(), "recipes.h" in sys.modules) == (1, 2, False)


def test_a_module_of_the_program_by_the_same_name_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "recipes", "of the program")
    modules = load(tmp_path, m="X = 1")
    assert (take(modules, "X"), sys.modules["recipes"]) == (1, "of the program")


def test_a_module_that_was_put_beside_later_is_not_found(tmp_path: Path) -> None:
    text = "def f():\n    from . import late\n"
    text += "def g():\n    import importlib\n    importlib.import_module('recipes.late')"
    modules = load(tmp_path, m=text)
    (tmp_path / "recipes" / "late.py").write_text("raise SystemError('it ran')")
    for name in "fg":
        with pytest.raises(ImportError):
            take(modules, name)()
    with modules.visible(), pytest.raises(ImportError, match="use an import statement"):
        __import__("recipes.late")  # as what reads a model file would


def test_data_beside_the_code_is_found_by_its_path(tmp_path: Path) -> None:
    modules = load(
        tmp_path, m="from pathlib import Path\ndef f(): return (Path(__file__).parent / 'x.txt').read_text()"
    )
    (tmp_path / "recipes" / "x.txt").write_text("data")
    assert take(modules, "f")() == "data"


def test_answers_do_not_wait_while_another_version_is_loaded(tmp_path: Path) -> None:
    quick = take(load(tmp_path / "1", m="def f():\n    from .h import g\n    return g()", h="def g(): return 1"), "f")
    begun, free = threading.Event(), threading.Event()
    builtins.events = (begun, free)  # type: ignore[attr-defined]
    slow = "import builtins\nbegun, free = builtins.events\nbegun.set()\nassert free.wait(60)"
    try:
        with ThreadPoolExecutor(2) as threads:
            loading = threads.submit(load, tmp_path / "2", m=slow)
            assert begun.wait(60)
            answer = threads.submit(quick).result(60)
            is_loading = not loading.done()
            free.set()
            loading.result(60)
    finally:
        free.set()
        del builtins.events  # type: ignore[attr-defined]
    assert (answer, is_loading) == (1, True)


def test_threads_that_import_at_import_do_not_wait_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.registry.own_modules.LONGEST_WAIT_SECONDS", 0.1)
    text = "from concurrent.futures import ThreadPoolExecutor\ndef g():\n    from . import z\n"
    text += "with ThreadPoolExecutor() as threads:\n    threads.submit(g).result()"
    assert "recipes cannot be imported in a thread while another thread loads" in refuse(tmp_path, m=text, z="")


DEFINES = """
from os import system
from functools import lru_cache, partial, wraps
import os, subprocess
import pandas as pd
from pandas import read_pickle

run = partial(system)
again = subprocess.run

class Offers:
    class Inner: pass
    def method(self): return 1

one = Offers()
bound = one.method

@lru_cache
def cached(): pass

@wraps(system)
def disguised(): pass

def __getattr__(name): return system
"""


def test_only_what_the_code_itself_makes_counts_as_its_own(tmp_path: Path) -> None:
    modules = load(tmp_path, m=DEFINES, other="from .m import Offers")
    own = ["recipes.m.Offers", "recipes.m.cached", "recipes.other.Offers"]
    foreign = "system os pd read_pickle run again disguised nothing os.system Offers.Inner Offers.method __builtins__"
    kinds = [f"recipes.m.{name}" for name in foreign.split()]
    kinds += ["recipes.m", "recipes.own.Offers", "recipes..m.Offers", "recipes.m.", "m.Offers", "os.system", ""]
    assert [kind for kind in (*own, *kinds) if modules.defines(kind)] == own
