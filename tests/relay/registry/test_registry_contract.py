"""The contract as a file: what is written is read back, and what is none is refused."""

import json
from typing import Any

import pytest

from relay.handoff.column import Column
from relay.registry.contract import Contract, Example, Score, Segment
from relay.registry.predictions import (
    Predictions,
    find_difference,
    make_frame,
    make_matrix,
    predict_with_model,
    read_outputs,
)
from relay.registry.records import check_record
from relay.registry.segments import assign_parts, name_parts

AGE = Column.model_validate({"type": "int", "role": "input", "min": 18.0, "unit": "years", "from": ["Age", "AGE"]})
MEMBER = Column(type="bool", role="input", null=True)


def make_contract(**more: Any) -> Contract:
    """A contract of two classes."""
    whole: dict[str, Any] = {
        "model": "credit",
        "recipe": "credit",
        "title": "Credit – risk",
        "description": "",
        "task": "binary",
        "estimator": "LogisticRegression",
        "inputs": {"member": MEMBER, "age": AGE},
        "target": "late",
        "target_column": Column(type="int", role="target", allowed=[0, 1]),
        "classes": [0, 1],
        "gives_probabilities": True,
        "threshold": 0.25,
        "base_rate": 0.0625,
        "spread": None,
        "score": Score(name="roc_auc", value=0.75, baseline=0.5, lower_is_better=False),
        "segments": [Segment(column="age", borders=[40.0, 50.5, 60.0], values=[])],
        "example": Example(records=[{"member": None, "age": 40}], predictions=[1], probabilities=[0.3]),
        "files": {"model.skops": "ab" * 32},
    }
    return Contract(**whole | more)


@pytest.mark.parametrize("classes", [[0, 1], [False, True], ["no", "yes"]])
def test_what_is_written_is_read_back_with_its_types(classes: list[Any]) -> None:
    contract = make_contract(classes=classes)
    read = Contract.from_json(contract.to_json())
    assert read == contract
    assert [type(name) for name in read.classes] == [type(name) for name in classes]
    assert list(read.inputs) == ["member", "age"]
    assert read.inputs["age"].source_names == ("Age", "AGE")


def test_how_times_are_written_is_read_back_and_the_unit_stands_apart() -> None:
    inputs = {
        "at": Column(type="time", role="input", epoch="ms", decimal=","),
        "day": Column(type="time", role="input", time_format="%d.%m.%Y"),
        "member": MEMBER,
    }
    contract = make_contract(inputs=inputs)
    body = json.loads(contract.to_json())
    assert ({column["epoch"] for column in body["inputs"].values()}, body["epochs"]) == ({"s"}, {"at": "ms"})
    assert Contract.from_json(contract.to_json()) == contract
    assert "epochs" not in json.loads(make_contract().to_json())
    cells, flaws = check_record({"at": 1717156800250, "day": "31.5.2024", "member": "yes"}, contract.inputs)
    expected = {"at": "2024-05-31T12:00:00.250000Z", "day": "2024-05-31T00:00:00Z", "member": True}
    assert (cells, flaws) == (expected, [])


@pytest.mark.parametrize(("old", "task"), [("two_classes", "binary"), ("several_classes", "multiclass")])
def test_a_contract_of_release_0_1_is_read_and_names_its_task_as_today(old: str, task: str) -> None:
    body = json.loads(make_contract(task=task).to_json())
    assert body["task"] == task
    read = Contract.from_json(json.dumps(body | {"task": old}).encode())
    assert read == make_contract(task=task)
    assert json.loads(read.to_json())["task"] == task


def test_an_unknown_task_is_refused() -> None:
    body = json.loads(make_contract().to_json()) | {"task": "three_classes"}
    with pytest.raises(ValueError, match="task"):
        Contract.from_json(json.dumps(body).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"inputs": 3}', b'{"inputs": {"x": {}}}', b"\xff"])
def test_what_is_no_contract_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Contract.from_json(content)


