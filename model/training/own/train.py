"""`kind = "python"`: what a user's function gives becomes a result like any other."""

import warnings
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from model.parameters import PythonParameters
from model.training.contract import hash_files
from model.training.monitor.build import Watch
from model.training.own.contract import Made, describe_own
from model.training.own.given import Given, read_given
from model.training.own.watch import watch_own
from model.training.own_calls import Own
from model.training.result import Results
from model.training.skops_file import write_model
from relay.handoff.errors import ModelError
from relay.handoff.own.frames import to_frame
from relay.handoff.recipe import Recipe
from relay.results.findings import Finding, Topic

SPLIT = "split"


def train_own(table: pa.Table, recipe: Recipe, parameters: PythonParameters, own: Own) -> Results:
    """Call the function with the processed rows, whole or divided, and collect what it gave.

    Args:
        table: processed rows with `split`.
        recipe: gives the columns.
        parameters: its model section.
        own: the function.

    Raises:
        ModelError: it gave something else than a result.
    """
    with threadpool_limits(parameters.threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message=".*non-interactive.*")
        given = read_given(own.call(*make_frames(table, recipe, own)), own.shown)
    require_something(given, own.shown)
    metrics = describe(given, parameters, own.shown)
    content = None if given.model is None else write_given(given.model, own.shown)
    code = {} if content is None else own.read_code(content)
    contract, said, watched = None, list[Finding](), Watch({})
    if content is not None:
        made = Made(given.model, content, hash_files(code), metrics)
        with threadpool_limits(parameters.threads):
            contract, said = describe_own(made, table, recipe, parameters)
            watched = watch_own(contract, given.model, table, recipe, sees_test=len(own.data) == 1)
        contract = contract.model_copy(update={"monitored": hash_files(watched.files)})
    return Results(
        metrics=metrics,
        findings=(*say(given), *said, *watched.findings, *_say_warnings(caught)),
        pictures=given.pictures,
        tables=given.tables,
        rows=table.num_rows,
        model=content,
        contract=contract,
        code=code,
        monitored=watched.files,
    )


def write_given(model: Any, shown: str) -> bytes:
    """The model file.

    Raises:
        ModelError: it holds what such a file cannot.
    """
    try:
        return write_model(model, is_own=True)
    except ModelError as error:
        raise ModelError(
            f"{shown} gave a model that cannot be kept: {error.message}",
            next_step="Leave `model` out of what it returns, or write the model into a file of the working folder, "
            "which is kept with the result.",
        ) from None


def make_frames(table: pa.Table, recipe: Recipe, own: Own) -> list[Any]:
    """The frames that the function asks for: all rows, or those to train on and those to test on.

    Raises:
        ModelError: it asks for both sides, and the rows are not divided.
    """
    data = own.data
    names = [name for name in recipe.columns if name in table.column_names]
    if len(data) == 1:
        kept = [*names, *([SPLIT] if SPLIT in table.column_names else [])]  # numbers of raw rows are no data
        return [to_frame(table.select(kept), data[0].frame)]
    if SPLIT not in table.column_names:
        raise ModelError(f"{own.shown} takes train and test, and the processed rows have no column split")
    sides = (table.filter(pc.equal(table.column(SPLIT), side)).select(names) for side in ("train", "test"))
    return [to_frame(side, argument.frame) for side, argument in zip(sides, data, strict=True)]


def require_something(given: Given, shown: str) -> None:
    """Return where there is something to keep.

    Raises:
        ModelError: there is nothing.
    """
    if given.model is None and not any((given.metrics, given.pictures, given.tables, given.findings)):
        raise ModelError(
            f"{shown} gave nothing: no model, metrics, figures, tables or findings, and no figure is open",
            next_step='Return a mapping, such as {"metrics": {"r2": 0.9}}.',
        )


def describe(given: Given, parameters: PythonParameters, shown: str) -> dict[str, Any]:
    """What goes into metrics.json: the function's own names at the top.

    Raises:
        ModelError: the score is not one of its metrics.
    """
    if parameters.score and parameters.score not in given.metrics:
        known = ", ".join(given.metrics) or "none"
        raise ModelError(f"[model] score: {shown} gave no metric {parameters.score}; it gave {known}")
    return dict(given.metrics)


def say(given: Given) -> list[Finding]:
    """The function's own findings, and its metrics in a sentence."""
    found = [Finding(Topic.OWN, text, {"topic": topic}) for topic, text in given.findings.items()]
    if given.metrics:
        listed = ", ".join(f"{name} {value:.6g}" for name, value in given.metrics.items())
        found.append(Finding(Topic.SCORE, f"Metrics of the function: {listed}.", dict(given.metrics)))
    return found


def _say_warnings(caught: list[warnings.WarningMessage]) -> list[Finding]:
    lines = dict.fromkeys(f"{one.category.__name__}: {str(one.message).splitlines()[0]}" for one in caught)
    return [Finding(Topic.FIT_WARNING, f"Own code warns: {line}") for line in lines]
