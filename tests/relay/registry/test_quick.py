"""The small questions give the answers of MLflow's own client, on both registries."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relay.registry import quick
from relay.registry.connection import Address, find_registry
from relay.registry.errors import RegistryAwayError, RegistryMissingError
from relay.registry.promotion import promote
from relay.registry.quick import find_holder, find_models, find_version, find_versions
from relay.registry.versions import CONTRACT_SHA256, RESULT, UNSERVED, list_versions, read_version

Register = Any


def test_the_holder_is_the_one_that_the_client_finds_with_all_its_tags(
    address: Address, client: Any, register: Register
) -> None:
    register("quick"), register("quick")
    promote(client, "quick", 2, "ann", "second")
    holder = find_holder(address, "quick")
    version = read_version(client, "quick", 2)
    assert holder is not None
    assert (holder.version, holder.run_id, dict(holder.tags)) == (2, version.run_id, dict(version.tags))
    assert len(holder.tags[CONTRACT_SHA256]) == 64


def test_the_version_of_a_result_is_the_one_that_the_client_reads(
    address: Address, client: Any, register: Register
) -> None:
    numbers = [register("results").number for _ in range(2)]
    for number, result in zip(numbers, ("a" * 32, "b" * 32), strict=True):
        client.set_model_version_tag("results", str(number), RESULT, result)
    promote(client, "results", numbers[1], "ann", "second")
    for number, result in zip(numbers, ("a" * 32, "b" * 32), strict=True):
        assert find_version(address, "results", result) == read_version(client, "results", number)
    assert find_version(address, "results", "c" * 32) is None
    assert find_versions(address, "results") == list_versions(client, "results")
    assert find_version(address, "unknown", "a" * 32) is None
    client.delete_model_version("results", str(numbers[0]))
    assert find_version(address, "results", "a" * 32) is None
    assert [version.number for version in find_versions(address, "results")] == [numbers[1]]
    assert find_versions(address, "unknown") == []


@pytest.mark.parametrize("name", ["quiet", "nobody"])
def test_no_alias_and_no_model_are_no_holder(address: Address, client: Any, register: Register, name: str) -> None:
    if name == "quiet":
        register(name)
    assert find_holder(address, name) is None


def test_a_registry_that_was_not_made_yet_is_no_answer(tmp_path: Path) -> None:
    address = find_registry(tmp_path)
    assert address is not None
    with pytest.raises(RegistryMissingError, match="there is no registry at"):
        find_holder(address, "any")
    assert not (tmp_path / "mlflow").exists()


ALIASES = (
    "registered_model_aliases (name text, alias text, version integer); "
    "create table model_versions (name text, version integer, run_id text); "
    "create table model_version_tags (name text, version integer, key text, value text)"
)


def make_database(folder: Path, table: str = "") -> Address:
    address = find_registry(folder)
    assert address is not None
    address.database.parent.mkdir()
    with closing(sqlite3.connect(address.database)) as database:
        database.executescript(f"create table {table}" if table else "vacuum")
    return address


@pytest.mark.parametrize("table", ["", "experiments (experiment_id integer)"])
def test_a_database_without_the_tables_of_a_registry_is_no_answer(tmp_path: Path, table: str) -> None:
    with pytest.raises(RegistryMissingError, match="has no tables yet"):
        find_holder(make_database(tmp_path, table), "any")


def test_a_database_with_other_columns_than_ours_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryAwayError, match="cannot be read"):
        find_holder(make_database(tmp_path, "registered_model_aliases (alias text)"), "any")


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    address = find_registry(tmp_path)
    assert address is not None
    address.database.parent.mkdir()
    address.database.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(RegistryAwayError, match="cannot be read"):
        find_holder(address, "any")


def test_a_server_that_is_away_is_said() -> None:
    with pytest.raises(RegistryAwayError, match="no MLflow server answers"):
        find_holder(Address("http://127.0.0.1:9", None), "any")


def test_asking_imports_no_mlflow(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from relay.registry.quick import find_holder; "
        "from relay.registry.connection import find_registry; "
        "print(find_holder(find_registry(Path(sys.argv[1])), 'any'), 'mlflow' in sys.modules)"
    )
    make_database(tmp_path, ALIASES)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["None", "False"]


def test_the_models_that_can_be_served_are_found_on_both_registries(
    address: Address, client: Any, register: Register
) -> None:
    for name in ("every", "every-unserved", "every-foreign", "every-quiet"):
        register(name)
        if name != "every-quiet":
            promote(client, name, 1, "ann", "first")
    client.set_model_version_tag("every-unserved", "1", UNSERVED, "its answers change")
    client.delete_model_version_tag("every-foreign", "1", CONTRACT_SHA256)
    found = {name: can_answer for name, can_answer in find_models(address).items() if name.startswith("every")}
    assert found == {"every": True, "every-foreign": False, "every-unserved": False}


def test_all_pages_of_a_server_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(_uri: str, path: str) -> dict[str, Any]:
        asked.append(path.partition("?")[0])
        if path.startswith("registered-models/alias"):
            return {"model_version": {"version": "1", "tags": [{"key": CONTRACT_SHA256, "value": "a"}]}}
        model = {"name": f"m{len(asked)}", "aliases": [{"alias": "production", "version": "1"}]}
        return {"registered_models": [model]} | ({} if "page_token=two" in path else {"next_page_token": "two"})

    monkeypatch.setattr(quick, "ask_server", answer)
    assert find_models(Address("http://registry", None)) == {"m1": True, "m2": True}
