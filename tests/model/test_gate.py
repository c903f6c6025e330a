"""The gate: what may replace the champion, what may not, and what only a person may decide."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score

from model.release.compare import METRICS, answer, measure_auc
from model.release.promotion_gate import Candidate, Decision, judge_challenger
from model.training.estimator.rows import Part
from relay.handoff.column import Column
from relay.registry.contract import BatchTest, Contract, Example, Leak, Score, Segment

SEED = 7
NUMBER = Column(type="float", role="input")
SPLIT = {"seed": 42, "test_share": 0.2, "by": ["id"]}


def draw(rows: int, seed: int = 0) -> tuple[pd.DataFrame, Any]:
    """Two inputs, and a class that mostly follows the first."""
    chance = np.random.default_rng(seed)
    inputs = pd.DataFrame({"a": chance.normal(size=rows), "b": chance.normal(size=rows)})
    return inputs, (inputs["a"] + chance.normal(size=rows) > 0).astype(int).to_numpy()


def make_candidate(number: int, model: Any, digest: str = "", **changes: Any) -> Candidate:
    """A version of two classes by ROC AUC, unless the changes say otherwise."""
    facts: dict[str, Any] = {
        "model": "m",
        "recipe": "m",
        "title": "",
        "description": "",
        "task": "binary",
        "estimator": type(model).__name__,
        "inputs": {"a": NUMBER, "b": NUMBER},
        "target": "y",
        "target_column": Column(type="int", role="target", allowed=[0, 1]),
        "classes": [0, 1],
        "gives_probabilities": True,
        "threshold": 0.5,
        "base_rate": 0.5,
        "spread": None,
        "score": Score(name="roc_auc", value=0.8, baseline=0.5, lower_is_better=False),
        "segments": [],
        "example": Example(records=[{"a": 1.0, "b": 1.0}], predictions=[1], probabilities=[0.9]),
        "files": {"model.skops": digest or f"digest of {number}"},
    }
    of_gate = {name: changes.pop(name) for name in ("split", "data_sha256") if name in changes}
    contract = Contract(**(facts | changes))
    return Candidate(number, contract, model, **({"split": SPLIT, "data_sha256": "data"} | of_gate))


@pytest.fixture(scope="module")
def test_rows() -> Part:
    inputs, target = draw(2_000, seed=1)
    return Part(inputs, target, pa.table({}))


@pytest.fixture(scope="module")
def good() -> Any:
    return LogisticRegression().fit(*draw(4_000))


@pytest.fixture(scope="module")
def poor() -> Any:
    """Looks at the wrong column."""
    inputs, target = draw(4_000)
    blind = LogisticRegression().fit(inputs, target)
    blind.coef_ = blind.coef_[:, ::-1].copy()
    return blind


def judge(challenger: Candidate, champion: Candidate | None, rows: Part) -> Decision:
    return judge_challenger(challenger, champion, rows, SEED)


def test_the_first_version_passes(good: Any, test_rows: Part) -> None:
    assert judge(make_candidate(1, good), None, test_rows) == Decision(True, "the first version", None)


def test_a_worse_challenger_is_refused_with_both_scores(good: Any, poor: Any, test_rows: Part) -> None:
    found = judge(make_candidate(2, poor), make_candidate(1, good), test_rows)
    assert (found.passes, found.champion, found.why.startswith("too much worse: roc_auc 0.")) == (False, 1, True)
    assert found.checks[0].high is not None
    assert found.checks[0].high < 0


def test_a_better_challenger_passes(good: Any, poor: Any, test_rows: Part) -> None:
    found = judge(make_candidate(2, good), make_candidate(1, poor), test_rows)
    assert found.passes
    assert found.checks[0].low is not None
    assert found.checks[0].low > 0


def test_an_equal_challenger_passes_and_its_interval_is_zero(good: Any, test_rows: Part) -> None:
    found = judge(make_candidate(2, good), make_candidate(1, good), test_rows)
    assert (found.passes, found.checks[0].low, found.checks[0].high) == (True, 0.0, 0.0)


def test_a_loss_within_the_noise_passes(good: Any, test_rows: Part) -> None:
    other = LogisticRegression().fit(*draw(400, seed=5))
    found = judge(make_candidate(2, other), make_candidate(1, good), test_rows)
    check = found.checks[0]
    assert check.challenger is not None
    assert check.champion is not None
    assert check.challenger < check.champion, "the draw gives no loss: take another seed"
    assert found.checks[0].passed


def test_better_order_with_worse_probabilities_is_refused_by_the_brier_score(good: Any, test_rows: Part) -> None:
    class Overconfident:
        """Ranks as the good one, and says so with far too much certainty."""

        classes_ = np.array([0, 1])

        def predict_proba(self, inputs: pd.DataFrame) -> Any:
            shares = good.predict_proba(inputs)
            sharp = shares**6
            return sharp / sharp.sum(axis=1, keepdims=True)

        def predict(self, inputs: pd.DataFrame) -> Any:
            return good.predict(inputs)

    found = judge(make_candidate(2, Overconfident()), make_candidate(1, good), test_rows)
    assert [(check.name, check.passed) for check in found.checks] == [("roc_auc", True), ("brier", False)]
    assert not found.passes


def test_a_segment_that_became_much_worse_is_refused_by_name(good: Any, test_rows: Part) -> None:
    class BadForLowB:
        classes_ = np.array([0, 1])

        def predict_proba(self, inputs: pd.DataFrame) -> Any:
            shares = good.predict_proba(inputs)
            low = (inputs["b"] < -1.2).to_numpy()
            shares[low] = 0.5
            return shares

        def predict(self, inputs: pd.DataFrame) -> Any:
            return good.predict(inputs)

    segments = [Segment(column="b", borders=[-1.2, 0.0], values=[])]
    inputs, target = draw(4_000, seed=9)
    found = judge(
        make_candidate(2, BadForLowB(), segments=segments),
        make_candidate(1, good, segments=segments),
        Part(inputs, target, pa.table({})),
    )
    assert [check.name for check in found.checks if not check.passed][-1] == "roc_auc where b < -1.2"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"inputs": {"a": NUMBER}}, "other input columns than version 1 has (b)"),
        ({"inputs": {"a": NUMBER, "b": Column(type="int", role="input")}}, "other input columns"),
        ({"score": Score(name="f1", value=0.5, baseline=0, lower_is_better=False)}, "no common score"),
        ({"score": None}, "no common score"),
        ({"target": "z"}, "answers another question"),
        ({"classes": [0, 2]}, "answers another question"),
    ],
)
def test_what_cannot_be_compared_is_left_to_a_person(
    good: Any, test_rows: Part, changes: dict[str, Any], reason: str
) -> None:
    found = judge(make_candidate(2, good, **changes), make_candidate(1, good), test_rows)
    assert (found.passes, reason in found.why, "promote by hand" in found.why) == (False, True, True)


@pytest.mark.parametrize(
    ("mine", "other", "leaks"),
    [
        (SPLIT, SPLIT, False),
        (SPLIT, {**SPLIT, "test_share": 0.3}, False),  # our test rows are among those of the larger share
        (SPLIT, {**SPLIT, "test_share": 0.1}, True),
        (SPLIT, {**SPLIT, "seed": 43}, True),
        (SPLIT, {**SPLIT, "by": ["a", "b"]}, True),
        (SPLIT, None, True),
        (None, SPLIT, True),
    ],
)
def test_rows_that_the_champion_may_have_been_trained_on_take_no_part(
    good: Any, test_rows: Part, mine: Any, other: Any, leaks: bool
) -> None:
    found = judge(make_candidate(2, good, split=mine), make_candidate(1, good, split=other), test_rows)
    assert (found.passes, found.checks == ()) == (not leaks, leaks)


def test_the_rows_of_a_smaller_share_are_test_rows_under_a_larger_one_too() -> None:
    from relay.handoff.sides import mark_split

    table = pa.table({"id": list(range(5_000))})
    small, large = (np.array(mark_split(table, ["id"], share, 42).to_pylist()) for share in (0.2, 0.3))
    assert set(np.flatnonzero(small == "test")) < set(np.flatnonzero(large == "test"))


def test_few_test_rows_decide_nothing(good: Any) -> None:
    inputs, target = draw(9)
    found = judge(make_candidate(2, good), make_candidate(1, good), Part(inputs, target, pa.table({})))
    assert (found.passes, "9 test rows, 10 are needed" in found.why) == (False, True)


def test_few_rows_of_a_class_decide_nothing(good: Any) -> None:
    inputs, _ = draw(200)
    target = np.array([1] * 4 + [0] * 196)
    found = judge(make_candidate(2, good), make_candidate(1, good), Part(inputs, target, pa.table({})))
    assert (found.passes, "4 test rows of the class 1, 10 are needed" in found.why) == (False, True)


def test_a_possible_leak_is_left_to_a_person_also_when_it_is_first_or_better(
    good: Any, poor: Any, test_rows: Part
) -> None:
    leak = Leak(column="a", by="values", metric="ROC AUC", value=0.9951, label=1)
    leaking = make_candidate(2, good, "same", leaks=[leak])
    for champion in (None, make_candidate(1, poor)):
        found = judge(leaking, champion, test_rows)
        assert (found.passes, found.checks) == (False, ())
        assert "a alone separates y = 1 from the other test rows (ROC AUC 0.9951)" in found.why
        assert 'use role = "ignore" and train again; otherwise promote by hand' in found.why
    # A person has promoted these very files: training them again changes nothing.
    assert judge(leaking, make_candidate(1, good, "same", leaks=[leak]), test_rows).passes


def test_the_same_files_pass_without_a_comparison(good: Any, test_rows: Part) -> None:
    found = judge(make_candidate(2, good, "same"), make_candidate(1, good, "same"), test_rows)
    assert (found.passes, found.checks) == (True, ())


def test_authorship_is_compared_by_its_record_on_the_same_texts_only(good: Any) -> None:
    def version(number: int, score: float, data: str) -> Candidate:
        record = Score(name="balanced_accuracy", value=score, baseline=0.3, lower_is_better=False)
        return make_candidate(number, None, task="authorship", score=record, data_sha256=data)

    champion = version(1, 0.9, "texts")
    answers = [
        judge_challenger(version(2, *facts), champion, None, SEED) for facts in ((0.92, "texts"), (0.8, "texts"))
    ]
    assert [answer.passes for answer in answers] == [True, False]
    assert "other texts" in judge_challenger(version(2, 0.99, "others"), champion, None, SEED).why


def test_a_version_that_is_not_servable_is_refused_also_when_it_is_first_or_better(
    good: Any, poor: Any, test_rows: Part
) -> None:
    tested = BatchTest(rows=200, differing=0, error="ValueError: one row (asked for 1 row)")
    unserved = make_candidate(2, good, batch_test=tested)
    for champion in (None, make_candidate(1, poor), make_candidate(1, good, digest="digest of 2")):
        decision = judge_challenger(unserved, champion, test_rows, SEED)
        assert (decision.passes, decision.champion) == (False, champion and champion.number)
        assert decision.why == (
            "not servable: its model did not answer all test rows: ValueError: one row (asked for 1 row). Train again "
            "with a model that answers each row by itself."
        )
    assert judge(make_candidate(2, good, batch_test=BatchTest(rows=200, differing=0)), None, test_rows).passes


def make_own(number: int, score: float | None, data: str = "data", **changes: Any) -> Candidate:
    """A version that a user's function trained and judged."""
    record = None if score is None else Score(name="cost", value=score, baseline=None, lower_is_better=True)
    facts = {"score": record, "is_from_function": True, "data_sha256": data}
    return make_candidate(number, None, **(facts | changes))


