"""Where a dataset and its receipt are, and what a killed writer may have left there.

Needs no Parquet library: an unchanged stage looks at locations only.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import Fingerprints, hash_file, sync_folder
from relay.handoff.receipt import Receipt

LOOKS, PAUSE_SECONDS = 5, 0.02
"""A writer renames twice within microseconds; whoever looks between the two looks again."""


@dataclass(frozen=True)
class DatasetLocation:
    """The paths of one dataset, such as `raw/linear`, below the data folder."""

    data_dir: Path
    address: str
    stage: str

    @property
    def recipe(self) -> str:
        """The last part of the address."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def parquet(self) -> Path:
        """The rows."""
        return self.data_dir / f"{self.address}.parquet"

    @property
    def receipt(self) -> Path:
        """The receipt beside them."""
        return self.data_dir / f"{self.address}.json"

    @property
    def next_receipt(self) -> Path:
        """The receipt of a write that is under way or was killed."""
        return self.data_dir / f"{self.address}.json.next"

    @property
    def temporary(self) -> Path:
        """The rows of a write that is under way or was killed."""
        return self.data_dir / f"{self.address}.parquet.tmp"

    @property
    def rejected(self) -> Path:
        """The rows that did not match the schema."""
        return self.data_dir / "rejected" / self.stage / f"{self.recipe}.parquet"

    @property
    def next_rejected(self) -> Path:
        """The rejected rows of a write that is under way or was killed."""
        return self.rejected.with_name(f"{self.rejected.name}.next")

    @property
    def failed(self) -> Path:
        """The rejected rows of a run that rejected too many."""
        return self.rejected.with_name(f"{self.recipe}.failed.parquet")

    def receipts(self) -> list[Receipt]:
        """The receipts that lie there, whole ones only, the settled one first."""
        found = []
        for path in (self.receipt, self.next_receipt):
            try:
                found.append(Receipt.read(path))
            except (FileNotFoundError, DatasetDamagedError):
                continue  # the caller matches receipts with the file and says what it found
        return found

    def find_receipt(self, fingerprints: Fingerprints, made_by: str) -> Receipt | None:
        """The receipt of the rows that lie here now, whether its writer has settled it or not; None without rows.

        Args:
            fingerprints: of the rows.
            made_by: the command that makes them, for the message.

        Raises:
            DatasetDamagedError: no receipt is that of the rows.
        """
        for _ in range(LOOKS):
            try:
                found = fingerprints.of(self.parquet)
            except FileNotFoundError:
                return None
            for receipt in self.receipts():
                if receipt.fingerprint == found:
                    return receipt
            time.sleep(PAUSE_SECONDS)
        raise DatasetDamagedError(
            f"{self.parquet} and its receipt do not belong together: one was changed after it was written. "
            f"Make them again: `{made_by} --force`"
        )

    def current(self, fingerprints: Fingerprints) -> Receipt | None:
        """The receipt of what lies there now, when file, receipt and rejected rows belong together.

        Returns None when nothing was written yet.

        Raises:
            DatasetDamagedError: one of the three was changed, cut or taken away.
        """
        try:
            receipt = Receipt.read(self.receipt)
        except FileNotFoundError:
            if self.parquet.exists():
                raise DatasetDamagedError(f"{self.receipt} is not there") from None
            return None
        _require(self.parquet, receipt.fingerprint, fingerprints)
        if receipt.rejected.fingerprint is not None:
            _require(self.rejected, receipt.rejected.fingerprint, fingerprints)
        return receipt

    def commit(self) -> None:
        """Put the written files in place, in the order that a kill at any moment forgives."""
        self.temporary.replace(self.parquet)
        self._settle(Receipt.read(self.next_receipt))

    def recover(self) -> None:
        """Finish or remove what a killed writer left. Call it only as the one writer."""
        if self.next_receipt.exists() and not self.temporary.exists():
            # The rows had been renamed when the writer was killed, unless the file is an older one after all.
            with suppress(FileNotFoundError, DatasetDamagedError):  # cut by the kill: then it goes as a leftover
                receipt = Receipt.read(self.next_receipt)
                if receipt.fingerprint == hash_file(self.parquet):
                    self._settle(receipt)
        for path in (self.next_receipt, self.temporary, self.next_rejected):
            path.unlink(missing_ok=True)

    def _settle(self, receipt: Receipt) -> None:
        if receipt.rejected.fingerprint is None:
            self.rejected.unlink(missing_ok=True)
        elif self.next_rejected.exists():
            self.next_rejected.replace(self.rejected)
            sync_folder(self.rejected.parent)
        self.failed.unlink(missing_ok=True)
        self.next_receipt.replace(self.receipt)
        sync_folder(self.parquet.parent)


def _require(path: Path, fingerprint: str, fingerprints: Fingerprints) -> None:
    if not path.exists():
        raise DatasetDamagedError(f"{path} is gone, its receipt is there")
    found = fingerprints.of(path)
    if found != fingerprint:
        raise DatasetDamagedError(f"{path} was changed: SHA-256 {found[:12]}…, the receipt says {fingerprint[:12]}…")
