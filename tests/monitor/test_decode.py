"""From rows of the log to columns: each way in which serving answers, and what does not count."""

import json
from typing import Any

import numpy as np
import pytest
from borrowers import CONTRACT, make_profile

from monitor.decode import make_chunk, read_answered
from monitor.log.record import Position, Row
from relay.registry.task import ModelTask

RECORDS = [{"age": 30, "income": 4_000.0, "plan": "a"}, {"age": 40, "income": None, "plan": "z"}]


def make_row(answer: Any, records: Any = RECORDS, client: str = "c") -> Row:
    return Row(Position(1, "ab", 5.0), json.dumps(records), json.dumps(answer), client)


def read(answer: Any, **changed: Any) -> Any:
    contract = CONTRACT.model_copy(update=changed)
    profile, _ = make_profile()
    return make_chunk(contract, profile, [read_answered(make_row(answer), contract, "record")])


def test_inputs_and_probabilities_become_columns() -> None:
    chunk = read({"predictions": [0, 1], "probabilities": [0.2, 0.7]})
    assert [one.values.tolist() for one in chunk.columns if one.name != "income"] == [[30.0, 40.0], ["a", "z"]]
    assert np.isnan(chunk.columns[1].values).tolist() == [False, True]
    assert (chunk.score.tolist(), chunk.ids, chunk.at_unix.tolist()) == ([0.2, 0.7], ["ab/0", "ab/1"], [5.0, 5.0])


@pytest.mark.parametrize("predictions", [[0, 1], [[0], [1]]])
def test_answers_without_a_probability_count_without_a_score(predictions: list[Any]) -> None:
    chunk = read({"predictions": predictions})
    assert (chunk.rows, np.isnan(chunk.score).tolist()) == (2, [True, True])


def test_a_predicted_number_is_the_score() -> None:
    chunk = read({"predictions": [[3.5], [4.5]]}, task=ModelTask.REGRESSION, gives_probabilities=False, classes=[])
    assert chunk.score.tolist() == [3.5, 4.5]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (make_row({"predictions": [0]}), ("unreadable", 1)),
        (make_row([1, 2]), ("unreadable", 1)),
        (make_row({"predictions": [0, 1]}, records=[1, 2]), ("unreadable", 1)),
        (make_row({"predictions": [0, 1]}, client="deployment-17"), ("own questions", 2)),
        (make_row({"predictions": [0, 1]}, client="page-trial-17"), ("trials", 2)),
    ],
)
def test_what_does_not_count_has_a_reason(row: Row, reason: tuple[str, int]) -> None:
    found = read_answered(row, CONTRACT, "record")
    assert (found.records, found.left_out) == ((), (reason,))


def test_one_record_of_a_request_is_drawn_by_the_prediction_id() -> None:
    rows = [
        Row(Position(1, f"{number:032x}", 5.0), json.dumps(RECORDS), '{"predictions":[0,1]}', "")
        for number in range(60)
    ]
    drawn = [read_answered(row, CONTRACT, "request").numbers for row in rows]
    assert set(drawn) == {(0,), (1,)}
    assert 15 < sum(one == (0,) for one in drawn) < 45
    assert drawn == [read_answered(row, CONTRACT, "request").numbers for row in rows]
