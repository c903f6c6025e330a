"""Files that are whole or not there, and fingerprints that are not deceived."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from relay.handoff.files import Fingerprints, hash_file, hash_json, remove_leftovers, write_atomically

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of "abc"; Source: NIST, FIPS 180-2, appendix B.1."""


@pytest.fixture
def kept(tmp_path: Path) -> Fingerprints:
    return Fingerprints(tmp_path / ".state", tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_bytes(b"abc")
    return tmp_path / "x.csv"


def lie(kept: Fingerprints) -> None:
    """Put another digest into every kept record: whoever answers with it did not read the file."""
    for path in kept.folder.iterdir():
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"sha256": "kept"}))


def test_the_fingerprint_is_what_sha256sum_prints(file: Path, kept: Fingerprints) -> None:
    assert [hash_file(file), kept.of(file)] == [ABC, ABC]


def test_a_json_value_has_one_digest_whatever_the_order_of_its_keys() -> None:
    assert hash_json({"b": [1, "é"], "a": None}) == hash_json({"a": None, "b": [1, "é"]})


def test_an_unchanged_file_is_not_read_again(file: Path, kept: Fingerprints) -> None:
    kept.of(file)
    lie(kept)
    assert kept.of(file) == "kept"


def test_verify_reads_the_file_whatever_was_kept(file: Path, kept: Fingerprints, tmp_path: Path) -> None:
    kept.of(file)
    lie(kept)
    assert Fingerprints(kept.folder, tmp_path, verify=True).of(file) == ABC


def test_same_size_and_a_date_set_back_do_not_deceive(file: Path, kept: Fingerprints) -> None:
    before = file.stat()
    kept.of(file)
    file.write_bytes(b"xyz")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert kept.of(file) == hashlib.sha256(b"xyz").hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"abcd"),
        lambda path: os.utime(path),
        lambda path: path.with_name("y").write_bytes(b"abc") and path.with_name("y").replace(path),
    ],
    ids=["content", "date", "another file of the same content"],
)
def test_a_file_that_may_have_changed_is_read_again(
    file: Path, kept: Fingerprints, change: Callable[[Path], object]
) -> None:
    kept.of(file)
    lie(kept)
    change(file)
    assert kept.of(file) == hash_file(file)


def test_a_record_that_a_full_disk_cut_counts_as_none(file: Path, kept: Fingerprints) -> None:
    kept.of(file)
    for path in kept.folder.iterdir():
        path.write_bytes(path.read_bytes()[:10])
    assert kept.of(file) == ABC


def test_what_was_hashed_while_it_was_written_is_remembered(file: Path, kept: Fingerprints) -> None:
    kept.remember(file, "told")
    assert kept.of(file) == "told"


def test_files_of_one_name_in_two_folders_are_told_apart(file: Path, kept: Fingerprints, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/x.csv").write_bytes(b"xyz")
    other = tmp_path / "below/x.csv"
    assert [kept.of(file), kept.of(other), kept.of(file)] == [ABC, hash_file(other), ABC]


def test_the_data_folder_may_move_with_what_was_kept(file: Path, kept: Fingerprints, tmp_path: Path) -> None:
    kept.of(file)
    lie(kept)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    answer = Fingerprints(moved / ".state", moved).of(moved / "x.csv")
    moved.rename(tmp_path)
    assert answer == "kept"


def test_an_atomic_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        write_atomically(tmp_path / "below/note.json", content)
    assert {path.name: path.read_bytes() for path in (tmp_path / "below").iterdir()} == {"note.json": b"two"}


def test_an_atomic_write_that_fails_keeps_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "note.json").mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "note.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


def test_what_a_killed_writer_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".note.json.tmp").write_bytes(b"half of something long")
    write_atomically(tmp_path / "note.json", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"note.json": b"new"}


def test_what_a_killed_run_left_of_a_record_is_removed_even_when_nobody_asks_for_its_file_again(
    file: Path, kept: Fingerprints
) -> None:
    kept.of(file)
    left = kept.folder / ".0123456789abcdef01234567.json.tmp"
    left.write_bytes(b'{"pa')
    kept.recover()
    assert not left.exists()
    lie(kept)
    assert kept.of(file) == "kept"


def test_leftovers_are_removed_and_a_write_under_way_is_not(tmp_path: Path) -> None:
    under_way, left = tmp_path / ".a.json.tmp", tmp_path / ".b.json.tmp"
    left.write_bytes(b"half")
    with under_way.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [under_way]


def test_writers_of_one_file_at_the_same_time_do_not_hurt_each_other(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    contents = [bytes([letter]) * 10_000 for letter in b"abcd"]

    def write_often(content: bytes) -> bool:
        for _ in range(50):
            write_atomically(path, content, sync=False)
            if path.read_bytes() not in contents:
                return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write_often, contents)) == [True] * 4
