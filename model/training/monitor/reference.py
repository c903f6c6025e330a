"""`reference.parquet`: a sample of the test rows, with what the model answered and what was true."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from relay.registry.watched import SCORE, TARGET, WEIGHT, Answers, name_kept


def choose_rows(rows: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of at most so many of the rows, drawn by the seed, increasing (n,)."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def divide_rows(rows: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two halves of the rows, drawn by the seed, each increasing: one for the borders, one to be counted."""
    drawn = np.random.default_rng(seed).permutation(rows)
    return np.sort(drawn[: rows // 2]), np.sort(drawn[rows // 2 :])


def tabulate_reference(
    inputs: pd.DataFrame, answers: Answers, target: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None
) -> pa.Table:
    """The kept rows as a table: each input, `(score)`, `(predicted)`, `(target)` and `(weight)`, those there are.

    Args:
        inputs: (rows, inputs), as the model takes them.
        answers: of the model to them.
        target: what is true (rows,).
        weights: how much each counts (rows,).
    """
    kept = name_kept([str(name) for name in inputs])
    columns: dict[str, Any] = {name: _to_arrow(cells) for name, (_, cells) in zip(kept, inputs.items(), strict=True)}
    if answers.score is not None:
        columns[SCORE] = pa.array(answers.score)
    columns |= {one.name: pa.array(one.values.tolist(), pa.string()) for one in answers.columns}
    columns[TARGET] = pa.array(target.tolist())
    if weights is not None:
        columns[WEIGHT] = pa.array(weights)
    return pa.table(columns)


def _to_arrow(cells: pd.Series) -> pa.Array:
    if cells.dtype.kind == "M":
        return pa.array(cells, pa.timestamp("us", tz="UTC"), from_pandas=True)
    if cells.dtype.kind == "f":
        return pa.array(cells.to_numpy(), pa.float64(), from_pandas=True)
    return pa.array(cells.tolist(), pa.string(), from_pandas=True)
