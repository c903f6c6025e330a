"""Learning by row groups: the preparation from a first pass, the estimator by `partial_fit`, in bounded memory."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from model.training.estimator.memory.fill import Columns, Counts, check_columns, count_rows, list_tables
from model.training.estimator.memory.sample import choose_share, hash_rows
from model.training.estimator.memory.source import Rows
from model.training.estimator.memory.survey import Survey
from model.training.estimator.pipeline import build_pipeline, explain_refusal
from model.training.estimator.rows import (
    SPLIT,
    Part,
    Split,
    find_columns,
    find_role_column,
    make_frame,
    read_part,
    read_target,
)
from relay.handoff.errors import ModelError
from relay.handoff.sides import Hashes

LOOKED_AT = 50_000
"""Training rows that are held, about: for the baseline, usual values, segments and leaks, and to tune the threshold."""

JUDGED = 100_000
"""Test rows that are held and judge the model, about."""

LOOKS = 0x4C4F4F4B
"""Parts the rows that are held from those of a sample."""


@dataclass(frozen=True)
class Stream:
    """Rows from which an estimator learns a row group at a time."""

    rows: Rows
    columns: Columns
    target: str
    counts: Counts
    epochs: int
    seed: int
    pipeline: Pipeline
    """Its preparation is fitted, its estimator is not."""
    classes: npt.NDArray[Any] | None
    """All classes of the training rows, sorted; None for numbers."""
    rarest: int
    """Training rows of the rarest class."""
    held: Part
    """Training rows that are held."""
    hashes: Hashes
    """Of these rows (n,)."""

    def learn(self, left_out: float = 0.0) -> Pipeline:
        """The pipeline, fitted to the training rows in the order of the table, `epochs` times.

        Args:
            left_out: share of the training rows that it does not learn from, by their hash.

        Raises:
            ModelError: the estimator refuses the data or the options.
        """
        prepare, model = self.pipeline["prepare"], clone(self.pipeline["model"])
        first = {} if self.classes is None else {"classes": self.classes}
        with explain_refusal(type(model).__name__, "fitted to", self.counts.sides["train"]):
            for table in self._list_training(left_out):
                weights = find_role_column(table, self.columns, "weight")
                weighed = {} if weights is None else {"sample_weight": weights.cast(pa.float64()).to_numpy()}
                cells = prepare.transform(self._make_frame(table))
                model.partial_fit(cells, read_target(table, self.target), **first, **weighed)
                first = {}
        return Pipeline([("prepare", prepare), ("model", model)])

    def pick_held(self, share: float) -> Part:
        """The training rows that are held and that `learn` leaves out with this share."""
        return self.held.take(np.flatnonzero(choose_share(self.hashes, share)))

    def list_frames(self) -> Iterator[pd.DataFrame]:
        """The inputs of all rows of both sides, a row group at a time."""
        for table in list_tables(self.rows, self.columns, self.target):
            if table.num_rows:
                yield self._make_frame(table)

    def _list_training(self, left_out: float) -> Iterator[pa.Table]:
        for _ in range(self.epochs):
            for table in list_tables(self.rows, self.columns, self.target):
                rows = table.filter(pc.equal(table.column(SPLIT), "train"))
                if left_out:
                    rows = rows.filter(pa.array(~choose_share(hash_held(rows, self.rows.hashed, self.seed), left_out)))
                if rows.num_rows:
                    yield rows

    def _make_frame(self, table: pa.Table) -> pd.DataFrame:
        return make_frame(table.select(find_columns(self.columns)[1]), self.columns)


def hash_held(table: pa.Table, names: list[str], seed: int) -> Hashes:
    """The hash by which rows are held (rows,)."""
    return hash_rows(table, names, seed ^ LOOKS)


def open_stream(
    rows: Rows, columns: Columns, estimator: BaseEstimator, *, epochs: int, seed: int, as_classes: bool
) -> tuple[Split, Stream]:
    """The rows that are held of both sides, and the stream of all training rows, its preparation fitted.

    Args:
        rows: with the declared columns and `split`.
        columns: the recipe's schema.
        estimator: with partial_fit, not fitted.
        epochs: how often it learns from each row.
        seed: of the recipe.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        ModelError: columns, rows and estimator do not go together.
    """
    target, _ = check_columns(rows, columns, as_classes=as_classes)
    counts = count_rows(rows, columns, target)
    survey = Survey(columns)
    sides = {
        "train": _Held(target, LOOKED_AT / counts.sides["train"], as_classes=as_classes),
        "test": _Held(target, JUDGED / counts.sides["test"], as_classes=as_classes),
    }
    for table in list_tables(rows, columns, target):
        for side, held in sides.items():
            found = table.filter(pc.equal(table.column(SPLIT), side))
            held.add(found, hash_held(found, rows.hashed, seed))
            if side == "train":
                survey.add(make_frame(found.select(survey.inputs), columns))
    train, test = (read_part(held.join(), columns, target) for held in sides.values())
    classes = np.array(sorted(sides["train"].classes)) if as_classes else None
    stream = Stream(
        rows=rows,
        columns=columns,
        target=target,
        counts=counts,
        epochs=epochs,
        seed=seed,
        pipeline=survey.fit(build_pipeline(columns, estimator, scale=takes_negatives(estimator))),
        classes=classes,
        rarest=min(sides["train"].classes.values(), default=0),
        held=train,
        hashes=np.concatenate(sides["train"].hashes),
    )
    require_weighable(stream, estimator)
    _fit_scales(stream)
    split = Split(train, test, counts.without_target, counts.without_weight, learned=counts.sides["train"])
    return split, stream


class _Held:
    """The rows of a side that are held: a share by their hash, and the first one of each class."""

    def __init__(self, target: str, share: float, *, as_classes: bool) -> None:
        self.classes: dict[Any, int] = {}
        """Class -> rows of this side."""
        self.hashes: list[Hashes] = []
        self._tables: list[pa.Table] = []
        self._target, self._share, self._as_classes = target, share, as_classes

    def add(self, table: pa.Table, hashes: Hashes) -> None:
        """The next rows of the side."""
        chosen = choose_share(hashes, self._share)
        if self._as_classes and table.num_rows:
            found, places, counts = np.unique(read_target(table, self._target), return_index=True, return_counts=True)
            for label, place, many in zip(found.tolist(), places.tolist(), counts.tolist(), strict=True):
                chosen[place] |= label not in self.classes
                self.classes[label] = self.classes.get(label, 0) + many
        self._tables.append(table.filter(pa.array(chosen)))
        self.hashes.append(hashes[chosen])

    def join(self) -> pa.Table:
        """All rows that are held."""
        return pa.concat_tables(self._tables)


def takes_negatives(estimator: BaseEstimator) -> bool:
    """Whether an estimator takes numbers below zero, as scaled ones are."""
    return not get_tags(estimator).input_tags.positive_only


def require_weighable(stream: Stream, estimator: Any) -> None:
    """Make sure that rows can be weighed where a column has the role weight.

    Raises:
        ModelError: they cannot.
    """
    if stream.held.weights is not None and "sample_weight" not in inspect.signature(estimator.partial_fit).parameters:
        raise ModelError(
            f"{type(estimator).__name__}.partial_fit takes no sample_weight, and a column has the role weight",
            next_step='Choose another estimator, or give the column role = "ignore".',
        )


def _fit_scales(stream: Stream) -> None:
    """Fit the scales of the preparation to all training rows, by StandardScaler.partial_fit."""
    scaled = [
        (steps, names)
        for _, steps, names in stream.pipeline["prepare"].transformers_
        if "scale" in getattr(steps, "named_steps", {})
    ]
    if not scaled:
        return
    scales = [clone(steps["scale"]) for steps, _ in scaled]
    for table in replace(stream, epochs=1)._list_training(0.0):
        frame = stream._make_frame(table)
        for scale, (steps, names) in zip(scales, scaled, strict=True):
            cells = steps[:-1].transform(frame[names]) if len(steps.steps) > 1 else frame[names]
            scale.partial_fit(cells)
    for scale, (steps, _) in zip(scales, scaled, strict=True):
        steps.steps[-1] = ("scale", scale)
