"""Train what a recipe asks for: `python -m model linear`.

Its subcommands (`VERBS`) serve the page, answer questions by a trained model, and manage the versions in the registry.

load: the processed dataset; work: fit or map, judge, draw; save: a folder of results, and `latest` that names it.
"""

import sys
from typing import Any

from loguru import logger

from model import __doc__ as description
from model.parameters import ModelParameters, parse_parameters
from model.release.track import PROMOTE, Finished, track
from relay.handoff.code import HANDOFF, Code
from relay.handoff.receipt import Receipt, Rejects
from relay.handoff.recipe import Recipe
from relay.handoff.run import Choice, Run, Stage
from relay.handoff.stage import main
from relay.handoff.verbs import Verb
from relay.registry.errors import RegistryAwayError
from relay.results.findings import read_lines
from relay.results.output import ResultLocation, describe_files

READS = "processed/{recipe}"
WRITES = "output/{recipe}"

VERBS = {
    "page": Verb("serve the page", program="page"),
    "ask": Verb("say which known label a text is nearest to in style", "model.ask.text"),
    "predict": Verb("answer records by the version in production", "model.ask.records"),
    "list": Verb("the versions of a recipe's model, with data, score and the gate's verdict", "model.release.commands"),
    "history": Verb("which version was in production from when to when, by whom and why", "model.release.commands"),
    "card": Verb("the model card of a version: contents, data, quality, limits", "model.release.commands"),
    "fetch": Verb(
        "the folder with the results of an MLflow run, fetched again if it was removed", "model.release.commands"
    ),
    "promote": Verb("make a version the production version", "model.release.commands"),
    "rollback": Verb("return to the version that was in production before", "model.release.commands"),
    "track": Verb("send the finished result to the registry, if it is not there yet", "model.release.commands"),
}
"""The subcommands of `python -m model`; their modules are imported only when used."""


SHARED = HANDOFF + Code(
    modules=(
        *("model.training.contract", "model.training.plots.style", "model.training.result"),
        *("model.training.skops_file", "model.training.train"),
        *("relay.handoff.wording", "relay.registry.contract", "relay.registry.model_file", "relay.registry.onnx_file"),
        *("relay.registry.predictions", "relay.registry.segments", "relay.registry.task", "relay.results.findings"),
    ),
    packages=("matplotlib", "numpy", "onnxruntime", "pandas", "scikit-learn", "scipy", "skops", "threadpoolctl"),
)
ESTIMATOR = Code(
    modules=("model.training.estimator", "model.training.plots.classification", "model.training.plots.regression"),
    packages=("onnx", "skl2onnx"),
)
AUTHORSHIP = Code(
    modules=(
        *("model.training.authorship", "model.training.plots.loadings", "model.training.plots.map"),
        *("model.training.plots.neighbours", "model.training.plots.time", "model.training.plots.tree"),
        *("model.training.plots.words", "stylometry"),
    ),
    packages=("numba",),
)
"""What decides the bytes of a result: for every kind of model, and for one kind alone."""


def save_training(run: Run[ModelParameters]) -> Receipt:
    """Load the processed rows, train, save the results; gives their receipt."""
    from model.training.result import render_files  # numerical libraries take seconds to import: only for real work
    from model.training.train import train

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
    find_location(run).save(files, receipt)
    return receipt


def check(run: Run[ModelParameters]) -> None:
    """Make sure that the recipe's model can be made, without data."""
    from model.training.train import check as check_training

    check_training(run.recipe, run.parameters)


def follow_up(run: Run[ModelParameters], receipt: Receipt) -> None:
    """All that follows a result in place, whether it is new, put back or unchanged: it is told in words and tracked.

    Raises:
        RegistryAwayError: the registry does not answer.
    """
    for line in read_lines(find_location(run).latest):
        logger.info("{}: {}", run.name, line)
    try:
        track(Finished(run.recipe, run.settings, receipt, run.chosen["promote"]))
    except RegistryAwayError as error:
        raise RegistryAwayError(
            f"{error}. The result is whole in {find_location(run).latest}",
            next_step=f"Send it later: `python -m model track {run.recipe.argument}`",
        ) from error


def find_location(run: Run[ModelParameters]) -> ResultLocation:
    """Where the results of the run's recipe lie."""
    return ResultLocation(run.settings.data_dir, run.recipe.name)


def read_schema(recipe: Recipe) -> dict[str, Any]:
    """Types, roles and classes decide the model; rules, units and descriptions are part of its contract and plots."""
    others = {"source", "epoch"}
    return {name: column.model_dump(mode="json", exclude=others) for name, column in recipe.columns.items()}


def find_code(recipe: Recipe) -> Code:
    """What decides the bytes of a result of the recipe's kind."""
    return SHARED + (AUTHORSHIP if recipe.sections["model"]["kind"] == "authorship" else ESTIMATOR)


STAGE: Stage[ModelParameters] = Stage(
    name="model",
    description=description or "",
    reads=READS,
    after="preprocess",
    writes=WRITES,
    parse=parse_parameters,
    columns=read_schema,
    uses_seed=lambda _: True,
    code=find_code,
    location=find_location,
    work=save_training,
    restore=lambda run: find_location(run).restore(run.key.digest),
    check=check,
    after_run=follow_up,
    verbs=VERBS,
    choices={"promote": Choice(PROMOTE, "PROMOTE", "whether a new version may become production")},
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