@pytest.mark.parametrize(
    ("mine", "other", "passes", "why"),
    [
        (make_own(2, 0.8), make_own(1, 0.9), True, "cost 0.8000 against 0.9000."),
        (make_own(2, 0.95), make_own(1, 0.9), False, "too much worse: cost"),
        (make_own(2, 0.8, "others"), make_own(1, 0.9), False, "trained on other data"),
        (make_own(2, 0.8), make_own(1, 0.9, is_from_function=False), False, "version 1 was judged in another way"),
        (make_own(1, None), None, False, "[model] score names none of them: promote by hand"),
        (make_own(1, 0.8), None, True, "the first version"),
        (make_own(1, 0.8, task="other"), None, False, "it does not predict a target: promote by hand"),
    ],
)
def test_versions_of_a_function_are_compared_by_its_score_on_the_same_data(
    mine: Candidate, other: Candidate | None, passes: bool, why: str
) -> None:
    found = judge_challenger(mine, other, None, SEED)
    assert (found.passes, why in found.why) == (passes, True), found.why


def test_a_decision_crosses_as_json(good: Any, poor: Any, test_rows: Part) -> None:
    found = judge(make_candidate(2, poor), make_candidate(1, good), test_rows)
    assert Decision.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_lower_error_is_better() -> None:
    chance = np.random.default_rng(0)
    inputs = pd.DataFrame({"a": chance.normal(size=300), "b": chance.normal(size=300)})
    target = (2 * inputs["a"] + chance.normal(size=300) * 0.1).to_numpy()
    good, bad = LinearRegression().fit(inputs, target), LinearRegression().fit(inputs, target * 0.5)
    changes: dict[str, Any] = {
        "task": "regression", "classes": [], "gives_probabilities": False, "threshold": None, "base_rate": None,
        "score": Score(name="rmse", value=0.1, baseline=2.0, lower_is_better=True), "spread": 2.0,
    }  # fmt: skip
    rows = Part(inputs, target, pa.table({}))
    better, worse = make_candidate(2, good, **changes), make_candidate(1, bad, **changes)
    assert (judge(better, worse, rows).passes, judge(worse, better, rows).passes) == (True, False)


