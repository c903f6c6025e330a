"""The folders of results: whole or not there, old ones back in force, the eleventh gone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import Fingerprints, hash_file
from relay.handoff.receipt import Key, Receipt, Rejects
from relay.results.output import KEEP, ResultLocation, check_folder, describe_files


def make_receipt(files: dict[str, bytes], value: int) -> Receipt:
    key = Key(code={}, parameters={"value": value}, inputs={})
    return Receipt(
        stage="model",
        recipe="r",
        title="",
        rows=1,
        columns=[],
        sources=[],
        seed=42,
        key=key,
        key_digest=key.digest,
        overrides={},
        rejected=Rejects(),
        dropped={},
        versions={},
        started_at_utc="2026-01-01T00:00:00Z",
        seconds=0.1,
        **describe_files(files),
    )


def save(location: ResultLocation, value: int) -> Receipt:
    files = {"metrics.json": f"{value}".encode(), "findings.md": b"words"}
    receipt = make_receipt(files, value)
    location.save(files, receipt)
    return receipt


@pytest.fixture
def location(tmp_path: Path) -> ResultLocation:
    return ResultLocation(tmp_path / "data", "r")


@pytest.fixture
def fingerprints(location: ResultLocation) -> Fingerprints:
    return Fingerprints(location.data_dir / ".state", location.data_dir)


def folder_names(location: ResultLocation) -> list[str]:
    return sorted(path.name for path in location.folder.iterdir() if not path.is_symlink())


def test_nothing_is_in_force_before_the_first_result(location: ResultLocation, fingerprints: Fingerprints) -> None:
    assert location.current(fingerprints) is None


def test_latest_is_a_relative_link_to_the_folder_named_by_the_key(location: ResultLocation) -> None:
    receipt = save(location, 1)
    assert str(location.latest.readlink()) == receipt.key_digest[:8]


def test_what_was_saved_is_in_force(location: ResultLocation, fingerprints: Fingerprints) -> None:
    save(location, 1)
    receipt = save(location, 2)
    assert location.current(fingerprints) == receipt


def test_the_receipt_is_written_last(location: ResultLocation) -> None:
    save(location, 1)
    times = {path.name: path.stat().st_mtime_ns for path in location.latest.iterdir()}
    assert max(times, key=times.__getitem__) == "receipt.json"


def test_a_taken_name_gets_a_number(location: ResultLocation) -> None:
    name = save(location, 1).key_digest[:8]
    save(location, 1)
    save(location, 1)
    assert folder_names(location) == [name, f"{name}-2", f"{name}-3"]
    assert str(location.latest.readlink()) == f"{name}-3"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "metrics.json").write_bytes(b"9"), "metrics.json was changed"),
        (lambda folder: (folder / "metrics.json").unlink(), "metrics.json is gone"),
        (lambda folder: (folder / "receipt.json").unlink(), "receipt.json is gone"),
        (lambda folder: (folder / "receipt.json").write_text("{"), "not a receipt any more"),
    ],
)
def test_damage_is_named(location: ResultLocation, fingerprints: Fingerprints, damage: object, said: str) -> None:
    save(location, 1)
    location.current(fingerprints)
    damage(location.latest)  # type: ignore[operator]
    with pytest.raises(DatasetDamagedError, match=said):
        location.current(fingerprints)


def test_a_file_that_is_not_ours_does_no_harm(location: ResultLocation, fingerprints: Fingerprints) -> None:
    receipt = save(location, 1)
    (location.latest / "notes.txt").write_text("mine")
    assert location.current(fingerprints) == receipt


def test_a_whole_result_of_the_same_key_is_put_in_force_again(
    location: ResultLocation, fingerprints: Fingerprints
) -> None:
    first = save(location, 1)
    save(location, 2)
    assert location.restore(first.key_digest) == first
    assert location.current(fingerprints) == first


def test_a_damaged_result_is_not_put_in_force_but_an_older_whole_one_is(location: ResultLocation) -> None:
    first = save(location, 1)
    save(location, 1)
    damaged = location.latest.resolve()
    save(location, 2)
    (damaged / "metrics.json").write_bytes(b"9")
    assert location.restore(first.key_digest) == first
    assert location.latest.resolve() == damaged.with_name(first.key_digest[:8])


def test_another_key_with_the_same_first_digits_is_not_taken_for_it(location: ResultLocation) -> None:
    digest = save(location, 1).key_digest
    assert location.restore(digest[:8] + "0" * 56) is None


def test_the_eleventh_folder_goes_and_it_is_the_one_longest_out_of_force(location: ResultLocation) -> None:
    receipts = [save(location, value) for value in range(KEEP)]
    location.restore(receipts[0].key_digest)
    save(location, KEEP)
    assert len(folder_names(location)) == KEEP
    assert receipts[0].key_digest[:8] in folder_names(location)
    assert receipts[1].key_digest[:8] not in folder_names(location)


def test_the_folder_in_force_stays_though_the_clock_was_set_back(location: ResultLocation) -> None:
    for value in range(KEEP):
        save(location, value)
    for name in folder_names(location):
        os.utime(location.folder / name, (4e9, 4e9))  # the year 2096
    newest = save(location, KEEP)
    assert check_folder(location.latest, hash_file) == newest
    assert len(folder_names(location)) == KEEP


def test_folders_of_other_names_are_never_removed(location: ResultLocation) -> None:
    save(location, 0)
    (location.folder / "keep-me").mkdir()
    for value in range(KEEP + 2):
        save(location, value + 1)
    assert "keep-me" in folder_names(location)


def test_a_copy_that_followed_the_link_is_refused_with_the_way_out(location: ResultLocation) -> None:
    location.latest.mkdir(parents=True)
    with pytest.raises(DatasetDamagedError, match="remove it, then run again"):
        location.recover()


ROOT = Path(__file__).resolve().parents[3]

KILL_EACH_STEP = """
import json, os, signal, sys
from pathlib import Path
from shutil import copytree, rmtree
sys.path.insert(0, sys.argv[2])
from test_output import ResultLocation, KEEP, save

