"""Rows of a user's own function: it is called when it is due, and what it gave is kept as it came."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from loguru import logger

from ingest.own_function import find_own
from ingest.parameters import FormatSection, PythonSection
from ingest.refresh import choose_refresh
from relay.handoff.code import digest_modules, read_pins
from relay.handoff.column import CELL_KEYS
from relay.handoff.errors import SchemaError
from relay.handoff.files import sync_folder
from relay.handoff.own.function import OwnFunction
from relay.handoff.own.module import OwnCodeError
from relay.handoff.receipt import Origin
from relay.handoff.run import InputChangedError, Run, format_utc
from relay.handoff.settings import ROOT
from relay.reading.rawfile import RawFile
from relay.sources.kept import KeptFile, is_due, is_whole, read_manifest, write_manifest
from relay.sources.urls import DIGEST_CHARS

if TYPE_CHECKING:  # Arrow is heavy: only when there is work
    import pyarrow as pa

    from relay.handoff.writer import Block

KEPT_NAME = "rows.parquet"


@dataclass(frozen=True)
class PythonSource:
    """What a function of the recipe gave, as it is kept in a folder."""

    run: Run[PythonSection]
    own: OwnFunction
    folder: Path
    """`data/raw/source/<recipe>/`."""
    refresh_after: float
    """Age in seconds from which the function is called again."""

    @property
    def rows_total(self) -> None:
        """It is not known before reading."""
        return

    @property
    def name(self) -> str:
        """As it stands in the receipt and in messages: recipes/orders.py: load_orders."""
        return self.own.signature.shown

    @property
    def digest(self) -> str:
        """What tells this call from others: all that decides what the function gives."""
        code = self.own.code
        call = (
            {**digest_modules((*code.modules, "ingest.own_frames")), **code.own},
            read_pins(ROOT / self.own.stage / "requirements.txt", code.packages),
            self.own.arguments,
            self.own.inputs(self.run.settings.data_dir),
            self.run.recipe.seed,
        )
        return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()[:DIGEST_CHARS]

    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of the kept rows, and of the files that arguments name; it is called first where that is due.

        Raises:
            OwnCodeError: it failed; what was kept before is kept still.
            OSError: the disk refuses.
        """
        digest = self.digest
        kept = [file for file in read_manifest(self.folder) if file.url_digest == digest]
        if not all(is_whole(file, self.folder, self.run.fingerprints) for file in kept):
            kept = []
        if is_due(kept[0] if kept else None, self.refresh_after, self.run.started):
            kept = self._refresh(kept, digest)
        return {file.name: file.sha256 for file in kept} | self.own.inputs(self.run.settings.data_dir)

    def blocks(self) -> "Iterator[Block]":
        """The rows in the schema's types."""
        from relay.reading.formats import read_files

        section = self.run.parameters
        files = [
            RawFile(file.name, file.item, self.folder / file.file, origin)
            for file, origin in zip(read_manifest(self.folder), self.origins(), strict=True)
        ]
        as_parquet = FormatSection(
            source="python",
            format="parquet",
            max_unpacked_bytes=sys.maxsize,  # the file is of our own making
            extra_columns=section.extra_columns,
            **{key: getattr(section, key) for key in CELL_KEYS},
        )
        yield from read_files(files, as_parquet, self.run.recipe.raw_columns)

    def origins(self) -> list[Origin]:
        """The function, with the SHA-256 of the kept rows and when they came."""
        return [
            Origin(where=file.name, sha256=file.sha256, bytes=file.bytes, fetched_at_utc=file.fetched_at_utc)
            for file in read_manifest(self.folder)
        ]

    def _refresh(self, old: list[KeptFile], digest: str) -> list[KeptFile]:
        """The rows of now, in place of those of before."""
        started, parts = monotonic(), list[Path]()
        try:
            new = self._call(digest, parts)
            if self.digest != digest:
                raise InputChangedError(self.name)
        except OwnCodeError as error:
            if not old:
                raise
            kept = f"The rows of {old[0].checked_at_utc} are whole: RELAY_REFRESH=never goes on with them"
            raise OwnCodeError(f"{error.message}. {kept}", lines=error.lines) from None
        finally:
            for part in parts:
                part.unlink(missing_ok=True)
        if [file.sha256 for file in old] == [file.sha256 for file in new]:
            new = [file.model_copy(update={"checked_at_utc": format_utc(self.run.started)}) for file in old]
        sync_folder(self.folder)
        write_manifest(self.folder, new)
        outcome = "unchanged" if old and new[0].fetched_at_utc == old[0].fetched_at_utc else "kept"
        logger.info("{}: what {} gave is {}, {:.2f} s", self.run.name, self.name, outcome, monotonic() - started)
        return new

    def _call(self, digest: str, parts: list[Path]) -> list[KeptFile]:
        """What the function gives, a file for each stretch of frames with the same columns and types."""
        from ingest.own_rows import report, start
        from relay.handoff.progress import show_progress

        self.folder.mkdir(parents=True, exist_ok=True)
        found: list[tuple[str, int]] = []
        with start(self.run, self.own) as apart, show_progress(self.run.name, None, "rows") as advance:
            for schema, batches in groupby(apart.batches(), key=lambda batch: batch.schema):
                parts.append(self.folder / f"{digest}-{len(parts)}-{KEPT_NAME}.part")
                found.append(self._save(parts[-1], schema, batches, advance))
            report(self.run, self.own, apart)
        now = format_utc(self.run.started)
        kept = []
        for number, (part, (sha256, size)) in enumerate(zip(parts, found, strict=True), 1):
            file = f"{sha256[:DIGEST_CHARS]}-{KEPT_NAME}"
            part.replace(self.folder / file)
            self.run.fingerprints.remember(self.folder / file, sha256)
            name = self.name if number == 1 else f"{self.name} ({number})"
            kept.append(
                KeptFile(
                    name=name, item=self.own.signature.function, url_digest=digest, file=file, sha256=sha256,
                    bytes=size, etag=None, last_modified=None, fetched_at_utc=now, checked_at_utc=now,
                )
            )  # fmt: skip
        return kept

    def _save(
        self, path: Path, schema: "pa.Schema", batches: "Iterator[pa.RecordBatch]", advance: Callable[[int], object]
    ) -> tuple[str, int]:
        """SHA-256 and bytes of the rows, written as they come."""
        import pyarrow as pa

        from relay.handoff.dataset import HashingFile
        from relay.handoff.writer import RowGroups

        sink = HashingFile(path)
        try:
            groups = RowGroups(sink, schema)
            for batch in batches:
                groups.add(pa.Table.from_batches([batch]))
                advance(batch.num_rows)
            groups.close()
        except pa.ArrowException as error:
            sink.abandon()
            words = " ".join(str(error).split())
            raise SchemaError(f"{self.name} gave a column that Parquet does not hold: {words}") from None
        except BaseException:
            sink.abandon()
            raise
        sink.close()
        return sink.fingerprint, sink.bytes


def open_source(run: Run[PythonSection]) -> PythonSource:
    """The source of a recipe.

    Raises:
        UsageError: RELAY_REFRESH is neither never, always nor an age.
    """
    own = find_own(run.parameters, run.recipe)
    assert own is not None  # noqa: S101 - the section names it
    return PythonSource(
        run=run,
        own=own,
        folder=run.settings.data_dir / "raw" / "source" / run.recipe.name,
        refresh_after=choose_refresh(run.settings.refresh, run.parameters.refresh),
    )
