"""Contracts for model files that no training made."""

import hashlib
from typing import Any

from relay.handoff.column import Column
from relay.registry.contract import MODEL_FILE, Contract, Example, Score


def make_contract(name: str, content: bytes, **changes: Any) -> Contract:
    """A contract for a model file of some bytes."""
    column = Column(type="float", role="input")
    whole = Contract(
        model=name,
        recipe=name,
        title="A line",
        description="",
        task="regression",
        estimator="LinearRegression",
        inputs={"x": column},
        target="y",
        target_column=Column(type="float", role="target"),
        classes=[],
        gives_probabilities=False,
        threshold=None,
        base_rate=None,
        spread=1.0,
        score=Score(name="r2", value=0.9, baseline=0.0, lower_is_better=False),
        segments=[],
        example=Example(records=[{"x": 1.0}], predictions=[3.0], probabilities=None),
        files={MODEL_FILE: hashlib.sha256(content).hexdigest()},
    )
    return whole.model_copy(update=changes)
