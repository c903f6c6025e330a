"""Inputs that alone tell the target of the test rows: each may be the target in another form.

An input is judged twice, by its values where it has one and by whether it has one. From the training rows it learns
one simple rule per kind of input; the rule counts when it holds on both sides.
Source: Kaufman, Rosset & Perlich, "Leakage in Data Mining: Formulation, Detection, and Avoidance", KDD 2011.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier

from model.training.estimator.metrics import measure_auc
from model.training.estimator.rows import Part, Split, widen
from relay.registry.contract import Leak
from relay.results.findings import Finding, Topic

FEWEST_ROWS = 50
"""Test rows below which an input tells the target too easily by chance."""

FEWEST_KNOWN = 25
"""Test rows with a value below which the values of an input are not judged."""

LEAST_AUC, LEAST_R2 = 0.99, 0.999

ALIKE = 0.99
"""Share of equal cells from which on a class, or the rest of the rows, has one value."""

MOST_ROWS = 10_000
"""Training rows that the rules learn from, so that a large table costs a second; the test rows all count."""

LEAVES = 32
"""Leaves of the tree that learns from one number, or four per class: a class may be several ranges of it."""

Side = Literal["train", "test"]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rule = tuple[Floats, Floats]
"""What a rule says of the training rows and of the test rows (n,)."""


@dataclass(frozen=True)
class One:
    """One input, or whether it is missing, beside the target; rows (n,) of both sides."""

    train: pd.Series
    test: pd.Series
    train_target: npt.NDArray[Any]
    test_target: npt.NDArray[Any]

    @property
    def is_number(self) -> bool:
        """Whether its cells are float64; words otherwise."""
        return bool(self.train.dtype.kind == "f")


Judge = Callable[[One], Iterator[dict[str, Any]]]


def find_leaks(split: Split, *, as_classes: bool) -> list[Leak]:
    """The inputs that alone tell the target; none with one input or with fewer than `FEWEST_ROWS` test rows."""
    if len(split.test) < FEWEST_ROWS or split.test.inputs.shape[1] < 2:
        return []
    judge = _judge_classes if as_classes else _judge_number
    return [leak for name in split.test.inputs.columns for leak in _judge_input(split, str(name), judge)]


def say_leaks(leaks: Iterable[Leak], target: str) -> Iterator[Finding]:
    """A finding for each leak: input, figure, and what to do."""
    for leak in leaks:
        yield Finding(
            Topic.LEAK,
            f"Possible leak: {leak.say(target)}. It may be {target} in another form. If {leak.column} would not be "
            f'known before {target}, give it role = "ignore" and train again; otherwise promote this version by hand.',
            leak.model_dump(mode="json"),
        )


def _judge_input(split: Split, name: str, judge: Judge) -> Iterator[Leak]:
    train, test = _thin(split.train, by_class=judge is _judge_classes), split.test
    cells = _as_cells(train.inputs[name]), _as_cells(test.inputs[name])
    has_value = cells[0].notna().to_numpy(), cells[1].notna().to_numpy()
    if has_value[1].sum() >= FEWEST_KNOWN:
        known = One(
            cells[0][has_value[0]], cells[1][has_value[1]], train.target[has_value[0]], test.target[has_value[1]]
        )
        yield from (Leak(column=name, by="values", **found) for found in judge(known))
    if not (has_value[0].all() and has_value[1].all()):
        missing = One(pd.Series(1.0 - has_value[0]), pd.Series(1.0 - has_value[1]), train.target, test.target)
        yield from (Leak(column=name, by="missing cells", **found) for found in judge(missing))


def _as_cells(cells: pd.Series) -> pd.Series:
    """The cells of an input; moments as numbers."""
    if cells.dtype.kind != "M":
        return widen(cells)  # type: ignore[no-any-return]
    counts = cells.dt.tz_localize(None).astype("datetime64[us]").to_numpy().astype(np.float64)
    return pd.Series(np.where(cells.notna(), counts, np.nan), index=cells.index)


def _thin(part: Part, *, by_class: bool) -> Part:
    """At most `MOST_ROWS` rows, evenly spaced; of classes as many of each, so that a rare one stays."""
    if len(part) <= MOST_ROWS:
        return part
    groups = [np.flatnonzero(part.target == label) for label in np.unique(part.target)] if by_class else []
    groups = groups or [np.arange(len(part))]
    most = max(1, MOST_ROWS // len(groups))
    chosen = [rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)] for rows in groups]
    return part.take(np.sort(np.concatenate(chosen)))


def _judge_number(one: One) -> Iterator[dict[str, Any]]:
    """The best R² of the rules when it is high enough."""
    targets = [target.astype(np.float64) for target in (one.train_target, one.test_target)]
    if one.train.nunique() < 2 or min(np.ptp(target) for target in targets) == 0:
        return
    figures = [
        min(float(r2_score(target, said)) for target, said in zip(targets, rule, strict=True))
        for rule in _predict_number(one)
        if all(np.isfinite(said).all() for said in rule)
    ]
    if one.is_number:
        figures.append(_correlate_ranks(one))
    best = max(figures, default=0.0)
    if best >= LEAST_R2:
        yield {"metric": "R²", "value": best}


def _predict_number(one: One) -> Iterator[Rule]:
    """Rules for a number: a line and a curve through the training points, or the mean of each word."""
    target = one.train_target.astype(np.float64)
    means = pd.Series(target).groupby(one.train.to_numpy()).mean()
    if not one.is_number:
        unseen = float(target.mean())
        words = [np.asarray(side.map(means).fillna(unseen), np.float64) for side in (one.train, one.test)]
        yield words[0], words[1]
        return
    largest = one.train.abs().max()  # the squares of some numbers are infinite
    xs = [side.to_numpy() / largest for side in (one.train, one.test)]
    middle, spread = xs[0].mean(), xs[0].std() or 1.0
    slope = float((((xs[0] - middle) / spread) * target).mean())
    at = means.index.to_numpy(np.float64) / largest
    line: list[Floats] = [np.asarray(target.mean() + slope * (x - middle) / spread, np.float64) for x in xs]
    curve: list[Floats] = [np.asarray(np.interp(x, at, means.to_numpy()), np.float64) for x in xs]

    yield line[0], line[1]
    yield curve[0], curve[1]


def _correlate_ranks(one: One) -> float:
    """R² of the ranks, the lower one of both sides: 1 for every monotone transform of the target."""
    sides = ((one.train, one.train_target), (one.test, one.test_target))
    if any(np.ptp(cells) == 0 for cells, _ in sides):
        return 0.0
    return min(float(np.corrcoef(rankdata(cells), rankdata(target))[0, 1] ** 2) for cells, target in sides)


def _judge_classes(one: One) -> Iterator[dict[str, Any]]:
    """All classes, when the input separates each from the others; else those that it marks by a value of their own."""
    labels = np.unique(one.train_target)
    if len(labels) < 2 or one.train.nunique() < 2:
        return
    shares = _share_out(one, labels)
    figures = {}
    for index, label in enumerate(labels.tolist()):
        rows = [target == label for target in (one.train_target, one.test_target)]
        if all(0 < mine.sum() < len(mine) for mine in rows):
            figures[label] = _separate(one, rows, [side[:, index] for side in shares])
    if len(labels) == 2:
        figures = {label: value for label, value in figures.items() if label == labels[1]}
    elif figures and min(figures.values()) >= LEAST_AUC:
        yield {"metric": "ROC AUC", "value": min(figures.values())}
        return
    for label, value in figures.items():
        if value >= LEAST_AUC and (len(labels) == 2 or _is_marked(one, label)):
            yield {"metric": "ROC AUC", "value": value, "label": label}


def _share_out(one: One, labels: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """The share of each class among the training rows that are like a row in this input, (n, classes) per side."""
    if one.is_number:
        # By places among the training values: a tree looks at float32, in which different numbers are one.
        values = np.unique(one.train)
        places = [np.interp(side, values, np.arange(len(values))).reshape(-1, 1) for side in (one.train, one.test)]
        tree = DecisionTreeClassifier(max_leaf_nodes=max(LEAVES, 4 * len(labels)), random_state=0)
        tree.fit(places[0], one.train_target)
        return tree.predict_proba(places[0]), tree.predict_proba(places[1])
    is_class = pd.DataFrame(one.train_target[:, None] == labels[None, :]).astype(np.float64)
    shares, prior = is_class.groupby(one.train.to_numpy()).mean(), is_class.mean()
    found = [shares.reindex(side.to_numpy()).fillna(prior).to_numpy() for side in (one.train, one.test)]
    return found[0], found[1]


def _separate(one: One, rows: Sequence[Flags], shares: Sequence[Floats]) -> float:
    """The lower ROC AUC of both sides, by the better rule: the shares or, of a number, the number itself."""
    by_share = min(measure_auc(mine, said) for mine, said in zip(rows, shares, strict=True))
    if not one.is_number:
        return by_share
    cells = (one.train.to_numpy(), one.test.to_numpy())
    areas = [measure_auc(mine, side) for mine, side in zip(rows, cells, strict=True)]
    return max(by_share, min(areas), min(1 - area for area in areas))


def _is_marked(one: One, label: Any) -> bool:
    """Whether a class, or all rows but its own, has one value: a measurement that is merely far off has many."""
    mine = one.train_target == label
    return any(one.train[rows].value_counts(normalize=True).iloc[0] >= ALIKE for rows in (mine, ~mine))
