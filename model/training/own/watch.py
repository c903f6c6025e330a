"""The profile of a model that a user's function gave."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.training.estimator.rows import make_frame
from model.training.monitor.answers import choose_answer
from model.training.monitor.build import Drawing, Side, Watch, say_unwatched, watch_rows
from model.training.monitor.reference import divide_rows
from relay.handoff.recipe import Recipe
from relay.registry.contract import Contract
from relay.registry.monitor_section import read_monitor
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

SPLIT = "split"

SEES_ALL = Finding(
    Topic.MONITOR,
    "The function is given the rows of both sides. If the model learns from test rows too, their loss is too low, and "
    "the monitor may call a good version harmful. A function with the parameters train and test keeps them apart.",
)


def watch_own(contract: Contract, model: Any, table: pa.Table, recipe: Recipe, *, sees_test: bool) -> Watch:
    """The profile of a model that answers rows of the target; a finding says what is missing.

    Args:
        contract: of the model.
        model: as the function gave it.
        table: processed rows.
        recipe: gives columns and seed.
        sees_test: whether the function was given test rows as well.
    """
    if contract.task == ModelTask.OTHER:
        return Watch({}, (say_unwatched("it does not predict a target"),) if contract.target else ())
    known = table.filter(pc.is_valid(table.column(contract.target)))
    drawing = Drawing(recipe.seed, keeps_rows=read_monitor(recipe).keep_rows, is_own=True)
    found = watch_rows(contract, _divide(known, contract, recipe), choose_answer(contract, model, {}), drawing)
    return Watch(found.files, (*found.findings, SEES_ALL)) if sees_test and found.files else found


def _divide(table: pa.Table, contract: Contract, recipe: Recipe) -> tuple[Side, Side]:
    """Training and test rows; two halves where the rows are not divided."""
    if SPLIT in table.column_names:
        parts = [table.filter(pc.equal(table.column(SPLIT), side)) for side in ("train", "test")]
    else:
        parts = [table.take(pa.array(rows)) for rows in divide_rows(table.num_rows, recipe.seed)]
    train, test = (
        Side(
            make_frame(part.select(list(contract.inputs)), recipe.columns),
            np.asarray(part.column(contract.target).to_pylist()),
        )
        for part in parts
    )
    return train, test
