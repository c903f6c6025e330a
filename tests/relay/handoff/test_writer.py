"""The bytes of a dataset depend on its rows alone; rows that do not match the schema are kept with it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.dataset import HashingFile, open_dataset
from relay.handoff.errors import SchemaError
from relay.handoff.files import Fingerprints, hash_file
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt, Rejects
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_schema, describe_schema
from relay.handoff.writer import GROUP_TEXT_BYTES, Block, DatasetWriter, RowGroups, reject, show_cells

Write = Callable[..., Receipt]

AGES = pa.table({"age": [1, 2, 3]})
BAD_AGE = reject([(4, "age: not a whole number", '{"age": "old"}')])

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "text": st.text(),
    "category": st.sampled_from(["a", "ä", ""]),
    "time": st.datetimes(timezones=st.just(UTC)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Any table that some schema allows."""
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    columns = {f"c{i}": Column(type=kind, role="ignore", unit=f"u{i}") for i, kind in enumerate(kinds)}
    count = draw(st.integers(1, 30))
    cells = [draw(st.lists(st.none() | CELLS[kind], min_size=count, max_size=count)) for kind in kinds]
    schema = arrow_schema(columns)
    return pa.table([pa.array(values, item.type) for values, item in zip(cells, schema, strict=True)], schema=schema)


def write_cut(path: Path, table: pa.Table, cuts: list[int]) -> str:
    """Write a table that comes in pieces; gives the fingerprint."""
    sink = HashingFile(path)
    groups = RowGroups(sink, table.schema)
    borders = [0, *sorted(cuts), table.num_rows]
    for start, end in pairwise(borders):
        groups.add(table.slice(start, end - start))
    groups.close()
    sink.close()
    return sink.fingerprint


def group_rows(path: Path) -> list[int]:
    """Rows of each row group."""
    metadata = pq.read_metadata(path)
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


def test_the_same_rows_cut_differently_are_the_same_bytes(tmp_path: Path) -> None:
    # Texts of 200 bytes make pages that end inside a row group, which is where a cut would show.
    table = pa.table({"n": range(70_000), "text": [f"{n:0200}" for n in range(70_000)]})
    cuts = [[], [1], [65_536], [20_000, 20_000, 69_999], list(range(0, 70_000, 999))]
    assert len({write_cut(tmp_path / str(i), table, cut) for i, cut in enumerate(cuts)}) == 1


@pytest.mark.property
@given(table=tables(), data=st.data())
def test_any_table_within_a_schema_survives_the_round_trip(table: pa.Table, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, table.num_rows), max_size=3))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        assert write_cut(path, table, cuts) == write_cut(Path(folder) / "y.parquet", table, [])
        read = pq.ParquetFile(path).read()
    assert (read, read.schema.field("c0").metadata) == (table, table.schema.field("c0").metadata)


def test_the_fingerprint_taken_while_writing_is_the_files(tmp_path: Path) -> None:
    assert write_cut(tmp_path / "x", AGES, []) == hash_file(tmp_path / "x")


def test_row_groups_are_cut_at_fixed_rows(tmp_path: Path) -> None:
    write_cut(tmp_path / "x", pa.table({"n": range(140_000)}), [100_000])
    assert group_rows(tmp_path / "x") == [65_536, 65_536, 8_928]


