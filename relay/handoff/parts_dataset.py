"""Reading a dataset in parts: each part is hashed when it is opened, against the receipt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from relay.handoff.errors import DatasetDamagedError, DatasetReplacedError
from relay.handoff.held import HeldFile
from relay.handoff.location import DatasetLocation
from relay.handoff.open_file import OpenFile, choose_spread
from relay.handoff.parts import PartPaths, identify_parts
from relay.handoff.receipt import Part, Receipt


@dataclass(frozen=True)
class PartsDataset:
    """A dataset in parts. A folder stays for its readers until the second dataset after it is committed."""

    receipt: Receipt
    location: DatasetLocation
    made_by: str
    schema: pa.Schema

    @property
    def files(self) -> list[Part]:
        """The parts in order."""
        assert self.receipt.parts is not None  # noqa: S101 - `open_parts` made this one
        return self.receipt.parts.files

    @property
    def folder(self) -> Path:
        """Where the parts lie."""
        assert self.receipt.parts is not None  # noqa: S101 - `open_parts` made this one
        return self.location.parts / self.receipt.parts.folder

    def open(self, index: int) -> OpenFile:
        """One part, held open and hashed.

        Raises:
            DatasetDamagedError: its bytes are not those of the receipt.
            DatasetReplacedError: it is gone, and so is the receipt that names it.
        """
        path = PartPaths(self.folder, index).parquet
        try:
            return open_part(path, self.files[index].sha256)
        except DatasetReplacedError:
            if self.location.read_parts_receipt() == self.receipt:
                raise DatasetDamagedError(f"{path} is gone, the receipt is there", next_step=self._again) from None
            raise
        except DatasetDamagedError as error:
            raise DatasetDamagedError(error.message, next_step=self._again) from None

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in order, one row group at a time."""
        for index in range(len(self.files)):
            for batch in self.open(index).batches(columns):
                # The notes in a file's end differ from part to part; consumers take one schema for all.
                yield batch.replace_schema_metadata(self.schema.metadata)

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """All rows at once."""
        tables = [self.open(index).table(columns) for index in range(len(self.files))]
        return pa.concat_tables(tables).replace_schema_metadata(self.schema.metadata)

    def spread(self, most: int) -> list[pa.Table]:
        """A few row groups of parts that are evenly spread, with the first rows among them."""
        filled = [index for index, part in enumerate(self.files) if part.rows]
        chosen = [filled[place] for place in choose_spread(len(filled), most)]
        found = []
        for number, index in enumerate(chosen):
            part = self.open(index)
            each = most - len(chosen) + 1 if number == 0 else 1  # few parts: more of the first
            found += part.spread(each)
            part.require_unchanged()
        return [table.replace_schema_metadata(self.schema.metadata) for table in found]

    def require_unchanged(self) -> None:
        """Return: each part was looked at again when it had been read."""

    @property
    def _again(self) -> str:
        return f"Make it again: `{self.made_by} --force`"


def open_parts(location: DatasetLocation, made_by: str) -> PartsDataset:
    """The dataset in parts that lies at a location.

    Raises:
        DatasetDamagedError: the receipt does not name its own parts, or the first one is damaged.
        DatasetReplacedError: another dataset lies there by now.
    """
    receipt = location.read_parts_receipt()
    if receipt is None or receipt.parts is None:
        raise DatasetReplacedError(f"{location.address} was replaced while it was opened", next_step="Run it again")
    if identify_parts(receipt.parts.files) != receipt.fingerprint:
        raise DatasetDamagedError(
            f"{location.receipt} names other parts than its fingerprint", next_step=f"Run `{made_by} --force`"
        )
    dataset = PartsDataset(receipt, location, made_by, pa.schema([]))
    schema = dataset.open(0).schema
    return PartsDataset(receipt, location, made_by, schema)


def open_part(path: Path, sha256: str) -> OpenFile:
    """One part, held open.

    Args:
        path: of its rows.
        sha256: that they must have.

    Raises:
        DatasetDamagedError: it has other bytes.
        DatasetReplacedError: it is not there, as when a newer dataset has replaced it.
    """
    try:
        file = pa.OSFile(str(path), "rb")
    except FileNotFoundError:
        raise DatasetReplacedError(f"{path} is not there any more", next_step="Run it again") from None
    held = HeldFile(file.fileno())
    if held.sha256 != sha256:
        file.close()
        raise DatasetDamagedError(
            f"{path} was changed after it was written: SHA-256 {held.sha256[:12]}…, the receipt says {sha256[:12]}…"
        )
    return OpenFile(pq.ParquetFile(file), path, held)
