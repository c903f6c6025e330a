"""Whether a table fits in memory while an estimator learns from it, and what to do where it does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sklearn.base import ClassifierMixin

from model.parameters import EstimatorParameters
from model.training.estimator.memory.choice import FLOAT32
from model.training.estimator.memory.room import Room, find_room
from model.training.estimator.memory.source import Rows
from model.training.estimator.resolve import find_estimator
from relay.handoff.column import Column
from relay.handoff.errors import ModelError
from relay.handoff.wording import count, show_bytes

BYTES_PER_INPUT = {"normal": 55, "float32": 16}
"""Bytes per row and input that a training takes at its peak; measured by `python -m benchmarks large_tables`."""

BYTES_PER_ROW = {"normal": 80, "float32": 40}
"""Bytes per row beside the inputs: target, split, figures of test rows."""

BYTES_PER_WORD = 150
"""Bytes per row and input of categories, whose texts are objects for a while."""

LEAST = 0.5
"""Share of the estimate that any training takes: only a table that is surely too large is refused before it is read."""


@dataclass(frozen=True)
class Need:
    """What a training takes."""

    rows: int
    inputs: int
    row_bytes: int

    @property
    def bytes(self) -> int:
        """Of all rows."""
        return self.rows * self.row_bytes


def estimate(rows: int, columns: Mapping[str, Column], memory: str) -> Need:
    """What a training on some rows takes at its peak, beside the program itself.

    Args:
        rows: how many are read.
        columns: the recipe's schema.
        memory: `normal` or `float32`.
    """
    inputs = [column for column in columns.values() if column.role == "input"]
    words = sum(column.type == "category" for column in inputs)
    row_bytes = BYTES_PER_ROW[memory] + BYTES_PER_INPUT[memory] * (len(inputs) - words) + BYTES_PER_WORD * words
    return Need(rows, len(inputs), row_bytes)


@contextmanager
def require_room(rows: Rows, columns: Mapping[str, Column], parameters: EstimatorParameters) -> Iterator[None]:
    """Make sure that a training has enough memory: before it reads its rows, and where it runs out of it.

    Args:
        rows: that the training reads.
        columns: the recipe's schema.
        parameters: its model section.

    Raises:
        ModelError: it has not; says how many rows fit and what to write into the recipe.
    """
    if parameters.memory not in BYTES_PER_ROW:
        yield
        return
    need, room = estimate(rows.count, columns, parameters.memory), find_room()
    if room is not None and LEAST * need.bytes > room.bytes:
        raise ModelError(_say(need, room, is_estimate=True), next_step=_list_ways(need, room, columns, parameters))
    try:
        yield
    except MemoryError:
        room = room or Room(need.bytes, "")
        raise ModelError(
            _say(need, room, is_estimate=False), next_step=_list_ways(need, room, columns, parameters)
        ) from None


def _say(need: Need, room: Room, *, is_estimate: bool) -> str:
    table = f"{count(need.rows, 'row')} with {count(need.inputs, 'input')}"
    found = "did not fit in memory while the model learned"
    if is_estimate:
        found = f"take about {show_bytes(need.bytes)} of memory while the model learns"
    limit = f"{show_bytes(room.bytes)} were free ({room.limit})" if room.limit else "no limit is known"
    return f"{table} {found}; {limit}, which is enough for about {_count_fitting(need, room):,} rows"


def _count_fitting(need: Need, room: Room) -> int:
    """Rows that fit, at two digits; fewer than were tried."""
    fitting: int = min(room.bytes // need.row_bytes, int(0.9 * need.rows))
    unit: int = 10 ** max(0, len(str(fitting)) - 2)
    return max(1, fitting // unit * unit)


def _list_ways(need: Need, room: Room, columns: Mapping[str, Column], parameters: EstimatorParameters) -> str:
    """What to write into the recipe, a line for each way out."""
    ways = [f"`sample_rows = {_count_fitting(need, room)}` trains on a sample"]
    if "." in parameters.estimator:
        kind = find_estimator(parameters.estimator)
        suffix = "Classifier" if issubclass(kind, ClassifierMixin) else "Regressor"
        if parameters.memory == "normal":
            narrow = estimate(need.rows, columns, "float32")
            by_name = "" if kind in FLOAT32 else f'`estimator = "sklearn.ensemble.HistGradientBoosting{suffix}"` and '
            fits = f"about {_count_fitting(narrow, room):,} rows fit" if narrow.bytes > room.bytes else "all rows fit"
            ways.append(f'{by_name}`memory = "float32"` halves the numbers ({fits})')
        by_name = "" if hasattr(kind, "partial_fit") else f'`estimator = "sklearn.linear_model.SGD{suffix}"` and '
        ways.append(f'{by_name}`memory = "stream"` learns by row groups (any number of rows)')
    return f"Give the process more memory, or write into [model]: {'; or '.join(ways)}. See docs/large-tables.md"
