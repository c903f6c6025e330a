"""Whether a stage's result is up to date, and the run where it is not."""

from contextlib import ExitStack, suppress
from dataclasses import replace

from loguru import logger

from relay.handoff.code import digest_modules, read_pins
from relay.handoff.disk import is_unwritable
from relay.handoff.errors import DatasetDamagedError, DatasetReplacedError, RelayError
from relay.handoff.journal import Outcome
from relay.handoff.location import DatasetLocation
from relay.handoff.lock import one_writer
from relay.handoff.receipt import Key, Receipt, explain_difference, flatten
from relay.handoff.run import InputChangedError, Parameters, Run, format_utc
from relay.handoff.settings import ROOT
from relay.handoff.stage import Stage

CHECKS = 3
"""How often a run starts again because its input changed while it was read."""


def bring_up_to_date(
    stage: Stage[Parameters], run: Run[Parameters], *, is_forced: bool, unlogged: OSError | None = None
) -> tuple[Receipt, Outcome]:
    """The receipt of the result and whether it is new, as the only writer of it.

    Where the data folder cannot be written, a result that is up to date is found all the same.

    Args:
        stage: the stage.
        run: of a recipe.
        is_forced: whether it runs although nothing changed.
        unlogged: why no log can be written; then nothing is written at all.

    Raises:
        RelayError: there is no result that is up to date.
        OSError: the disk refuses.
    """
    address = stage.writes.format(recipe=run.recipe.name)
    with ExitStack() as stack:
        try:
            stack.enter_context(one_writer(run.settings.data_dir, address, stage.name, format_utc(run.started)))
        except OSError as error:
            if not is_unwritable(error):
                raise
            unlogged = error
        for _ in range(CHECKS):
            try:
                return _run_if_changed(stage, run, is_forced=is_forced, unwritable=unlogged)
            except InputChangedError as error:
                logger.info("{}: {} was replaced in the meantime; checks again", run.name, error)
            except DatasetReplacedError as error:
                logger.info("{}: {}; checks again", run.name, error.message)
    raise RelayError(
        f"{run.name}: its input changed {CHECKS} times while it ran; stop the other writer, then run again"
    )


def _run_if_changed(
    stage: Stage[Parameters], run: Run[Parameters], *, is_forced: bool, unwritable: OSError | None
) -> tuple[Receipt, Outcome]:
    # In this order: the location may depend on the key.
    run = _find_key(stage, run)
    location = stage.location(run)
    if unwritable is None:
        location.recover()
        run.fingerprints.recover()
    reasons = ["--force"] if is_forced else _why_run(stage, run)
    if not reasons:
        receipt = location.current(run.fingerprints)
        assert receipt is not None  # noqa: S101 - no reasons means that it is there
        logger.info("{}: unchanged, {:,} rows, fingerprint {}", run.name, receipt.rows, receipt.fingerprint[:12])
        return receipt, Outcome.UNCHANGED
    if unwritable is not None:
        logger.info("{}: would run, {}", run.name, "; ".join(reasons))
        raise unwritable
    if not is_forced and (receipt := stage.restore(run)) is not None:
        logger.info("{}: an earlier result is put back, {}", run.name, "; ".join(reasons))
        return receipt, Outcome.RESTORED
    logger.info("{}: runs, {}", run.name, "; ".join(reasons))
    if is_forced and isinstance(location, DatasetLocation):
        location.forget_coming_parts()
    try:
        return stage.work(run), Outcome.RAN
    except BaseException:
        # A writer removes its own traces, but an interrupt may come before it can. We are still the one writer.
        with suppress(OSError):  # then the next run does it
            location.recover()
        raise


def _find_key(stage: Stage[Parameters], run: Run[Parameters]) -> Run[Parameters]:
    """The run with its key: all that decides the bytes of its result."""
    parameters = flatten(run.parameters.model_dump(mode="json"))
    columns = stage.schema(run)
    if columns:
        # Their order too: files, the hash of a row without id, and drawn rows follow it.
        parameters |= flatten(columns, "columns.") | {"columns": list(columns)}
    parameters |= stage.others(run)
    if stage.uses_seed(run):
        parameters["seed"] = run.recipe.seed
    code = stage.code(run)
    key = Key(
        code={**digest_modules(code.modules), **code.own},
        packages=read_pins(ROOT / stage.name / "requirements.txt", code.packages),
        parameters=parameters,
        inputs=stage.inputs(run),
    )
    return replace(run, code=code, key=key)


def _why_run(stage: Stage[Parameters], run: Run[Parameters]) -> list[str]:
    """Reasons why the result is stale; empty if it is up to date."""
    try:
        receipt = stage.location(run).current(run.fingerprints)
    except DatasetDamagedError as error:
        return [error.message]
    if receipt is None:
        return ["nothing is there yet"]
    return explain_difference(receipt.key.model_copy(update={"parameters": receipt.parameters}), run.key)
