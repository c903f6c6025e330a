"""The values that made-up rows may have in a column of numbers."""

from relay.handoff.recipe import Column

DEFAULT_WIDTH = 1.0


def find_range(column: Column) -> tuple[float, float]:
    """The smallest and the largest value to draw: as declared, and from 0 or 1 wide where an end is not."""
    if column.min is not None:
        return column.min, column.min + DEFAULT_WIDTH if column.max is None else column.max
    high = DEFAULT_WIDTH if column.max is None else column.max
    return min(0.0, high - DEFAULT_WIDTH), high
