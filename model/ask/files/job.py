"""One prediction of a file: its key, and the run that streams rows to answers."""

import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain, groupby
from time import perf_counter

from loguru import logger

from model.ask.files.layout import Layout
from model.ask.files.source import Source
from model.ask.files.work import (
    FOLDER_SCHEMA,
    Answered,
    Task,
    VersionFiles,
    answer_csv,
    answer_piece,
    answer_task,
    load_version,
)
from model.ask.files.write import STAGE, AnswersLocation, AnswersWriter
from model.release.production import Production
from relay.compute.engine import run_in_order
from relay.compute.opening import open_engine
from relay.handoff import interrupt
from relay.handoff.block import REJECTED_SCHEMA
from relay.handoff.code import HANDOFF, Code, digest_modules, read_pins
from relay.handoff.errors import SchemaError
from relay.handoff.files import Fingerprints
from relay.handoff.receipt import AnsweredBy, Key, Origin, Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import format_utc
from relay.handoff.schema import describe_schema
from relay.handoff.settings import ROOT, Settings
from relay.handoff.writer import ENOUGH_REJECTED
from relay.registry.versions import CONTRACT_SHA256

CODE = HANDOFF + Code(
    modules=(
        *("model.ask.files.answers", "model.ask.files.check", "model.ask.files.job", "model.ask.files.layout"),
        *("model.ask.files.source", "model.ask.files.work", "model.release.production"),
        *("relay.reading.ambiguous", "relay.reading.arrow", "relay.reading.cells", "relay.reading.clock_text"),
        *("relay.reading.csv_text", "relay.reading.expected", "relay.reading.iso", "relay.reading.marks"),
        *("relay.reading.moment_text", "relay.reading.moments", "relay.reading.number_text", "relay.reading.numbers"),
        *("relay.reading.one_cell", "relay.reading.spellings", "relay.reading.words", "relay.reading.written_dates"),
        *("relay.registry.calendar_parts", "relay.registry.cells", "relay.registry.contract"),
        *("relay.registry.model_file", "relay.registry.moments", "relay.registry.onnx_file"),
        *("relay.registry.own_model", "relay.registry.own_modules", "relay.registry.predictions"),
        *("relay.registry.records", "relay.registry.task"),
    ),
    packages=("numpy", "onnxruntime", "pandas", "scikit-learn", "skops"),
)
"""What decides the bytes of the answers beside the version, the rows and the options."""

MOST_SHOWN = 10
"""Refused rows that a message names."""

PROGRESS_SECONDS = 10.0
"""Between two lines of the log about a long run."""

VERSION, ROWS = "version", "rows"
"""Names of the inputs in the key."""


