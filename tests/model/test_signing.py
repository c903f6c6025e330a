"""A registration signs a version with own code: only the code that lies beside the recipe, and says why it does not."""

import json
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import skops.io
from loguru import logger
from sklearn.linear_model import LinearRegression

from model.release.package import write_package
from model.release.signing import sign_package
from relay.registry.code_key import is_signed, make_key, read_key
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, SIGNATURE_FILE

sys.path.append(str(Path(__file__).parents[1] / "relay" / "registry"))

from own_versions import CODE, write_version

MODEL: bytes = skops.io.dumps(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]))


@pytest.fixture
def said() -> list[str]:
    """What was logged."""
    lines: list[str] = []
    logger.remove()
    logger.add(lambda line: lines.append(str(line)), format="{message}")
    return lines


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """`register()`: the folder of a new version, of a result whose code lies beside the recipe."""
    monkeypatch.setenv("CODE_KEY_FILE", str(tmp_path / "secrets" / "code_key"))
    (tmp_path / "result").mkdir()
    result = write_version(tmp_path / "result", files={MODEL_FILE: sha256(MODEL).hexdigest()})
    (result / MODEL_FILE).write_bytes(MODEL)
    (result / SIGNATURE_FILE).unlink()
    for name, content in CODE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def make() -> Path:
        from relay.registry.contract import Contract

        contract = Contract.from_json((result / CONTRACT_FILE).read_bytes())
        write_package(result, contract, {}, tmp_path / "package", "run")
        sign_package(tmp_path / "package", contract, tmp_path / "recipes")
        return tmp_path / "package"

    return make


def test_the_first_registration_makes_the_key_and_signs(
    register: Callable[[], Path], tmp_path: Path, said: list[str]
) -> None:
    package = register()
    key = read_key(tmp_path / "secrets" / "code_key")
    assert key is not None
    signature = (package / SIGNATURE_FILE).read_text()
    assert is_signed((package / CONTRACT_FILE).read_bytes(), signature, key)
    (line,) = said
    assert f"made the project's key in {tmp_path / 'secrets' / 'code_key'}, for there was none" in line
    register()
    assert said == [line]
    written = [path.read_bytes() for path in package.rglob("*") if path.is_file()]
    assert not any(key in content for content in written)


def test_code_that_came_into_the_data_folder_otherwise_is_not_signed(
    register: Callable[[], Path], tmp_path: Path, said: list[str]
) -> None:
    """Someone who can write to data/output must not have their code signed by the next training."""
    changed = b"import os\n"
    (tmp_path / "result" / "code" / "recipes" / "churn.py").write_bytes(changed)
    contract = json.loads((tmp_path / "result" / CONTRACT_FILE).read_bytes())
    contract["code"]["recipes/churn.py"] = sha256(changed).hexdigest()
    (tmp_path / "result" / CONTRACT_FILE).write_text(json.dumps(contract))
    assert not (register() / SIGNATURE_FILE).exists()
    (line,) = said
    assert "is not signed: recipes/churn.py of the result is not the file in" in line
    assert "To have it signed, train again: `python -m model churn --force`" in line


def lose(key: Path) -> None:
    key.parent.mkdir()
    key.symlink_to(key.parent / "gone")


def open_up(key: Path) -> None:
    make_key(key)
    key.parent.chmod(0o755)


def block(key: Path) -> None:
    key.parent.write_text("a file, where the folder should be")


@pytest.mark.parametrize(
    ("act", "expected"),
    [(lose, "a symbolic link to a file that does not exist"), (open_up, "Run `chmod 700 "), (block, "Not a directory")],
)
def test_a_key_that_cannot_be_used_leaves_the_version_unsigned_and_says_what_to_do(
    register: Callable[[], Path], tmp_path: Path, said: list[str], act: Callable[[Path], None], expected: str
) -> None:
    path = tmp_path / "secrets" / "code_key"
    act(path)
    assert not (register() / SIGNATURE_FILE).exists()
    (line,) = said
    assert expected in line
    assert "Then train again: `python -m model churn --force`" in line
    if path.is_file():
        assert path.read_text().strip() not in line


def test_a_container_without_a_key_makes_none(
    register: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv("CODE_KEY_FILE", "/run/secrets/no_such_key")
    assert not (register() / SIGNATURE_FILE).exists()
    assert "the project's key is not here" in said[0]
    assert not os.path.lexists("/run/secrets/no_such_key")
