"""A model is asked for test rows alone and together: what depends on company, calls or chance is found before anyone is
answered."""

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from odd_models import Classes, Numbers
from sklearn.ensemble import VotingRegressor

from model.training.batch_independence import FEWER_ROWS, MOST_ROWS, add_answers, choose_test_rows, count_rows
from model.training.contract import NOTHING
from relay.handoff.recipe import Column
from relay.registry.contract import BatchTest, Contract
from relay.registry.task import ModelTask


class Fitted(Numbers):
    """It needs no fit, and another estimator fits it."""

    def fit(self, _: Any, __: Any) -> "Fitted":
        return self


NUMBER = Column(type="float", role="input", null=True)
COLUMNS = {"x": NUMBER, "town": Column(type="category", role="input", null=True)}
RECORDS = [{"x": float(value), "town": None} for value in np.linspace(0.02, 0.98, 40)]


def describe(model: Any) -> Contract:
    classes = list(getattr(model, "classes", ()))
    task = {0: ModelTask.REGRESSION, 2: ModelTask.BINARY, 3: ModelTask.MULTICLASS}[len(classes)]
    return Contract(
        model="odd", recipe="odd", title="", description="", task=task, estimator="Odd", inputs=COLUMNS, target="y",
        target_column=None, classes=classes, gives_probabilities=bool(classes), base_rate=None, segments=[],
        threshold=0.5 if task == ModelTask.BINARY else None, spread=None if classes else 1.0, score=None,
        example=NOTHING, files={},
    )  # fmt: skip


def ask(model: Any) -> Contract:
    return add_answers(describe(model), model, RECORDS[:2], RECORDS, seed=1)


def judge(model: Any) -> BatchTest:
    tested = ask(model).batch_test
    assert tested is not None
    return tested


MAKE = {
    "a regression": Numbers,
    "two classes": lambda kind: Classes(kind, (0, 1)),
    "three classes": lambda kind: Classes(kind, ("low", "middle", "high")),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("rank", "its answer to a row depends on the rows beside it"),
        ("state", "its answer to a row changes when it is asked again"),
        ("random", "its answer to a row changes when it is asked again"),
    ],
)
def test_what_depends_on_company_calls_or_chance_is_not_servable(make: Any, kind: str, cause: str) -> None:
    contract = ask(make(kind))
    tested = contract.batch_test
    assert tested is not None
    assert tested.differing > 20
    assert len(tested.differences) == 5
    assert contract.why_unserved.startswith(
        f"{cause}: {tested.differing} of 40 test rows got different answers, such as x"
    )
    assert not contract.takes_batches


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_model_that_answers_row_by_row_passes_and_takes_batches(make: Any) -> None:
    contract = ask(make("good"))
    assert contract.batch_test == BatchTest(rows=40, differing=0)
    assert (contract.why_unserved, contract.takes_batches) == ("", True)
    assert contract.example.records == RECORDS[:2]


def test_a_nested_estimator_is_judged_by_what_it_answers() -> None:
    rows = pd.DataFrame({"x": np.linspace(0, 1, 20)})
    for kind, passes in {"good": True, "random": False}.items():
        model = VotingRegressor([("one", Fitted("good")), ("other", Fitted(kind))]).fit(rows, 2 * rows["x"])
        assert judge(model).is_passed == passes


def test_the_evidence_is_the_row_with_both_answers_and_survives_json() -> None:
    contract = ask(Classes("rank", (0, 1)))
    first = Contract.from_json(contract.to_json()).batch_test.differences[0]  # type: ignore[union-attr]
    assert (first.record, first.alone, first.together, first.how) == (RECORDS[0], 1, 0, "in one batch")
    assert first.say() == "x = 0.02, town = null: 1 alone and 0 in one batch (probability 1 and 0.025)"


def test_two_classes_at_the_threshold_are_one_answer_where_only_rounding_tells_them_apart() -> None:
    assert judge(Classes("rounding", (0, 1))).is_passed


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("needy", "ValueError: too few rows to bin (asked for 1 row)"),
        ("short", "it gave 1 answer (asked for 2 rows)"),
    ],
)
def test_a_model_that_does_not_answer_is_kept_with_its_error(kind: str, error: str) -> None:
    contract = ask(Numbers(kind))
    assert contract.batch_test == BatchTest(rows=40, differing=0, error=error)
    assert contract.why_unserved == f"its model did not answer all test rows: {error}"


def test_an_answer_that_is_no_finite_number_is_kept_as_null() -> None:
    contract = add_answers(describe(Numbers("nan")), Numbers("nan"), RECORDS[:1], RECORDS, seed=1)
    assert b"NaN" not in contract.to_json()
    assert contract.batch_test is not None
    assert contract.batch_test.differences[0].together is None


def test_the_outcome_is_the_same_each_time_and_random_state_is_put_back() -> None:
    random.seed(5)
    np.random.seed(5)
    before = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    contracts = [ask(Numbers("random")).to_json(), ask(Classes("random", (0, 1))).to_json()]
    assert (random.random(), np.random.random()) == before
    assert [ask(Numbers("random")).to_json(), ask(Classes("random", (0, 1))).to_json()] == contracts


def test_each_category_and_a_missing_cell_are_among_the_rows() -> None:
    rows = 5_000
    frame = pd.DataFrame({"x": np.ones(rows), "town": pd.Series(["Ulm"] * rows, dtype="str")})
    frame.loc[[17, 4_000], "town"] = ["Köln", "Bonn"]
    frame.loc[23, "x"] = np.nan
    frame.loc[31, "town"] = None
    chosen = choose_test_rows(frame, COLUMNS, seed=3)
    assert {17, 23, 31, 4_000} <= set(chosen)
    assert (len(chosen), chosen) == (MOST_ROWS, sorted(set(chosen)))
    assert chosen == choose_test_rows(frame, COLUMNS, seed=3) != choose_test_rows(frame, COLUMNS, seed=4)
    assert choose_test_rows(frame.iloc[:3], COLUMNS, seed=3) == [0, 1, 2]


def test_a_large_model_is_asked_for_fewer_rows_by_its_bytes_and_never_by_the_clock() -> None:
    counts = [count_rows(b"small", is_known=False), count_rows(bytes(50_000_001), is_known=False)]
    assert counts == [MOST_ROWS, FEWER_ROWS]
    assert count_rows(b"small", is_known=True) == FEWER_ROWS
