"""Counts of records that were refused, as the log keeps them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 100_000
"""Of the table; older ones make room."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Some seconds of one reason for one version."""

    at_unix: float
    """Of the first request."""
    model: str
    version: str
    kind: str
    """Of the problem, such as `invalid-records`."""
    requests: int
    records: int
    """That were named in the answers, at least one a request."""
    by_column: Mapping[str, int]
    """Column -> records in which it was wrong; `(other)` for what is no column of the model."""


def list_refused(rows: Sequence[Refused]) -> list[tuple[Any, ...]]:
    """The values as a database takes them, in the order of the table's columns behind `seq`."""
    return [
        (row.at_unix, row.model, row.version, row.kind, row.requests, row.records, json.dumps(dict(row.by_column)))
        for row in rows
    ]