def test_every_score_that_a_recipe_may_name_can_be_compared(good: Any, test_rows: Part) -> None:
    from typing import get_args

    from model.parameters import Score as Names

    assert set(METRICS) == set(get_args(Names))


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc", "brier", "log_loss", "f1", "precision", "recall", "accuracy"])
def test_a_compared_score_is_the_one_that_training_reports(good: Any, test_rows: Part, name: str) -> None:
    from model.training.estimator.metrics import BinaryPrediction, judge_binary

    contract = make_candidate(1, good).contract
    found = answer(contract, good, test_rows.inputs, test_rows.target)
    scores = good.predict_proba(test_rows.inputs)[:, 1]
    reported = judge_binary(test_rows.target == 1, BinaryPrediction(scores, scores > 0.5, scores >= 0.5))
    assert METRICS[name](found, np.arange(len(test_rows))) == pytest.approx(reported[name], abs=1e-12)


@pytest.mark.property
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_the_area_by_ranks_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    true, scores = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    found = measure_auc(true, scores)
    if true.all() or not true.any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(true, scores), abs=1e-12)


def test_a_champion_that_says_nothing_is_beaten(good: Any, test_rows: Part) -> None:
    nothing = DummyClassifier(strategy="prior").fit(*draw(100))
    assert judge(make_candidate(2, good), make_candidate(1, nothing), test_rows).passes


