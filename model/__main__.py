"""Train what a recipe asks for: `python -m model linear`.

Its subcommands (`VERBS`) serve the page, answer questions by a trained model, and manage the versions in the registry.

load: the processed dataset; work: fit or map, judge, draw; save: a folder of results, and `latest` that names it.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from loguru import logger

from model.parameters import EstimatorParameters, ModelParameters, parse_parameters
from model.tracking.follow import PROMOTE, Finished, track
from relay.handoff.receipt import Receipt, Rejects
from relay.handoff.recipe import Recipe
from relay.handoff.run import Choice, Run, Stage
from relay.handoff.stage import main
from relay.handoff.verbs import Verb
from relay.registry.errors import RegistryAwayError
from relay.results.findings import read_lines
from relay.results.output import OutputPlace, describe_files

if TYPE_CHECKING:  # the numerical libraries take seconds to import, and an unchanged run needs none of them
    import pyarrow as pa

    from model.results import Results

READS = "processed/{recipe}"
WRITES = "output/{recipe}"

VERBS = {
    "page": Verb("serve the page", program="page"),
    "ask": Verb("say which known label a text is nearest to in style", "model.ask"),
    "predict": Verb("answer records by the version in production", "model.predict"),
    "list": Verb("the versions of a recipe's model, with data, score and the gate's verdict", "model.tracking.command"),
    "history": Verb("which version was in production from when to when, by whom and why", "model.tracking.command"),
    "card": Verb("the model card of a version: contents, data, quality, limits", "model.tracking.command"),
    "fetch": Verb(
        "the folder with the results of an MLflow run, fetched again if it was removed", "model.tracking.command"
    ),
    "promote": Verb("make a version the production version", "model.tracking.command"),
    "rollback": Verb("return to the version that was in production before", "model.tracking.command"),
    "track": Verb("send the finished result to the registry, if it is not there yet", "model.tracking.command"),
}
"""The subcommands of `python -m model`; their modules are imported only when used."""


def save_training(run: Run[ModelParameters]) -> Receipt:
    """Load the processed rows, train, save the results; gives their receipt."""
    if isinstance(run.parameters, EstimatorParameters):
        # Read when scikit-learn is loaded. Threads that spin while they wait make training ten times slower as soon as
        # anything else wants the processor.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from model.results import render_files

    dataset = run.read()
    results = train(dataset.table(), run.recipe, run.parameters)
    files = render_files(results)
    receipt = run.receipt(
        **describe_files(files),
        rows=results.rows,
        columns=dataset.receipt.columns,
        sources=dataset.receipt.sources,
        rejected=Rejects(),
        dropped=results.dropped,
    )
    find_place(run).save(files, receipt)
    return receipt


def train(table: "pa.Table", recipe: Recipe, parameters: ModelParameters) -> "Results":
    """What the recipe's kind of model makes of the processed rows."""
    if isinstance(parameters, EstimatorParameters):
        from model.estimator import train_estimator

        return train_estimator(table, recipe, parameters)
    from model.authorship import map_styles

    return map_styles(table, recipe, parameters)


def check(run: Run[ModelParameters]) -> None:
    """Make sure that the recipe's model can be made, without data."""
    if isinstance(run.parameters, EstimatorParameters):
        from model.estimator import check_estimator

        return check_estimator(run.recipe, run.parameters)
    from model.documents import check_columns

    check_columns(run.recipe.columns, by_time=run.parameters.order == "time")
    return None


def follow_up(run: Run[ModelParameters], receipt: Receipt) -> None:
    """All that follows a result in place, whether it is new, put back or unchanged: it is told in words and tracked.

    Raises:
        RegistryAwayError: the registry does not answer.
    """
    for line in read_lines(find_place(run).latest):
        logger.info("{}: {}", run.name, line)
    try:
        track(Finished(run.recipe, run.settings, receipt, run.chosen["promote"]))
    except RegistryAwayError as error:
        raise RegistryAwayError(
            f"{error}. The result is whole in {find_place(run).latest}",
            next_step=f"Send it later: `python -m model track {run.recipe.argument}`",
        ) from error


def find_place(run: Run[ModelParameters]) -> OutputPlace:
    """Where the results of the run's recipe lie."""
    return OutputPlace(run.settings.data_dir, run.recipe.name)


def read_contract(recipe: Recipe) -> dict[str, Any]:
    """Types, roles and classes decide the model; rules, units and descriptions stand in its contract and pictures."""
    others = {"source", "epoch"}
    return {name: column.model_dump(mode="json", exclude=others) for name, column in recipe.columns.items()}


def find_libraries(recipe: Recipe) -> tuple[str, ...]:
    """The libraries whose code decides the result."""
    shared = ("relay/handoff", "relay/registry", "relay/results")
    return (*shared, "stylometry") if recipe.sections["model"]["kind"] == "authorship" else shared


STAGE: Stage[ModelParameters] = Stage(
    name="model",
    description="Trains what the recipe asks for and judges it.",
    reads=READS,
    after="preprocess",
    writes=WRITES,
    parse=parse_parameters,
    columns=read_contract,
    uses_seed=lambda _: True,
    libraries=find_libraries,
    packages=("numpy", "scipy", "scikit-learn", "skops", "skl2onnx", "matplotlib", "pyarrow"),
    place=find_place,
    work=save_training,
    restore=lambda run: find_place(run).restore(run.key.digest),
    check=check,
    report=follow_up,
    verbs=VERBS,
    choices={"promote": Choice(PROMOTE, "PROMOTE", "whether a new version may become production")},
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
