"""Judging a model of numbers: figures beside the baseline, coefficients in the data's units, pictures, words."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import Pipeline

from model.training.estimator.coefficients import Coefficients, read_coefficients
from model.training.estimator.cross_validation import cross_validate
from model.training.estimator.metrics import judge_regression
from model.training.estimator.rows import Part, pick
from model.training.estimator.segments import judge_segments
from model.training.estimator.task import Task, compare, compare_figures, require_finite, tabulate, warn_if_useless
from model.training.plots.regression import Curve, draw_curve, draw_predicted, draw_residuals
from model.training.plots.style import Picture, label_of
from model.training.result import Results
from relay.handoff.errors import ModelError
from relay.handoff.wording import count, show
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

LINE_POINTS = 200


def judge_regressor(fitted: Pipeline, task: Task) -> Results:
    """What the test rows say of a fitted regressor.

    Raises:
        ModelError: predictions are not finite, there is one test row only, or the recipe's score is no metric of a
            regression.
    """
    train, test = task.split.train, task.split.test
    if len(test) < 2:
        raise ModelError(
            "one test row: the share of explained variance needs two or more; "
            "give ingest more rows, or change [preprocess] test_share"
        )
    predicted = predict(fitted, test.inputs)
    mean = DummyRegressor().fit(train.inputs, train.target, train.weights).predict(test.inputs)
    metrics = compare(
        task,
        ModelTask.REGRESSION,
        "r2",
        judge_regression(test.target, predicted, test.weights),
        judge_regression(test.target, mean, test.weights),
    )
    line = None if task.is_own else read_coefficients(fitted, train.inputs)
    if line is not None and len(line.terms) == 1:
        metrics["line"] = {"intercept": line.intercept, "slope": next(iter(line.terms.values()))}
    parts = judge_segments(
        task,
        metrics["score"]["name"],
        lambda rows: judge_regression(test.target[rows], predicted[rows], pick(test.weights, rows)),
    )
    folds = cross_validate(task, metrics["score"]["name"], judge_fold)
    metrics |= {**folds.metrics, **parts.metrics}
    tables = {"predictions": tabulate(task, {"true": test.target, "predicted": predicted})}
    if line is not None:
        tables["coefficients"] = line.tabulate()
    return Results(
        metrics=metrics,
        findings=(*_say(task, metrics, line), *folds.findings, *parts.findings),
        pictures=_draw(fitted, task, predicted, line),
        tables=tables,
        rows=task.split.train_rows + len(test),
    )


def judge_fold(_: Task, fitted: Pipeline, __: Part, held: Part) -> dict[str, float]:
    """The figures of one fold.

    Raises:
        ModelError: a prediction is not finite.
    """
    return judge_regression(held.target, predict(fitted, held.inputs), held.weights)


def predict(fitted: Pipeline, inputs: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Predictions (rows,) of a fitted pipeline.

    Raises:
        ModelError: one is not finite.
    """
    return require_finite(np.ravel(fitted.predict(inputs)).astype(np.float64), "the predictions of the test rows")


def _say(task: Task, metrics: dict[str, dict[str, float]], line: Coefficients | None) -> tuple[Finding, ...]:
    test, baseline, unit = metrics["test"], metrics["baseline"], task.columns[task.target].unit
    formula = []
    if line is not None and len(line.terms) == 1:
        formula = [Finding(Topic.FORMULA, f"{task.target} = {format_line(line)}.", metrics["line"])]
    score = (
        f"On the test rows it is off by {show(test['rmse'], unit)} (root mean square; always saying the mean is off by "
        f"{show(baseline['rmse'], unit)})"
    )
    figures: tuple[str, ...] = ("rmse", "r2")
    if is_constant(task.split.test.target):
        score += (
            f". {task.target} is the same in all test rows, so R² is undefined; the metrics have {test['r2']:g} there."
        )
        figures = ("rmse",)
    else:
        score += f" and explains {100 * test['r2']:.1f} % of their variance (R²)."
    return (
        task.describe(),
        *formula,
        Finding(Topic.SCORE, score, compare_figures(metrics, *figures)),
        *warn_if_useless(metrics, "always saying the mean of the training rows"),
    )


def is_constant(target: npt.NDArray[np.generic]) -> bool:
    """Whether all numbers are the same in double precision, in which the figures are computed."""
    return bool(np.ptp(target.astype(np.float64)) == 0)


def format_line(line: Coefficients) -> str:
    """A line as one writes it: `2.01 x + 0.98`."""
    ((term, slope),) = line.terms.items()
    return f"{show(slope)} {term} {'-' if line.intercept < 0 else '+'} {show(abs(line.intercept))}"


def _draw(
    fitted: Pipeline, task: Task, predicted: npt.NDArray[np.float64], line: Coefficients | None
) -> tuple[Picture, ...]:
    test, name = task.split.test, task.estimator_name
    rows = count(len(test), "test row")
    pictures = (
        draw_predicted(test.target, predicted, title=f"{name}: how close it comes", target=task.target_label),
        draw_residuals(test.target, predicted, title=f"{name}: what it misses, {rows}", target=task.target_label),
    )
    (only, *others) = test.inputs.columns
    is_known = bool(pd.concat([task.split.train.inputs[only], test.inputs[only]]).notna().any())
    if others or task.columns[only].type not in ("int", "float") or not is_known:
        return pictures
    learned = task.target if line is None or len(line.terms) > 1 else f"{task.target} = {format_line(line)}"
    curve = draw_curve(
        trace(fitted, task.split.train, test, only),
        title=f"{name}: {learned}",
        x_label=label_of(only, task.columns[only]),
        y_label=task.target_label,
    )
    return (curve, *pictures)


def trace(fitted: Pipeline, train: Part, test: Part, name: str) -> Curve:
    """The prediction along the only input, from its smallest to its largest value; rows without a value stay out."""
    has_x = [part.inputs[name].notna().to_numpy() for part in (train, test)]
    xs = [part.inputs[name].to_numpy()[there] for part, there in zip((train, test), has_x, strict=True)]
    line = np.linspace(min(x.min(initial=np.inf) for x in xs), max(x.max(initial=-np.inf) for x in xs), LINE_POINTS)
    return Curve(
        train_x=xs[0],
        train_y=train.target[has_x[0]],
        test_x=xs[1],
        test_y=test.target[has_x[1]],
        line_x=line,
        line_y=predict(fitted, pd.DataFrame({name: line})),
    )