@dataclass(frozen=True)
class Job:
    """What is answered by which version, and where the answers go."""

    recipe: Recipe
    settings: Settings
    production: Production
    source: Source
    location: AnswersLocation
    layout: Layout
    skips: bool
    """Whether rows that break the contract get a null; otherwise one of them refuses the file."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=perf_counter)

    @property
    def name(self) -> str:
        """As it stands in the log."""
        return f"{STAGE} {self.recipe.name}"

    @property
    def fingerprints(self) -> Fingerprints:
        """What is known of files that did not change."""
        return Fingerprints(self.settings.data_dir / ".state", self.settings.data_dir)

    @property
    def version(self) -> VersionFiles:
        """The version that answers."""
        found = self.production.version
        folder = self.production.folder.relative_to(self.settings.data_dir)
        return VersionFiles(folder, found.name, found.number, found.tags[CONTRACT_SHA256])

    def find_key(self) -> Key:
        """All that decides the bytes of the answers.

        Raises:
            OSError: a file of the source cannot be read.
        """
        return Key(
            code=digest_modules(CODE.modules),
            packages=read_pins(ROOT / "model" / "requirements.txt", CODE.packages),
            parameters={
                "model": self.version.name,
                "version": self.version.number,
                "keep": list(self.layout.kept),
                "invalid": "skip" if self.skips else "refuse",
                "csv": self.source.is_csv,
            },
            inputs={
                ROWS: self.source.fingerprint(self.fingerprints),
                VERSION: self.version.contract_sha256,
            },
        )


@dataclass
class _Progress:
    """How far a run has come."""

    job: Job
    rows: int = 0
    refused: int = 0
    shown: list[str] = field(default_factory=list)
    """The first refused rows, with reasons."""
    unseen: Counter[str] = field(default_factory=Counter)
    told: float = field(default_factory=perf_counter)

    def count(self, answered: Answered) -> None:
        """Take note of some more rows; a line of the log now and then."""
        self.rows += answered.rows
        self.refused += answered.rejected.num_rows
        self.unseen.update(answered.unseen)
        first = answered.rejected.slice(0, MOST_SHOWN - len(self.shown))
        self.shown += [f"row {row['row']:,}: {row['reason']}" for row in first.to_pylist()]
        now = perf_counter()
        if now - self.told >= PROGRESS_SECONDS:
            total = "" if self.job.source.rows is None else f" of {self.job.source.rows:,}"
            rate = self.rows / (now - self.job.clock)
            logger.info("{}: {:,}{} rows, {:,.0f} rows per second", self.job.name, self.rows, total, rate)
            self.told = now

    @property
    def is_refused(self) -> bool:
        """Whether there will be no answers."""
        return self.refused > 0 and not self.job.skips

    def refuse(self) -> SchemaError:
        """The error that names the first refused rows and counts all."""
        is_whole = self.refused < ENOUGH_REJECTED
        found = f"{self.refused:,} of {self.rows:,} rows" if is_whole else f"{self.refused:,} rows or more"
        more = f"; and {self.refused - len(self.shown):,} more" if self.refused > len(self.shown) else ""
        model = f"version {self.job.version.number} of {self.job.version.name}"
        return SchemaError(
            f"{self.job.source.where}: {found} cannot be answered by {model}: {'; '.join(self.shown)}{more}",
            next_step="Correct them, or answer the others with --invalid skip",
        )


def run_job(job: Job, key: Key) -> Receipt:
    """Answer all rows and put the answers in place.

    Raises:
        SchemaError: a row cannot be answered, or the file was written meanwhile.
        ModelError, ModelTamperedError: the version does not answer.
        OSError: the disk refuses.
    """
    progress = _Progress(job)
    rejected_schema = FOLDER_SCHEMA if job.source.is_folder else REJECTED_SCHEMA
    with AnswersWriter(job.location, job.layout.schema, rejected_schema) as writer:
        for answered in _answer_rows(job, progress):
            interrupt.check()
            progress.count(answered)
            if not progress.is_refused:
                writer.add(answered.table, answered.rejected, answered.reasons)
            elif progress.refused >= ENOUGH_REJECTED:
                break
        if progress.is_refused:
            raise progress.refuse()
        job.source.require_unchanged()
        fingerprint, size, rejected = writer.finish()
        receipt = _make_receipt(
            job, key, progress, fingerprint=fingerprint, bytes=size, rows=writer.rows, rejected=rejected
        )
        writer.commit(receipt)
    job.fingerprints.remember(job.location.parquet, fingerprint)
    if rejected.fingerprint is not None:
        job.fingerprints.remember(job.location.rejected, rejected.fingerprint)
    return receipt


def _answer_rows(job: Job, progress: _Progress) -> Iterator[Answered]:
    """The answers in the order of the rows; once a row refused the file, the others are checked only."""
    data_dir, version = job.settings.data_dir, job.version
    loaded = load_version(version.within(data_dir))  # before any task: what is wrong with it is said once
    if job.source.is_csv:
        yield from answer_csv(loaded, job.source.where, job.layout)
        return
    with open_engine(data_dir, reads=job.source.paths) as engine:
        pieces = job.source.pieces(frozenset(job.layout.kept), data_dir)
        for is_large, group in groupby(pieces, key=lambda piece: piece.is_large):
            tasks = (Task(piece, version, job.layout, is_check=progress.is_refused) for piece in group)
            if is_large:
                yield from chain.from_iterable(answer_piece(task, data_dir) for task in tasks)
            else:
                yield from chain.from_iterable(run_in_order(engine, answer_task, tasks))


def _make_receipt(job: Job, key: Key, progress: _Progress, **what: object) -> Receipt:
    found = job.production.version
    facts = {
        "stage": STAGE,
        "recipe": job.recipe.name,
        "title": job.recipe.title,
        "columns": describe_schema(job.layout.schema),
        "key": key,
        "key_digest": key.digest,
        "overrides": {},
        "sources": [Origin(where=str(job.source.where), sha256=key.inputs[ROWS], bytes=job.source.bytes)],
        "dropped": {},
        "seed": job.recipe.seed,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in CODE.packages}},
        "started_at_utc": format_utc(job.started),
        "seconds": round(perf_counter() - job.clock, 3),
        "answered_by": AnsweredBy(
            model=found.name,
            version=found.number,
            run_id=found.run_id,
            contract_sha256=job.version.contract_sha256,
            unseen=dict(sorted(progress.unseen.items())),
        ),
    }
    return Receipt.model_validate(facts | what)
