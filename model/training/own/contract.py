"""The contract of a model that a user's function gave: it answers rows of the target, or is kept as it is."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import is_classifier, is_regressor

from model.parameters import PythonParameters
from model.training.batch_independence import add_answers, choose_test_rows, count_rows, say_batch_test
from model.training.contract import NOTHING, add_example, hash_files, promise_column, promise_key, promise_target
from model.training.estimator.contract import choose_rows, find_usual, list_records
from model.training.estimator.rows import make_frame
from relay.handoff.column import fill_served_keys
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column, Recipe
from relay.registry.contract import MODEL_FILE, Contract, Score
from relay.registry.predictions import predict_with_model
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

SPLIT = "split"
TYPES = ("int", "float", "bool", "category", "text")
"""Of the inputs that a record can hold."""


@dataclass(frozen=True)
class Made:
    """A model as a user's function gave it, with what is known of it."""

    model: Any
    content: bytes
    """Of the model file."""
    code: Mapping[str, str] = field(default_factory=dict)
    """The own files that loading it needs."""
    metrics: Mapping[str, float] = field(default_factory=dict)


class NoAnswerError(ModelError):
    """The model does not answer rows of the recipe's inputs."""


def describe_own(
    made: Made, table: pa.Table, recipe: Recipe, parameters: PythonParameters
) -> tuple[Contract, list[Finding]]:
    """The contract of a model, and what there is to say of it.

    A model that predicts the target from the inputs gets a contract like any other: its answers to five rows are kept,
    and it passes the batch test or not. Any other one is of the task `other`, and a finding says why if the recipe has
    a target.

    Args:
        made: the model.
        table: processed rows.
        recipe: gives the columns.
        parameters: its model section.
    """
    other = _describe_other(made, recipe, parameters)
    targets = recipe.with_role("target")
    if not targets:
        return other, []
    try:
        contract = _describe_answers(made, table, recipe, other)
        return contract, say_batch_test(contract)
    except NoAnswerError as error:
        text = f"The model is kept, and cannot be served: {error.message}."
        return other, [Finding(Topic.OWN, text, {"topic": "model"})]


def _describe_other(made: Made, recipe: Recipe, parameters: PythonParameters) -> Contract:
    name = parameters.score
    score = Score(
        name=name, value=made.metrics[name], baseline=None, lower_is_better=parameters.lower_is_better
    ) if name else None  # fmt: skip
    targets = recipe.with_role("target")
    filled = fill_served_keys(recipe.columns, recipe.sections.get("ingest", {}))
    last = made.model.steps[-1][1] if hasattr(made.model, "steps") else made.model
    return Contract(
        model=parameters.name or recipe.name,
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        task=ModelTask.OTHER,
        estimator=type(last).__name__,
        inputs={name: promise_column(filled[name]) for name in recipe.with_role("input")},
        target=targets[0] if targets else "",
        record_key=promise_key(recipe),
        target_column=promise_target(recipe.columns[targets[0]]) if targets else None,
        classes=[],
        gives_probabilities=False,
        threshold=None,
        base_rate=None,
        spread=None,
        score=score,
        segments=[],
        example=NOTHING,
        files=hash_files({MODEL_FILE: made.content}),
        code=dict(made.code),
        is_from_function=True,
    )


