"""The file of answers with its receipt and, beside them, the rows that were refused: whole, or the ones from before.

The order of the steps is that of a dataset (`relay.handoff.dataset`), and so is what a killed one leaves.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from relay.handoff.dataset import HashingFile
from relay.handoff.errors import UsageError
from relay.handoff.files import open_new, sync_file
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt, Rejects
from relay.handoff.row_groups import RowGroups

STAGE = "predict"
"""In receipts and in the journal."""
SUFFIX = ".parquet"


@dataclass(frozen=True)
class AnswersLocation(DatasetLocation):
    """The paths of a file of answers: `out.parquet`, `out.json` and `out.rejected.parquet`."""

    @property
    def rejected(self) -> Path:
        """The rows that were refused."""
        return self.data_dir / f"{self.address}.rejected{SUFFIX}"

    @property
    def failed(self) -> Path:
        """Nothing: refused rows are kept only where the others are answered."""
        return self.next_rejected

    def _remove_other_form(self) -> None:
        """Nothing: answers are one file, and a folder `out.parts` beside it is of another program."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that a run may write or remove."""
        finished = (self.parquet, self.receipt, self.rejected)
        return (*finished, self.temporary, self.next_receipt, self.next_rejected)


def locate_answers(out: Path) -> AnswersLocation:
    """The location of a file of answers.

    Raises:
        UsageError: its folder is not there, or it has another name than a Parquet file.
    """
    if out.suffix != SUFFIX or out.is_dir():
        raise UsageError(f"--out {out}: expected the name of a file that ends in {SUFFIX}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: the folder {out.parent} does not exist", next_step="Make it, or name another")
    return AnswersLocation(out.parent.resolve(), out.stem, STAGE)


def require_ours(location: AnswersLocation, *, is_forced: bool) -> None:
    """Return where nothing lies that another program wrote.

    Args:
        location: of the answers.
        is_forced: whether files without a receipt may be replaced.

    Raises:
        UsageError: a file that no prediction wrote would be replaced.
    """
    receipts = location.receipts()
    if others := [receipt for receipt in receipts if receipt.stage != STAGE]:
        raise UsageError(
            f"{location.parquet} was written by {others[0].stage}, not by a prediction",
            next_step="Name another file with --out",
        )
    found = [path for path in (location.parquet, location.receipt, location.rejected) if path.exists()]
    if found and not receipts and not is_forced:
        raise UsageError(
            f"{found[0]} exists, and no receipt of a prediction is beside it",
            next_step="Name another file with --out, or replace it with --force",
        )


class AnswersWriter:
    """The one writer of a file of answers. Nothing is visible before `commit`, and without it no trace stays."""

    def __init__(self, location: AnswersLocation, schema: pa.Schema, rejected_schema: pa.Schema) -> None:
        self.location = location
        self.rows = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self._sink = HashingFile(location.temporary)
        self._groups = RowGroups(self._sink, schema)
        self._rejected_schema = rejected_schema
        self._rejected: RowGroups | None = None
        self._rejected_sink: HashingFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.location.temporary.exists():
            self.location.recover()  # committed; an interrupt may have come before the receipt's rename
            return
        self.location.next_receipt.unlink(missing_ok=True)
        for sink in (self._sink, self._rejected_sink):
            if sink is not None:
                sink.abandon()

    def add(self, answers: pa.Table, rejected: pa.Table, reasons: Counter[str]) -> None:
        """Append answers, and rows that were refused."""
        self._groups.add(answers)
        self.rows += answers.num_rows
        self.reasons.update(reasons)
        self.rejected += rejected.num_rows
        if not rejected.num_rows:
            return
        if self._rejected is None:
            self._rejected_sink = HashingFile(self.location.next_rejected)
            self._rejected = RowGroups(self._rejected_sink, self._rejected_schema)
        self._rejected.add(rejected)

    def finish(self) -> tuple[str, int, Rejects]:
        """Close the files; gives the SHA-256 and the bytes of the answers, and what was refused."""
        self._groups.close()
        self._sink.close()
        if self._rejected is not None and self._rejected_sink is not None:
            self._rejected.close()
            self._rejected_sink.close()
        fingerprint = self._rejected_sink.fingerprint if self._rejected_sink else None
        reasons = dict(sorted(self.reasons.items()))
        return (
            self._sink.fingerprint,
            self._sink.bytes,
            Rejects(rows=self.rejected, reasons=reasons, fingerprint=fingerprint),
        )

    def commit(self, receipt: Receipt) -> None:
        """Put answers, refused rows and receipt in place."""
        with open_new(self.location.next_receipt) as file:
            file.write(receipt.to_json().encode())
        sync_file(self.location.next_receipt)
        self.location.commit()
