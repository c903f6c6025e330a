"""What there is to learn and how it is to be judged: the same for numbers and for classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.pipeline import Pipeline

from model.training.estimator.metrics import LOWER_IS_BETTER, choose_score, is_better
from model.training.estimator.row_keys import name_rows
from model.training.estimator.rows import Split, find_role, widen
from model.training.plots.style import label_of
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column
from relay.handoff.wording import count, show
from relay.registry.contract import Segment
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

if TYPE_CHECKING:  # sample imports rows, for which a task is described
    from model.training.estimator.folds import FarFolds
    from model.training.estimator.memory.sample import Sample
    from model.training.estimator.memory.stream import Stream


@dataclass(frozen=True)
class Task:
    """A pipeline that is not fitted yet, the rows of both sides, and what the recipe says of them."""

    pipeline: Pipeline
    split: Split
    columns: Mapping[str, Column]
    target: str
    seed: int
    score: str | None
    """The metric that decides, when the recipe names one."""
    is_own: bool = False
    """Whether a user's function built the pipeline."""
    as_classes: bool = False
    """Whether the target says which class a row belongs to."""
    positive_first: bool = False
    """Whether the positive one of two classes is the first in sorted order."""
    folds: int = 0
    """Parts for the cross-validation; 0: none."""
    segments: tuple[Segment, ...] = ()
    """Input columns by whose values the score is given separately."""
    sample: "Sample | None" = None
    """The sample that the rows of both sides are; None: all rows of the table."""
    rounded: tuple[str, ...] | None = None
    """Inputs with numbers that float32 does not hold; None where numbers are doubles."""
    stream: "Stream | None" = None
    """All training rows, where the sides hold only some of the rows; None where they hold all."""
    far: "FarFolds | None" = None
    """The workers that judge the folds; None: this machine."""

    @property
    def spread(self) -> float | None:
        """Standard deviation of a number to be learned, over the training rows; None for classes."""
        return None if self.as_classes else float(np.std(self.split.train.target)) or 1.0

    @property
    def estimator_name(self) -> str:
        """Such as LinearRegression."""
        return type(self.pipeline[-1]).__name__

    @property
    def target_label(self) -> str:
        """The target as it stands at an axis."""
        return label_of(self.target, self.columns[self.target])

    def order_classes(self, classes: Any) -> list[Any]:
        """An estimator's classes, the positive one of two last."""
        found: list[Any] = classes.tolist()
        return found[::-1] if self.positive_first else found

    def describe(self) -> Finding:
        """The first finding."""
        train, test, learned = self.split.train, self.split.test, self.split.train_rows
        left_out = count(self.split.without_target, "row")
        without = f" {left_out} without {self.target} stood aside." if self.split.without_target else ""
        if self.split.without_weight:
            without += f" {count(self.split.without_weight, 'row')} of weight 0 were left out."
        if train.weights is not None:
            without += f" Rows count by {find_role(self.columns, 'weight')} in training and in all metrics."
        inputs = int(train.inputs.shape[1])
        return Finding(
            Topic.DATA,
            f"{self.estimator_name} learned {self.target} from {count(inputs, 'input column')} of "
            f"{count(learned, 'row')}; {count(len(test), 'row')} that it has not seen judge it.{without}",
            {
                "inputs": inputs,
                "train": learned,
                "test": len(test),
                "without_target": self.split.without_target,
            }
            | ({"without_weight": self.split.without_weight} if train.weights is not None else {}),
        )


def compare(task: Task, kind: ModelTask, default_score: str, test: dict[str, float], baseline: dict[str, float]) -> Any:
    """The metrics of a model beside those of its baseline, and the one that decides.

    Raises:
        ModelError: the recipe's score is none of them.
    """
    score = choose_score(task.score, default_score, test)
    return {
        "kind": kind,
        "estimator": task.estimator_name,
        "rows": {
            "train": task.split.train_rows,
            "test": len(task.split.test),
            "without_target": task.split.without_target,
        }
        | ({} if task.sample is None else {"sample": task.sample.kept, "sample_of": task.sample.of}),
        "test": test,
        "baseline": baseline,
        "score": {
            "name": score,
            "value": test[score],
            "baseline": baseline[score],
            "lower_is_better": score in LOWER_IS_BETTER,
        },
    }


def compare_figures(metrics: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Name -> value and, where there is one, baseline: the figures of a finding on some of the metrics."""
    return {
        name: {"value": metrics["test"][name]}
        | ({"baseline": metrics["baseline"][name]} if name in metrics["baseline"] else {})
        for name in names
    }


def warn_if_useless(metrics: dict[str, Any], baseline: str) -> tuple[Finding, ...]:
    """A finding when the model is not better than its baseline, else none."""
    score = metrics["score"]
    if is_better(score["name"], score["value"], score["baseline"]):
        return ()
    text = (
        f"By {score['name']} ({show(score['value'])}) it is no better than {baseline} ({show(score['baseline'])}): "
        "do not use it."
    )
    return (Finding(Topic.BASELINE, text, compare_figures(metrics, score["name"])),)


def tabulate(task: Task, columns: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """A row for each test row: a key that it has in every version, its id, the given columns, what divides segments.

    The id keeps its name, except where that is the name of another column of this table: then it is `id.<name>`.
    """
    test = task.split.test
    own: dict[str, Any] = {"row_key": name_rows(test)} | {name: pa.array(values) for name, values in columns.items()}
    if test.weights is not None:
        own["weight"] = pa.array(test.weights)
    for segment in task.segments:
        own[f"segment.{segment.column}"] = pa.array(widen(test.inputs[segment.column]), from_pandas=True)
    ids = {f"id.{name}" if name in own else name: test.ids.column(name) for name in test.ids.column_names}
    return pa.table({"row_key": own.pop("row_key"), **ids, **own})


def require_finite(values: npt.NDArray[np.float64], what: str) -> npt.NDArray[np.float64]:
    """The values themselves.

    Raises:
        ModelError: one is infinite or not a number.
    """
    if not np.isfinite(values).all():
        raise ModelError(f"{what} are not all finite: scale the inputs, regularise more, or choose another estimator")
    return values
