"""A dataset and its receipt are one thing at every moment, for whoever reads and for whoever writes next."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.handoff.dataset import Dataset, open_dataset
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt
from relay.handoff.writer import reject

Write = Callable[..., Receipt]

OLD, NEW = pa.table({"age": [1, 2, 3]}), pa.table({"age": [4, 5, 6]})
OLD_REJECTED, NEW_REJECTED = reject([(9, "age: null", "{}")]), reject([(8, "age: not a whole number", "{}")])

TWO_COLUMNS = """
title = "Written into"
[ingest]
source = "file"
path = "a.csv"
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input" }
size = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.Ridge"
"""

MADE_BY = "python -m ingest desk"


class KilledError(BaseException):
    """Stands for a kill: no clean-up of ours catches it."""


@contextmanager
def killed_after(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Die after so many renames and removals have really been done."""
    done = 0

    def counting(real: Callable[..., Path]) -> Callable[..., Path]:
        def step_on(self: Path, *arguments: Path, **options: bool) -> Path:
            nonlocal done
            if done == step:
                raise KilledError
            done += 1
            return real(self, *arguments, **options)

        return step_on

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counting(Path.replace))
        patch.setattr(Path, "unlink", counting(Path.unlink))
        with pytest.raises(KilledError):
            yield


def leftovers(location: DatasetLocation) -> list[str]:
    """What only a write under way leaves."""
    return [path.name for path in (location.temporary, location.next_receipt, location.next_rejected) if path.exists()]


def read(location: DatasetLocation, fingerprints: Fingerprints) -> tuple[list[int], str]:
    """The ages, and the fingerprint in the receipt that came with them."""
    dataset = open_dataset(location, fingerprints, MADE_BY)
    return dataset.table().column("age").to_pylist(), dataset.receipt.fingerprint


