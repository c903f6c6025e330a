"""Records on the command line, in CSV and over HTTP: one meaning of each value, and one wording of each problem."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from asked_models import TOO_LARGE, AskedModel, draw_rows
from checkout import Project, Ran

WITHOUT_HOME = 100.5
"""By how much the price of a row without `home` exceeds its size, on average: so the rows were drawn."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AskedModel, Ran]]:
    """A model that is asked, and how its first training was refused."""
    asked = AskedModel(Project(tmp_path_factory.mktemp("asked")))
    refused = asked.train()
    asked.serve()
    yield asked, refused
    asked.stop()


@pytest.fixture(scope="module")
def asked(trained: tuple[AskedModel, Ran]) -> AskedModel:
    return trained[0]


def draw_records(number: int) -> list[dict[str, Any]]:
    """Records without a `home`: null and an empty text in turn."""
    drawing = random.Random(7)
    return [
        {
            "home": ("", None)[index % 2],
            "town": drawing.choice(["Ulm", "Bonn"]),
            "size": round(drawing.uniform(1, 9), 3),
            "rooms": drawing.randint(1, 5),
        }
        for index in range(number)
    ]


def write_csv(records: list[dict[str, Any]]) -> str:
    lines = [",".join("" if cell is None else str(cell) for cell in record.values()) for record in records]
    return "\n".join([",".join(records[0]), *lines]) + "\n"


def is_without_home(record: dict[str, Any], answer: Any) -> bool:
    return abs(float(answer) - record["size"] - WITHOUT_HOME) < 3


def test_an_empty_text_is_a_missing_value_in_every_form_of_request(asked: AskedModel) -> None:
    records = draw_records(20)
    table = {"columns": list(records[0]), "data": [list(record.values()) for record in records]}
    answers = {
        "a list": asked.ask("POST", "/predict", json.dumps(records))[1]["predictions"],
        "one by one": [asked.ask("POST", "/predict", json.dumps(one))[1]["prediction"] for one in records],
        "CSV": asked.ask("POST", "/invocations", write_csv(records), "text/csv")[1]["predictions"],
        "records": asked.ask("POST", "/invocations", json.dumps({"dataframe_records": records}))[1]["predictions"],
        "split": asked.ask("POST", "/invocations", json.dumps({"dataframe_split": table}))[1]["predictions"],
        "instances": asked.ask("POST", "/invocations", json.dumps({"instances": table["data"]}))[1]["predictions"],
    }
    wrong = {
        form: [record for record, answer in zip(records, found, strict=True) if not is_without_home(record, answer)]
        for form, found in answers.items()
    }
    assert not any(wrong.values()), wrong


def test_an_empty_text_is_a_missing_value_on_the_command_line(asked: AskedModel) -> None:
    records = draw_records(6)
    found = json.loads(asked.predict(json.dumps(records), "--json").output)["predictions"]
    assert [is_without_home(*pair) for pair in zip(records, found, strict=True)] == [True] * 6


BAD: list[dict[str, Any]] = [
    {"town": ""}, {"town": None}, {"size": TOO_LARGE}, {"size": -1e300}, {"size": 1e25}, {"size": "large"},
    {"rooms": 2.5}, {"rooms": 10**30}, {"rooms": 9007199254740993.0}, {"rooms": None}, {"rooms": True},
    {"Town": "Ulm"}, {"colour": 1}, {"home": [5]}, {"town": ["Ulm"]},
]  # fmt: skip
"""What is wrong with a record in each case, all else being right."""

GOOD = {"home": "own", "town": "Ulm", "size": 2.5, "rooms": 2}


def test_the_command_line_and_the_api_name_a_problem_in_the_same_words(asked: AskedModel) -> None:
    content = json.dumps([GOOD | bad for bad in BAD])
    status, problem = asked.ask("POST", "/predict", content)
    ran = asked.predict(content)
    assert (status, ran.exit_code) == (422, 1)
    said = [one["message"] for one in problem["errors"]]
    assert [int(one[1 : one.index("]")]) for one in said] == list(range(len(BAD)))  # each of them, and no other
    assert all(f"record {index}: {one.partition('].')[2]}" in ran.log for index, one in enumerate(said)), ran.log


