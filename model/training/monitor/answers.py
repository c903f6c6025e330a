"""Answers to frames of rows, as a server gives them: by the ONNX file where there is one."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from model.training.monitor.build import Answer
from relay.registry.contract import ONNX_FILE, Contract
from relay.registry.predictions import Predictions, predict_frame, read_outputs

BATCH = 5_000
"""Rows that are answered at once."""


def choose_answer(contract: Contract, model: Any, files: Mapping[str, bytes]) -> Answer:
    """How rows are answered.

    Args:
        contract: of the model.
        model: fitted.
        files: name -> content of the model file and of the ONNX file, if any.
    """
    onnx = None
    if ONNX_FILE in files:
        from relay.registry.onnx_file import open_onnx

        onnx = open_onnx(files[ONNX_FILE])

    def answer(frame: pd.DataFrame) -> Predictions:
        found = []
        for rows in _cut(frame):
            if onnx is not None:
                found.append(read_outputs(contract, onnx.predict(rows.to_numpy(np.float64))))
            else:
                found.append(predict_frame(contract, model, rows))
        return _join(found)

    return answer


def _cut(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), BATCH):
        yield frame.iloc[start : start + BATCH]


def _join(found: list[Predictions]) -> Predictions:
    shares = [one.probabilities for one in found]
    return Predictions(
        [answer for one in found for answer in one.predictions],
        None if None in shares else [share for part in shares if part is not None for share in part],
    )
