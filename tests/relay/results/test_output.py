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
from relay.results.output import KEEP, OutputPlace, check_folder, describe_files


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


def save(place: OutputPlace, value: int) -> Receipt:
    files = {"metrics.json": f"{value}".encode(), "findings.md": b"words"}
    receipt = make_receipt(files, value)
    place.save(files, receipt)
    return receipt


@pytest.fixture
def place(tmp_path: Path) -> OutputPlace:
    return OutputPlace(tmp_path / "data", "r")


@pytest.fixture
def fingerprints(place: OutputPlace) -> Fingerprints:
    return Fingerprints(place.data_dir / ".state", place.data_dir)


def folder_names(place: OutputPlace) -> list[str]:
    return sorted(path.name for path in place.folder.iterdir() if not path.is_symlink())


def test_nothing_is_in_force_before_the_first_result(place: OutputPlace, fingerprints: Fingerprints) -> None:
    assert place.current(fingerprints) is None


def test_latest_is_a_relative_link_to_the_folder_named_by_the_key(place: OutputPlace) -> None:
    receipt = save(place, 1)
    assert str(place.latest.readlink()) == receipt.key_digest[:8]


def test_what_was_saved_is_in_force(place: OutputPlace, fingerprints: Fingerprints) -> None:
    save(place, 1)
    receipt = save(place, 2)
    assert place.current(fingerprints) == receipt


def test_the_receipt_is_written_last(place: OutputPlace) -> None:
    save(place, 1)
    times = {path.name: path.stat().st_mtime_ns for path in place.latest.iterdir()}
    assert max(times, key=times.__getitem__) == "receipt.json"


def test_a_taken_name_gets_a_number(place: OutputPlace) -> None:
    name = save(place, 1).key_digest[:8]
    save(place, 1)
    save(place, 1)
    assert folder_names(place) == [name, f"{name}-2", f"{name}-3"]
    assert str(place.latest.readlink()) == f"{name}-3"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "metrics.json").write_bytes(b"9"), "metrics.json was changed"),
        (lambda folder: (folder / "metrics.json").unlink(), "metrics.json is gone"),
        (lambda folder: (folder / "receipt.json").unlink(), "receipt.json is gone"),
        (lambda folder: (folder / "receipt.json").write_text("{"), "not a receipt any more"),
    ],
)
def test_damage_is_named(place: OutputPlace, fingerprints: Fingerprints, damage: object, said: str) -> None:
    save(place, 1)
    place.current(fingerprints)
    damage(place.latest)  # type: ignore[operator]
    with pytest.raises(DatasetDamagedError, match=said):
        place.current(fingerprints)


def test_a_file_that_is_not_ours_does_no_harm(place: OutputPlace, fingerprints: Fingerprints) -> None:
    receipt = save(place, 1)
    (place.latest / "notes.txt").write_text("mine")
    assert place.current(fingerprints) == receipt


def test_a_whole_result_of_the_same_key_is_put_in_force_again(place: OutputPlace, fingerprints: Fingerprints) -> None:
    first = save(place, 1)
    save(place, 2)
    assert place.restore(first.key_digest) == first
    assert place.current(fingerprints) == first


def test_a_damaged_result_is_not_put_in_force_but_an_older_whole_one_is(place: OutputPlace) -> None:
    first = save(place, 1)
    save(place, 1)
    damaged = place.latest.resolve()
    save(place, 2)
    (damaged / "metrics.json").write_bytes(b"9")
    assert place.restore(first.key_digest) == first
    assert place.latest.resolve() == damaged.with_name(first.key_digest[:8])


def test_another_key_with_the_same_first_digits_is_not_taken_for_it(place: OutputPlace) -> None:
    digest = save(place, 1).key_digest
    assert place.restore(digest[:8] + "0" * 56) is None


def test_the_eleventh_folder_goes_and_it_is_the_one_longest_out_of_force(place: OutputPlace) -> None:
    receipts = [save(place, value) for value in range(KEEP)]
    place.restore(receipts[0].key_digest)
    save(place, KEEP)
    assert len(folder_names(place)) == KEEP
    assert receipts[0].key_digest[:8] in folder_names(place)
    assert receipts[1].key_digest[:8] not in folder_names(place)


def test_the_folder_in_force_stays_though_the_clock_was_set_back(place: OutputPlace) -> None:
    for value in range(KEEP):
        save(place, value)
    for name in folder_names(place):
        os.utime(place.folder / name, (4e9, 4e9))  # the year 2096
    newest = save(place, KEEP)
    assert check_folder(place.latest, hash_file) == newest
    assert len(folder_names(place)) == KEEP


def test_folders_of_other_names_are_never_removed(place: OutputPlace) -> None:
    save(place, 0)
    (place.folder / "keep-me").mkdir()
    for value in range(KEEP + 2):
        save(place, value + 1)
    assert "keep-me" in folder_names(place)


def test_a_copy_that_followed_the_link_is_refused_with_the_way_out(place: OutputPlace) -> None:
    place.latest.mkdir(parents=True)
    with pytest.raises(DatasetDamagedError, match="remove it, then run again"):
        place.recover()


ROOT = Path(__file__).resolve().parents[3]

KILL_EACH_STEP = """
import json, os, signal, sys
from pathlib import Path
from shutil import copytree, rmtree
sys.path.insert(0, sys.argv[2])
from test_output import OutputPlace, KEEP, save

def save_killed(place, step):
    # An audit event comes before each step that touches a file: at the given one the process dies as by kill -9.
    events = iter(range(100_000))
    def hook(name, arguments):
        if name.startswith(("os.", "open", "shutil.")) and str(place.data_dir) in str(arguments):
            if next(events) == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    save(place, 100)
    os._exit(0)

root = Path(sys.argv[1])
original = OutputPlace(root / "original", "r")
for value in range(KEEP):
    save(original, value)
step, killed = 0, True
while killed:
    place = OutputPlace(root / f"step{step}", "r")
    copytree(original.data_dir, place.data_dir, symlinks=True)
    child = os.fork()
    if child == 0:
        save_killed(place, step)
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
        place = OutputPlace(tmp_path / f"step{step}", "r")
        fingerprints = Fingerprints(place.data_dir / ".state", place.data_dir)
        before = place.current(fingerprints)
        assert before is not None
        place.recover()
        assert place.current(fingerprints) == before
        assert not list(place.folder.glob(".*"))
        assert all(check_folder(place.folder / name, hash_file) for name in folder_names(place))
        found.append(before.key.parameters["value"])
        save(place, 101)
        assert len(folder_names(place)) == KEEP
    # Old, then new from one step on: there is no way back and no third state.
    assert found == sorted(found)
    assert set(found) == {KEEP - 1, 100}


def test_a_write_that_fails_leaves_no_trace(place: OutputPlace, fingerprints: Fingerprints) -> None:
    first = save(place, 1)
    files = {"no/such/folder.txt": b""}
    with pytest.raises(FileNotFoundError):
        place.save(files, make_receipt(files, 2))
    assert place.current(fingerprints) == first
    assert folder_names(place) == [first.key_digest[:8]]
