"""Someone who can write to the registry, and to nothing else, changes a version with own code: no program runs it."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import wait_for
from test_serve_own import LINE, Production, production  # noqa: F401 - a fixture

from model.__main__ import STAGE
from relay.handoff.files import hash_file
from relay.handoff.program import main
from relay.registry.connection import find_experiment, find_registry, open_registry
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, SIGNATURE_FILE
from relay.registry.versions import CONTRACT_SHA256

sys.path.append(str(Path(__file__).parents[1] / "relay" / "registry"))

from forged import forge

pytestmark = pytest.mark.slow

EVIL = "from pathlib import Path\nPath('{mark}').write_text('ran')\n"


class Registry:
    """What the attacker can write to, with a copy of version 1 as another version."""

    def __init__(self, made: Production) -> None:
        folder = made.project.data_dir / "mlflow"
        address = find_registry(made.project.data_dir)
        assert address is not None
        self.client = open_registry(address)
        first = self.client.get_model_version("case", "1")
        (self.first,) = (path.parent for path in folder.rglob(SIGNATURE_FILE) if Path(first.source).name in path.parts)
        run, tags = first.run_id, first.tags
        experiment = find_experiment(self.client, address, "case")
        logged = self.client.create_logged_model(experiment, name="model", source_run_id=run)
        self.client.log_model_artifacts(logged.model_id, str(self.first))
        self.client.finalize_logged_model(logged.model_id, "READY")
        (self.last,) = (path.parent for path in folder.rglob(SIGNATURE_FILE) if logged.model_id in path.parts)
        source = f"models:/{logged.model_id}"
        version = self.client.create_model_version("case", source, run, tags=tags, model_id=logged.model_id)
        self.number = str(version.version)

    def vouch(self) -> None:
        """Write the digest of the contract that lies there now into the version's tag."""
        self.client.set_model_version_tag("case", self.number, CONTRACT_SHA256, hash_file(self.last / CONTRACT_FILE))


def add_a_file(registry: Registry, mark: Path) -> None:
    (registry.last / "code" / "recipes" / "extra.py").write_text(EVIL.format(mark=mark))


def change_the_code(registry: Registry, mark: Path) -> None:
    (registry.last / "code" / "recipes" / "parts.py").write_text(EVIL.format(mark=mark))


def rewrite_the_contract(registry: Registry, mark: Path) -> None:
    change_the_code(registry, mark)
    contract = json.loads((registry.last / CONTRACT_FILE).read_bytes())
    contract["code"]["recipes/parts.py"] = hash_file(registry.last / "code" / "recipes" / "parts.py")
    (registry.last / CONTRACT_FILE).write_text(json.dumps(contract))
    registry.vouch()


def swap_the_model_file(registry: Registry, mark: Path) -> None:
    """With the code as it was, and its signature."""
    forged = forge("recipes.parts", "BaseEstimator", "ObjectNode")
    (registry.last / MODEL_FILE).write_bytes(forged)
    contract = json.loads((registry.last / CONTRACT_FILE).read_bytes())
    contract["files"][MODEL_FILE] = hash_file(registry.last / MODEL_FILE)
    (registry.last / CONTRACT_FILE).write_text(json.dumps(contract))
    registry.vouch()
    assert not mark.exists()


def rewrite_and_copy_a_signature(registry: Registry, mark: Path) -> None:
    rewrite_the_contract(registry, mark)
    (registry.last / SIGNATURE_FILE).write_bytes((registry.first / SIGNATURE_FILE).read_bytes())


def remove_the_signature(registry: Registry, mark: Path) -> None:
    rewrite_the_contract(registry, mark)
    (registry.last / SIGNATURE_FILE).unlink()


def name_another_file(registry: Registry, mark: Path) -> None:
    contract = json.loads((registry.last / CONTRACT_FILE).read_bytes())
    contract["code"] = {"recipes/../../../../etc/passwd\nERROR": hash_file(Path("/etc/passwd"))}
    (registry.last / CONTRACT_FILE).write_text(json.dumps(contract))
    registry.vouch()
    assert not mark.exists()


def link_to_the_key(registry: Registry, mark: Path) -> None:
    (registry.last / "lineage.json").unlink()
    (registry.last / "lineage.json").symlink_to(os.environ["CODE_KEY_FILE"])
    (registry.last / "everything").symlink_to("/")
    assert not mark.exists()


def name_it_oddly(registry: Registry, mark: Path) -> None:
    (registry.last / "code" / os.fsdecode(b"\xff\n.py")).write_text(EVIL.format(mark=mark))


ATTACKS: dict[Callable[[Registry, Path], None], str] = {
    add_a_file: "code/recipes/extra.py is no file of this version",
    change_the_code: "recipes/parts.py has the SHA-256",
    rewrite_the_contract: "its signature does not hold with the project's key",
    rewrite_and_copy_a_signature: "its signature does not hold with the project's key",
    remove_the_signature: "it is not signed",
    swap_the_model_file: "its signature does not hold with the project's key",
    name_another_file: r"the contract names recipes/../../../../etc/passwd\nERROR as own code",
    link_to_the_key: "is a symbolic link; links are not followed",
    name_it_oddly: r"code/\udcff\n.py is no file of this version",
}


def find_secret(folder: Path, secret: bytes, own: Path) -> list[Path]:
    """The files below a folder that hold the key, but for the key's own file."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path != own)
    return [path for path in files if secret in path.read_bytes()]


@pytest.mark.parametrize("act", ATTACKS, ids=lambda act: act.__name__)
def test_a_changed_version_never_runs_and_the_one_before_goes_on(
    production: Production,  # noqa: F811
    tmp_path: Path,
    act: Callable[[Registry, Path], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry, mark, refused = Registry(production), tmp_path / "mark", " holds the alias and was refused"
    act(registry, mark)
    assert main(STAGE, ["promote", str(production.project.recipe), registry.number]) == 0
    wait_for(lambda: f"version {registry.number}{refused}" in production.health().get("why", ""), "the refusal")
    health = production.health()
    assert ATTACKS[act] in health["why"]
    assert health["next_step"]
    assert (health["version"], health["ready"], production.ask(x=3)) == ("1", True, ("1", LINE))
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"x": 3}')))
    assert main(STAGE, ["predict", str(production.project.recipe)]) == 1
    assert ATTACKS[act] in capsys.readouterr().err
    assert not mark.exists()
    secret = production.key.read_bytes().strip()
    assert find_secret(production.project.folder, secret, production.key) == []
    assert secret.decode() not in json.dumps(health)
