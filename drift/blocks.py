"""The test of a block of rows against the profile: all columns and the score at one level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from drift.column_profile import ColumnCounts, ColumnProfile
from drift.errors import DriftError
from drift.homogeneity import NOTHING, anderson_darling, chi_square, compare_shares
from drift.profile import Profile
from drift.psi import Psi, measure_psi

What: TypeAlias = Literal["values", "missing", "new"]
LEAST_BLOCK = 100
"""Rows below which a block says nothing, neither for drift nor against it."""


@dataclass(frozen=True)
class ColumnTest:
    """The tests of one column.

    Attributes:
        name: Name of the column.
        what: What moved most: "values", the share of "missing" ones, or of "new" categories.
        p: The smallest p-value of the column, not adjusted.
        ad: p of the Anderson-Darling test; 1 for categories.
        chi2: p of the chi-square test.
        missing: p of the share of missing values.
        new: p of the share of new categories; 1 for numbers.
        psi: Population stability index over at most ten bins.
        reference_share: Share that `what` speaks of in the reference (missing or new); None for values.
        block_share: The same in the block.
    """

    name: str
    what: What
    p: float
    ad: float
    chi2: float
    missing: float
    new: float
    psi: Psi
    reference_share: float | None
    block_share: float | None


@dataclass(frozen=True)
class BlockResult:
    """The test of a block.

    Attributes:
        p: Smallest p-value of all tests, times their number, at most 1: the block's own p-value.
        alpha: Level.
        tests: Number of tests: three per column and one of the score.
        rows: Rows of the block.
        columns: Tests of each column, strongest evidence first.
        score: Tests of the score, of which only `ad` counts; None without one.
    """

    p: float
    alpha: float
    tests: int
    rows: int
    columns: tuple[ColumnTest, ...]
    score: ColumnTest | None

    @property
    def has_moved(self) -> bool:
        """Whether the block differs from the reference at the level."""
        return self.p <= self.alpha

    @property
    def is_too_small(self) -> bool:
        """Whether the block has too few rows to say anything."""
        return self.rows < LEAST_BLOCK


def test_block(
    profile: Profile,
    counts: Mapping[str, ColumnCounts],
    score_counts: ColumnCounts | None,
    *,
    alpha: float,
) -> BlockResult:
    """Tests each column and the score of a block of rows; without a shift `has_moved` is true in at most `alpha`.

    Per column: Anderson-Darling of the fine bins (of categories: the share of new ones), chi-square of the coarse bins
    (of categories: of the values), and the share of missing values. Of the score: Anderson-Darling. Bonferroni over
    all of them.

    Args:
        profile: Of the training.
        counts: Column -> counts of the block, by `Profile.count`, for every column of the profile.
        score_counts: Counts of the block's scores.
        alpha: Level of the whole block.

    Raises:
        DriftError: Counts of a column are missing.
    """
    missing = [column.name for column in profile.columns if column.name not in counts]
    if missing:
        raise DriftError(f"there are no counts of {', '.join(missing)}, which the profile has")
    columns = [test_column(column, counts[column.name]) for column in profile.columns]
    score = None
    if profile.score is not None and score_counts is not None:
        score = test_column(profile.score, score_counts)
    rows = max((count.rows for count in [*counts.values(), *([score_counts] if score_counts else [])]), default=0)
    return join_tests(columns, score, rows, alpha=alpha)


def join_tests(columns: Sequence[ColumnTest], score: ColumnTest | None, rows: int, *, alpha: float) -> BlockResult:
    """The result of a block whose columns were tested one by one.

    Args:
        columns: Tests of every column of the profile.
        score: Tests of the score.
        rows: Rows of the block.
        alpha: Level of the whole block.
    """
    ordered = sorted(columns, key=lambda test: (test.p, -test.psi.raw))
    every = [*(test.p for test in ordered), *([] if score is None else [score.ad])]
    tests = 3 * len(ordered) + (score is not None)
    return BlockResult(min(1.0, min(every, default=1.0) * tests), alpha, tests, rows, tuple(ordered), score)


def test_column(column: ColumnProfile, block: ColumnCounts) -> ColumnTest:
    """The tests of one column: the counts of the test rows against those of the block."""
    reference = column.test_counts
    is_number = column.kind == "number"
    ad = anderson_darling(reference.fine, block.fine) if is_number else NOTHING
    chi2 = chi_square(reference.coarse, block.coarse, column.kind)
    missing = compare_shares((reference.missing, reference.rows), (block.missing, block.rows))
    new = compare_shares((reference.new, reference.rows), (block.new, block.rows))
    found: dict[What, float] = {"values": min(ad.p, chi2.p), "missing": missing.p, "new": new.p}
    what = min(found, key=lambda name: found[name])
    hits = {"missing": (reference.missing, block.missing), "new": (reference.new, block.new)}.get(what)
    return ColumnTest(
        name=column.name,
        what=what,
        p=found[what],
        ad=ad.p,
        chi2=chi2.p,
        missing=missing.p,
        new=new.p,
        psi=measure_psi(reference.psi, block.psi),
        reference_share=hits[0] / reference.rows if hits and reference.rows else None,
        block_share=hits[1] / block.rows if hits and block.rows else None,
    )
