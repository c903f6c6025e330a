"""A process of its own fetches a version, and answers one JSON document: a folder, or an error with its kind."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from projects import CASES, Project, make_project

from relay.handoff.errors import ErrorRecord
from relay.handoff.settings import ROOT
from relay.registry.connection import Address, find_registry
from relay.registry.errors import RegistryAwayError, RegistryEmptyError
from relay.registry.model_file import ModelTamperedError
from serve import fetch_version, registry_fetcher
from serve.loading import VersionRefusedError
from serve.registry_fetcher import RegistryFetcher, rebuild_error
from serve.store import VersionRef


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose one version is in production in the embedded registry."""
    recipe, columns = CASES["line"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "")
        made = make_project(tmp_path_factory.mktemp("project"), recipe, columns(), "line")
        assert made.run() == 0
    return made


@pytest.fixture
def fetcher(project: Project, tmp_path: Path) -> RegistryFetcher:
    address = find_registry(project.data_dir)
    assert address is not None
    return RegistryFetcher(address, "line", "production", tmp_path)


def answer_here(
    address: Address, number: str, into: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> tuple[int, Any]:
    """Exit code and answer of the program, in this process: two tests below have it as the service starts it."""
    code = fetch_version.main([address.uri, str(address.folder or ""), "line", number, str(into)])
    return code, json.loads(capfdbinary.readouterr().out)


def test_the_version_in_production_is_fetched_whole(fetcher: RegistryFetcher) -> None:
    ref = fetcher.check()
    assert ref is not None
    folder = fetcher.fetch(ref)
    contract = json.loads((folder / "contract.json").read_bytes())
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in contract["files"]}
    assert digests == contract["files"]


def test_the_answer_names_the_folder(
    fetcher: RegistryFetcher, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, answer = answer_here(fetcher.address, "1", tmp_path / "version", capfdbinary)
    assert (code, answer) == (0, {"folder": str(tmp_path / "version")})


@pytest.mark.parametrize(
    ("address", "number", "kind"),
    [(None, "7", "registry_empty"), (Address("http://127.0.0.1:9", None), "1", "registry_away")],
    ids=["no such version", "no server"],
)
def test_an_error_is_answered_with_its_kind(
    fetcher: RegistryFetcher,
    tmp_path: Path,
    address: Address | None,
    number: str,
    kind: str,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    code, answer = answer_here(address or fetcher.address, number, tmp_path / "version", capfdbinary)
    assert (code, answer["error"]["kind"], bool(answer["error"]["message"])) == (1, kind, True)


def test_a_file_that_is_not_the_registered_one_is_an_error_of_its_own(fetcher: RegistryFetcher) -> None:
    ref = fetcher.check()
    assert ref is not None
    folder = fetcher.address.folder
    assert folder is not None
    (kept,) = [path for path in folder.rglob("model.skops") if "models" in path.parts]
    content = kept.read_bytes()
    kept.write_bytes(content + b"0")
    try:
        with pytest.raises(ModelTamperedError, match=r"model\.skops"):
            fetcher.fetch(ref)
    finally:
        kept.write_bytes(content)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("registry_away", RegistryAwayError),
        ("registry_empty", RegistryEmptyError),
        ("model_tampered", ModelTamperedError),
        ("unexpected", VersionRefusedError),
        ("a kind of a later release", VersionRefusedError),
    ],
)
def test_the_kind_alone_decides_which_error_is_raised(kind: str, expected: type[Exception]) -> None:
    error = rebuild_error(ErrorRecord(kind, message="x", next="y"))
    assert (type(error), str(error), error.next_step) == (expected, "x", "y")


@pytest.mark.parametrize("printed", [b"", b"Killed", b"{}"])
def test_a_process_that_ends_without_an_answer_means_try_again(
    fetcher: RegistryFetcher, monkeypatch: pytest.MonkeyPatch, printed: bytes
) -> None:
    ended = SimpleNamespace(stdout=printed, stderr=b"ModelTamperedError: x", returncode=-9)
    monkeypatch.setattr(registry_fetcher.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(VersionRefusedError, match="exit code -9"):
        fetcher.fetch(VersionRef("line", "1", "run", "0" * 64))


def fail(*_: object) -> None:
    print("printed by a library")  # noqa: T201 - what is tested
    raise ZeroDivisionError("a mistake of ours")


def test_a_mistake_of_ours_is_answered_too_and_nothing_else_is_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetch_version, "_fetch", fail)
    assert fetch_version.main(["http://127.0.0.1:9", "", "line", "1", str(tmp_path / "version")]) == 1
    answer = json.loads(capfd.readouterr().out)
    assert answer["error"]["kind"] == "unexpected"


def test_the_client_of_the_registry_is_imported_by_the_fetching_process_alone() -> None:
    code = "import sys, serve.registry_fetcher; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
