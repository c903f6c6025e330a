"""The tests of two rows of counts, against SciPy, published tables and permutations."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import _morestats

from drift.columns import Kind
from drift.homogeneity import anderson_darling, chi_square, compare_shares, hypergeometric, tail_of_sum


def count(values: np.ndarray, bins: int) -> np.ndarray:
    return np.bincount(values, minlength=bins)


@pytest.mark.parametrize("seed", range(5))
def test_the_anderson_darling_statistic_is_that_of_scipy_with_ties(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.binomial(6, 0.5, 4_000), random.binomial(6, 0.52, 1_500)
    pooled = np.sort(np.concatenate([one, other]))
    expected = _morestats._anderson_ksamp_right(
        [one, other], pooled, np.unique(pooled), 2, np.array([len(one), len(other)]), len(pooled)
    )
    assert anderson_darling(count(one, 7), count(other, 7)).statistic == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("point", "tail"), [(1.933, 0.10), (2.492, 0.05), (3.070, 0.025), (3.857, 0.01)])
def test_the_tail_of_the_limit_is_that_of_the_published_table(point: float, tail: float) -> None:
    """Anderson and Darling 1954, JASA 49, p. 768; Stephens 1974, JASA 69, table 1 (case 0)."""
    numbers = np.arange(1, 400)
    assert tail_of_sum(point, np.diag(1 / (numbers * (numbers + 1)))) == pytest.approx(tail, rel=0.06)


@pytest.mark.parametrize("freedom", [1, 3, 40])
def test_the_tail_of_equal_weights_is_a_chi_square(freedom: int) -> None:
    for point in (1.0, 10.0, 80.0):
        assert tail_of_sum(point, np.eye(freedom)) == pytest.approx(stats.chi2.sf(point, freedom), rel=1e-9)


def test_the_anderson_darling_p_is_that_of_permutations() -> None:
    random = np.random.default_rng(4)
    pooled = random.binomial(12, 0.4, 900)
    labels = np.arange(900) < 300
    actual, larger, tries = anderson_darling(count(pooled[labels], 13), count(pooled[~labels], 13)), 0, 3_000
    for _ in range(tries):
        drawn = random.permutation(labels)
        other = anderson_darling(count(pooled[drawn], 13), count(pooled[~drawn], 13))
        larger += other.statistic >= actual.statistic
    low, high = stats.binom.interval(0.9999, tries, min(max(actual.p, 1e-3), 0.999))
    assert low - 0.01 * tries <= larger <= high + 0.01 * tries


def test_chi_square_is_that_of_scipy_where_no_bins_are_joined() -> None:
    ours, theirs = np.array([400, 300, 200, 100]), np.array([90, 90, 60, 20])
    expected = stats.chi2_contingency(np.stack([ours, theirs]), correction=False)
    actual = chi_square(ours, theirs, "number")
    assert (actual.statistic, actual.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_chi_square_joins_neighbours_until_five_are_expected() -> None:
    ours, theirs = np.array([1, 2, 500, 3, 400, 94, 0]), np.array([1, 0, 60, 0, 30, 9, 0])
    joined = np.array([[503, 403, 94], [61, 30, 9]])
    expected = stats.chi2_contingency(joined, correction=False)
    assert chi_square(ours, theirs, "number").statistic == pytest.approx(expected.statistic)


def test_chi_square_joins_rare_categories_wherever_they_are() -> None:
    ours, theirs = np.array([500, 3, 400, 2, 95]), np.array([60, 1, 30, 0, 9])
    joined = np.array([[500, 400, 100], [60, 30, 10]])
    expected = stats.chi2_contingency(joined, correction=False)
    assert chi_square(ours, theirs, "category").statistic == pytest.approx(expected.statistic)


@pytest.mark.parametrize("kind", ["number", "category"])
def test_two_bins_are_compared_exactly(kind: Kind) -> None:
    """A rare flag: 1 % of 20,000 rows, and 9 of 100."""
    table = stats.hypergeom(20_100, 209, 100)
    expected = 2 * table.sf(8)
    assert chi_square([19_800, 200], [91, 9], kind).p == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("found", "drawn", "hits", "rows"),
    [
        (0, 100, 5, 20_000),
        (9, 100, 209, 20_100),
        (30, 30, 900, 1_000),
        (5, 10, 990, 1_000),
        (5, 10, 995, 1_000),
        (1, 1, 1, 2),
    ],
)
def test_a_rare_share_has_the_doubled_tail_of_scipys_hypergeometric(
    found: int, drawn: int, hits: int, rows: int
) -> None:
    table = stats.hypergeom(rows, hits, drawn)
    expected = min(1.0, 2 * min(table.cdf(found), table.sf(found - 1)))
    assert hypergeometric(found, drawn=drawn, hits=hits, rows=rows) == pytest.approx(expected, rel=1e-8)


def test_a_frequent_share_has_the_p_of_the_normal_distribution() -> None:
    actual = compare_shares((20_000, 100_000), (10_300, 50_000))
    share = 30_300 / 150_000
    z = (0.206 - 0.2) / np.sqrt(share * (1 - share) * (1 / 100_000 + 1 / 50_000))
    assert (actual.statistic, actual.p) == pytest.approx((z, 2 * stats.norm.sf(z)))


def test_the_exact_and_the_normal_share_meet() -> None:
    exact = hypergeometric(2_350, drawn=10_000, hits=46_000, rows=210_000)
    assert compare_shares((43_650, 200_000), (2_350, 10_000)).p == pytest.approx(exact, rel=0.25)


def test_a_share_has_the_same_p_whichever_side_is_the_smaller() -> None:
    assert compare_shares((9, 100), (200, 20_000)).p == pytest.approx(compare_shares((200, 20_000), (9, 100)).p)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([0], [0]), ([10], [10]), ([0, 0], [0, 0]), ([100, 0], [50, 0]), ([3, 1], [1, 3]), ([], []), ([9, 9], [0, 0])],
)
def test_nothing_to_compare_is_a_p_of_one(ours: list[int], theirs: list[int]) -> None:
    assert anderson_darling(ours, theirs).p == 1.0
    assert (chi_square(ours, theirs, "number").p, chi_square(ours, theirs, "category").p) == (1.0, 1.0)


@pytest.mark.parametrize("shares", [((0, 0), (0, 5)), ((0, 9), (0, 5)), ((9, 9), (5, 5)), ((1, 9), (0, 0))])
def test_a_share_without_rows_or_of_all_rows_is_a_p_of_one(shares: tuple[tuple[int, int], tuple[int, int]]) -> None:
    assert compare_shares(*shares).p == 1.0
