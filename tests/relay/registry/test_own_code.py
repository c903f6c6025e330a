"""The files of own code in a version: only what training wrote, signed or equal to recipes/, is run."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from contracts import make_contract
from own_versions import CODE, KEY, write_version

from relay.registry.artifacts import check_files
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, SIGNATURE_FILE, Contract
from relay.registry.model_file import ModelTamperedError
from relay.registry.own_code import CodeFiles, OwnCodeRefusedError, read_code, require_trusted
from relay.registry.versions import CONTRACT_SHA256, Version


def read(folder: Path) -> CodeFiles:
    """Read, check and trust the code of a version, as every program does that answers by it."""
    content = (folder / CONTRACT_FILE).read_bytes()
    version = Version("churn", 2, "run", 0.0, is_production=True, tags={CONTRACT_SHA256: sha256(content).hexdigest()})
    contract = check_files(folder, version)
    files = read_code(folder, contract)
    require_trusted(folder, content, files, recipes=folder.parent / "recipes")
    return files


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A signed version, and the key in a closed file."""
    key = tmp_path / "key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    monkeypatch.setenv("CODE_KEY_FILE", str(key))
    (tmp_path / "recipes").mkdir()
    return write_version(tmp_path / "version")


def refuse(folder: Path, kind: type[Exception] = OwnCodeRefusedError) -> str:
    """What is said of a version that is not run, always with what to do next."""
    with pytest.raises(kind) as caught:
        read(folder)
    said = str(caught.value)
    assert any(word in said for word in ("Train", "train", "back to another version"))
    assert KEY.decode() not in said
    said.encode()  # logs and replies can hold it
    assert "\n" not in said
    return said


def test_a_signed_version_is_read_once_and_whole(version: Path) -> None:
    assert read(version).contents == CODE


def add(folder: Path) -> None:
    (folder / "code" / "recipes" / "more.py").write_text("")


def add_deep(folder: Path) -> None:
    (folder / "code" / "recipes" / "deep" / "__pycache__").mkdir()
    (folder / "code" / "recipes" / "deep" / "__pycache__" / "parts.cpython-311.pyc").write_bytes(b"")


def add_beside(folder: Path) -> None:
    (folder / "code" / "sitecustomize.py").write_text("")


def add_odd(folder: Path) -> None:
    (folder / "code" / os.fsdecode(b"\xff\n" + b"x" * 200)).write_text("")


def remove(folder: Path) -> None:
    (folder / "code" / "recipes" / "churn.py").unlink()


def change(folder: Path) -> None:
    (folder / "code" / "recipes" / "churn.py").write_text("from . import  parts\n")


def change_data(folder: Path) -> None:
    (folder / "code" / "recipes" / "deep" / "x.csv").write_text("b\n")


def rename(folder: Path) -> None:
    (folder / "code" / "recipes" / "churn.py").rename(folder / "code" / "recipes" / "Churn.py")


def replace_by_folder(folder: Path) -> None:
    remove(folder)
    (folder / "code" / "recipes" / "churn.py").mkdir()


def replace_by_pipe(folder: Path) -> None:
    remove(folder)
    os.mkfifo(folder / "code" / "recipes" / "churn.py")


