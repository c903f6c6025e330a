"""Rows of a database: asked for when they are due, kept as they came, and read from what is kept."""

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import unquote

from loguru import logger

from ingest.parameters import FormatSection, SqlSection
from ingest.refresh import choose_refresh
from relay.handoff.column import CELL_KEYS
from relay.handoff.database import locate_database
from relay.handoff.errors import SourceError
from relay.handoff.files import Fingerprints, sync_folder
from relay.handoff.receipt import Origin
from relay.handoff.recipe import Column
from relay.handoff.run import Run, format_utc
from relay.reading.rawfile import RawFile
from relay.sources.databases import SQLITE, find_sqlite_path, find_url, select_all
from relay.sources.kept import KeptFile, is_due, is_whole, read_manifest, write_manifest
from relay.sources.urls import DIGEST_CHARS

if TYPE_CHECKING:  # Arrow and the driver are heavy: an unchanged stage does without them
    import pyarrow as pa

    from relay.handoff.writer import Block

KEPT_NAME = "rows.parquet"
ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


@dataclass(frozen=True)
class SqlSource:
    """The answer of a database, as it is kept in a folder."""

    section: SqlSection
    columns: dict[str, Column]
    url: str
    """With its password."""
    folder: Path
    """`data/raw/source/<recipe>/`."""
    base: Path
    """Where a relative path of an SQLite file counts from."""
    fingerprints: Fingerprints
    refresh_after: float
    """Age in seconds from which the database is asked again."""
    now: datetime
    run_name: str

    @property
    def rows_total(self) -> None:
        """Nobody knows before reading."""
        return

    @property
    def where(self) -> str:
        """The database without user and password."""
        if path := find_sqlite_path(self.url):
            return f"{SQLITE}:///{path}"
        return f"postgresql://{locate_database(self.url)}"

    @property
    def statement(self) -> str:
        """What the database is asked."""
        if self.section.query is not None:
            return self.section.query.strip().rstrip(";")
        return select_all(self.section.table or "")

    @property
    def digest(self) -> str:
        """What tells the question from others: the database, the statement and its values with their types."""
        question = repr((self.where, self.statement, self.section.parameters))
        return hashlib.sha256(question.encode()).hexdigest()[:DIGEST_CHARS]

    @property
    def name(self) -> str:
        """As it stands in the receipt and in messages."""
        return f"{self.where} {self.section.table or f'query {self.digest[:8]}'}"

    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of the kept rows; they are asked for first when they are missing, damaged or due.

        Raises:
            SourceError: they cannot be had; what was kept before is kept still.
            OSError: the disk refuses.
        """
        kept = next((file for file in read_manifest(self.folder) if file.url_digest == self.digest), None)
        if kept is not None and not is_whole(kept, self.folder, self.fingerprints):
            kept = None
        if is_due(kept, self.refresh_after, self.now):
            kept = self._refresh(kept)
        assert kept is not None  # noqa: S101 - what is missing is due
        return {self.name: kept.sha256}

    def blocks(self) -> "Iterator[Block]":
        """The rows in the schema's types."""
        from relay.reading.formats import read_files

        raw_files = [
            RawFile(file.name, file.item, self.folder / file.file, origin)
            for file, origin in zip(read_manifest(self.folder), self.origins(), strict=True)
        ]
        as_parquet = FormatSection(
            source="sql",
            format="parquet",
            max_unpacked_bytes=sys.maxsize,  # the file is of our own making
            extra_columns=self.section.extra_columns,
            **{key: getattr(self.section, key) for key in CELL_KEYS},
        )
        yield from read_files(raw_files, as_parquet, self.columns)

    def origins(self) -> list[Origin]:
        """The database and what it was asked, with the SHA-256 of the kept rows and when they came."""
        return [
            Origin(where=file.name, sha256=file.sha256, bytes=file.bytes, fetched_at_utc=file.fetched_at_utc)
            for file in read_manifest(self.folder)
        ]

    def _refresh(self, old: KeptFile | None) -> KeptFile:
        """The rows of now, in place of those of before."""
        started = monotonic()
        part = self.folder / f"{self.digest}-{KEPT_NAME}.part"
        try:
            rows, sha256, size = self._save(part)
        except SourceError as error:
            part.unlink(missing_ok=True)
            if old is None:
                raise
            raise SourceError(
                f"{error}. The rows of {old.checked_at_utc} are whole: RELAY_REFRESH=never goes on with them"
            ) from None
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        now = format_utc(self.now)
        if old is not None and old.sha256 == sha256:
            part.unlink()
            kept = old.model_copy(update={"checked_at_utc": now})
        else:
            kept = KeptFile(
                name=self.name, item=self.section.table or "query", url_digest=self.digest, sha256=sha256, bytes=size,
                file=f"{sha256[:DIGEST_CHARS]}-{KEPT_NAME}", etag=None, last_modified=None,
                fetched_at_utc=now, checked_at_utc=now,
            )  # fmt: skip
            part.replace(self.folder / kept.file)
            self.fingerprints.remember(self.folder / kept.file, sha256)
        sync_folder(self.folder)
        write_manifest(self.folder, [kept])
        outcome = "unchanged" if kept.fetched_at_utc != now else "kept"
        logger.info("{}: {:,} rows of {} {}, {:.2f} s", self.run_name, rows, self.name, outcome, monotonic() - started)
        return kept

    def _save(self, path: Path) -> tuple[int, str, int]:
        """Rows, SHA-256 and bytes of the answer, written as it comes."""
        import pyarrow as pa

        from relay.handoff.dataset import HashingFile
        from relay.handoff.progress import show_progress
        from relay.handoff.writer import RowGroups

        batches = self._ask()
        first = next(batches)
        sink = HashingFile(path)
        try:
            with show_progress(self.run_name, None, "rows") as advance:
                groups = RowGroups(sink, first.schema)
                batch: pa.RecordBatch | None = first
                while batch is not None:
                    groups.add(pa.Table.from_batches([batch]))
                    advance(batch.num_rows)
                    batch = next(batches, None)
            groups.close()
        except BaseException:
            sink.abandon()
            raise
        sink.close()
        return groups.rows, sink.fingerprint, sink.bytes

    def _ask(self) -> "Iterator[pa.RecordBatch]":
        from relay.sources.queries import Question, ask_postgres, ask_sqlite

        question = Question(self.statement, tuple(self.section.parameters), self.section.timeout)
        if path := find_sqlite_path(self.url):
            return ask_sqlite(self._find_file(path), question)
        return ask_postgres(self.url, question)

    def _find_file(self, written: str) -> Path:
        """The file of a path, which counts from the same places as those of the source `file`; `%20` may be a blank."""
        decoded = self._locate(unquote(written))
        literal = self._locate(written)
        return literal if literal.is_file() and not decoded.is_file() else decoded

    def _locate(self, path: str) -> Path:
        data_dir = self.folder.parents[2]
        return data_dir / path.removeprefix("data/") if path.startswith("data/") else self.base / path


def open_source(run: Run[SqlSection], environment: Mapping[str, str] = os.environ) -> SqlSource:
    """The source of a recipe.

    Raises:
        UsageError: RELAY_REFRESH is neither never, always nor an age, or no database is configured.
    """
    return SqlSource(
        section=run.parameters,
        columns=run.recipe.raw_columns,
        url=find_url(run.parameters.url, run.settings.database_url, environment),
        folder=run.settings.data_dir / "raw" / "source" / run.recipe.name,
        base=run.recipe.path.parent,
        fingerprints=run.fingerprints,
        refresh_after=choose_refresh(run.settings.refresh, run.parameters.refresh),
        now=run.started,
        run_name=run.name,
    )


def has_order(section: SqlSection) -> bool:
    """Whether the rows come in the same order each time, as far as the words tell."""
    return section.query is not None and ORDER.search(section.query) is not None
