"""The main program of every stage: read the command line, run what has changed, say what happened."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.code import digest_modules, read_pins
from relay.handoff.command import Options, make_parser, read_options, show_recipes
from relay.handoff.errors import (
    INTERRUPTED,
    OK,
    USAGE,
    DatasetDamagedError,
    RelayError,
    StorageError,
    UsageError,
    describe_error,
)
from relay.handoff.files import Fingerprints
from relay.handoff.journal import Outcome
from relay.handoff.lock import one_writer
from relay.handoff.log import configure_log, configure_terminal
from relay.handoff.logbook import Logbook, make_run_id
from relay.handoff.receipt import Key, Receipt, explain_difference, flatten
from relay.handoff.recipe import find_recipe, load_recipe
from relay.handoff.run import InputChangedError, Parameters, Run, Stage, format_utc
from relay.handoff.settings import ROOT, split_list
from relay.handoff.verbs import JSON, print_error, run_verb

CHECKS = 3
"""How often a run starts again because its input was written anew under it."""

DISK_REFUSES = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "no permission",
    errno.EPERM: "not permitted",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EEXIST: "a file stands where a folder must be",
}


def main(stage: Stage[Parameters], argv: Sequence[str] | None = None) -> int:
    """Run the stage for the recipes of the command line, or the subcommand that comes first on it.

    Returns:
        0 when all went well, 1 when a recipe failed, 2 for bad usage, 130 when interrupted.
    """
    given = sys.argv[1:] if argv is None else argv
    if given and given[0] in stage.verbs:
        return run_verb(stage.name, given[0], stage.verbs[given[0]], given[1:])
    configure_terminal("INFO")
    try:
        arguments = make_parser(stage, is_json=JSON in given).parse_args(given)
    except UsageError as error:  # without --json the parser itself says it and ends
        print_error(error)
        return USAGE
    try:
        options = read_options(stage, arguments)
        if arguments.list:
            show_recipes()
            return OK
        configure_log(stage.name, options.settings.log_dir, options.settings.log_level)
        _require_recipes(stage, options.settings.recipes)
    except (RelayError, OSError) as error:
        refusal = error if isinstance(error, RelayError) else _explain_disk(error)
        logger.error("{}", refusal)
        _note_refusal(stage.name, arguments, refusal)
        return refusal.exit_code
    interrupt.listen()  # it ends with the temporary files removed
    codes = []
    for name in options.settings.recipes:
        codes.append(_run_recipe(stage, name, options))
        if codes[-1] == INTERRUPTED:
            break  # whoever interrupts means the command, not the recipe
    return max(codes)


def _require_recipes(stage: Stage[Parameters], names: Sequence[str]) -> None:
    """Return when each name is a recipe's, and raise UsageError otherwise: a slip in one then runs nothing."""
    for name in names:
        try:
            find_recipe(name)
        except UsageError as error:
            near = get_close_matches(name, stage.verbs, n=1)
            if not near:
                raise
            raise UsageError(
                f'"{name}" is neither a recipe nor a subcommand', next_step=f"Did you mean {near[0]}?"
            ) from error


def _run_recipe(stage: Stage[Parameters], name: str, options: Options) -> int:
    """Run one recipe; every way it may end becomes one line of the log, an entry of the journal and an exit code."""
    settings, run_id = options.settings, options.run_id or make_run_id()
    book = Logbook(settings.log_dir, stage.name, Path(name).stem, run_id, is_printed=options.is_entry_printed)
    try:
        run = _prepare(stage, name, options)
        if options.check:
            stage.check(run)
            logger.info("{}: the recipe is valid", run.name)
            return OK
        receipt, outcome = _run_locked(run, options)
        _follow(book, run, receipt, outcome)
        interrupt.check()
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal has the line, whatever the file says
            logger.warning(
                "{} {}: interrupted; the data is whole: as it was before, or the new result if that was ready",
                stage.name,
                name,
            )
        _note_failure(book, options)
        return INTERRUPTED
    except RelayError as error:
        return _fail(book, name, options, error)
    except OSError as error:
        if error.errno not in DISK_REFUSES:
            _note_failure(book, options, error)
            raise
        return _fail(book, name, options, _explain_disk(error, settings.data_dir, settings.log_dir))
    except Exception as error:  # a mistake of ours: it keeps its traceback, and the metrics tell of it
        _note_failure(book, options, error)
        raise
    return OK


def _prepare(stage: Stage[Parameters], name: str, options: Options) -> Run[Parameters]:
    recipe = load_recipe(name, options.settings.overrides)
    data_dir = options.settings.data_dir
    return Run(
        stage=stage,
        recipe=recipe,
        parameters=stage.parse(recipe),
        settings=options.settings,
        fingerprints=Fingerprints(data_dir / ".state", data_dir, verify=options.verify),
        chosen=options.chosen,
    )


def _run_locked(run: Run[Parameters], options: Options) -> tuple[Receipt, Outcome]:
    """The receipt of the result and whether it is new, with no other writer beside."""
    address = run.stage.writes.format(recipe=run.recipe.name)
    with one_writer(run.settings.data_dir, address, run.stage.name, format_utc(run.started)):
        for _ in range(CHECKS):
            try:
                return _run_if_changed(run, options)
            except InputChangedError as error:
                logger.info("{}: {} was written anew meanwhile; checks again", run.name, error)
    raise RelayError(
        f"{run.name}: its input changed {CHECKS} times while it ran; stop the other writer, then run again"
    )


