"""Train what a recipe asks for: `python -m model linear`.

Its subcommands (`VERBS`) serve the page, answer questions by a trained model, and manage the versions in the registry.

load: the processed dataset; work: fit or map, judge, draw; save: a folder of results, and `latest` that names it.
"""

import atexit
import gc
import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from loguru import logger

from model import __doc__ as description
from model.parameters import EstimatorParameters, ModelParameters, find_own, parse_parameters
from model.release.track import Finished, track
from model.style_parameters import AuthorshipParameters
from relay.handoff.code import HANDOFF, Code
from relay.handoff.column import READING_KEYS, SERVED_KEYS, fill_served_keys
from relay.handoff.program import main
from relay.handoff.receipt import Receipt, Rejects
from relay.handoff.recipe import Recipe
from relay.handoff.run import InputChangedError, Run
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS, PROMOTE
from relay.handoff.stage import Stage
from relay.handoff.verbs import Verb
from relay.registry.errors import RegistryAwayError
from relay.registry.monitor_section import read_monitor
from relay.results.findings import read_lines
from relay.results.output import ResultLocation, describe_files

if TYPE_CHECKING:  # a recipe without own code needs nothing of it
    from relay.handoff.own.function import OwnFunction

READS = "processed/{recipe}"
READS_FROM = "preprocess"
WRITES = "output/{recipe}"

VERBS = {
    "page": Verb("serve the page", program="page"),
    "ask": Verb("say which known label a text is nearest to in style", "model.ask.text"),
    "predict": Verb("answer records, or a file of rows, by the version in production", "model.ask.records"),
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
        *("model.training.contract", "model.training.plots.fonts", "model.training.plots.style"),
        *("model.training.result", "model.training.skops_file", "model.training.train"),
        *("relay.handoff.preparation", "relay.registry.asking"),
        *("relay.handoff.wording", "relay.registry.contract", "relay.registry.model_file", "relay.registry.moments"),
        *("relay.reading.iso", "relay.registry.trusted"),
        "relay.registry.onnx_file",
        *("relay.registry.predictions", "relay.registry.segments", "relay.registry.task", "relay.results.findings"),
        "relay.results.signs",
        *("model.training.monitor", "relay.registry.watched"),
        *("drift.bins", "drift.column_profile", "drift.columns", "drift.exact", "drift.expected", "drift.losses"),
        "drift.profile",
    ),
    packages=("matplotlib", "numpy", "onnxruntime", "pandas", "scikit-learn", "scipy", "skops", "threadpoolctl"),
)
ESTIMATOR = Code(
    modules=(
        *("model.training.estimator", "model.training.plots.classification", "model.training.plots.regression"),
        *("model.training.batch_independence", "relay.handoff.sides", "relay.registry.calendar_parts"),
        "relay.registry.rounding",
    ),
    packages=("onnx", "skl2onnx"),
)
AUTHORSHIP = Code(
    modules=(
        *(
            "model.training.authorship",
            "model.training.plots.consensus",
            "model.training.plots.loadings",
            "model.training.plots.map",
        ),
        *("model.training.plots.neighbours", "model.training.plots.oppose", "model.training.plots.rolling"),
        "model.training.plots.time",
        "model.training.plots.tree",
        "model.training.plots.word_range",
        *("model.training.plots.words", "relay.handoff.spreadsheet", "relay.handoff.texts"),
        *("relay.results.distances", "stylometry"),
    ),
    packages=("llvmlite", "numba"),
)
PYTHON = Code(
    modules=(
        *("model.training.own", "model.training.estimator.contract", "model.training.estimator.limits"),
        *("model.training.estimator.metrics", "model.training.estimator.row_keys", "model.training.estimator.rows"),
        *("model.training.estimator.task", "model.training.batch_independence"),
    )
)
APART = Code(modules=("model.training.apart", "model.training.apart_task", "model.training.own_calls"))
"""What decides the bytes of a result: for every kind of model, for one kind alone, and with own code."""


