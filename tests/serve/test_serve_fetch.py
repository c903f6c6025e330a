"""The registry's word becomes what is in force: fetched, checked, kept; and what holds while the registry is away."""

import asyncio
import errno
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from loguru import logger
from serving import lay_version

from relay.handoff.files import hash_file
from relay.registry.errors import RegistryAwayError
from serve.copies import KEEP, Copies
from serve.fetch import Fetching
from serve.follow import Follower
from serve.store import MemoryStore, VersionRef


@dataclass
class FakeRegistry:
    """A registry of folders: what holds the alias, and whether it answers."""

    folders: dict[VersionRef, Path] = field(default_factory=dict)
    holder: VersionRef | None = None
    is_away: bool = False
    fetched: list[str] = field(default_factory=list)

    def check(self) -> VersionRef | None:
        if self.is_away:
            raise RegistryAwayError("connection refused")
        return self.holder

    def fetch(self, ref: VersionRef) -> Path:
        if self.is_away:
            raise RegistryAwayError("connection refused")
        self.fetched.append(ref.version)
        return self.folders[ref]


@dataclass
class Worker:
    """A worker's parts around a registry."""

    registry: FakeRegistry
    copies: Copies
    store: MemoryStore
    fetching: Fetching
    follower: Follower

    def ask(self) -> None:
        """One round: ask the registry, then let the worker look."""

        async def both() -> None:
            await self.fetching.ask("line")
            await self.follower.look()

        asyncio.run(both())

    def promote(self, results: Path, version: str) -> VersionRef:
        ref = VersionRef("line", version, f"run-{version}", hash_file(results / "contract.json"))
        self.registry.folders[ref], self.registry.holder = results, ref
        return ref

    @property
    def state(self) -> tuple[str | None, str]:
        status = self.store.status()["line"]
        return (status.served.version if status.served else None), status.why


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return make_worker(tmp_path, FakeRegistry())


def make_worker(folder: Path, registry: FakeRegistry, pause_seconds: float = 0.0) -> Worker:
    copies, store = Copies(folder), MemoryStore(["line"])
    return Worker(registry, copies, store, Fetching({"line": registry}, copies, pause_seconds), Follower(store, copies))


def test_whoever_holds_the_alias_is_served(worker: Worker, results: Callable[..., Path]) -> None:
    states = [worker.ask() or worker.state]
    for version in ("1", "2"):
        worker.promote(results("line"), version)
        states.append(worker.ask() or worker.state)
    worker.registry.holder = None
    states.append(worker.ask() or worker.state)
    nobody = (None, "no version holds the alias in the registry")
    assert states == [nobody, ("1", ""), ("2", ""), nobody]


def test_a_version_is_fetched_once_and_a_rollback_needs_no_fetch(worker: Worker, results: Callable[..., Path]) -> None:
    first = worker.promote(results("line"), "1")
    worker.ask()
    worker.ask()
    worker.promote(results("line"), "2")
    worker.ask()
    worker.registry.holder = first
    worker.ask()
    assert (worker.registry.fetched, worker.state) == (["1", "2"], ("1", ""))


def test_a_version_that_is_promoted_again_is_the_same_with_another_time(
    worker: Worker, results: Callable[..., Path]
) -> None:
    ref = worker.promote(results("line"), "1")
    worker.ask()
    before = worker.store.status()["line"].served
    worker.registry.holder = replace(ref, since="2026-11-20T10:03:18Z")
    worker.ask()
    after = worker.store.status()["line"].served
    assert before is not None
    assert after is not None
    assert (worker.registry.fetched, after.predictor is before.predictor) == (["1"], True)
    assert (before.ref.since, after.ref.since) == ("", "2026-11-20T10:03:18Z")


def test_while_the_registry_is_away_what_was_fetched_is_served_and_it_says_since_when(
    worker: Worker, results: Callable[..., Path]
) -> None:
    worker.promote(results("line"), "1")
    worker.ask()
    worker.registry.is_away = True
    worker.ask()
    since = worker.store.status()["line"].away_since_unix
    worker.ask()
    away = worker.store.status()["line"]
    worker.registry.is_away = False
    worker.ask()
    back = worker.store.status()["line"]
    assert (away.served is not None, away.away_since_unix == since, since is not None) == (True, True, True)
    assert "connection refused" in away.why
    assert (back.away_since_unix, back.why) == (None, "")


def test_after_a_start_without_the_registry_the_own_copy_is_served(
    worker: Worker, results: Callable[..., Path], tmp_path: Path
) -> None:
    worker.promote(results("line"), "1")
    worker.ask()
    again = make_worker(tmp_path, FakeRegistry(is_away=True))
    again.ask()
    assert again.state[0] == "1"


def test_a_damaged_copy_is_fetched_again(worker: Worker, results: Callable[..., Path]) -> None:
    first = worker.promote(results("line"), "1")
    worker.ask()
    worker.promote(results("line"), "2")
    worker.ask()
    (worker.copies.location(first) / "model.onnx").write_bytes(b"bits have rotted")
    worker.registry.holder = first
    worker.ask()
    assert (worker.registry.fetched, worker.state) == (["1", "2", "1"], ("1", ""))


def test_a_version_that_answers_its_example_otherwise_never_comes_in_force(
    worker: Worker, results: Callable[..., Path], tmp_path: Path
) -> None:
    worker.promote(results("line"), "1")
    worker.ask()
    wrong = tmp_path / "wrong"
    shutil.copytree(results("line"), wrong)
    contract = (wrong / "contract.json").read_text()
    answers = contract.index('"predictions": [')
    (wrong / "contract.json").write_text(contract[:answers] + contract[answers:].replace("1", "2", 1))
    worker.promote(wrong, "2")
    worker.ask()
    version, why = worker.state
    assert (version, "version 2 holds the alias and was refused" in why, "example 1" in why) == ("1", True, True)


