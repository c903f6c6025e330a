"""Names by which inputs are watched: an input may be called like anything."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from model.training.monitor.reference import tabulate_reference
from relay.handoff.column import Column
from relay.registry.watched import OWN_NAMES, Answers, name_kept, name_watched, watch_inputs

CASES = {
    "plain": ({"a": "float", "note": "text"}, ["a", "note (length)"]),
    "a name of the monitor's own": ({"(score)": "float", "b": "int"}, ["(score) (input)", "b"]),
    "its new name is taken": ({"(score)": "float", "(score) (input)": "int"}, ["(score) (input)'", "(score) (input)"]),
    "called like the length of a text": ({"x": "text", "x (length)": "float"}, ["x (length)'", "x (length)"]),
    "the same, the other way round": ({"x (length)": "float", "x": "text"}, ["x (length)", "x (length)'"]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_input_is_watched_by_a_name_of_its_own(case: str) -> None:
    types, expected = CASES[case]
    inputs = {name: Column(type=kind, role="input") for name, kind in types.items()}  # type: ignore[arg-type]
    assert name_watched(inputs) == expected
    frame = pd.DataFrame(
        {name: pd.Series(["ab"], dtype="str") if kind == "text" else [2.0] for name, kind in types.items()}
    )
    watched = watch_inputs(frame, inputs)
    assert [one.name for one in watched] == expected
    assert all(one.values.tolist() == [2.0] for one in watched)


@pytest.mark.parametrize("name", sorted(OWN_NAMES))
def test_kept_rows_hold_an_input_that_is_called_like_a_column_of_theirs(name: str) -> None:
    answers = Answers(np.array([0.5]), ())
    table = tabulate_reference(pd.DataFrame({name: [7.0]}), answers, np.array([1]), np.array([3.0]))
    assert isinstance(table, pa.Table)
    found = {column: table.column(column).to_pylist() for column in table.column_names}
    assert found == {name_kept([name])[0]: [7.0], "(score)": [0.5], "(target)": [1], "(weight)": [3.0]}
