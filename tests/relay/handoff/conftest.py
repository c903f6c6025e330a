"""Datasets without a stage: a location, and a writer that any rows can be put through."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.part_writer import StreamedParts
from relay.handoff.receipt import Key, Receipt
from relay.handoff.schema import describe_schema
from relay.handoff.writer import REJECTED_SCHEMA, Block, DatasetWriter, Written

Write = Callable[..., Receipt]


def make_receipt(written: Written, schema: pa.Schema, title: str = "A test") -> Receipt:
    """A receipt for what was written, with a key of nothing."""
    key = Key(code={}, parameters={}, inputs={})
    return Receipt(
        stage="ingest",
        recipe="desk",
        title=title,
        fingerprint=written.fingerprint,
        bytes=written.bytes,
        rows=written.rows,
        parts=written.parts,
        columns=describe_schema(schema),
        key=key,
        key_digest=key.digest,
        overrides={},
        sources=[],
        rejected=written.rejected,
        dropped=written.dropped,
        seed=42,
        versions={},
        started_at_utc="2026-01-01T00:00:00Z",
        seconds=0.1,
    )


def prepare(location: DatasetLocation, table: pa.Table, rejected: pa.Table | None = None) -> Receipt:
    """Bring a write to the point just before its commit; gives the receipt that lies ready."""
    writer = DatasetWriter(location, table.schema, max_rejected_share=1)
    rejected = REJECTED_SCHEMA.empty_table() if rejected is None else rejected
    writer.add(Block(table=table, read=table.num_rows + rejected.num_rows, rejected=rejected))
    receipt = make_receipt(writer.finish(), table.schema)
    location.next_receipt.write_text(receipt.to_json(), encoding="utf-8")
    return receipt


def write(location: DatasetLocation, table: pa.Table, rejected: pa.Table | None = None) -> Receipt:
    """Write a dataset as a stage does."""
    receipt = prepare(location, table, rejected)
    location.commit()
    return receipt


def write_blocks(location: DatasetLocation, *blocks: Block, share: float = 0.5) -> Receipt:
    """Put blocks through a writer from beginning to end."""
    with DatasetWriter(location, blocks[0].table.schema, share) as writer:
        for block in blocks:
            writer.add(block)
        receipt = make_receipt(writer.finish(), blocks[0].table.schema)
        writer.commit(receipt)
    return receipt


def write_parts(location: DatasetLocation, key: str, *blocks: Block, rows: int = 4) -> Receipt:
    """Write a dataset in parts as ingest does, with a key of this name."""
    there = replace(location, coming=hashlib.sha256(key.encode()).hexdigest())
    schema = blocks[0].table.schema
    with DatasetWriter(there, schema, 0, partial(StreamedParts, most_rows=rows)) as writer:
        for block in blocks:
            writer.add(block)
        receipt = make_receipt(writer.finish(), schema)
        writer.commit(receipt)
    return receipt


@pytest.fixture
def location(tmp_path: Path) -> DatasetLocation:
    """The location of `raw/desk` in a folder of the test."""
    return DatasetLocation(tmp_path / "data", "raw/desk", "ingest")


@pytest.fixture
def fingerprints(location: DatasetLocation) -> Fingerprints:
    """The fingerprints kept beside the location."""
    return Fingerprints(location.data_dir / ".state", location.data_dir)


@pytest.fixture(name="write")
def write_fixture() -> Write:
    """`write(location, table, rejected)`: a dataset as a stage writes it."""
    return write


@pytest.fixture(name="prepare")
def prepare_fixture() -> Write:
    """`prepare(location, table, rejected)`: a write just before its commit."""
    return prepare


@pytest.fixture(name="write_blocks")
def write_blocks_fixture() -> Write:
    """`write_blocks(location, *blocks, share=0.5)`: blocks as a stage puts them through a writer."""
    return write_blocks


@pytest.fixture(name="write_parts")
def write_parts_fixture() -> Write:
    """`write_parts(location, key, *blocks, rows=4)`: a dataset in parts as ingest writes it."""
    return write_parts
