"""Writing a dataset: blocks of rows come in, one whole Parquet file with its rejected rows goes out."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from relay.handoff.block import REJECTED_SCHEMA as REJECTED_SCHEMA
from relay.handoff.block import Block as Block
from relay.handoff.block import MakeSink
from relay.handoff.dataset import HashingFile
from relay.handoff.errors import SchemaError
from relay.handoff.files import open_new, sync_file
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import ColumnWarning, Parts, Receipt, Rejects
from relay.handoff.row_groups import GROUP_TEXT_BYTES as GROUP_TEXT_BYTES
from relay.handoff.row_groups import FileSink, number_notes
from relay.handoff.row_groups import RowGroups as RowGroups
from relay.handoff.wording import list_words

ENOUGH_REJECTED = 100_000
"""From this many rejected rows on, a run over its limit stops: the rest would tell nothing new."""


@dataclass(frozen=True)
class Written:
    """What stands in the temporary files, ready for its receipt."""

    fingerprint: str
    bytes: int
    rows: int
    rejected: Rejects
    dropped: dict[str, int]
    warnings: list[ColumnWarning]
    parts: Parts | None = None


class DatasetWriter:
    """The one writer of a dataset. Nothing is visible before `commit`; leaving without it removes all traces."""

    def __init__(
        self, location: DatasetLocation, schema: pa.Schema, max_rejected_share: float, sink: MakeSink = FileSink
    ) -> None:
        self.location = location
        self.read = 0
        self._max_rejected_share = max_rejected_share
        self._sink = sink(location, schema)
        self._rejected: pq.ParquetWriter | None = None
        self._rejected_sink: HashingFile | None = None
        self._rejected_rows = 0
        self._reasons: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._warnings: dict[ColumnWarning, None] = {}
        self._is_sealed = False
        """Whether all that the receipt names is on disk, so that a commit that began can be finished."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_sealed and not self.location.temporary.exists():
            self.location.recover()  # committed; an interrupt may have come before the receipt's rename
            return
        self.location.next_receipt.unlink(missing_ok=True)
        self._sink.abandon()
        if self._rejected_sink is not None:
            self._rejected_sink.abandon()

    def add(self, block: Block) -> None:
        """Append a block.

        Raises:
            SchemaError: so many rows are rejected that the rest would tell nothing new.
        """
        self.read += block.read
        self._dropped.update(block.dropped)
        self._warnings |= dict.fromkeys(block.warnings)
        self._sink.add(block)
        if block.left_out.num_rows:
            self._keep(block.left_out)
            self._dropped.update(block.left_out.column("reason").to_pylist())
        if block.rejected.num_rows:
            self._reject(block.rejected)
            if self._rejected_rows >= ENOUGH_REJECTED and self._is_over_limit():
                self._fail(
                    f"more than {self._max_rejected_share:.1%} of the first {self.read:,} rows", is_read_whole=False
                )

    def finish(self) -> Written:
        """Close the files.

        Raises:
            SchemaError: too many rows were rejected, or no row is left.
        """
        # In the file too: the next stage then runs again when a warning comes or goes.
        self._sink.close(number_notes(self._warnings))
        self._close_rejected()
        if self._is_over_limit():
            self._fail(f"{self._rejected_rows:,} of {self.read:,} rows", is_read_whole=True)
        if not self._sink.rows:
            left_out = ", ".join(f"{count:,} {reason}" for reason, count in self._dropped.items() if count)
            raise SchemaError(
                f"{self.location.address}: no row is left of {self.read:,} read{f' ({left_out})' if left_out else ''}; "
                f"nothing was written. Look at the source and at [{self.location.stage}] in the recipe"
            )
        fingerprint = self._rejected_sink.fingerprint if self._rejected_sink else None
        stored = self._sink.store()
        return Written(
            fingerprint=stored.fingerprint,
            bytes=stored.bytes,
            rows=stored.rows,
            parts=stored.parts,
            rejected=Rejects(
                rows=self._rejected_rows, reasons=dict(sorted(self._reasons.items())), fingerprint=fingerprint
            ),
            dropped={reason: count for reason, count in sorted(self._dropped.items()) if count},
            warnings=list(self._warnings),
        )

    def commit(self, receipt: Receipt) -> None:
        """Put rows, rejected rows and receipt in place."""
        with open_new(self.location.next_receipt) as file:
            file.write(receipt.to_json().encode())
        sync_file(self.location.next_receipt)
        self._is_sealed = True
        self.location.commit()

    def _keep(self, rows: pa.Table) -> None:
        """Write rows that are not among those of the dataset."""
        if self._rejected is None:
            self._rejected_sink = HashingFile(self.location.next_rejected)
            self._rejected = pq.ParquetWriter(self._rejected_sink, rows.schema, compression="zstd")
        self._rejected.write_table(rows)

    def _reject(self, rows: pa.Table) -> None:
        self._keep(rows)
        self._rejected_rows += rows.num_rows
        self._reasons.update(rows.column("reason").to_pylist())

    def _is_over_limit(self) -> bool:
        return self._rejected_rows > self._max_rejected_share * self.read

    def _close_rejected(self) -> None:
        if self._rejected is not None and self._rejected_sink is not None:
            self._rejected.close()
            self._rejected_sink.close()
            self._rejected = None

    def _fail(self, found: str, *, is_read_whole: bool) -> None:
        self._close_rejected()
        self.location.next_rejected.replace(self.location.failed)
        self._rejected_sink = None
        common = "; ".join(f"{reason} ({count:,})" for reason, count in self._reasons.most_common(3))
        raise SchemaError(
            f"{self.location.address}: {found} do not match the schema; the limit is {self._max_rejected_share:.1%}. "
            f"Most common: {common}. The rows are in {self.location.failed}; correct the source or [columns]"
            f"{self._advise_null()}"
            f"{self._advise_share(is_read_whole=is_read_whole)}"
        )

    def _advise_null(self) -> str:
        """The key by which a column may have cells without a value, where one has too many of them."""
        names = [name for reason, _ in self._reasons.most_common(3) if (name := reason.removesuffix(NULL)) != reason]
        return f" (null = true lets {list_words(names)} have no value)" if names else ""

    def _advise_share(self, *, is_read_whole: bool) -> str:
        """The share with which the stage would go on; nothing where no row would be left."""
        if self._rejected_rows >= self.read:
            return ""
        percent = -(-100 * self._rejected_rows // self.read) if is_read_whole else 100
        while self._rejected_rows > percent / 100 * self.read:  # 57 of 100 is not 0.57 in floats
            percent += 1
        return f", or go on without them: --set {self.location.stage}.max_rejected_share={percent / 100:g}"


NULL = ": null"
"""The end of the reason for which rows without a value are rejected."""


def reject(rows: list[tuple[int, str, str]]) -> pa.Table:
    """Rejected rows as a table, from (row number, reason, cells as JSON)."""
    return pa.Table.from_pylist(
        [dict(zip(REJECTED_SCHEMA.names, row, strict=True)) for row in rows], schema=REJECTED_SCHEMA
    )


def show_cells(row: Mapping[str, object]) -> str:
    """A row's cells as JSON texts; bytes that are no UTF-8 are shown by their codes."""
    return json.dumps({name: _show(cell) for name, cell in row.items()}, ensure_ascii=False)


def _show(cell: object) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)
