"""Times of the log and of the monitor's store: a damaged file may hold any numbers."""

from typing import Annotated, TypeGuard

from pydantic import Field

EARLIEST_UNIX, LATEST_UNIX = -30_610_224_000.0, 221_845_392_000.0
"""Where the years 1000 and 9000 begin, in seconds since 1970: calendars end at 9999, and a plot needs a margin."""

Unix = Annotated[float, Field(ge=EARLIEST_UNIX, le=LATEST_UNIX)]
"""A time of a report."""


def is_moment(value: object) -> TypeGuard[float]:
    """Whether a value is a time: seconds since 1970 of a year from 1000 on, before 9000."""
    return isinstance(value, int | float) and EARLIEST_UNIX <= value <= LATEST_UNIX


def read_moment(value: object) -> float:
    """A time of a store, checked as by `is_moment`.

    Raises:
        ValueError: it is out of this range.
    """
    if not is_moment(value):
        raise ValueError(f"the time {value!r}, expected seconds since 1970 of a year from 1000 to 8999")
    return float(value)
