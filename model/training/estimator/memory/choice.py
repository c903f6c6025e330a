"""Which estimators can learn from rows that are not held as doubles."""

from typing import Any

from model.training.estimator.onnx.trees import AVERAGED, BOOSTED, HISTOGRAM, SINGLE
from relay.handoff.errors import ModelError
from relay.handoff.wording import list_words

FLOAT32 = (*HISTOGRAM, *AVERAGED, *BOOSTED, *SINGLE)
"""Trees only compare their inputs, so what they learn from float32 holds for the same numbers as doubles."""


def require_memory(memory: str, estimator: Any) -> None:
    """Make sure that an estimator can learn from rows that are held so.

    Args:
        memory: `[model] memory`.
        estimator: not fitted.

    Raises:
        ModelError: it cannot; names the ones that can.
    """
    if memory == "stream" and not callable(getattr(estimator, "partial_fit", None)):
        raise ModelError(
            f'[model] memory = "stream": {type(estimator).__name__} has no partial_fit; expected an estimator '
            "that learns from some rows after others, such as sklearn.linear_model.SGDClassifier and SGDRegressor",
            next_step='Choose one of them, or memory = "normal" with sample_rows.',
        )
    if memory == "float32" and type(estimator) not in FLOAT32:
        names = list_words(kind.__name__ for kind in FLOAT32)
        raise ModelError(
            f'[model] memory = "float32": {type(estimator).__name__} computes with its inputs; expected an '
            f"estimator of trees, which only compares them: {names}",
            next_step='Choose one of them, or memory = "normal" with sample_rows.',
        )
