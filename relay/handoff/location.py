"""Where a dataset and its receipt are, and what a killed writer may have left there.

Needs no Parquet library: an unchanged stage looks at locations only.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import Fingerprints, hash_file, sync_folder
from relay.handoff.parts import choose_coming, forget_parts, is_complete, remove_rest, require_parts
from relay.handoff.receipt import Receipt

LOOKS, PAUSE_SECONDS = 5, 0.02
"""A writer renames twice within microseconds; whoever looks between the two looks again."""


@dataclass(frozen=True)
class DatasetLocation:
    """The paths of one dataset, such as `raw/linear`, below the data folder."""

    data_dir: Path
    address: str
    stage: str
    coming: str = ""
    """The digest of the key of the run that may write it; empty for readers."""

    @property
    def recipe(self) -> str:
        """The last part of the address."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def parquet(self) -> Path:
        """The rows."""
        return self.data_dir / f"{self.address}.parquet"

    @property
    def parts(self) -> Path:
        """The folder of its parts, where it is not one file."""
        return self.data_dir / f"{self.address}.parts"

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

    def read_receipt(self) -> Receipt | None:
        """The settled receipt; None where it is missing, cut or edited."""
        with suppress(FileNotFoundError, DatasetDamagedError):
            return Receipt.read(self.receipt)
        return None

    def read_parts_receipt(self) -> Receipt | None:
        """The settled receipt where the dataset is one in parts."""
        receipt = self.read_receipt()
        return receipt if receipt is not None and receipt.parts is not None else None

    def find_receipt(self, fingerprints: Fingerprints, made_by: str) -> Receipt | None:
        """The receipt of the rows that lie here now, whether its writer has settled it or not; None without rows.

        Args:
            fingerprints: of the rows.
            made_by: the command that makes them, for the message.

        Raises:
            DatasetDamagedError: no receipt is that of the rows.
        """
        for _ in range(LOOKS):
            if (in_parts := self.read_parts_receipt()) is not None:
                try:
                    require_parts(self.parts, in_parts, fingerprints)
                except DatasetDamagedError as error:
                    if self.read_parts_receipt() != in_parts:
                        continue  # the folder went with its dataset: another one lies there by now
                    raise DatasetDamagedError(error.message, next_step=f"Make it again: `{made_by} --force`") from None
                return in_parts
            try:
                found = fingerprints.of(self.parquet)
            except FileNotFoundError:
                if self.read_parts_receipt() is None:
                    self._require_no_receipt(made_by)
                    return None
                continue
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
        if receipt.parts is not None:
            require_parts(self.parts, receipt, fingerprints)
        else:
            _require(self.parquet, receipt.fingerprint, fingerprints)
        if receipt.rejected.fingerprint is not None:
            _require(self.rejected, receipt.rejected.fingerprint, fingerprints)
        return receipt

    def commit(self) -> None:
        """Put the written files in place, in the order that a kill at any moment forgives."""
        receipt = Receipt.read(self.next_receipt)
        if receipt.parts is None:
            self.temporary.replace(self.parquet)
        self._settle(receipt)

    def recover(self) -> None:
        """Finish or remove what a killed writer left. Call it only as the one writer."""
        if self.next_receipt.exists() and not self.temporary.exists():
            # The rows had been renamed when the writer was killed, unless the file is an older one after all.
            with suppress(FileNotFoundError, DatasetDamagedError):  # cut by the kill: then it goes as a leftover
                receipt = Receipt.read(self.next_receipt)
                if is_complete(self.parts, receipt) or (
                    receipt.parts is None and receipt.fingerprint == hash_file(self.parquet)
                ):
                    self._settle(receipt)
        for path in (self.next_receipt, self.temporary, self.next_rejected):
            path.unlink(missing_ok=True)
        self._remove_other_form()

    def forget_coming_parts(self) -> None:
        """Let the coming run make every part, whatever whole ones a killed run left. Call it only as the one writer."""
        if self.coming:
            forget_parts(self.parts / choose_coming(self.read_parts_receipt(), self.coming))

    def _remove_other_form(self) -> None:
        """Remove what the dataset's receipt does not name: folders of parts, or the file of before there were parts."""
        receipt = self.read_receipt()
        if receipt is not None and receipt.parts is not None:
            self.parquet.unlink(missing_ok=True)
        remove_rest(self.parts, receipt, self.coming)

    def _require_no_receipt(self, made_by: str) -> None:
        """Return unless a receipt lies there that cannot be read, of a dataset in parts: it is not known which."""
        if self.parts.is_dir() and self.receipt.exists() and self.read_receipt() is None:
            raise DatasetDamagedError(
                f"{self.receipt}: not a receipt any more (cut or edited)",
                next_step=f"Make it again: `{made_by} --force`",
            )

    def _settle(self, receipt: Receipt) -> None:
        if receipt.rejected.fingerprint is None:
            self.rejected.unlink(missing_ok=True)
        elif self.next_rejected.exists():
            self.next_rejected.replace(self.rejected)
            sync_folder(self.rejected.parent)
        self.failed.unlink(missing_ok=True)
        self.next_receipt.replace(self.receipt)
        sync_folder(self.parquet.parent)
        self._remove_other_form()


def _require(path: Path, fingerprint: str, fingerprints: Fingerprints) -> None:
    if not path.exists():
        raise DatasetDamagedError(f"{path} is gone, its receipt is there")
    found = fingerprints.of(path)
    if found != fingerprint:
        raise DatasetDamagedError(f"{path} was changed: SHA-256 {found[:12]}…, the receipt says {fingerprint[:12]}…")
