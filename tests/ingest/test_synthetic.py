"""Made-up rows match the schema that they are drawn from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ingest.column_range import find_range
from ingest.parameters import SyntheticSection
from ingest.sources.synthetic import SyntheticSource, check_columns
from relay.handoff.errors import RecipeError

Desk = Any  # tests/conftest.py
Declare = Callable[..., Any]

ROWS = 2_000


def draw(columns: Any, rows: int = ROWS, seed: int = 42, **parameters: Any) -> pa.Table:
    """The rows of a synthetic source as one table."""
    section = SyntheticSection.model_validate({"source": "synthetic", "rows": rows} | parameters)
    check_columns(section, columns)
    blocks = list(SyntheticSource(section, columns, seed).blocks())
    assert sum(block.read for block in blocks) == rows
    return pa.concat_tables([block.table for block in blocks])


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ({"type": "float", "min": 2, "max": 3}, 2, 3),
        ({"type": "float", "min": 5}, 5, 6),
        ({"type": "float", "max": 20}, 0, 20),
        ({"type": "float", "max": -5}, -6, -5),
        ({"type": "float"}, 0, 1),
        ({"type": "int", "min": 18, "max": 20}, 18, 20),
        ({"type": "int", "min": 0.5, "max": 3.5}, 1, 3),
    ],
)
def test_declared_ranges_are_kept_and_filled(declare: Declare, column: dict[str, Any], low: float, high: float) -> None:
    values = draw(declare(x=column)).column("x").to_numpy()
    slack = 0 if column["type"] == "int" else 0.02 * (high - low)
    assert (values.min() >= low, values.max() <= high) == (True, True)
    assert (values.min() <= low + slack, values.max() >= high - slack) == (True, True)


def test_a_range_without_ends_is_one_wide(declare: Declare) -> None:
    columns = declare(a={"type": "float"}, b={"type": "float", "min": 3}, c={"type": "float", "max": 0.5})
    assert [find_range(column) for column in columns.values()] == [(0, 1), (3, 4), (-0.5, 0.5)]


@pytest.mark.parametrize(
    ("kind", "allowed"), [("int", [0, 1]), ("category", ["a", "b", "c"]), ("float", [0.5, 2]), ("bool", [True])]
)
def test_allowed_values_are_all_drawn_and_no_other(declare: Declare, kind: str, allowed: list[Any]) -> None:
    values = draw(declare(x={"type": kind, "allowed": allowed})).column("x").to_pylist()
    assert sorted(set(values)) == allowed


def test_an_id_counts_from_one_over_all_blocks(declare: Declare) -> None:
    table = draw(declare(row={"type": "int", "role": "id"}, x={"type": "float"}), rows=70_000)
    assert table.column("row").to_pylist() == list(range(1, 70_001))


def test_a_formula_gives_slope_times_a_column_plus_intercept_plus_noise(declare: Declare) -> None:
    columns = declare(x={"type": "float", "max": 20}, y={"type": "float"}, z={"type": "float"})
    y = {"of": "x", "slope": 2.0, "intercept": 1.0, "noise_sd": 0.5}
    z = {"of": "x", "slope": -1.0, "intercept": 0.0}
    table = draw(columns, formula={"y": y, "z": z})
    x = table.column("x").to_numpy()
    noise = table.column("y").to_numpy() - (2 * x + 1)
    errors = 0.5 / ROWS**0.5, 0.5 / (2 * ROWS) ** 0.5  # standard errors of the mean and of the deviation
    assert (abs(noise.mean()) < 4 * errors[0], abs(noise.std() - 0.5) < 4 * errors[1]) == (True, True)
    assert np.array_equal(table.column("z").to_numpy(), -x)


def test_nulls_have_their_share_where_the_schema_allows_them(declare: Declare) -> None:
    table = draw(declare(a={"type": "int", "null": True}, b={"type": "int"}), null_share=0.2)
    share = table.column("a").null_count / ROWS
    assert (abs(share - 0.2) < 4 * (0.2 * 0.8 / ROWS) ** 0.5, table.column("b").null_count) == (True, 0)


def test_every_type_can_be_drawn(declare: Declare) -> None:
    kinds = ["int", "float", "bool", "text", "category", "time"]
    table = draw(declare(**{kind: {"type": kind} for kind in kinds}), rows=3)
    assert [str(item.type) for item in table.schema] == [
        "int64", "double", "bool", "string", "string", "timestamp[us, tz=UTC]",
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_rows_and_another_others(declare: Declare) -> None:
    columns = declare(x={"type": "float"})
    one, same, other = (draw(columns, seed=seed) for seed in (1, 1, 2))
    assert (one.equals(same), one.equals(other)) == (True, False)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            {"y": {"of": "z", "slope": 1.0, "intercept": 0.0}},
            r'formula\.y\.of: "z" is no column above y; there are \[\'x\'',
        ),
        ({"y": {"of": "name", "slope": 1.0, "intercept": 0.0}}, r'formula\.y\.of: "name" is no number'),
        ({"w": {"of": "x", "slope": 1.0, "intercept": 0.0}}, r'formula\.w: expected a column of type "float"'),
        ({"count": {"of": "x", "slope": 1.0, "intercept": 0.0}}, r'formula\.count: expected a column of type "float"'),
    ],
    ids=["a column below", "a text", "an undeclared column", "a whole number"],
)
def test_a_formula_that_cannot_be_computed_is_refused(declare: Declare, formula: Any, message: str) -> None:
    columns = declare(
        x={"type": "float"}, name={"type": "text"}, count={"type": "int"}, y={"type": "float"}, z={"type": "float"}
    )
    with pytest.raises(RecipeError, match=message):
        draw(columns, formula=formula)


def test_a_range_without_a_whole_number_is_refused(declare: Declare) -> None:
    with pytest.raises(RecipeError, match=r"\[columns\] x: no whole number lies from min 0\.2 to max 0\.8"):
        draw(declare(x={"type": "int", "min": 0.2, "max": 0.8}))


def test_the_shipped_line_is_the_same_bytes_twice(desk: Desk) -> None:
    desk.run("ingest", "linear")
    before = desk.bytes("raw/linear")
    desk.run("ingest", "linear", "--force")
    assert desk.bytes("raw/linear") == before


def test_the_shipped_line_has_slope_two_and_intercept_one(desk: Desk) -> None:
    desk.run("ingest", "linear")
    rows = desk.rows("raw/linear")
    slope, intercept = np.polyfit([row["x"] for row in rows], [row["y"] for row in rows], 1)
    assert (len(rows), round(slope, 1), abs(intercept - 1) < 0.4) == (100, 2.0, True)


def test_rules_wake_a_source_that_draws_by_them(desk: Desk) -> None:
    desk.run("ingest", "linear")
    desk.run("ingest", "linear", "--set", "columns.x.max=10")
    assert desk.said("ingest")[-2] == "ingest linear: runs, parameter columns.x.max 20.0 -> 10.0"
    assert max(row["x"] for row in desk.rows("raw/linear")) <= 10