BY_TIME = {"kind": "time", "by": ["at"], "first_test_utc": "2024-03-01T00:00:00+00:00"}
DAY = 86_400_000_000
MARCH = 1_709_251_200_000_000


def dated(rows: int, first_day: int) -> Part:
    """Test rows, one per day from that day of March 2024 on."""
    inputs, target = draw(rows, seed=1)
    return Part(inputs, target, pa.table({}), times=MARCH + (first_day + np.arange(rows)) * DAY)


def test_under_time_only_rows_later_than_the_champions_training_count(good: Any, poor: Any) -> None:
    later = {"kind": "time", "by": ["at"], "first_test_utc": "2024-02-01T00:00:00+00:00"}
    challenger = make_candidate(2, good, split=later)
    found = judge(challenger, make_candidate(1, poor, split=BY_TIME), dated(800, first_day=-300))
    assert found.passes
    assert found.checks[0].rows == 500


def test_under_time_fewer_than_ten_later_rows_leave_it_to_a_person(good: Any, poor: Any) -> None:
    challenger = make_candidate(2, good, split=BY_TIME)
    found = judge(challenger, make_candidate(1, poor, split=BY_TIME), dated(200, first_day=-191))
    assert not found.passes
    assert found.why.startswith("9 test rows later than every training row of version 1, 10 are needed to compare")


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (BY_TIME, SPLIT),
        (SPLIT, BY_TIME),
        ({**SPLIT, "kind": "group", "by": ["person"]}, SPLIT),
        ({"kind": "function", "data_sha256": "a"}, {"kind": "function", "data_sha256": "b"}),
        (BY_TIME, {**BY_TIME, "by": ["other"]}),
    ],
)
def test_versions_divided_in_different_ways_are_left_to_a_person(good: Any, poor: Any, mine: Any, other: Any) -> None:
    found = judge(make_candidate(2, good, split=mine), make_candidate(1, poor, split=other), dated(800, first_day=0))
    assert not found.passes
    assert "was trained with another split" in found.why


def test_groups_and_a_functions_own_marks_on_the_same_data_are_compared(good: Any, poor: Any) -> None:
    for split in ({**SPLIT, "kind": "group", "by": ["person"]}, {"kind": "function", "data_sha256": "a"}):
        challenger = make_candidate(2, good, split=split)
        assert judge(challenger, make_candidate(1, poor, split=split), dated(800, first_day=0)).passes
