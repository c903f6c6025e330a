"""Files of a version: whole and checked, or refused."""

from pathlib import Path
from typing import Any

import pytest

from relay.registry.artifacts import check_files, fetch_version
from relay.registry.connection import Address
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE
from relay.registry.errors import RegistryAwayError, RegistryEmptyError
from relay.registry.model_file import ModelTamperedError
from relay.registry.versions import read_version

Register = Any
Server = Any


def find_stored(address: Address, server: Server, name: str, content: bytes) -> list[Path]:
    """Where a registry keeps a file of some content."""
    root = address.artifacts if address.is_embedded else server.folder / "artifacts"
    return [path for path in root.rglob(name) if path.read_bytes() == content]


def test_a_fetched_version_is_byte_for_byte_what_was_registered(
    client: Any, register: Register, tmp_path: Path
) -> None:
    version = register("whole", b"whole model")
    contract = fetch_version(client, version, tmp_path / "here")
    assert contract.model == "whole"
    assert (tmp_path / "here" / MODEL_FILE).read_bytes() == b"whole model"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", [MODEL_FILE, CONTRACT_FILE])
def test_a_file_that_was_changed_in_the_registry_is_refused_and_nothing_is_left(
    address: Address, client: Any, register: Register, server: Server, tmp_path: Path, name: str
) -> None:
    content = f"model to spoil {name}".encode()
    version = register("spoiled", content)
    (model,) = find_stored(address, server, MODEL_FILE, content)
    spoiled = model.with_name(name)
    spoiled.write_bytes(spoiled.read_bytes() + b" ")
    with pytest.raises(ModelTamperedError, match=rf"version {version.number} of spoiled: {name} is .*not loaded"):
        fetch_version(client, version, tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_a_file_that_was_changed_after_fetching_is_refused(client: Any, register: Register, tmp_path: Path) -> None:
    version = register("local", b"fetched and then changed")
    fetch_version(client, version, tmp_path / "here")
    (tmp_path / "here" / MODEL_FILE).write_bytes(b"changed")
    with pytest.raises(ModelTamperedError, match=r"model.skops is"):
        check_files(tmp_path / "here", version)


def test_files_that_are_gone_from_the_registry_are_missed_in_one_line(
    address: Address, client: Any, register: Register, server: Server, tmp_path: Path
) -> None:
    content = b"model that goes away"
    version = register("gone", content)
    for path in find_stored(address, server, MODEL_FILE, content):
        path.unlink()
    with pytest.raises((ModelTamperedError, RegistryAwayError), match="version 1 of gone"):
        fetch_version(client, version, tmp_path / "here")


def test_a_version_that_somebody_else_registered_is_not_loaded(client: Any, register: Register, tmp_path: Path) -> None:
    register("foreign")
    source = client.get_model_version("foreign", "1").source
    made = client.create_model_version("foreign", source, model_id=source.removeprefix("models:/"))
    with pytest.raises(RegistryEmptyError, match="was not registered by Relay"):
        fetch_version(client, read_version(client, "foreign", int(made.version)), tmp_path / "here")
