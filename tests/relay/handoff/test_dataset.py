"""A dataset and its receipt are one thing at every moment, for whoever reads and for whoever writes next."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from relay.handoff.dataset import open_dataset
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.place import DatasetPlace
from relay.handoff.receipt import Receipt
from relay.handoff.writer import reject

Write = Callable[..., Receipt]

OLD, NEW = pa.table({"age": [1, 2, 3]}), pa.table({"age": [4, 5, 6]})
OLD_REJECTED, NEW_REJECTED = reject([(9, "age: null", "{}")]), reject([(8, "age: not a whole number", "{}")])

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


def leftovers(place: DatasetPlace) -> list[str]:
    """What only a write under way leaves."""
    return [path.name for path in (place.temporary, place.next_receipt, place.next_rejected) if path.exists()]


def read(place: DatasetPlace, fingerprints: Fingerprints) -> tuple[list[int], str]:
    """The ages, and the fingerprint in the receipt that came with them."""
    dataset = open_dataset(place, fingerprints, MADE_BY)
    return dataset.table().column("age").to_pylist(), dataset.receipt.fingerprint


def test_what_was_written_is_read_with_its_receipt(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write
) -> None:
    receipt = write(place, OLD)
    assert open_dataset(place, fingerprints, MADE_BY).receipt == receipt


def test_batches_come_in_order_with_the_columns_that_were_asked_for(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write
) -> None:
    write(place, pa.table({"age": range(150_000), "name": ["x"] * 150_000}))
    batches = list(open_dataset(place, fingerprints, MADE_BY).batches(["age"]))
    assert [batch.num_rows for batch in batches] == [65_536, 65_536, 18_928]
    assert pa.Table.from_batches(batches).equals(pa.table({"age": range(150_000)}))


def test_a_dataset_that_nobody_wrote_names_the_command_that_writes_it(
    place: DatasetPlace, fingerprints: Fingerprints
) -> None:
    with pytest.raises(DatasetMissingError, match=r"desk\.parquet is not there yet: run `python -m ingest desk` first"):
        open_dataset(place, fingerprints, MADE_BY)


def test_a_file_that_is_not_its_receipts_is_damaged(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write
) -> None:
    write(place, OLD)
    place.parquet.write_bytes(place.parquet.read_bytes()[:-1])
    with pytest.raises(DatasetDamagedError, match="Make it again: `python -m ingest desk --force`"):
        open_dataset(place, fingerprints, MADE_BY)


def test_a_reader_keeps_the_bytes_that_it_opened(place: DatasetPlace, fingerprints: Fingerprints, write: Write) -> None:
    write(place, OLD)
    dataset = open_dataset(place, fingerprints, MADE_BY)
    write(place, NEW)
    assert dataset.table().column("age").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("step", range(4))
def test_between_the_renames_a_reader_finds_a_file_with_its_own_receipt(
    place: DatasetPlace, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    old = write(place, OLD, OLD_REJECTED)
    new = prepare(place, NEW, NEW_REJECTED)
    with killed_after(step, monkeypatch):
        place.commit()
    expected = ([1, 2, 3], old.fingerprint) if step == 0 else ([4, 5, 6], new.fingerprint)
    assert read(place, fingerprints) == expected


@pytest.mark.parametrize("step", range(4))
def test_the_next_writer_finishes_or_removes_what_a_killed_one_left(
    place: DatasetPlace, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    old = write(place, OLD, OLD_REJECTED)
    new = prepare(place, NEW, NEW_REJECTED)
    with killed_after(step, monkeypatch):
        place.commit()
    place.recover()
    # `current` checks rows and rejected rows against the receipt.
    assert (leftovers(place), place.current(fingerprints)) == ([], old if step == 0 else new)


@pytest.mark.parametrize("step", range(4))
def test_a_recovery_that_is_killed_is_recovered(
    place: DatasetPlace, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    write(place, OLD, OLD_REJECTED)
    new = prepare(place, NEW, NEW_REJECTED)
    with killed_after(1, monkeypatch):
        place.commit()
    with killed_after(step, monkeypatch):
        place.recover()
    place.recover()
    assert (leftovers(place), place.current(fingerprints)) == ([], new)


@pytest.mark.parametrize("step", range(4))
def test_rejected_rows_go_with_the_first_write_that_has_none(
    place: DatasetPlace, fingerprints: Fingerprints, monkeypatch: pytest.MonkeyPatch,
    write: Write, prepare: Write, step: int,
) -> None:  # fmt: skip
    write(place, OLD, OLD_REJECTED)
    prepare(place, NEW)
    with killed_after(step, monkeypatch):
        place.commit()
    place.recover()
    assert (place.rejected.exists(), place.current(fingerprints) is not None) == (step == 0, True)


def test_a_first_write_that_was_killed_leaves_nothing(place: DatasetPlace, prepare: Write) -> None:
    prepare(place, NEW, NEW_REJECTED)
    place.recover()
    assert [path.name for path in place.data_dir.rglob("*") if path.is_file()] == []


def test_a_next_receipt_cut_by_a_kill_is_removed(place: DatasetPlace, fingerprints: Fingerprints, write: Write) -> None:
    old = write(place, OLD)
    place.next_receipt.write_text('{"stage": "ing')
    place.recover()
    assert (leftovers(place), place.current(fingerprints)) == ([], old)


def test_a_next_receipt_of_other_rows_is_removed(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write, prepare: Write
) -> None:
    old = write(place, OLD)
    prepare(place, NEW)
    place.temporary.unlink()
    place.recover()
    assert (leftovers(place), place.current(fingerprints)) == ([], old)


def test_a_place_where_nothing_was_written_has_no_receipt(place: DatasetPlace, fingerprints: Fingerprints) -> None:
    assert place.current(fingerprints) is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda place: place.parquet.unlink(), r"desk\.parquet is gone, its receipt is there"),
        (lambda place: place.parquet.write_bytes(b"x"), r"desk\.parquet was changed: SHA-256 "),
        (lambda place: place.rejected.unlink(), r"rejected/ingest/desk\.parquet is gone"),
        (lambda place: place.rejected.write_bytes(b"x"), r"rejected/ingest/desk\.parquet was changed"),
        (lambda place: place.receipt.unlink(), r"desk\.json is not there"),
        (lambda place: place.receipt.write_text("{}"), "not a receipt any more"),
    ],
)
def test_a_change_by_hand_to_any_of_the_three_files_is_found(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write,
    damage: Callable[[DatasetPlace], object], message: str,
) -> None:  # fmt: skip
    write(place, OLD, OLD_REJECTED)
    damage(place)
    with pytest.raises(DatasetDamagedError, match=message):
        place.current(fingerprints)


def test_readers_beside_a_busy_writer_always_see_whole_pairs(
    place: DatasetPlace, fingerprints: Fingerprints, write: Write
) -> None:
    fingerprint = {tuple(table.column("age").to_pylist()): write(place, table).fingerprint for table in (OLD, NEW)}
    is_writing = True

    def keep_reading() -> set[tuple[tuple[int, ...], str]]:
        seen = set()
        while is_writing:
            ages, claimed = read(place, fingerprints)
            seen.add((tuple(ages), claimed))
        return seen

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(keep_reading) for _ in range(2)]
        try:
            for _ in range(40):
                write(place, OLD)
                write(place, NEW)
        finally:
            is_writing = False
        assert set().union(*(reader.result() for reader in readers)) == set(fingerprint.items())
