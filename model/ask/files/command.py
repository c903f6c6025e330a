"""`python -m model predict RECIPE --file rows.parquet --out answers.parquet`: from the command line to the answer.

load: rows, row group by row group; work: check and answer them; save: the answers and a receipt, like a dataset.
"""

import argparse
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger

from model.ask.files.job import Job, run_job
from model.ask.files.layout import ONE_TYPE, plan_layout
from model.ask.files.source import Source, open_source
from model.ask.files.write import STAGE, AnswersLocation, locate_answers, require_ours
from model.release.production import find_production, require_answers
from relay.handoff.disk import is_refusal, is_unwritable, name_refusal
from relay.handoff.errors import (
    USAGE,
    DatasetDamagedError,
    RelayError,
    SchemaError,
    StorageError,
    UsageError,
    describe_error,
)
from relay.handoff.files import hash_text
from relay.handoff.journal import Entry, Outcome, write_journal
from relay.handoff.lock import one_writer
from relay.handoff.logbook import make_run_id
from relay.handoff.receipt import Key, Receipt, explain_difference
from relay.handoff.recipe import Recipe, load_recipe
from relay.handoff.run import format_utc
from relay.handoff.settings import Settings
from relay.handoff.verbs import VerbAnswer, read_verb_settings
from relay.handoff.wording import count, list_words
from relay.registry.contract import Contract
from relay.registry.record_table import check_names
from relay.registry.task import ModelTask
from relay.registry.versions import name_model


def answer_file(options: argparse.Namespace) -> VerbAnswer:
    """Answer the rows of a file, unless its answers are up to date.

    Raises:
        RegistryEmptyError, RegistryAwayError, ModelError, ModelTamperedError: there is no usable model.
        UsageError: the files cannot be those of a prediction.
        SchemaError: the rows cannot be answered.
        OSError: the disk refuses.
    """
    settings = read_verb_settings(options)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    journal = _Journal(settings.log_dir, recipe.name)
    try:
        job = _plan(options, settings, recipe)
        receipt, outcome = _bring_up_to_date(job, is_forced=options.force)
    except BaseException as error:
        journal.keep_failure(error)
        raise
    journal.keep_result(receipt, outcome)
    return _describe(job, receipt, outcome)


def _plan(options: argparse.Namespace, settings: Settings, recipe: Recipe) -> Job:
    """What is to be done; nothing is written yet."""
    location = locate_answers(options.out)
    source = open_source(options.file)
    _require_apart(source, location)
    production = find_production(settings, name_model(recipe), recipe.argument, options.version)
    require_answers(production)
    contract = production.contract
    if contract.task == ModelTask.AUTHORSHIP:
        raise UsageError(
            f"{contract.model} is a model of styles, and --file is for models of tables",
            next_step=f"Ask about texts by records: `python -m model predict {recipe.argument} --csv < texts.csv`",
        )
    keep = _find_kept(source, contract, options.keep or [])
    return Job(
        recipe=recipe,
        settings=settings,
        production=production,
        source=source,
        location=location,
        layout=plan_layout(contract, source.schema, keep),
        skips=options.invalid == "skip",
    )


def _find_kept(source: Source, contract: Contract, keep: list[str]) -> tuple[str, ...]:
    """The columns that are carried along: the id, where the file has it, and those that were named.

    Raises:
        SchemaError: an input or a named column is missing, or comes twice, or no type holds its values in all files.
    """
    names = source.schema.names
    try:
        check_names(names, contract.inputs)
    except SchemaError as error:
        raise SchemaError(f"{source.where}: {error.message}", next_step=error.next_step) from None
    kept = tuple(dict.fromkeys((*(name for name in contract.record_key if name in names), *keep)))
    if missing := [name for name in kept if names.count(name) != 1]:
        raise SchemaError(
            f"{source.where}: --keep {missing[0]} names {count(names.count(missing[0]), 'column')}; "
            f"the file has {list_words(names)}"
        )
    if mixed := [name for name in kept if name in source.mixed]:
        raise SchemaError(
            f"{source.where}: {mixed[0]} is carried along and has types that do not go together: "
            f"{source.mixed[mixed[0]]}",
            next_step=ONE_TYPE,
        )
    return kept


def _require_apart(source: Source, location: AnswersLocation) -> None:
    """Return where no file of the answers is one of the rows.

    Raises:
        UsageError: one is.
    """
    read = {path.resolve() for path in source.paths}
    if source.is_folder and location.data_dir == source.where.resolve():
        raise UsageError(
            f"--out {location.parquet} lies in the folder {source.where}, whose files are read",
            next_step="Name a file in another folder",
        )
    for path in location.paths:
        if path.resolve() in read:
            raise UsageError(f"--out would replace {path}, which is read", next_step="Name another file with --out")


