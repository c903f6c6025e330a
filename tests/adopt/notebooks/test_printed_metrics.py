"""Numbers that a notebook prints become metrics under the words before them."""

import ast

import pytest

from adopt.notebooks.metrics import find_metrics, is_shown_as
from adopt.notebooks.records import Kind, Place, Statement, StatementRecord, Value


def run(text: str, **names: object) -> Statement:
    """A statement as a run saw it: what it printed, or the number that it shows."""
    printed: list[str] = []
    node = ast.parse(text).body[0]

    def note(*values: object, sep: str = " ") -> None:
        printed.append(sep.join(map(str, values)) + "\n")

    shown = eval(text, {"print": note, **names})
    value = Value(Kind.NUMBER, "", text=repr(shown)) if isinstance(shown, int | float) else None
    place = Place(0, 1, 0)
    record = StatementRecord(place, stdout="".join(printed), shown=value)
    none = frozenset[str]()
    return Statement(0, place, text, node, record, none, none, none, none, none)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('print("R2:", r2)', [("r2", "r2", "", "0.75")]),
        ('print(f"RMSE: {rmse:.2f}")', [("rmse", "rmse", ".2f", "12.35")]),
        ('print("error %.1f of %d" % (rmse, n))', [("error", "rmse", "%.1f", "12.3"), ("of", "n", "%d", "40")]),
        ('print("score {:.3f}, rows {}".format(r2, n))', [("score", "r2", ".3f", "0.750"), ("rows", "n", "", "40")]),
        ('print("mean: " + str(r2))', [("mean", "r2", "", "0.75")]),
        ("round(rmse, 1)", [("rmse", "round(rmse, 1)", None, "12.3")]),
        ("r2", [("r2", "r2", None, "0.75")]),
        ('print("shape", shape)', []),
        ('print("a text")', []),
        ('print("name", name, "score", r2)', [("score", "r2", "", "0.75")]),
        ('print(r2, n, sep=";")', [("r2", "r2", "", "0.75"), ("n", "n", "", "40")]),
    ],
)
def test_a_printed_number_becomes_a_metric(text: str, expected: list[tuple[str, str, str | None, str]]) -> None:
    found = find_metrics(run(text, r2=0.75, rmse=12.345678, n=40, shape=(3, 4), name="ridge"), ())
    assert [(one.name, one.expression, one.format, one.shown) for one in found] == expected


def test_a_second_metric_of_a_name_gets_a_number() -> None:
    assert [one.name for one in find_metrics(run('print("R2:", r2)', r2=0.5), ["r2"])] == ["r2_2"]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ('print(f"RMSE: {rmse:.2f}")', 12.345678, True),
        ('print(f"RMSE: {rmse:.2f}")', 12.36, False),
        ('print("RMSE", rmse)', 12.345678, True),
        ('print("RMSE", rmse)', 12.3456781, False),
        ("rmse", 12.345678, True),
        ("rmse", 12.34, False),
    ],
)
def test_a_metric_is_compared_in_the_notebooks_own_format(text: str, value: float, *, expected: bool) -> None:
    metric = find_metrics(run(text, rmse=12.345678), ())[0]
    assert is_shown_as(metric, value) is expected
