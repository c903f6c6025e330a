"""The verdicts on what a cluster costs and gains."""

import pytest

from benchmarks.cluster_bars import judge, judge_equal, judge_ratio


@pytest.mark.parametrize(
    ("baseline", "others", "verdict"),
    [
        ([20.0, 21.0], [12.0, 12.0], "met"),
        ([20.0, 21.0], [13.0, 13.0], "missed"),
        ([20.0, 22.5], [10.0, 10.0], "too noisy to judge"),
    ],
)
def test_a_gain_is_judged_where_the_rounds_of_the_baseline_agree(
    baseline: list[float], others: list[float], verdict: str
) -> None:
    assert judge_ratio("text", baseline, others, 1.6, is_gain=True)["verdict"] == verdict


def test_a_ratio_that_must_not_grow_is_missed_beyond_its_limit() -> None:
    rows = [judge_ratio("text", [10.0, 10.0], [seconds] * 2, 1.15, is_gain=False) for seconds in (11.5, 11.6)]
    assert [(row["figure"], row["verdict"]) for row in rows] == [("1.15 ×", "met"), ("1.16 ×", "missed")]


def test_a_figure_is_met_up_to_its_limit_and_outputs_must_be_equal() -> None:
    assert [judge("CPU", figure, 12, "ms")["verdict"] for figure in (12.0, 12.1)] == ["met", "missed"]
    assert [judge_equal("bytes", digests)["verdict"] for digests in (["a", "a"], ["a", "b"])] == ["met", "missed"]
