"""How comparisons end, and which differences are accepted."""

import pytest

from adopt.notebooks.equal_metrics import compare_metric
from adopt.notebooks.verdicts import Item, ItemKind, Verdict, accept, judge, read_accepted
from relay.handoff.errors import UsageError

ORDERS = Item(ItemKind.FRAME, "orders", Verdict.DIFFERS)
RMSE = Item(ItemKind.METRIC, "rmse", Verdict.EXACT)


@pytest.mark.parametrize(
    ("shown", "form", "value", "expected"),
    [
        ("12.35", ".2f", 12.345678, "exact"),
        ("0.8712345678901234", None, 0.8712345678901234, "exact"),
        ("0.8712345678901234", None, 0.8712345678901235, "close"),
        ("87.1%", ".1%", 0.8712, "exact"),
        ("12.35", "%.2f", 12.345678, "exact"),
        ("120", "", 120.0, "exact"),
        ("1,234.5", ",.1f", 1234.5, "exact"),
        ("0.871", None, 0.8712, "exact"),
        ("0.871", None, 0.8722, "differs"),
        ("nan", "", float("nan"), "exact"),
        ("12", "", 12.4, "differs"),
        ("good", "", 1.0, "differs"),
        ("1e-05", "", 1e-05, "exact"),
        ("np.float64(1.8780953095365518)", None, 1.8780953095365518, "exact"),
        ("np.float64(1.8780953095365518)", None, 64.0, "differs"),
    ],
)
def test_a_metric_is_the_number_that_the_notebook_shows(
    shown: str, form: str | None, value: float, expected: str
) -> None:
    differences, is_exact = compare_metric(shown, form, value)
    assert ("differs" if differences else "exact" if is_exact else "close") == expected


def test_a_metric_that_differs_says_both_numbers() -> None:
    assert compare_metric("0.871", None, 0.5)[0] == ("0.871 in the notebook, 0.5 in the recipe",)


@pytest.mark.parametrize(
    ("varies", "differences", "is_exact", "proof", "verdict"),
    [
        (False, [], True, None, Verdict.EXACT),
        (False, [], False, None, Verdict.CLOSE),
        (False, ["x"], False, None, Verdict.DIFFERS),
        (True, ["x"], False, None, Verdict.VARIES),
        (True, ["x"], False, [], Verdict.SEEDED),
        (True, [], True, ["y"], Verdict.DIFFERS),
    ],
)
def test_what_varies_between_runs_is_equal_only_with_a_proof(
    *, varies: bool, differences: list[str], is_exact: bool, proof: list[str] | None, verdict: Verdict
) -> None:
    assert judge(varies=varies, differences=differences, is_exact=is_exact, proof=proof) == verdict


def test_an_accepted_difference_is_settled_and_keeps_its_reason() -> None:
    (orders,) = accept([ORDERS], read_accepted(["frame orders: the shop renamed a town"]))
    assert (orders.is_equal, orders.is_settled, orders.accepted) == (False, True, "the shop renamed a town")


def test_what_is_equal_needs_no_reason() -> None:
    (rmse,) = accept([RMSE], {"metric rmse": "because"})
    assert rmse.accepted == ""


def test_a_reason_for_something_else_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"order.*orders.*compared: frame orders, metric rmse"):
        accept([ORDERS, RMSE], read_accepted(["frame order: x"]))


@pytest.mark.parametrize("text", ["frame orders", "frame orders:", "orders: x", "table orders: x", ": x"])
def test_an_accepted_difference_needs_a_kind_a_name_and_a_reason(text: str) -> None:
    with pytest.raises(UsageError, match="is not understood"):
        read_accepted([text])