def _describe_answers(made: Made, table: pa.Table, recipe: Recipe, other: Contract) -> Contract:
    """The contract of a model that predicts the target.

    Raises:
        NoAnswerError: it does not.
    """
    model, target = made.model, other.target
    _require_inputs(other.inputs, table, target)
    if not callable(getattr(model, "predict", None)):
        raise NoAnswerError(f"{other.estimator} has no predict")
    known = table.filter(pc.is_valid(table.column(target)))
    train, test = (_choose_side(known, side) for side in ("train", "test"))
    values = np.asarray(train.column(target).to_pylist())
    frame = make_frame(train.select(list(other.inputs)), recipe.columns)
    facts = _find_task(model, recipe.columns[target], values)
    contract = other.model_copy(update=facts | {"usual": find_usual(frame, recipe.columns)})
    chosen = test.take(choose_rows(np.asarray(test.column(target).to_pylist())))
    records = list_records(make_frame(chosen.select(list(other.inputs)), recipe.columns), recipe.columns)
    answers = _try_to_answer(lambda: predict_with_model(contract, model, records))
    numbers = [*answers.predictions, *(answers.probabilities or ())]
    is_infinite = any(isinstance(number, float) and not math.isfinite(number) for number in numbers)
    if is_infinite or len(answers.predictions) != len(records):
        raise NoAnswerError(f"its predict gives no finite number or class for each row of {', '.join(other.inputs)}")
    return _test_batches(add_example(contract, records, answers), made, test, recipe)


def _test_batches(contract: Contract, made: Made, test: pa.Table, recipe: Recipe) -> Contract:
    """The contract with what comes of asking for test rows alone and together."""
    frame = make_frame(test.select(list(contract.inputs)), recipe.columns)
    rows = choose_test_rows(frame, recipe.columns, recipe.seed, count_rows(made.content, is_known=False))
    return add_answers(contract, made.model, [], list_records(frame.iloc[rows], recipe.columns), recipe.seed)


def _require_inputs(inputs: Mapping[str, Column], table: pa.Table, target: str) -> None:
    if not inputs:
        raise NoAnswerError("[columns] has no input")
    for name in (*inputs, target):
        if name not in table.column_names:
            raise NoAnswerError(f"the processed rows have no column {name}")
    for name, column in inputs.items():
        if column.type not in TYPES:
            raise NoAnswerError(f"the input {name} is of the type {column.type}, which no record holds")


def _choose_side(table: pa.Table, side: str) -> pa.Table:
    """The rows of a side; all rows where they are not divided.

    Raises:
        NoAnswerError: no row with a target is on that side.
    """
    if SPLIT in table.column_names:
        table = table.filter(pc.equal(table.column(SPLIT), side))
    if not table.num_rows:
        raise NoAnswerError(f"no {side} row has a target")
    return table


def _find_task(model: Any, column: Column, values: npt.NDArray[Any]) -> dict[str, Any]:
    """Task, classes, and what else depends on the kind of answer."""
    if not _names_classes(model, column):
        return {"task": ModelTask.REGRESSION, "spread": float(np.std(values)) or 1.0}
    classes = list(getattr(model, "classes_", np.unique(values)))
    classes = [one.item() if isinstance(one, np.generic) else one for one in classes]
    has_shares = callable(getattr(model, "predict_proba", None)) and hasattr(model, "classes_")
    if len(classes) == 2:
        if not has_shares and not callable(getattr(model, "decision_function", None)):
            raise NoAnswerError("it names one of two classes without a probability or a score")
        return {
            "task": ModelTask.BINARY,
            "classes": classes,
            "gives_probabilities": has_shares,
            "threshold": 0.5 if has_shares else 0.0,
            "base_rate": float(np.mean(values == classes[1])),
        }
    if len(classes) < 2:
        raise NoAnswerError(f"it knows {len(classes)} classes")
    return {"task": ModelTask.MULTICLASS, "classes": classes, "gives_probabilities": has_shares}


def _names_classes(model: Any, column: Column) -> bool:
    is_number = column.type in ("int", "float")
    kinds: list[bool] = []
    for ask in (is_classifier, is_regressor):
        try:
            kinds.append(bool(ask(model)))
        except (AttributeError, TypeError):  # without scikit-learn's tags
            kinds.append(False)
    if kinds[1] and is_number:
        return False
    return kinds[0] or not is_number or column.allowed is not None


def _try_to_answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        # Whatever a user's model raises for such rows: it may take other columns, or an array.
        words = (" ".join(str(error).split()) or "no message")[:200]
        raise NoAnswerError(f"it does not answer rows of the inputs ({type(error).__name__}: {words})") from None