def test_a_contract_that_is_not_the_registered_one_is_refused(worker: Worker, results: Callable[..., Path]) -> None:
    ref = VersionRef("line", "1", "run-1", "0" * 64)
    worker.registry.folders[ref], worker.registry.holder = results("line"), ref
    worker.ask()
    version, why = worker.state
    assert (version, "contract.json has the SHA-256" in why) == (None, True)


def test_a_refused_version_is_fetched_again_later_and_named_all_the_while(
    tmp_path: Path, results: Callable[..., Path]
) -> None:
    worker = make_worker(tmp_path, FakeRegistry(), pause_seconds=60.0)
    refused = VersionRef("line", "1", "run-1", "0" * 64)
    worker.registry.folders[refused], worker.registry.holder = results("line"), refused
    worker.ask()
    told = worker.state
    worker.promote(results("line"), "2")
    worker.ask()
    assert worker.state == ("2", "")
    worker.registry.holder = refused
    worker.ask()
    worker.ask()
    assert worker.state == ("2", told[1])
    assert "version 1 holds the alias and was refused" in told[1]
    assert worker.registry.fetched == ["1", "2"]


def test_old_versions_keep_their_lineage_and_lose_their_models(worker: Worker, results: Callable[..., Path]) -> None:
    results_of = {}
    for version in map(str, range(1, KEEP + 3)):
        data = worker.copies.folder.parent / f"from-{version}"
        ref = lay_version(data, results("line"), version, put_in_force=False)
        results_of[version] = Copies(data / "serve" / "models").location(ref)
        worker.promote(results_of[version], version)
        worker.ask()
    kept = sorted(path.parent.name.split(".")[0] for path in worker.copies.folder.glob("line/*/model.onnx"))
    lineage = worker.copies.find_lineage("line", "1")
    assert (kept, lineage) == (["3", "4", "5"], {"model": "line", "version": "1", "source": "made up"})


def spoil(folder: Path, into: Path, **changes: object) -> Path:
    """A copy of a version's files whose model file, though its digest is right, is a mapping and no model."""
    import skops.io

    shutil.copytree(folder, into)
    (into / "model.skops").write_bytes(skops.io.dumps({"a": 1}))
    contract = json.loads((into / "contract.json").read_bytes())
    contract |= {"files": {"model.skops": hash_file(into / "model.skops")}, **changes}
    (into / "contract.json").write_text(json.dumps(contract))
    return into


def test_a_version_that_no_program_can_load_is_refused_with_the_reason_and_tried_ever_more_rarely(
    results: Callable[..., Path], tmp_path: Path
) -> None:
    worker = make_worker(tmp_path / "copies", FakeRegistry(), pause_seconds=3600.0)
    worker.promote(results("line"), "1")
    worker.ask()
    worker.promote(spoil(results("line"), tmp_path / "spoilt"), "2")
    for _ in range(5):
        worker.ask()
    served, why = worker.state
    assert (served, worker.registry.fetched) == ("1", ["1", "2"])
    assert "version 2 holds the alias and was refused: version 2 of line cannot be loaded: AttributeError" in why


def test_a_version_whose_contract_has_no_example_is_refused(results: Callable[..., Path], tmp_path: Path) -> None:
    worker = make_worker(tmp_path / "copies", FakeRegistry(), pause_seconds=3600.0)
    shutil.copytree(results("line"), tmp_path / "version")
    contract = json.loads((tmp_path / "version" / "contract.json").read_bytes())
    contract["example"] |= {"records": [], "predictions": []}
    (tmp_path / "version" / "contract.json").write_text(json.dumps(contract))
    worker.promote(tmp_path / "version", "1")
    worker.ask()
    served, why = worker.state
    assert (served, "no example" in why) == (None, True)


def test_a_worker_that_cannot_load_the_copy_in_force_does_not_try_again_at_each_word_of_the_registry(
    worker: Worker, results: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    def fail(_folder: Path, ref: VersionRef) -> None:
        loads.append(ref.version)
        raise OSError("out of memory")

    monkeypatch.setattr("serve.follow.load_folder", fail)
    worker.promote(results("line"), "1")
    for _ in range(4):
        worker.ask()
    assert (loads, worker.state) == (["1"], (None, "out of memory"))


def test_a_full_disk_is_told_once_in_words_and_the_version_follows_when_there_is_room(
    worker: Worker, results: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    lines: list[str] = []
    sink = logger.add(lines.append, format="{level} {message} {exception}")
    worker.promote(results("line"), "1")
    with monkeypatch.context() as full:
        full.setattr(worker.copies, "write", refuse)
        for _ in range(3):
            worker.ask()
    logger.remove(sink)
    told = [line for line in lines if "No space left" in line]
    assert len(told) == 1
    assert told[0].startswith("WARNING line: what the registry says cannot be kept here")
    assert "Traceback" not in told[0]
    worker.ask()
    assert worker.state == ("1", "")


def test_a_question_for_all_models_that_fails_does_not_end_the_questions_for_each(
    worker: Worker, results: Callable[..., Path]
) -> None:
    class Broken:
        def find(self) -> Mapping[str, bool]:
            raise OSError(errno.ENOSPC, "No space left on device")

        def make(self, name: str) -> Any:
            raise AssertionError(name)

    worker.promote(results("line"), "1")
    fetching = Fetching({"line": worker.registry}, worker.copies, 0.0, Broken())

    async def both() -> None:
        await fetching.ask_all()
        await worker.follower.look()

    asyncio.run(both())
    fetching.close()
    assert worker.state == ("1", "")
