"""What is known of a table's columns after one pass over all of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True)
class Cells:
    """How many cells can be read in one way, and an example of those that cannot."""

    fits: int
    misses: int
    """Cells that are neither empty nor one of the column's missing words, and cannot be read so."""
    examples: tuple[str, ...] = ()
    """Up to three different cells of `misses`, as they are written."""


@dataclass(frozen=True)
class Histogram:
    """How a numeric column is distributed: `counts[i]` cells lie from `edges[i]` to `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ColumnProfile:
    """One column: what its cells are, before anyone decides its type."""

    name: str
    """As the source has it."""
    rows: int
    empty: int
    """Cells without a character, or with blanks only, or null in a typed source."""
    arrow_type: str = "string"
    """The type that the source itself gives it: `string` where it gives texts."""
    missing_words: Mapping[str, int] = field(default_factory=dict)
    """Word that often means "no value" (NA, null, ?, -999, ERR, …) -> cells that are it. Numbers among them, such as
    -999, are listed where they lie far from all others, and count as numbers everywhere else."""
    ways: Mapping[str, Cells] = field(default_factory=dict)
    """Way to read -> how many cells it fits, missing words not counted: `int`, `float` (decimal dot), `float,` (decimal
    comma), `int.` and `int,` (grouped by that mark), `float,.` (decimal comma, grouped by dots), `bool`, `time:` (as a
    recipe without a format reads it), and `time:FORMAT` for each format that fits. The cells of a way with marks are
    those that are grouped as people write them, so that `1250` does not fit `int.`."""
    leading_zeros: int = 0
    """Cells such as 007."""
    exponents: int = 0
    """Cells such as 1E5 without a dot."""
    beyond_double: int = 0
    """Whole numbers beyond 2^53."""
    shortest: int = 0
    longest: int = 0
    """Characters of the shortest and the longest cell that is not empty."""
    mean_words: float = 0.0
    distinct: int = 0
    """Different cells that are not empty, exact up to `DISTINCT_LIMIT`, then an estimate."""
    is_distinct_exact: bool = True
    most_frequent: tuple[tuple[str, int], ...] = ()
    """Up to 20 cells with their counts, the most frequent first."""
    quantiles: tuple[float, ...] = ()
    """0, 5, 25, 50, 75, 95 and 100 % of a numeric column; empty for others. Exact minimum and maximum, the rest from a
    sample where there are many rows."""
    histogram: Histogram | None = None
    is_sorted: bool = False
    """Whether the cells never get smaller, read as numbers or times."""
    sorted_as: tuple[str, ...] = ()
    """The ways in which the cells never get smaller, such as `time:%d/%m/%Y`."""
    shapes: Mapping[str, int] = field(default_factory=dict)
    """How cells are written, with 9 for digits and a for letters, such as `9,9 €` -> cells; the 20 most frequent."""
    fractions: int = 0
    """Cells that are a number whose dot can only be a decimal mark, and no whole number: 1.5, not 2.0. 0: none is."""
    dots: int = 0
    """Cells that are a number with a dot."""
    words: int = 0
    """Cells that are neither empty, nor a missing word, nor a number by any marks."""
    seen: tuple[str, ...] = ()
    """What the reading library saw in dates, such as "day first"."""
    united: "United | None" = None
    """Where most cells are numbers beside one unit: what they are without it."""

    @property
    def filled(self) -> int:
        """Cells that are not empty."""
        return self.rows - self.empty


@dataclass(frozen=True)
class United:
    """A column of numbers with a unit, such as `$` before or `%` behind them."""

    prefix: str
    suffix: str
    cells: int
    """Those with the unit."""
    bare: ColumnProfile
    """The column as it is without it."""


@dataclass(frozen=True)
class TableProfile:
    """All columns, and rows to look at."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    sample: pa.Table
    """Up to `SAMPLE_ROWS` rows spread evenly over the whole table, as the source has them (texts, or its own types)."""
    head: pa.Table
    """The first 20 rows."""
    duplicate_rows: int = 0
    """Rows that equal an earlier one in every cell; counted in the sample where there are many rows."""
    is_duplicate_exact: bool = True
    last: pa.Table = field(default_factory=lambda: pa.table({}))
    """The last 20 rows."""


SAMPLE_ROWS = 100_000
DISTINCT_LIMIT = 100_000
