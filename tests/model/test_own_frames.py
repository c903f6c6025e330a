"""Which rows and columns the frames of an own `train` function hold."""

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from model.parameters import _count_data
from model.training.own.train import make_frames
from relay.handoff.errors import RecipeError
from relay.handoff.own.signature import Argument, Frame

TABLE = pa.table({"x": [1, 2, 3], "split": ["train", "test", "train"], "raw_row": [4, 5, 6]})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["frame"], [{"x": [1, 2, 3], "split": ["train", "test", "train"]}]),
        (["train", "test"], [{"x": [1, 3]}, {"x": [2]}]),
    ],
)
def test_frames_hold_the_columns_and_no_numbers_of_raw_rows(names: list[str], expected: list[dict[str, Any]]) -> None:
    recipe: Any = SimpleNamespace(columns={"x": None})
    own: Any = SimpleNamespace(data=[Argument(name, Frame.ARROW) for name in names], shown="f")
    assert [frame.to_pydict() for frame in make_frames(TABLE, recipe, own)] == expected


@pytest.mark.parametrize("names", [["train"], ["test"], ["test", "train"], ["train", "k"], ["frame", "test"]])
def test_one_side_alone_or_in_another_order_is_refused(names: list[str]) -> None:
    with pytest.raises(RecipeError, match="expected `train, test` in this order"):
        _count_data(names)


@pytest.mark.parametrize(("names", "count"), [(["train", "test", "k"], 2), (["frame", "k"], 1), (["rows"], 1)])
def test_the_names_of_the_first_parameters_say_which_frames_they_get(names: list[str], count: int) -> None:
    assert _count_data(names) == count