def test_what_was_written_is_read_with_its_receipt(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    receipt = write(location, OLD)
    assert open_dataset(location, fingerprints, MADE_BY).receipt == receipt


def test_batches_come_in_order_with_the_columns_that_were_asked_for(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    write(location, pa.table({"age": range(150_000), "name": ["x"] * 150_000}))
    batches = list(open_dataset(location, fingerprints, MADE_BY).batches(["age"]))
    assert [batch.num_rows for batch in batches] == [65_536, 65_536, 18_928]
    assert pa.Table.from_batches(batches).equals(pa.table({"age": range(150_000)}))


def test_a_dataset_that_nobody_wrote_names_the_command_that_writes_it(
    location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    with pytest.raises(DatasetMissingError, match=r"desk\.parquet is not there yet: run `python -m ingest desk` first"):
        open_dataset(location, fingerprints, MADE_BY)


def test_a_file_that_is_not_its_receipts_is_damaged(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    write(location, OLD)
    location.parquet.write_bytes(location.parquet.read_bytes()[:-1])
    with pytest.raises(DatasetDamagedError, match="Make it again: `python -m ingest desk --force`"):
        open_dataset(location, fingerprints, MADE_BY)


def test_a_reader_keeps_the_bytes_that_it_opened(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    write(location, OLD)
    dataset = open_dataset(location, fingerprints, MADE_BY)
    write(location, NEW)
    assert dataset.table().column("age").to_pylist() == [1, 2, 3]


def write_into(path: Path) -> None:
    """Write other bytes into a file, as no program of ours does."""
    path.write_bytes(path.read_bytes()[::-1])


def write_into_and_set_back(path: Path) -> None:
    """The same with the date that the file had."""
    before = path.stat()
    write_into(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [write_into, write_into_and_set_back])
@pytest.mark.parametrize("read_all", [lambda dataset: dataset.table(), lambda dataset: list(dataset.batches())])
def test_a_file_that_is_written_into_once_it_was_read_is_no_dataset(
    location: DatasetLocation, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, change: Callable[[Path], None], read_all: Callable[[Dataset], object],
) -> None:  # fmt: skip
    write(location, OLD)
    os.utime(location.parquet, (1_700_000_000, 1_700_000_000))  # so long ago that dates can tell
    dataset = open_dataset(location, fingerprints, MADE_BY)
    read_group, read_table = dataset.parquet.read_row_group, dataset.parquet.read

    def change_after(read: Callable[..., pa.Table]) -> Callable[..., pa.Table]:
        def read_and_change(*arguments: object, **named: object) -> pa.Table:
            table = read(*arguments, **named)
            change(location.parquet)
            return table

        return read_and_change

    monkeypatch.setattr(dataset.parquet, "read_row_group", change_after(read_group))
    monkeypatch.setattr(dataset.parquet, "read", change_after(read_table))
    with pytest.raises(DatasetDamagedError, match=r"desk\.parquet was written into while it was read"):
        read_all(dataset)


def test_a_file_that_is_renamed_over_while_it_is_read_stays_the_one_that_was_opened(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    write(location, pa.table({"age": range(70_000)}))
    batches = open_dataset(location, fingerprints, MADE_BY).batches()
    first = next(batches)
    write(location, NEW)
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 70_000


@pytest.mark.parametrize("stage", ["preprocess", "model"])
def test_a_stage_writes_nothing_of_a_dataset_that_was_written_into_while_it_read(
    desk: Any, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    (desk.folder / "a.csv").write_text("age,size\n" + "".join(f"{n},{n % 7}\n" for n in range(60)))
    recipe = desk.recipe(TWO_COLUMNS)
    before = {"preprocess": "raw", "model": "processed"}[stage]
    codes = [desk.run(earlier, recipe) for earlier in ("ingest", "preprocess")[: 1 if stage == "preprocess" else 2]]
    path, opened = desk.data / before / "desk.parquet", pq.ParquetFile

    def change_and_open(source: Any) -> pq.ParquetFile:
        """The file is written into once it was hashed, where Parquet holds values: other numbers, and nothing else."""
        found = opened(source)
        write_into_and_set_back(path)
        monkeypatch.setattr(pq, "ParquetFile", opened)
        monkeypatch.setattr(found, "read", lambda **_: whole)
        monkeypatch.setattr(found, "read_row_group", lambda *_, **__: whole)
        return found

    whole = pq.read_table(path)
    monkeypatch.setattr(pq, "ParquetFile", change_and_open)
    assert {*codes, desk.run(stage, recipe)} == {0, 1}
    assert any(f"{before}/desk.parquet was written into while it was read" in line for line in desk.said(stage))
    assert desk.outcomes(stage)[-1] == "failed"


@pytest.mark.parametrize("step", range(4))
def test_between_the_renames_a_reader_finds_a_file_with_its_own_receipt(
    location: DatasetLocation, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    old = write(location, OLD, OLD_REJECTED)
    new = prepare(location, NEW, NEW_REJECTED)
    with killed_after(step, monkeypatch):
        location.commit()
    expected = ([1, 2, 3], old.fingerprint) if step == 0 else ([4, 5, 6], new.fingerprint)
    assert read(location, fingerprints) == expected


@pytest.mark.parametrize("step", range(4))
def test_the_next_writer_finishes_or_removes_what_a_killed_one_left(
    location: DatasetLocation, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    old = write(location, OLD, OLD_REJECTED)
    new = prepare(location, NEW, NEW_REJECTED)
    with killed_after(step, monkeypatch):
        location.commit()
    location.recover()
    # `current` checks rows and rejected rows against the receipt.
    assert (leftovers(location), location.current(fingerprints)) == ([], old if step == 0 else new)


@pytest.mark.parametrize("step", range(4))
def test_a_recovery_that_is_killed_is_recovered(
    location: DatasetLocation, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    write(location, OLD, OLD_REJECTED)
    new = prepare(location, NEW, NEW_REJECTED)
    with killed_after(1, monkeypatch):
        location.commit()
    with killed_after(step, monkeypatch):
        location.recover()
    location.recover()
    assert (leftovers(location), location.current(fingerprints)) == ([], new)


@pytest.mark.parametrize("step", range(4))
def test_rejected_rows_go_with_the_first_write_that_has_none(
    location: DatasetLocation, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    write(location, OLD, OLD_REJECTED)
    prepare(location, NEW)
    with killed_after(step, monkeypatch):
        location.commit()
    location.recover()
    assert (location.rejected.exists(), location.current(fingerprints) is not None) == (step == 0, True)


def test_a_first_write_that_was_killed_leaves_nothing(location: DatasetLocation, prepare: Write) -> None:
    prepare(location, NEW, NEW_REJECTED)
    location.recover()
    assert [path.name for path in location.data_dir.rglob("*") if path.is_file()] == []


def test_a_next_receipt_cut_by_a_kill_is_removed(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    old = write(location, OLD)
    location.next_receipt.write_text('{"stage": "ing')
    location.recover()
    assert (leftovers(location), location.current(fingerprints)) == ([], old)


def test_a_next_receipt_of_other_rows_is_removed(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write, prepare: Write
) -> None:
    old = write(location, OLD)
    prepare(location, NEW)
    location.temporary.unlink()
    location.recover()
    assert (leftovers(location), location.current(fingerprints)) == ([], old)


def test_a_location_where_nothing_was_written_has_no_receipt(
    location: DatasetLocation, fingerprints: Fingerprints
) -> None:
    assert location.current(fingerprints) is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda location: location.parquet.unlink(), r"desk\.parquet is gone, its receipt is there"),
        (lambda location: location.parquet.write_bytes(b"x"), r"desk\.parquet was changed: SHA-256 "),
        (lambda location: location.rejected.unlink(), r"rejected/ingest/desk\.parquet is gone"),
        (lambda location: location.rejected.write_bytes(b"x"), r"rejected/ingest/desk\.parquet was changed"),
        (lambda location: location.receipt.unlink(), r"desk\.json is not there"),
        (lambda location: location.receipt.write_text("{}"), "not a receipt any more"),
    ],
)
def test_a_change_by_hand_to_any_of_the_three_files_is_found(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write,
    damage: Callable[[DatasetLocation], object], message: str,
) -> None:  # fmt: skip
    write(location, OLD, OLD_REJECTED)
    damage(location)
    with pytest.raises(DatasetDamagedError, match=message):
        location.current(fingerprints)


def test_readers_beside_a_busy_writer_always_see_whole_pairs(
    location: DatasetLocation, fingerprints: Fingerprints, write: Write
) -> None:
    fingerprint = {tuple(table.column("age").to_pylist()): write(location, table).fingerprint for table in (OLD, NEW)}
    is_writing = True

    def keep_reading() -> set[tuple[tuple[int, ...], str]]:
        seen = set()
        while is_writing:
            ages, claimed = read(location, fingerprints)
            seen.add((tuple(ages), claimed))
        return seen

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(keep_reading) for _ in range(2)]
        try:
            for _ in range(40):
                write(location, OLD)
                write(location, NEW)
        finally:
            is_writing = False
        assert set().union(*(reader.result() for reader in readers)) == set(fingerprint.items())