class Model(Stage[ModelParameters]):
    """The stage that trains, judges, draws, and registers what came of it."""

    name = "model"
    description = description or ""
    reads = READS
    writes = WRITES
    choices = MappingProxyType({"promote": PROMOTE})
    verbs = MappingProxyType(VERBS)

    def parse(self, recipe: Recipe) -> ModelParameters:
        """`[model]`, typed by its kind; `[monitor]` must be right too."""
        read_monitor(recipe)
        return parse_parameters(recipe)

    def location(self, run: Run[ModelParameters]) -> ResultLocation:
        """The folder with the recipe's results."""
        return ResultLocation(run.settings.data_dir, run.recipe.name)

    def own(self, run: Run[ModelParameters]) -> "OwnFunction | None":
        """The function that trains, or that builds the estimator."""
        return find_own(run.parameters, run.recipe)

    def code(self, run: Run[ModelParameters]) -> Code:
        """What decides the bytes of a result of the recipe's kind."""
        kinds = {"authorship": AUTHORSHIP, "estimator": ESTIMATOR, "python": PYTHON}
        code = SHARED + kinds[run.parameters.kind]
        if isinstance(run.parameters, EstimatorParameters) and "." in run.parameters.estimator:
            from model.training.estimator.names import find_packages  # of one kind of model only

            code += Code(modules=(), packages=find_packages(run.parameters.estimator, run.parameters.options))
        own = self.own(run)
        return code if own is None else code + APART + own.code

    def inputs(self, run: Run[ModelParameters]) -> dict[str, str]:
        """The processed dataset, and the files that arguments name."""
        found = run.identify(run.dataset(READS, READS_FROM))
        own = self.own(run)
        found |= _hash_lists(run)
        return found if own is None else found | own.inputs(run.settings.data_dir)

    def schema(self, run: Run[ModelParameters]) -> dict[str, Any]:
        """Types, roles and classes decide the model; rules, units and notes are part of its contract and plots.

        So are the keys by which a request's inputs are read.
        """
        columns = fill_served_keys(run.recipe.columns, run.recipe.sections.get("ingest", {}))
        others = {"input": READING_KEYS - SERVED_KEYS}
        return {
            name: column.model_dump(
                mode="json",
                # What is not declared is in no key.
                exclude={*others.get(column.role, READING_KEYS), *(() if column.epoch else ("epoch",))},
            )
            for name, column in columns.items()
        }

    def others(self, run: Run[ModelParameters]) -> dict[str, Any]:
        """What `[monitor]` says about the files of a result."""
        found: dict[str, Any] = read_monitor(run.recipe).model_dump(mode="json")
        return {f"monitor.{name}": value for name, value in found.items()}

    def uses_seed(self, _: Run[ModelParameters]) -> bool:
        """Every kind draws."""
        return True

    def check(self, run: Run[ModelParameters]) -> None:
        """Make sure that the recipe's model can be made, without data."""
        from model.training.train import check as check_training

        check_training(run.recipe, run.parameters)

    def work(self, run: Run[ModelParameters]) -> Receipt:
        """Load the processed rows, train, save the results."""
        source = run.dataset(READS, READS_FROM)
        dataset = run.read(source)
        own = self.own(run)
        if own is None:
            # Numerical libraries take seconds to import: only for real work.
            from model.training.result import add_warnings, render_files
            from model.training.train import train

            trained = train(dataset, run.recipe, run.parameters, location=source)
            results = add_warnings(trained, dataset.receipt.warnings)
            files, rows, dropped = render_files(results), results.rows, results.dropped
        else:
            from model.training.apart import train_apart

            _say_folds_stay(run)
            apart = train_apart(run, own, source)
            files, rows, dropped = apart.files, apart.rows, apart.dropped
        _require_same_lists(run)
        receipt = run.receipt(
            **describe_files(files),
            rows=rows,
            columns=dataset.receipt.columns,
            sources=dataset.receipt.sources,
            rejected=Rejects(),
            dropped=dropped,
        )
        self.location(run).save(files, receipt)
        return receipt

    def restore(self, run: Run[ModelParameters]) -> Receipt | None:
        """Move `latest` back to a folder of the same key."""
        return self.location(run).restore(run.key.digest)

    def after_run(self, run: Run[ModelParameters], receipt: Receipt) -> None:
        """Log the findings, and send the result to the registry.

        Raises:
            RegistryAwayError: the registry does not answer.
        """
        latest = self.location(run).latest
        for line in read_lines(latest):
            logger.info("{}: {}", run.name, line)
        try:
            track(Finished(run.recipe, run.settings, receipt, run.chosen["promote"]))
        except RegistryAwayError as error:
            raise RegistryAwayError(
                f"{error}. The result is whole in {latest}",
                next_step=f"Send it later: `python -m model track {run.recipe.argument}`",
            ) from error


def _say_folds_stay(run: Run[ModelParameters]) -> None:
    """Log that folds of own code do not go to a cluster, where there is one."""
    has_folds = isinstance(run.parameters, EstimatorParameters) and run.parameters.cv_folds
    if has_folds and DASK_SCHEDULER_ADDRESS.of(os.environ):
        logger.info("{}: own code runs where the stage runs, so its folds are not sent to the cluster", run.name)


def _hash_lists(run: Run[ModelParameters]) -> dict[str, str]:
    """Name -> SHA-256 of each list of words beside the recipe."""
    if not isinstance(run.parameters, AuthorshipParameters):
        return {}
    from model.training.authorship.word_lists import hash_lists  # of one kind of model only

    return hash_lists(run.recipe, run.parameters)


def _require_same_lists(run: Run[ModelParameters]) -> None:
    """Refuse a result for which a list of words was another one than in the key."""
    for name, digest in _hash_lists(run).items():
        if run.key.inputs.get(name) != digest:
            raise InputChangedError(name)


STAGE = Model()

if __name__ == "__main__":
    # At exit Python searches all that libraries have made for garbage, some times over: 0.2 s for nothing.
    atexit.register(gc.freeze)
    sys.exit(main(STAGE))