def _bring_up_to_date(job: Job, *, is_forced: bool) -> tuple[Receipt, Outcome]:
    """The receipt of the answers and whether they are new, as the only writer of them."""
    address = f"predictions-{job.location.address}-{hash_text(str(job.location.parquet))[:12]}"
    with one_writer(job.settings.data_dir, address, STAGE, format_utc(job.started)):
        require_ours(job.location, is_forced=is_forced)  # before anything of another writer is touched
        unwritable = _recover(job.location)
        key = job.find_key()
        reasons = ["--force"] if is_forced else _why_run(job, key)
        if not reasons:
            receipt = Receipt.read(job.location.receipt)
            logger.info("{}: unchanged, {:,} rows, fingerprint {}", job.name, receipt.rows, receipt.fingerprint[:12])
            return receipt, Outcome.UNCHANGED
        if unwritable is not None:
            raise _refuse(unwritable, job.location) from unwritable
        logger.info("{}: runs, {}", job.name, "; ".join(reasons))
        try:
            return run_job(job, key), Outcome.RAN
        except BaseException as error:
            # The writer removes its traces, but a full disk or an interrupt may come before it can.
            with suppress(OSError):  # then the next run does it
                job.location.recover()
            if isinstance(error, OSError) and is_refusal(error):
                raise _refuse(error, job.location) from error
            raise


def _recover(location: AnswersLocation) -> OSError | None:
    """Why the folder of the answers cannot be written; None where it can, and what a killed run left there is gone."""
    try:
        location.recover()
    except OSError as error:
        if not is_unwritable(error):
            raise
        return error
    return None


def _refuse(error: OSError, location: AnswersLocation) -> StorageError:
    return StorageError(
        f"{name_refusal(error)}: {error.filename or location.data_dir}. The answers are as they were before",
        next_step="Free disk space, fix the permissions, or name another file with --out",
    )


def _why_run(job: Job, key: Key) -> list[str]:
    """Reasons why the answers are stale; empty if they are up to date."""
    try:
        receipt = job.location.current(job.fingerprints)
    except DatasetDamagedError as error:
        return [error.message]
    return ["nothing is there yet"] if receipt is None else explain_difference(receipt.key, key)


def _describe(job: Job, receipt: Receipt, outcome: Outcome) -> VerbAnswer:
    """What people and programs are answered."""
    by = receipt.answered_by
    assert by is not None  # noqa: S101 - every receipt of answers has it
    rejected = receipt.rejected.rows
    facts = {
        "model": by.model,
        "model_version": by.version,
        "run_id": by.run_id,
        "outcome": outcome,
        "rows": receipt.rows,
        "rejected": rejected,
        "unseen": by.unseen,
        "fingerprint": receipt.fingerprint,
        "file": str(job.location.parquet),
        "rejected_file": str(job.location.rejected) if rejected else None,
    }
    lines = [f"{job.location.parquet}: {count(receipt.rows, 'row')} by {by.model} {by.version}, {outcome}"]
    if rejected:
        lines.append(f"{count(rejected, 'row')} without an answer; reasons: {job.location.rejected}")
    for name, rows in by.unseen.items():
        lines.append(f"{name}: {count(rows, 'row')} with a category that no training row had")
    return VerbAnswer(facts, "\n".join(lines))


@dataclass(frozen=True)
class _Journal:
    """Notes how the run ended, in logs/runs.jsonl."""

    log_dir: Path
    recipe: str
    run_id: str = field(default_factory=make_run_id)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def keep_result(self, receipt: Receipt, outcome: Outcome) -> None:
        """Note a run whose answers are in place; where the folder cannot be written, only the log says so."""
        try:
            self._write(outcome, receipt=receipt)
        except OSError as error:
            if not is_refusal(error):
                raise
            level = "INFO" if is_unwritable(error) else "WARNING"
            logger.log(level, "{} {}: not journaled, {}: {}", STAGE, self.recipe, name_refusal(error), self.log_dir)

    def keep_failure(self, error: BaseException) -> None:
        """Note a run that failed or was interrupted; bad usage is no run."""
        if isinstance(error, RelayError) and error.exit_code == USAGE:
            return
        is_cancelled = isinstance(error, KeyboardInterrupt)
        with suppress(OSError):  # the disk that refused the answers may refuse this too
            self._write(Outcome.CANCELLED if is_cancelled else Outcome.FAILED, error=error)

    def _write(self, outcome: Outcome, *, receipt: Receipt | None = None, error: BaseException | None = None) -> None:
        now = datetime.now(UTC)
        entry = Entry(
            stage=STAGE,
            recipe=self.recipe,
            outcome=outcome,
            started_at_utc=format_utc(self.started),
            ended_unix=now.timestamp(),
            seconds=round((now - self.started).total_seconds(), 3),
            rows=0 if receipt is None else receipt.rows,
            rejected_rows=0 if receipt is None else receipt.rejected.rows,
            fingerprint="" if receipt is None else receipt.fingerprint,
            error=describe_error(error) if error is not None and outcome is Outcome.FAILED else None,
            run_id=self.run_id,
        )
        # Without metrics: these are of stages, which run on a schedule and alarm when they do not.
        write_journal(self.log_dir, entry, with_metrics=False)
