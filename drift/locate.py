"""Where a shift lies: a factor by which some values are too large, a segment of rows that has grown or shrunk."""

from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt

from drift.columns import Columns
from drift.profile import ColumnProfile


@dataclass(frozen=True)
class Factor:
    """Some values look multiplied.

    Attributes:
        column: Name of the column.
        factor: What they look multiplied by, such as 12 or 1/12.
        share: Share of the rows with a value that look so.
        low: Lower end of the 95 % interval of the share.
        high: Upper end.
        text: In words: "5 % of rows look x12".
    """

    column: str
    factor: float
    share: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class Condition:
    """One condition of a segment.

    Attributes:
        column: Name of the column.
        relation: How its values lie to the border; "is missing" and "is present" have none.
        border: A number for "<=" and ">", a category for "is" and "is not".
        or_missing: Rows without a value are in the segment as well.
    """

    column: str
    relation: Literal["<=", ">", "is", "is not", "is missing", "is present"]
    border: float | str | None
    or_missing: bool = False


@dataclass(frozen=True)
class Segment:
    """Rows whose share has changed.

    Attributes:
        conditions: One or two, of which all hold.
        text: In words: "age <= 29.5 and MonthlyIncome > 4000".
        before: Share in the reference rows that were held out.
        now: Share in the rows of the block that were held out.
        low: Lower end of the 95 % interval of `now`.
        high: Upper end.
        before_low: Lower end of the 95 % interval of `before`.
        before_high: Upper end.
    """

    conditions: tuple[Condition, ...]
    text: str
    before: float
    now: float
    low: float
    high: float
    before_low: float
    before_high: float


def find_factor(column: ColumnProfile, reference: npt.ArrayLike | None, block: npt.ArrayLike) -> Factor | None:
    """The factor by which some values of a block look multiplied; None if none explains the shift.

    Args:
        column: Profile of the column.
        reference: Its values in the reference rows (rows,); None where none are kept: the profile's bins are used.
        block: Its values in the block (rows,).
    """
    del column, reference, block  # no factor is searched for yet
    return None


def find_segment(reference: Columns, block: Columns, seed: int) -> Segment | None:
    """The segment whose share has changed most, grown on half of the rows and held out on the rest, if any.

    Args:
        reference: Reference rows.
        block: Rows of the block, the same columns.
        seed: Of samples and halves: the same seed gives the same segment.
    """
    del reference, block, seed  # no segment is searched for yet
    return None