def test_an_unknown_key_is_refused() -> None:
    body = json.loads(make_contract().to_json()) | {"treshold": 1}
    with pytest.raises(ValueError, match="treshold"):
        Contract.from_json(json.dumps(body).encode())


def test_an_onnx_file_is_there_when_the_contract_names_its_file() -> None:
    assert not make_contract().has_onnx
    assert make_contract(files={"model.onnx": "ab" * 32}).has_onnx


def test_numbers_are_cut_at_the_borders_and_a_border_begins_a_part() -> None:
    segment = make_contract().segments[0]
    assert name_parts(segment) == ["age < 40", "40 <= age < 50.5", "50.5 <= age < 60", "age >= 60", "age is missing"]
    found = assign_parts(segment, [39, 40, 50.5, 60, 1e9, None, float("nan")])
    parts = name_parts(segment)
    assert found.tolist() == [parts[place] for place in (0, 1, 2, 3, 3, 4, 4)]


def test_words_are_parts_by_themselves_and_new_ones_share_one() -> None:
    segment = Segment(column="town", borders=[], values=["Köln", "Ulm"])
    found = assign_parts(segment, ["Ulm", "Rom", None])
    assert found.tolist() == ["town = Ulm", "town is another value", "town is missing"]


def test_records_become_a_matrix_in_the_contract_s_order() -> None:
    matrix = make_matrix(make_contract().inputs, [{"age": 40, "member": True}, {"age": 41, "member": None}])
    assert (matrix.dtype, str(matrix.tolist())) == ("float64", "[[1.0, 40.0], [nan, 41.0]]")
    assert make_matrix(make_contract().inputs, []).shape == (0, 2)


def test_records_become_a_frame_of_numbers_and_text() -> None:
    inputs = {"town": Column(type="category", role="input", null=True), "age": AGE}
    frame = make_frame(inputs, [{"age": 40, "town": "Ulm"}, {"age": 41, "town": None}])
    assert [str(kind) for kind in frame.dtypes] == ["str", "float64"]
    assert frame["town"].isna().tolist() == [False, True]


def test_from_the_threshold_on_the_second_class_is_the_answer() -> None:
    import numpy as np

    outputs = np.array([[0.8, 0.2], [0.75, 0.25]])
    assert read_outputs(make_contract(), outputs) == Predictions([0, 1], [0.2, 0.25])
    several = make_contract(task="multiclass", classes=["a", "b", "c"], threshold=None)
    assert read_outputs(several, np.array([[0.2, 0.3, 0.5]])) == Predictions(["c"], [0.5])
    numbers = make_contract(task="regression", classes=[], gives_probabilities=False, spread=2.0)
    assert read_outputs(numbers, np.array([[1.5], [2.5]])) == Predictions([1.5, 2.5], None)


class OnlyScores:
    """Answers the age minus 50."""

    def decision_function(self, frame: Any) -> Any:
        return frame["age"].to_numpy() - 50


def test_a_model_without_probabilities_is_asked_for_its_scores() -> None:
    contract = make_contract(gives_probabilities=False, threshold=0.0)
    answers = predict_with_model(contract, OnlyScores(), [{"member": None, "age": 49}, {"member": None, "age": 50}])
    assert answers == Predictions([0, 1], None)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Predictions([1], [0.300001]), ""),
        (Predictions([0], [0.3]), "example 1 is answered with 0, promised was 1"),
        (Predictions([1], [0.301]), "example 1 gets the probability 0.301, promised was 0.3"),
    ],
)
def test_answers_are_held_against_the_example(answers: Predictions, said: str) -> None:
    assert find_difference(make_contract(), answers) == said


def test_a_number_may_differ_by_a_hundred_thousandth_of_the_spread() -> None:
    example = Example(records=[{"age": 40}], predictions=[1000.0], probabilities=None)
    contract = make_contract(task="regression", classes=[], example=example, spread=500.0)
    assert find_difference(contract, Predictions([1000.005], None)) == ""
    assert find_difference(contract, Predictions([1000.05], None)).startswith("example 1 is answered with 1000.05")
