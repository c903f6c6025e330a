"""The caller's own key of a record: logged with the prediction, never given to the model."""

import json
from typing import Any

import pytest
from log_places import Place
from serving import Response, Server


@pytest.fixture
def server(served: tuple[Server, Place]) -> Server:
    return served[0]


@pytest.fixture
def record(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.get("/models/mixed").json["example"]["records"][0]
    return found


def ask(server: Server, body: Any, path: str = "/models/mixed/predict") -> Response:
    return server.post(path, body)


def find_row(server: Server, answer: Response) -> Any:
    assert answer.status == 200, answer.body
    return server.get(f"/predictions/{answer.headers['x-prediction-id']}").json


@pytest.mark.parametrize(
    ("value", "key"), [(17, "17"), ("17", "17"), (17.0, "17"), (-3, "-3"), (None, None), ("", None)]
)
def test_a_record_may_come_with_its_key(server: Server, record: Any, value: Any, key: str | None) -> None:
    plain = find_row(server, ask(server, record))
    keyed = find_row(server, ask(server, {"row": value, **record}))
    assert keyed.get("record_keys") == (None if key is None else [key])
    assert "record_keys" not in plain
    assert (keyed["input"], keyed["output"]["predictions"]) == (plain["input"], plain["output"]["predictions"])


def test_some_records_of_a_list_may_come_with_keys(server: Server, record: Any) -> None:
    row = find_row(server, ask(server, [{**record, "row": 1}, record, {"row": 2**60, **record}]))
    assert (row["record_keys"], len(row["input"])) == (["1", None, str(2**60)], 3)


def test_a_name_may_be_written_with_escapes(server: Server, record: Any) -> None:
    body = json.dumps({**record, "row": 5}).replace('"row"', '"\\u0072ow"')
    answer = server.ask("POST", "/models/mixed/predict", body, {"Content-Type": "application/json"})
    assert find_row(server, answer)["record_keys"] == ["5"]


@pytest.mark.parametrize("value", ["A-17", 1.5, True, [1], {"a": 1}, 10**30, "x" * 300])
def test_what_is_no_key_is_refused_with_all_else_that_is_wrong(server: Server, record: Any, value: Any) -> None:
    one = ask(server, {**record, "row": value})
    assert (one.status, [flaw["field"] for flaw in one.json["errors"]]) == (422, ["row"])
    assert "expected a whole number" in one.json["detail"]
    several = ask(server, [record, {**record, "row": value, "unknown": 1}])
    assert [flaw["field"] for flaw in several.json["errors"]] == ["[1].unknown", "[1].row"]


def test_a_key_that_comes_twice_in_a_record_is_refused(server: Server, record: Any) -> None:
    body = json.dumps({**record, "row": 5})[:-1] + ', "row": 6}'
    answer = server.ask("POST", "/models/mixed/predict", body, {"Content-Type": "application/json"})
    assert (answer.status, "comes twice" in answer.json["detail"]) == (400, True)


def test_a_model_of_one_column_takes_keys_in_records_and_none_beside_values(server: Server) -> None:
    # This recipe has no id column: the name is refused like any other.
    assert ask(server, {"x": 1.0, "row": 1}, "/models/line/predict").status == 422
    assert ask(server, {"values": [1.0]}, "/models/line/predict").status == 200


def test_a_whole_table_in_the_protocol_brings_its_keys_and_what_is_none_is_passed_over(
    server: Server, record: Any
) -> None:
    columns = [*record, "row", "other"]
    data = [[*record.values(), key, "x"] for key in (7, None, "no number")]
    split = find_row(server, server.post("/invocations", {"dataframe_split": {"columns": columns, "data": data}}))
    assert (split["record_keys"], split["output"].keys()) == (["7", None, None], {"predictions"})
    records = [{**record, "row": 8}, record]
    assert find_row(server, server.post("/invocations", {"dataframe_records": records}))["record_keys"] == ["8", None]
    cells = ",".join("" if value is None else str(value) for value in record.values())
    text = f"{','.join(record)},row\n{cells},9\n{cells},\n"
    answer = server.ask("POST", "/invocations", text, {"Content-Type": "text/csv"})
    assert find_row(server, answer)["record_keys"] == ["9", None]


def test_the_document_names_the_key_and_requires_it_not(server: Server) -> None:
    document = server.get("/openapi.json").json
    schema = document["paths"]["/models/mixed/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    record = schema["oneOf"][0]
    assert ("row" in record["required"], record["properties"]["row"]["type"]) == (False, ["integer", "null"])
    assert "never given to the model" in record["properties"]["row"]["description"]


def test_keys_are_kept_beside_their_prediction(served: tuple[Server, Place], record: Any) -> None:
    server, place = served
    answer = ask(server, [{**record, "row": 1}, record, {**record, "row": 2}])
    id_ = answer.headers["x-prediction-id"]
    found = place.query(f"select number, model, key from keyed_records where prediction_id = '{id_}'")
    assert sorted(found) == [(0, "mixed", "1"), (2, "mixed", "2")]
