"""Where a shift lies: a factor by which some values are too large, a segment of rows that has grown or shrunk."""

from drift.factor import Factor, find_factor
from drift.segment import Condition, Segment, find_segment

__all__ = ["Condition", "Factor", "Segment", "find_factor", "find_segment"]
