"""A dataset in parts: the files, the commit by the receipt, and what a reader finds whatever happened before."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.handoff.dataset import open_dataset
from relay.handoff.errors import DatasetDamagedError, DatasetReplacedError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.part_writer import make_part
from relay.handoff.parts import PART_TEXT_BYTES, PartPaths, choose_folder, put
from relay.handoff.receipt import ColumnWarning, Receipt
from relay.handoff.writer import Block

MadeBy = "python -m ingest desk"
NUMBERS = pa.table({"n": pa.array(range(10), pa.int64())})


Write = Callable[..., Receipt]


def in_blocks(table: pa.Table) -> list[Block]:
    """The table in blocks of three rows."""
    return [Block(table.slice(start, 3), 3) for start in range(0, table.num_rows, 3)]


def list_files(location: DatasetLocation) -> list[str]:
    """The files of the dataset, with the folders of parts by their place: now, before."""
    receipt = location.read_parts_receipt()
    names = {receipt.parts.folder: "now", receipt.parts.before: "before"} if receipt and receipt.parts else {}
    found = (path.relative_to(location.data_dir / "raw") for path in location.data_dir.rglob("raw/*") if path.is_file())
    inside = (path.relative_to(location.parts) for path in location.parts.rglob("*") if path.is_file())
    return sorted([*map(str, found), *("/".join(names.get(name, name) for name in path.parts) for path in inside)])


PARTS = ["SHA256SUMS", *(f"part-0000{index}.{kind}" for index in range(3) for kind in ("json", "parquet"))]


def test_rows_are_cut_at_fixed_numbers_however_they_came(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    receipt = write_parts(location, "a", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    assert ([part.rows for part in receipt.parts.files], receipt.rows) == ([4, 4, 2], 10)
    dataset = open_dataset(location, fingerprints, MadeBy)
    assert dataset.table().equals(NUMBERS)
    assert [batch.num_rows for batch in dataset.batches(["n"])] == [4, 4, 2]


def test_a_part_ends_after_its_limit_of_text_too() -> None:
    from relay.handoff.row_groups import Cut

    table = pa.table({"text": ["x" * 100] * 5})
    cut = Cut(table.schema, most_rows=100, most_bytes=250)
    head, rest = cut.take(table)
    assert (head.num_rows, rest.num_rows, cut.is_reached) == (3, 2, True)
    assert PART_TEXT_BYTES == 128 * 1024 * 1024


def test_the_fingerprint_is_that_of_the_sums_and_sha256sum_agrees(
    write_parts: Write, location: DatasetLocation
) -> None:
    receipt = write_parts(location, "a", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    folder = location.parts / receipt.parts.folder
    assert hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest() == receipt.fingerprint
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.splitlines() == [f"part-0000{index}.parquet: OK" for index in range(3)]


def test_the_same_rows_have_the_same_parts_and_a_warning_changes_the_last_one(
    write_parts: Write, location: DatasetLocation
) -> None:
    first = write_parts(location, "a", *in_blocks(NUMBERS))
    again = write_parts(location, "b", *in_blocks(NUMBERS))
    assert again.fingerprint == first.fingerprint
    odd = ColumnWarning(column="n", text="odd")
    warned = write_parts(location, "c", Block(NUMBERS, 10, warnings=(odd,)))
    assert warned.parts is not None
    assert again.parts is not None
    assert [one == other for one, other in zip(warned.parts.files, again.parts.files, strict=True)] == [
        True,
        True,
        False,
    ]


def test_the_folder_before_stays_for_its_readers_and_older_ones_go(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    write_parts(location, "a", *in_blocks(NUMBERS))
    first = open_dataset(location, fingerprints, MadeBy)
    write_parts(location, "b", *in_blocks(NUMBERS.slice(1)))
    assert first.table().equals(NUMBERS)
    write_parts(location, "c", *in_blocks(NUMBERS.slice(0, 9)))
    assert list_files(location) == sorted(
        ["desk.json", *(f"{at}/{name}" for at in ("now", "before") for name in PARTS)]
    )
    with pytest.raises(DatasetReplacedError, match="is not there any more"):
        first.table()


def test_a_key_that_comes_back_never_writes_into_a_folder_that_has_readers() -> None:
    key = "0123456789abcdef" * 4
    taken = set[str]()
    for _ in range(3):
        taken.add(choose_folder(key, taken))
    assert taken == {key[:16], f"{key[:16]}b", f"{key[:16]}c"}


@pytest.mark.parametrize("parts_first", [True, False])
def test_a_switch_between_one_file_and_parts_leaves_nothing_of_the_other(
    write_parts: Write,
    location: DatasetLocation,
    fingerprints: Fingerprints,
    write: Callable[..., Any],
    *,
    parts_first: bool,
) -> None:
    if parts_first:
        write_parts(location, "a", *in_blocks(NUMBERS))
        write(location, NUMBERS)
        assert list_files(location) == ["desk.json", "desk.parquet"]
    else:
        write(location, NUMBERS)
        write_parts(location, "a", *in_blocks(NUMBERS))
        assert list_files(location) == sorted(["desk.json", *(f"now/{name}" for name in PARTS)])
    assert open_dataset(location, fingerprints, MadeBy).table().equals(NUMBERS)
    assert location.find_receipt(fingerprints, MadeBy) == location.current(fingerprints) == location.read_receipt()


def test_a_killed_write_that_had_its_receipt_ready_is_finished_and_any_other_is_removed(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    old = write_parts(location, "a", *in_blocks(NUMBERS))
    kept = location.receipt.read_bytes()
    new = write_parts(location, "b", *in_blocks(NUMBERS.slice(2)))
    location.receipt.replace(location.next_receipt)
    location.receipt.write_bytes(kept)
    assert open_dataset(location, fingerprints, MadeBy).receipt == old
    location.recover()
    assert open_dataset(location, fingerprints, MadeBy).receipt == new
    put(location.parts / ("0" * 16) / "part-00000.parquet", b"cut")
    location.recover()
    assert list_files(location) == sorted(
        ["desk.json", *(f"{at}/{name}" for at in ("now", "before") for name in PARTS[:5])]
        + [f"before/part-00002.{kind}" for kind in ("json", "parquet")]
    )


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: change(folder / "part-00001.parquet"), "1 of 3 parts in .* were changed: part-00001;"),
        (lambda folder: (folder / "part-00002.parquet").unlink(), "part-00002.parquet is gone"),
        (lambda folder: change(folder / "SHA256SUMS"), "SHA256SUMS was changed"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS is gone"),
        (shutil.rmtree, "SHA256SUMS is gone"),
    ],
)
def test_what_is_damaged_is_found_by_the_quick_check(
    write_parts: Write,
    location: DatasetLocation,
    fingerprints: Fingerprints,
    damage: Callable[[Path], object],
    said: str,
) -> None:
    receipt = write_parts(location, "a", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    assert location.current(fingerprints) == receipt
    damage(location.parts / receipt.parts.folder)
    with pytest.raises(DatasetDamagedError, match=said):
        location.current(fingerprints)
    with pytest.raises(DatasetDamagedError, match=f"{said}.*Make it again: `{MadeBy} --force`"):
        location.find_receipt(fingerprints, MadeBy)


def test_a_reader_hashes_each_part_and_finds_the_damaged_one(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    receipt = write_parts(location, "a", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    dataset = open_dataset(location, fingerprints, MadeBy)
    pq.write_table(NUMBERS.slice(4, 4), location.parts / receipt.parts.folder / "part-00001.parquet")
    batches = dataset.batches()
    assert next(batches).num_rows == 4
    with pytest.raises(DatasetDamagedError, match=r"part-00001\.parquet was changed after it was written: SHA-256"):
        next(batches)


def test_parts_that_did_not_change_are_not_read_again(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    receipt = write_parts(location, "a", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    location.current(fingerprints)
    [record] = fingerprints.folder.iterdir()
    record.write_text(record.read_text().replace(receipt.parts.files[1].sha256, "0" * 64))
    with pytest.raises(DatasetDamagedError, match="part-00001"):
        location.current(fingerprints)  # by the record alone
    assert location.current(replace(fingerprints, verify=True)) == receipt


def test_a_whole_part_is_taken_over_and_a_torn_one_made_again(tmp_path: Path) -> None:
    paths, asked = PartPaths(tmp_path / "folder", 3), []

    def make() -> Any:
        def blocks() -> Any:
            asked.append(1)
            yield Block(NUMBERS, 12)

        return make_part(paths, NUMBERS.schema, blocks())

    first = make()
    again = make()
    assert (len(asked), again.is_taken_over, again.part) == (1, True, first.part)
    paths.parquet.write_bytes(paths.parquet.read_bytes()[:-9])
    third = make()
    assert (len(asked), third.is_taken_over, third.part) == (2, False, first.part)
    assert sorted(path.name for path in paths.folder.iterdir()) == ["part-00003.json", "part-00003.parquet"]


def test_a_receipt_of_one_file_says_nothing_of_parts(location: DatasetLocation, write: Callable[..., Any]) -> None:
    write(location, NUMBERS)
    assert "parts" not in location.receipt.read_text()


def test_few_row_groups_are_spread_over_the_parts(
    write_parts: Write, location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    write_parts(location, "a", Block(pa.table({"n": pa.array(range(30), pa.int64())}), 30), rows=3)
    groups = open_dataset(location, fingerprints, MadeBy).spread(4)
    assert [group.column("n")[0].as_py() for group in groups] == [0, 9, 18, 27]


def test_a_folder_of_somebody_else_beside_a_dataset_stays(location: DatasetLocation, write: Callable[..., Any]) -> None:
    put(location.parts / "my notes" / "part-00000.parquet", b"mine")
    write(location, NUMBERS)
    location.recover()
    assert (location.parts / "my notes" / "part-00000.parquet").read_bytes() == b"mine"


def test_what_a_killed_run_left_in_the_folder_before_goes_unless_it_is_to_be_taken_over(
    write_parts: Write, location: DatasetLocation
) -> None:
    write_parts(location, "a", *in_blocks(NUMBERS))
    receipt = write_parts(location, "b", *in_blocks(NUMBERS))
    assert receipt.parts is not None
    left = location.parts / receipt.parts.before / ".part-00001.parquet.0123.tmp"
    left.write_bytes(b"cut")
    replace(location, coming=receipt.parts.before * 4).recover()
    assert left.exists()
    location.recover()
    assert not left.exists()