def save_killed(location, step):
    # An audit event comes before each step that touches a file: at the given one the process dies as by kill -9.
    events = iter(range(100_000))
    def hook(name, arguments):
        if name.startswith(("os.", "open", "shutil.")) and str(location.data_dir) in str(arguments):
            if next(events) == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    save(location, 100)
    os._exit(0)

root = Path(sys.argv[1])
original = ResultLocation(root / "original", "r")
for value in range(KEEP):
    save(original, value)
step, killed = 0, True
while killed:
    location = ResultLocation(root / f"step{step}", "r")
    copytree(original.data_dir, location.data_dir, symlinks=True)
    child = os.fork()
    if child == 0:
        save_killed(location, step)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    step += 1
print(json.dumps(step))
"""


def test_a_kill_before_any_step_leaves_the_old_result_or_the_new_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILL_EACH_STEP, str(tmp_path), str(Path(__file__).parent)]
    steps = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert steps > 15
    found = []
    for step in range(steps):
        location = ResultLocation(tmp_path / f"step{step}", "r")
        fingerprints = Fingerprints(location.data_dir / ".state", location.data_dir)
        before = location.current(fingerprints)
        assert before is not None
        location.recover()
        assert location.current(fingerprints) == before
        assert not list(location.folder.glob(".*"))
        assert all(check_folder(location.folder / name, hash_file) for name in folder_names(location))
        found.append(before.key.parameters["value"])
        save(location, 101)
        assert len(folder_names(location)) == KEEP
    # Old, then new from one step on: there is no way back and no third state.
    assert found == sorted(found)
    assert set(found) == {KEEP - 1, 100}


def test_a_write_that_fails_leaves_no_trace(location: ResultLocation, fingerprints: Fingerprints) -> None:
    first = save(location, 1)
    files = {"a": b"", "a/below a file.txt": b""}
    with pytest.raises(OSError, match="a"):
        location.save(files, make_receipt(files, 2))
    assert location.current(fingerprints) == first
    assert folder_names(location) == [first.key_digest[:8]]