def _run_if_changed(run: Run[Parameters], options: Options) -> tuple[Receipt, Outcome]:
    # In this order: the location may depend on the key.
    run = replace(run, key=_current_key(run))
    run.location.recover()
    run.fingerprints.recover()
    reasons = _why_run(run)
    if options.force:
        reasons = ["--force"]
    if not reasons:
        receipt = run.location.current(run.fingerprints)
        assert receipt is not None  # noqa: S101 - no reasons means that it is there
        logger.info("{}: unchanged, {:,} rows, fingerprint {}", run.name, receipt.rows, receipt.fingerprint[:12])
        return receipt, Outcome.UNCHANGED
    if not options.force and (receipt := run.stage.restore(run)) is not None:
        logger.info("{}: an earlier result is put back, {}", run.name, "; ".join(reasons))
        return receipt, Outcome.RESTORED
    logger.info("{}: runs, {}", run.name, "; ".join(reasons))
    try:
        return run.stage.work(run), Outcome.RAN
    except BaseException:
        # A writer removes its own traces, but an interrupt may come before it can. We are still the one writer.
        with suppress(OSError):  # then the next run does it
            run.location.recover()
        raise


def _current_key(run: Run[Parameters]) -> Key:
    parameters = flatten(run.parameters.model_dump(mode="json"))
    columns = run.stage.columns(run.recipe)
    if columns:
        # Their order too: files, the hash of a row without id, and drawn rows follow it.
        parameters |= flatten(columns, "columns.") | {"columns": list(columns)}
    if run.stage.uses_seed(run.recipe):
        parameters["seed"] = run.recipe.seed
    code = run.stage.code(run.recipe)
    return Key(
        code=digest_modules(code.modules),
        packages=read_pins(ROOT / run.stage.name / "requirements.txt", code.packages),
        parameters=parameters,
        inputs=run.inputs(),
    )


def _why_run(run: Run[Parameters]) -> list[str]:
    """Why the result is not what it would be now; empty when it is."""
    try:
        receipt = run.location.current(run.fingerprints)
    except DatasetDamagedError as error:
        return [error.message]
    if receipt is None:
        return ["nothing is there yet"]
    return explain_difference(receipt.key.model_copy(update={"parameters": receipt.parameters}), run.key)


def _follow(book: Logbook, run: Run[Parameters], receipt: Receipt, outcome: Outcome) -> None:
    """Log and journal how a run ended, then run the stage's `after_run`.

    Raises:
        StorageError: the disk refuses what would be said; the result is in place.
    """
    try:
        if outcome is Outcome.RAN:
            _log_result(run, receipt)
        book.keep_result(receipt, outcome, run.seconds)
        interrupt.check()
        run.stage.after_run(run, receipt)
    except OSError as error:
        if error.errno not in DISK_REFUSES:
            raise
        raise StorageError(
            f"{run.location.address} is in place, but {book.log_dir} cannot tell of the run: {_refusal(error)}. "
            "Make room or give the rights, then run again"
        ) from error


def _log_result(run: Run[Parameters], receipt: Receipt) -> None:
    rejected = f", {receipt.rejected.rows:,} rejected" if receipt.rejected.rows else ""
    dropped = "".join(f", {count:,} {reason}" for reason, count in receipt.dropped.items())
    logger.info(
        "{}: {:,} rows in {}{}{}, fingerprint {}, {:.2f} s",
        *(run.name, receipt.rows, run.location.address, rejected, dropped, receipt.fingerprint[:12], run.seconds),
    )


def _fail(book: Logbook, recipe: str, options: Options, error: RelayError) -> int:
    with suppress(OSError):  # the terminal has the line, whatever the file says
        logger.error("{} {}: {}", book.stage, recipe, error)
    if error.exit_code != USAGE:
        _note_failure(book, options, error)
        return error.exit_code
    # Otherwise bad usage is not a run: a person typed a command and reads the answer.
    if options.run_id or options.is_entry_printed:
        _note_failure(book, options, error, with_metrics=False)
    return USAGE


def _note_failure(
    book: Logbook, options: Options, error: BaseException | None = None, *, with_metrics: bool = True
) -> None:
    """Journal a run that failed, or was cancelled where there is no error; a check is not a run."""
    if options.check:
        return
    outcome, record = (Outcome.CANCELLED, None) if error is None else (Outcome.FAILED, describe_error(error))
    try:
        book.keep_failure(outcome, record, with_metrics=with_metrics)
    except OSError as refusal:
        # The disk that refused the data may refuse this too; the failure itself is already on the terminal.
        with suppress(OSError):
            logger.warning("the failure could not be written to {}: {}", book.log_dir, refusal)


def _note_refusal(stage: str, arguments: argparse.Namespace, error: RelayError) -> None:
    """Answer a program that started a run by its id when the run does not get as far as its recipe."""
    if arguments.check or not arguments.run_id:
        if arguments.json:
            print_error(error)
        return
    log_dir = arguments.log_dir or Path(os.environ.get("LOG_DIR") or ROOT / "logs")
    named = split_list(",".join(arguments.recipes))
    recipe = Path(named[0]).stem if len(named) == 1 else ""
    book = Logbook(log_dir, stage, recipe, arguments.run_id, is_printed=arguments.json)
    with suppress(OSError):  # the terminal has the error
        book.keep_failure(Outcome.FAILED, describe_error(error), with_metrics=False)


def _explain_disk(error: OSError, *folders: Path) -> StorageError:
    # A full disk does not say which file it refused.
    where = error.filename or " or ".join(map(str, folders))
    return StorageError(
        f"{_refusal(error)}: {where}. Nothing was changed; make room or give the rights, "
        "or name other folders with --data-dir and --log-dir"
    )


def _refusal(error: OSError) -> str:
    return DISK_REFUSES.get(error.errno or 0, str(error))
