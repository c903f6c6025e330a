"""Transformers that were fitted on all rows before these were divided."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adopt.notebooks.records import Kind, Statement
from adopt.notebooks.slices import SPLITTING, Flow

CODES = re.compile(r"(^|\.)(Label|OneHot|Ordinal)\w*$")
"""Transformers that only number or spread categories: the test rows have no influence on the training rows."""
CLASSES = re.compile(
    r"(Scaler|Imputer|Vectorizer|(Power|Quantile|Column)Transformer|Discretizer|Encoder|PCA|SVD|SelectKBest)$"
)
"""Names of classes by which a transformer is known that no name holds: `StandardScaler().fit_transform(X)`."""
FITTING = ("fit", "fit_transform")


@dataclass(frozen=True)
class Leak:
    """A fit on all rows."""

    statement: int
    transformer: str
    """Its name, or its class where no name holds it."""
    split: int
    """The first statement that divides the rows afterwards."""


def find_leaks(flow: Flow, needed: Sequence[Statement]) -> Iterator[Leak]:
    """The fits on all rows among the statements that the results need."""
    dividing = [
        (one, flow.close([one.index]))
        for one in needed
        if SPLITTING.search(one.text) and not one.is_import and not one.is_definition
    ]
    for statement in needed:
        behind = [one.index for one, before in dividing if statement.index in before and one is not statement]
        fitted = _find_fitted(statement) if behind else ""
        if fitted:
            yield Leak(statement.index, fitted, behind[0])


def _find_fitted(statement: Statement) -> str:
    for name, value in statement.record.values.items():
        if value.kind is Kind.TRANSFORMER and value.is_fitted and not CODES.search(value.type):
            return name
    if statement.is_definition:
        return ""
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FITTING:
            made = node.func.value.func if isinstance(node.func.value, ast.Call) else None
            name = made.id if isinstance(made, ast.Name) else made.attr if isinstance(made, ast.Attribute) else ""
            if CLASSES.search(name) and not CODES.search(name):
                return name
    return ""
