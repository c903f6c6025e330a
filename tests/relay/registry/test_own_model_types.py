"""A model file with own code builds what that code defines, and calls nothing else."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from forged import forge, say
from own_versions import KEY, write_version

from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, Contract
from relay.registry.model_file import ModelUntrustedError, read_model
from relay.registry.own_code import CodeFiles, OwnCodeRefusedError
from relay.registry.own_model import open_own_model
from relay.registry.own_modules import OwnModules

CODE = b"""
import os
from os import system
from pandas import read_pickle
ran = []

def twice(frame, *more):
    return 2 * frame

class Offers:
    def __setstate__(self, state):
        raise RuntimeError("broken state")

class Ender:
    def __setstate__(self, state):
        raise SystemExit(3)
"""


def build(folder: Path, model: bytes, **names: Any) -> Any:
    """The model of a signed version with this model file."""
    write_version(folder, {"recipes/m.py": CODE}, **{"files": {MODEL_FILE: sha256(model).hexdigest()}, **names})
    content = (folder / CONTRACT_FILE).read_bytes()
    return open_own_model(folder, Contract.from_json(content), content, model, stage="serve")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("CODE_KEY_FILE", str(tmp_path / "key"))
    return tmp_path / "version"


def test_a_function_of_the_code_is_called(folder: Path) -> None:
    assert build(folder, forge("recipes.m", "twice")).transform(3) == 6
    assert "recipes.m" not in sys.modules


FOREIGN = {
    "an imported function": ("recipes.m", "system", "FunctionNode"),
    "an imported reader of pickles": ("recipes.m", "read_pickle", "FunctionNode"),
    "a function of an imported module": ("recipes.m.os", "system", "FunctionNode"),
    "a dotted name": ("recipes.m", "os.system", "FunctionNode"),
    "a dotted name from above": ("recipes", "m.os.system", "FunctionNode"),
    "a module": ("recipes", "m", "FunctionNode"),
    "a module that is not of the version": ("recipes.own", "load", "FunctionNode"),
    "a name that is not there": ("recipes.m", "nothing", "TypeNode"),
    "the functions that Python has": ("recipes.m", "__builtins__", "FunctionNode"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_the_code_merely_names_is_refused(folder: Path, what: str) -> None:
    with pytest.raises(ModelUntrustedError, match="which the version's own code does not define") as caught:
        build(folder, forge(*FOREIGN[what]))
    assert "Define the class or function at the top level of a file in recipes/" in str(caught.value)


@pytest.mark.parametrize("loader", ["ListNode", "ConstructorFromReduceNode", "ObjectNode", "TupleNode"])
def test_it_is_refused_whatever_kind_of_node_names_it(folder: Path, tmp_path: Path, loader: str) -> None:
    mark = tmp_path / "mark"
    content = say(f"touch {mark}")
    given = content["content"] if loader in ("ListNode", "TupleNode") else content
    forged = forge("recipes.m", "system", loader, content=given)
    with pytest.raises(ModelUntrustedError):
        build(folder, forged)
    assert not mark.exists()


@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("posix", "system"), ("pandas", "read_pickle")])
def test_own_code_makes_nothing_of_other_packages_trusted(folder: Path, module: str, name: str) -> None:
    with pytest.raises(ModelUntrustedError, match=f"needs {module}.{name}, which our list of trusted types"):
        build(folder, forge(module, name))


@pytest.mark.parametrize(
    "model", [b"", b"no zip", forge("recipes.m", "twice", "NoSuchNode"), forge("m", "x", "ListNode")]
)
def test_what_is_not_a_model_file_is_refused_in_one_line(folder: Path, model: bytes) -> None:
    with pytest.raises(ModelUntrustedError, match="cannot be read as a skops file"):
        build(folder, model)


def test_the_gate_refuses_them_too(folder: Path) -> None:
    modules = OwnModules(CodeFiles(folder, {"recipes/m.py": CODE}))
    for name, defined in (("twice", True), ("system", False), ("nothing", False)):
        content = forge("recipes.m", name)
        with modules.visible():
            if defined:
                read_model(content, sha256(content).hexdigest(), is_own=True)
                continue
            with pytest.raises(ModelUntrustedError, match=f"recipes.m.{name}, which the recipe's own code does not"):
                read_model(content, sha256(content).hexdigest(), is_own=True)


@pytest.mark.parametrize(("name", "said"), [("Offers", "RuntimeError: broken state"), ("Ender", "it called sys.exit")])
def test_code_that_fails_while_the_model_is_built_is_one_line(folder: Path, name: str, said: str) -> None:
    with pytest.raises(OwnCodeRefusedError, match=said) as caught:
        build(folder, forge("recipes.m", name, "ObjectNode", content=say("")))
    assert "recipes/m.py, line" in str(caught.value)
    assert "recipes" not in sys.modules


def test_nothing_runs_before_files_and_signature_are_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("relay.registry.own_model.OwnModules", lambda *_: done.append("ran"))
    model = forge("recipes.m", "twice")
    monkeypatch.setenv("CODE_KEY_FILE", str(folder / "none"))
    with pytest.raises(OwnCodeRefusedError, match="the project's key is not here"):
        build(folder, model)
    assert done == []
