"""Train what a recipe asks for: `python -m model linear`; serve the page: `python -m model page`.

load: the processed dataset; work: fit or map, judge, draw; save: a folder of results, and `latest` that names it.
"""

import sys
from typing import TYPE_CHECKING, Any

from loguru import logger

from handoff.receipt import Receipt, Rejects
from handoff.recipe import Recipe
from handoff.run import Run, Stage
from handoff.stage import main
from model.findings import read_lines
from model.output import OutputPlace, describe_files
from model.parameters import EstimatorParameters, ModelParameters, parse_parameters

if TYPE_CHECKING:  # the numerical libraries take seconds to import, and an unchanged run needs none of them
    import pyarrow as pa

    from model.results import Results

READS = "processed/{recipe}"
WRITES = "output/{recipe}"


def save_training(run: Run[ModelParameters]) -> Receipt:
    """Load the processed rows, train, save the results; gives their receipt."""
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


def follow_up(run: Run[ModelParameters], _: Receipt) -> None:
    """All that follows a result in place, whether it is new, put back or unchanged: here it is told in words."""
    for line in read_lines(find_place(run).latest):
        logger.info("{}: {}", run.name, line)


def find_place(run: Run[ModelParameters]) -> OutputPlace:
    """Where the results of the run's recipe lie."""
    return OutputPlace(run.settings.data_dir, run.recipe.name)


def read_contract(recipe: Recipe) -> dict[str, Any]:
    """Types, roles and classes decide the model; units and descriptions stand in its pictures."""
    others = {"source", "epoch", "min", "max"}
    return {name: column.model_dump(mode="json", exclude=others) for name, column in recipe.columns.items()}


def find_libraries(recipe: Recipe) -> tuple[str, ...]:
    """The libraries whose code decides the result."""
    return ("handoff", "stylometry") if recipe.sections["model"]["kind"] == "authorship" else ("handoff",)


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
    packages=("numpy", "scipy", "scikit-learn", "skops", "matplotlib", "pyarrow"),
    place=find_place,
    work=save_training,
    restore=lambda run: find_place(run).restore(run.key.digest),
    check=check,
    report=follow_up,
)

if __name__ == "__main__":
    if sys.argv[1:2] == ["page"]:
        from model.page.server import main as serve_page

        sys.exit(serve_page(sys.argv[2:]))
    sys.exit(main(STAGE))