def grow(folder: Path) -> None:
    os.truncate(folder / "code" / "recipes" / "churn.py", 200_000_000)  # takes no room on the disk


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (add, "code/recipes/more.py is no file of this version"),
        (add_deep, "parts.cpython-311.pyc is no file of this version"),
        (add_beside, "code/sitecustomize.py is no file of this version"),
        (add_odd, r"code/\udcff\nxxxxx"),
        (remove, "code/recipes/churn.py cannot be read: No such file"),
        (change, "recipes/churn.py has the SHA-256"),
        (change_data, "recipes/deep/x.csv has the SHA-256"),
        (rename, "code/recipes/churn.py cannot be read: No such file"),
        (replace_by_folder, "code/recipes/churn.py cannot be read: Not a file"),
        (replace_by_pipe, "code/recipes/churn.py cannot be read: Not a file"),
        (grow, "code/recipes/churn.py is too large; own code may have 5 MB per source file, 100 MB for all"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_changed_folder_is_refused(version: Path, act: Callable[[Path], None], said: str) -> None:
    act(version)
    assert said in refuse(version)


@pytest.mark.parametrize(
    "name",
    ["code", "code/recipes", "code/recipes/deep", "code/recipes/churn.py", MODEL_FILE, CONTRACT_FILE, "lineage.json"],
)
def test_a_symbolic_link_is_refused_wherever_it_is(version: Path, tmp_path: Path, name: str) -> None:
    (version / "lineage.json").write_text("{}")
    (version / name).rename(tmp_path / "moved")
    (version / name).symlink_to(tmp_path / "moved")  # the same bytes
    assert f"{name} is a symbolic link" in refuse(version, ModelTamperedError)


@pytest.mark.parametrize("name", ["code", "code/recipes", "code/recipes/churn.py"])
def test_a_link_is_refused_by_the_code_itself_too(version: Path, tmp_path: Path, name: str) -> None:
    (version / name).rename(tmp_path / "moved")
    (version / name).symlink_to(tmp_path / "moved")
    contract = Contract.from_json((version / CONTRACT_FILE).read_bytes())
    with pytest.raises(OwnCodeRefusedError, match="is a symbolic link; links are not followed"):
        read_code(version, contract)


@pytest.mark.parametrize(
    "name",
    [
        "recipes/../x.py",
        "recipes/../../../etc/passwd",
        "/etc/passwd",
        "../recipes/churn.py",
        "recipes",
        "recipes/",
        "recipes//churn.py",
        "recipes/./churn.py",
        "recipes\\churn.py",
        "recipes/a\\b.py",
        "relay/registry/own_code.py",
        "recipes.churn",
        "recipes/\0.py",
        "recipes/a\nERROR another line.py",
        "recipes/\ud800.py",
        "",
        "recipes/" + "a" * 300 + ".py",
        "recipes/" + "a/" * 50_000 + "b.py",
    ],
)
def test_a_contract_that_names_another_file_is_refused_even_when_it_is_signed(tmp_path: Path, name: str) -> None:
    contract = make_contract("churn", b"a model", code={name: sha256(b"").hexdigest()})
    with pytest.raises(OwnCodeRefusedError, match="expected the name of a file below recipes/") as caught:
        read_code(tmp_path, contract)
    assert len(str(caught.value)) < 300
    str(caught.value).encode()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/dev/zero", "weights.bin", "code/recipes/churn.py"])
def test_a_contract_names_no_model_file_of_another_name(version: Path, name: str) -> None:
    write_version(version, files={MODEL_FILE: sha256(b"a model").hexdigest(), name: "0" * 64})
    assert f"the contract names {name} as a model file" in refuse(version, ModelTamperedError)


@pytest.mark.parametrize("content", [b"{}", b"[", b"[]", b"[" * 100_000, b"\xff"])
def test_what_is_no_contract_is_refused(version: Path, content: bytes) -> None:
    (version / CONTRACT_FILE).write_bytes(content)
    assert "contract.json is not a contract" in refuse(version, ModelTamperedError)


def test_a_signed_version_of_another_model_is_refused(version: Path) -> None:
    write_version(version, model="credit")
    assert "its contract is of the model credit" in refuse(version, ModelTamperedError)


def test_a_rewritten_contract_needs_a_new_signature(version: Path) -> None:
    old = (version / SIGNATURE_FILE).read_text()
    write_version(version, {"recipes/churn.py": b"import os; os.system('id')\n"})
    (version / "code" / "recipes" / "deep").rename(version / "deep")
    (version / SIGNATURE_FILE).write_text(old)  # digest and tag are right, only the key is missing
    assert "its signature does not hold with the project's key" in refuse(version)


def test_a_signature_of_the_same_code_is_of_no_use_for_another_model_file(version: Path, tmp_path: Path) -> None:
    other = write_version(tmp_path / "other", files={MODEL_FILE: sha256(b"another model").hexdigest()})
    (other / MODEL_FILE).write_bytes(b"another model")
    assert read(other).contents == CODE
    (other / SIGNATURE_FILE).write_bytes((version / SIGNATURE_FILE).read_bytes())
    assert "its signature does not hold" in refuse(other)


def unsign(folder: Path) -> None:
    (folder / SIGNATURE_FILE).unlink()


def sign_by_link(folder: Path) -> None:
    (folder / SIGNATURE_FILE).rename(folder.parent / "signature")
    (folder / SIGNATURE_FILE).symlink_to(folder.parent / "signature")


def sign_emptily(folder: Path) -> None:
    (folder / SIGNATURE_FILE).write_text("")


def sign_at_length(folder: Path) -> None:
    with (folder / SIGNATURE_FILE).open("ab") as file:
        file.truncate(2_000_000_000)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (unsign, "it is not signed"),
        (sign_emptily, "its signature does not hold"),
        (sign_at_length, "its signature does not hold"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_without_a_signature_of_this_project_nothing_runs(
    version: Path, act: Callable[[Path], None], said: str
) -> None:
    act(version)
    assert said in refuse(version)


def test_a_linked_signature_is_refused(version: Path) -> None:
    sign_by_link(version)
    assert "contract.signature is a symbolic link" in refuse(version, ModelTamperedError)


def lose(key: Path) -> None:
    key.unlink()


def empty(key: Path) -> None:
    key.write_bytes(b"")


def change_key(key: Path) -> None:
    key.write_bytes(b"x" * 64)


def open_key(key: Path) -> None:
    key.chmod(0o644)
    key.parent.chmod(0o755)


@pytest.mark.parametrize(
    ("act", "said", "next_step"),
    [
        (lose, "the project's key is not here", "Bring the training's key back"),
        (empty, "the project's key is not here", "Bring the training's key back"),
        (change_key, "another key made it", "Train it again"),
        (open_key, "can read the project's key", "Run `chmod 600"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_key_is_refused_and_code_that_is_here_needs_none(
    version: Path, act: Callable[[Path], None], said: str, next_step: str
) -> None:
    act(version.parent / "key")
    refused = refuse(version)
    assert said in refused
    assert next_step in refused
    for name, content in CODE.items():
        path = version.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert read(version).contents == CODE
    (version.parent / "recipes" / "deep" / "x.csv").write_bytes(b"b\n")  # one file of three differs
    assert said in refuse(version)


def test_a_link_out_of_recipes_is_not_the_code_that_is_here(version: Path, tmp_path: Path) -> None:
    unsign(version)
    (tmp_path / "recipes").rmdir()
    (tmp_path / "elsewhere").mkdir()
    for name, content in CODE.items():
        path = tmp_path / "elsewhere" / name.removeprefix("recipes/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "recipes").mkdir()
    for one in (tmp_path / "elsewhere").iterdir():
        (tmp_path / "recipes" / one.name).symlink_to(one)
    assert "nor is it the code in recipes/ of this program" in refuse(version)


def test_all_files_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.registry.own_code.LARGEST_DATA", 10)
    code = {f"recipes/{name}.csv": b"123456" for name in "ab"}
    write_version(tmp_path, code)
    contract = Contract.from_json((tmp_path / CONTRACT_FILE).read_bytes())
    with pytest.raises(OwnCodeRefusedError, match=r"code/recipes/b\.csv is too large"):
        read_code(tmp_path, contract)