def test_row_groups_of_long_texts_are_cut_by_their_bytes(tmp_path: Path) -> None:
    half = "ä" * (GROUP_TEXT_BYTES // 4)  # two bytes a character
    write_cut(tmp_path / "x", pa.table({"text": [half, half, half, "", half, half + half, "x"]}), [3])
    assert group_rows(tmp_path / "x") == [2, 3, 1, 1]


def test_a_schema_says_type_role_unit_and_description() -> None:
    columns = {"age": Column(type="int", role="input", unit="years"), "at": Column(type="time", role="time")}
    assert describe_schema(arrow_schema(columns)) == [
        {"name": "age", "type": "int64", "role": "input", "unit": "years"},
        {"name": "at", "type": "timestamp[us, tz=UTC]", "role": "time"},
    ]


def test_rows_and_reasons_are_counted_over_all_blocks(location: DatasetLocation, write_blocks: Write) -> None:
    dropped = Counter({"without text": 2, "of at most 50 characters": 0})
    receipt = write_blocks(location, Block(AGES, 4, BAD_AGE), Block(AGES, 6, BAD_AGE, dropped))
    assert (receipt.rows, receipt.rejected.rows, receipt.rejected.reasons, receipt.dropped) == (
        6, 2, {"age: not a whole number": 2}, {"without text": 2},
    )  # fmt: skip


def test_rows_that_are_no_records_are_kept_with_the_rejected_ones_and_count_as_none(
    write_blocks: Write, location: DatasetLocation
) -> None:
    total = reject([(4, 'skip_if region = "Total"', '{"region": "Total"}')])
    receipt = write_blocks(location, Block(AGES, 4, left_out=total), share=0.0)
    assert (receipt.rejected.rows, receipt.dropped) == (0, {'skip_if region = "Total"': 1})
    assert pq.read_table(location.rejected).to_pylist() == total.to_pylist()
    assert receipt.rejected.fingerprint == hash_file(location.rejected)


def test_rejected_rows_are_committed_with_the_pair(location: DatasetLocation, write_blocks: Write) -> None:
    receipt = write_blocks(location, Block(AGES, 4, BAD_AGE))
    assert pq.read_table(location.rejected).to_pylist() == [
        {"row": 4, "reason": "age: not a whole number", "cells": '{"age": "old"}'}
    ]
    assert receipt.rejected.fingerprint == hash_file(location.rejected)


def test_without_rejected_rows_there_is_no_file_of_them(location: DatasetLocation, write_blocks: Write) -> None:
    write_blocks(location, Block(AGES, 4, BAD_AGE))
    receipt = write_blocks(location, Block(AGES, 3))
    assert (location.rejected.exists(), receipt.rejected) == (False, Rejects())


def test_too_many_rejected_rows_leave_the_old_dataset_and_a_file_of_the_rejected(
    location: DatasetLocation, fingerprints: Fingerprints, write_blocks: Write
) -> None:
    old = write_blocks(location, Block(AGES, 3))
    with pytest.raises(SchemaError) as caught:
        write_blocks(location, Block(AGES, 4, BAD_AGE), share=0.2)
    assert str(caught.value) == (
        "raw/desk: 1 of 4 rows do not match the schema; the limit is 20.0%. Most common: age: not a whole number (1). "
        f"The rows are in {location.failed}; correct the source or [columns], or go on without them: "
        "--set ingest.max_rejected_share=0.25"
    )
    assert location.current(fingerprints) == old
    assert pq.read_table(location.failed).column("row").to_pylist() == [4]
    assert sorted(path.name for path in location.data_dir.rglob("*.*") if path.is_file()) == sorted(
        [
            "desk.parquet",
            "desk.json",
            "desk.failed.parquet",
            *(p.name for p in (location.data_dir / ".state").iterdir()),
        ]
    )


def test_exactly_the_allowed_share_passes(location: DatasetLocation, write_blocks: Write) -> None:
    assert write_blocks(location, Block(AGES, 4, BAD_AGE), share=0.25).rows == 3


def test_a_success_removes_the_rejected_rows_of_the_failure_before(
    location: DatasetLocation, write_blocks: Write
) -> None:
    with pytest.raises(SchemaError):
        write_blocks(location, Block(AGES, 4, BAD_AGE), share=0)
    write_blocks(location, Block(AGES, 3))
    assert location.failed.exists() is False


def test_a_hundred_thousand_rejected_rows_are_enough(location: DatasetLocation) -> None:
    many = pa.concat_tables([BAD_AGE] * 100_000).combine_chunks()

    with DatasetWriter(location, AGES.schema, 0.5) as writer, pytest.raises(SchemaError) as caught:
        writer.add(Block(AGES, 100_003, many))
    assert str(caught.value).startswith("raw/desk: more than 50.0% of the first 100,003 rows do not match the schema")


def test_no_row_left_is_an_error_that_says_what_was_left_out(location: DatasetLocation, write_blocks: Write) -> None:
    dropped = Counter({"without text": 2, "of at most 50 characters": 0})
    with pytest.raises(SchemaError) as caught:
        write_blocks(location, Block(AGES.slice(0, 0), 2, dropped=dropped))
    assert str(caught.value).startswith("raw/desk: no row is left of 2 read (2 without text); nothing was written.")
    assert [path for path in location.data_dir.rglob("*") if path.is_file()] == []


@pytest.mark.filterwarnings("error")  # a writer thrown away must not complain on the terminal either
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_leaving_without_a_commit_leaves_no_trace(location: DatasetLocation, error: type[BaseException]) -> None:
    def fail() -> None:
        with DatasetWriter(location, AGES.schema, 1) as writer:
            writer.add(Block(AGES, 4, BAD_AGE))
            raise error

    with pytest.raises(error):
        fail()
    assert [path for path in location.data_dir.rglob("*") if path.is_file()] == []


def test_a_dataset_lists_what_its_schema_says(
    location: DatasetLocation, fingerprints: Fingerprints, write_blocks: Write
) -> None:
    write_blocks(location, Block(AGES, 3))
    assert open_dataset(location, fingerprints, "").receipt.columns == [{"name": "age", "type": "int64"}]


def test_cells_are_shown_as_texts_and_bytes_that_are_no_utf8_by_their_codes() -> None:
    assert show_cells({"a": 1, "b": None, "c": b"\xffx", "d": "é"}) == (
        '{"a": "1", "b": null, "c": "\\\\xffx", "d": "é"}'
    )


def test_too_many_rows_without_a_value_name_the_key_that_allows_them(
    location: DatasetLocation, write_blocks: Write
) -> None:
    with pytest.raises(
        SchemaError, match=r"correct the source or \[columns\] \(null = true lets lot have no value\), or go"
    ):
        write_blocks(location, Block(AGES, 4, reject([(1, "lot: null", "{}")])), share=0.2)