def test_a_problem_in_csv_is_named_in_the_same_words_too(asked: AskedModel) -> None:
    record = GOOD | {"town": "", "size": 1e25, "rooms": 2.5}
    status, problem = asked.ask("POST", "/predict", json.dumps(record))
    of_csv = asked.ask("POST", "/invocations", write_csv([record]), "text/csv")[1]
    table = asked.predict(write_csv([record]), "--csv").output
    said = [one["message"] for one in problem["errors"]]
    assert (status, len(said)) == (422, 3)
    assert [one["message"] for one in of_csv["errors"]] == [f"[0].{one}" for one in said]
    assert "; ".join(said) in table.replace('""', '"')


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"town": ""}, "town is required, expected text"),
        ({"town": None}, "town is required, expected text"),
        ({"size": TOO_LARGE}, "size is 1e+200, expected a number of at most 1e+30"),
        (
            {"rooms": 10**30},
            f"rooms is {10**30}, expected a whole number of at most 9223372036854775807, the largest number",
        ),
        (
            {"rooms": -(10**30)},
            f"rooms is -{10**30}, expected a whole number of at least -9223372036854775808, the smallest number",
        ),
    ],
)
def test_a_problem_is_answered_with_422_and_names_column_value_and_limit(
    asked: AskedModel, body: dict[str, Any], said: str
) -> None:
    status, problem = asked.ask("POST", "/predict", json.dumps(GOOD | body))
    assert (status, problem["errors"][0]["message"].startswith(said)) == (422, True), problem


def test_a_number_that_overflows_once_it_is_scaled_is_refused_with_the_limit(asked: AskedModel) -> None:
    # 1.8e19 standard deviations: of `size`, which lies between 1 and 9, some 4e19.
    status, problem = asked.ask("POST", "/predict", json.dumps(GOOD | {"size": 1e25}))
    assert status == 422
    message = problem["errors"][0]["message"]
    start, _, limit = message.removesuffix(", the largest number that the model takes").rpartition(" ")
    assert start == "size is 1e+25, expected a number of at most"
    assert asked.ask("POST", "/predict", json.dumps(GOOD | {"size": float(limit)}))[0] == 200
    assert asked.ask("POST", "/predict", json.dumps(GOOD | {"size": 1.01 * float(limit)}))[0] == 422


def test_a_number_beyond_64_bits_is_refused_by_its_column(asked: AskedModel) -> None:
    body = json.dumps(GOOD | {"size": "?"}).replace('"?"', "1e999")
    status, problem = asked.ask("POST", "/predict", body)
    assert (status, problem["errors"][0]["field"]) == (422, "size")
    assert "size is a number beyond 1.8e+308" in asked.predict(body).log


def test_a_training_row_with_a_number_that_no_model_takes_is_named(trained: tuple[AskedModel, Ran]) -> None:
    # That the advice helps is seen by the model that all these tests ask.
    _, refused = trained
    assert "size is 1e+200 in row 71 of the processed table (1 such row of 120)" in refused.log
    assert "Declare min and max of size in [columns]" in refused.log


def test_predictions_can_be_read_when_the_id_has_the_name_of_another_column(asked: AskedModel) -> None:
    frame = pd.read_parquet(asked.output / "predictions.parquet")
    prices = {row["true"]: row["price"] for row in draw_rows()}
    assert list(frame["true"]) == [prices[name] for name in frame["id.true"]]


def test_a_table_of_requests_with_one_column_twice_is_refused(asked: AskedModel) -> None:
    table = {"columns": ["home", "town", "size", "rooms", "size"], "data": [["own", "Ulm", 1, 2, 9]]}
    bodies = {
        "text/csv": "home,town,size,rooms,size\nown,Ulm,1,2,9\n",
        "application/json": json.dumps({"dataframe_split": table}),
    }
    for media_type, body in bodies.items():
        status, problem = asked.ask("POST", "/invocations", body, media_type)
        assert (status, "size more than once" in problem.get("detail", "")) == (422, True), problem
