"""A dataset is one Parquet file, or parts, and, beside it, a receipt. All are whole, or the ones from before are.

relay/handoff/parts.py is about parts. `open_dataset` gives either; who reads rows need not know which.

Order of a write of one file, each step safe to be killed after:

    X.parquet.tmp, X.json.next, rejected/….parquet.next   written and on disk
    X.parquet.tmp -> X.parquet                            the commit
    rejected/….next -> rejected/…                         (or the old one removed)
    X.json.next -> X.json

A reader holds X.parquet open and takes the receipt, `.json` or `.json.next`, whose fingerprint is the open file's.
The next writer finishes or removes what a killed one left.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from relay.handoff.errors import DatasetDamagedError, DatasetMissingError
from relay.handoff.files import Fingerprints, identify, open_new
from relay.handoff.held import HeldFile
from relay.handoff.location import DatasetLocation
from relay.handoff.open_file import Dataset as Dataset
from relay.handoff.open_file import OpenFile
from relay.handoff.open_file import choose_spread as choose_spread
from relay.handoff.parts_dataset import open_parts
from relay.handoff.receipt import Receipt

READ_ATTEMPTS = 5
"""A writer renames twice within microseconds; a reader that falls between them looks again."""


@dataclass(frozen=True)
class FileDataset(OpenFile):
    """An open dataset of one file."""

    receipt: Receipt


def open_dataset(location: DatasetLocation, fingerprints: Fingerprints, made_by: str) -> Dataset:
    """The dataset at a location, hashed and matched with its receipt.

    Args:
        location: of the dataset.
        fingerprints: kept up to date with what was hashed.
        made_by: the command that makes it, for the messages.

    Raises:
        DatasetMissingError: nobody has written it yet.
        DatasetDamagedError: file and receipt do not belong together.
        DatasetReplacedError: a dataset in parts was replaced while it was opened.
    """
    found = "no receipt"
    for _ in range(READ_ATTEMPTS):
        if location.read_parts_receipt() is not None:
            return open_parts(location, made_by)
        try:
            identity = identify(location.parquet)
            file = pa.OSFile(str(location.parquet), "rb")
        except FileNotFoundError:
            if location.read_parts_receipt() is None:
                raise DatasetMissingError(f"{location.parquet} is not there yet: run `{made_by}` first") from None
            continue  # it has become a dataset in parts since the look before
        held = HeldFile(file.fileno())
        receipts = location.receipts()
        for receipt in receipts:
            if receipt.fingerprint == held.sha256:
                fingerprints.remember(location.parquet, held.sha256, identity)
                return FileDataset(pq.ParquetFile(file), location.parquet, held, receipt)
        found = f"a file with SHA-256 {held.sha256[:12]}…, receipts for {[r.fingerprint[:12] for r in receipts]}"
        file.close()
    raise DatasetDamagedError(
        f"{location.parquet}: {found}; the file or its receipt was changed after it was written. "
        f"Make it again: `{made_by} --force`"
    )


class HashingFile:
    """A file for a Parquet writer that is hashed while it is written, so that it need not be read again.

    Parquet is written front to back: nothing is ever sought.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.closed = False
        self.bytes = 0
        self._is_abandoned = False
        self._file = open_new(path)
        self._digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Append; gives the number of bytes."""
        if self._is_abandoned:
            return len(content)  # a Parquet writer that is thrown away still writes its end
        self._file.write(content)
        self._digest.update(content)
        self.bytes += len(content)
        return len(content)

    def tell(self) -> int:
        """Bytes so far."""
        return self.bytes

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()

    def close(self) -> None:
        """Put everything on disk and close."""
        if not self.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.closed = True

    def abandon(self) -> None:
        """Close without waiting for the disk, and remove."""
        self.closed = self._is_abandoned = True
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of what was written."""
        return self._digest.hexdigest()
