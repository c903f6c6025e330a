"""How a command ends: a line of the log for people, an entry of the journal, JSON for programs, and the exit code."""

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.answer import print_error, say_json
from relay.handoff.command import Options
from relay.handoff.disk import advise, is_refusal, is_unwritable, name_refusal
from relay.handoff.errors import INTERRUPTED, OK, USAGE, RelayError, StorageError, describe_error
from relay.handoff.journal import Outcome, find_entry
from relay.handoff.logbook import Logbook, make_run_id
from relay.handoff.receipt import Receipt
from relay.handoff.run import Parameters, Run
from relay.handoff.settings import LOG_DIR, split_list
from relay.handoff.stage import Stage


@dataclass(frozen=True)
class Report:
    """Tells how the run of one recipe, or its check, ended."""

    recipe: str
    """As the command line names it."""
    options: Options
    book: Logbook

    def follow(self, stage: Stage[Parameters], run: Run[Parameters], receipt: Receipt, outcome: Outcome) -> None:
        """Log and journal the outcome of a run, then do what the stage does after it.

        Raises:
            StorageError: the disk refuses the log; the result is in place.
        """
        try:
            if outcome is Outcome.RAN:
                _log_result(stage.location(run).address, run, receipt)
            self._keep(receipt, outcome, run.seconds)
            interrupt.check()
            if not self.options.result_only:
                stage.after_run(run, receipt)
        except OSError as error:
            if not is_refusal(error):
                raise
            raise StorageError(
                f"{stage.location(run).address} is in place, but the run could not be logged in {self.book.log_dir}: "
                f"{name_refusal(error)}",
                next_step=advise(error),
            ) from error

    def _keep(self, receipt: Receipt, outcome: Outcome, seconds: float) -> None:
        """Journal a run. One that changed nothing may go unnoted, where the folder of the logs cannot be written."""
        try:
            self.book.keep_result(receipt, outcome, seconds)
        except OSError as error:
            if outcome is not Outcome.UNCHANGED or not is_unwritable(error):
                raise
            reason = name_refusal(error)
            logger.info("{} {}: not journaled, {}: {}", self.book.stage, self.recipe, reason, self.book.log_dir)

    def confirm(self, run: Run[Parameters]) -> None:
        """The recipe is valid: the answer to `--check`."""
        logger.info("{}: the recipe is valid", run.name)
        if self.options.is_json:
            say_json({"stage": self.book.stage, "recipe": run.recipe.name, "valid": True})

    def sum_up(self, run_ids: Sequence[str], code: int) -> None:
        """Journal what became of a recipe without this stage, for the program that waits for it.

        Args:
            run_ids: of the recipes that it reads, which ran in its place.
            code: the exit code of the last one.
        """
        if self.options.check:
            if self.options.is_json and code == OK:
                say_json({"stage": self.book.stage, "recipe": self.book.recipe, "valid": True})
        elif self.options.run_id or self.options.is_json:
            entries = [find_entry(self.book.log_dir, run_id) for run_id in run_ids]
            self.book.keep_sum([entry for entry in entries if entry is not None])

    def end_interrupted(self) -> int:
        """The exit code of a run that was interrupted."""
        with suppress(OSError):  # the terminal has the line, whatever the file says
            logger.warning(
                "{} {}: interrupted; the data is whole: as it was before, or the new result if that was ready",
                *(self.book.stage, self.recipe),
            )
        self.note_failure()
        return INTERRUPTED

    def fail(self, error: RelayError) -> int:
        """The exit code of a run that failed in a way that the reader can act on."""
        with suppress(OSError):  # the terminal has the line, whatever the file says
            logger.error("{} {}: {}", self.book.stage, self.recipe, error)
        if error.exit_code != USAGE:
            self.note_failure(error)
        # Otherwise bad usage is not a run: a person typed a command and reads the answer.
        elif self.options.run_id or self.options.is_json:
            self.note_failure(error, with_metrics=False)
        return error.exit_code

    def note_failure(self, error: BaseException | None = None, *, with_metrics: bool = True) -> None:
        """Journal a run that failed, or was cancelled where there is no error; a check is not a run."""
        if self.options.check:
            if self.options.is_json:
                described = asdict(describe_error(error or KeyboardInterrupt()))
                say_json({"stage": self.book.stage, "recipe": self.book.recipe, "valid": False, "error": described})
            return
        outcome, record = (Outcome.CANCELLED, None) if error is None else (Outcome.FAILED, describe_error(error))
        try:
            self.book.keep_failure(outcome, record, with_metrics=with_metrics)
        except OSError as refusal:
            # The disk that refused the data may refuse this too; the failure itself is already on the terminal.
            with suppress(OSError):
                logger.warning("the failure could not be written to {}: {}", self.book.log_dir, refusal)


def open_report(stage: str, recipe: str, options: Options) -> Report:
    """The report on one recipe of the command line."""
    run_id = options.run_id or make_run_id()
    log_dir = options.settings.log_dir
    return Report(recipe, options, Logbook(log_dir, stage, Path(recipe).stem, run_id, is_printed=options.is_json))


def refuse(stage: str, arguments: argparse.Namespace, error: RelayError) -> int:
    """The exit code of a command that does not get as far as a recipe.

    The program that started a run by its id finds the error in the journal under that id.
    """
    logger.error("{}", error)
    if arguments.check or arguments.list or not arguments.run_id:
        if arguments.json:
            print_error(error)
        return error.exit_code
    log_dir = arguments.log_dir or LOG_DIR.of(os.environ)
    named = split_list(",".join(arguments.recipes))
    recipe = Path(named[0]).stem if len(named) == 1 else ""
    book = Logbook(log_dir, stage, recipe, arguments.run_id, is_printed=arguments.json)
    with suppress(OSError):  # the terminal has the error
        book.keep_failure(Outcome.FAILED, describe_error(error), with_metrics=False)
    return error.exit_code


def _log_result(address: str, run: Run[Parameters], receipt: Receipt) -> None:
    rejected = f", {receipt.rejected.rows:,} rejected" if receipt.rejected.rows else ""
    dropped = "".join(f", {count:,} {reason}" for reason, count in receipt.dropped.items())
    logger.info(
        "{}: {:,} rows in {}{}{}, fingerprint {}, {:.2f} s",
        *(run.name, receipt.rows, address, rejected, dropped, receipt.fingerprint[:12], run.seconds),
    )
