"""Answers over HTTP, held against what the trained models themselves answer."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from patience import wait_for
from serving import Server

from relay.registry.model_file import read_model


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    return start("line", "numbers", "mixed", "documents")


def read_contract(results: Path) -> Any:
    return json.loads((results / "contract.json").read_bytes())


def open_model(results: Path) -> Any:
    return read_model(results / "model.skops", read_contract(results)["files"]["model.skops"])


def make_frame(contract: Any, records: list[dict[str, Any]]) -> pd.DataFrame:
    columns = contract["inputs"]
    return pd.DataFrame(
        {
            name: np.array([record[name] for record in records], dtype=np.float64)
            if columns[name]["type"] != "category"
            else pd.Series([record[name] for record in records], dtype="str")
            for name in columns
        }
    )


def test_values_are_answered_nested(server: Server) -> None:
    answer = server.post("/predict", {"values": [5]}).json
    assert (np.round(answer["predictions"], 0).tolist(), answer["model"], answer["model_version"]) == (
        [[11.0]],
        "line",
        "1",
    )


def test_a_list_is_answered_flat_and_one_record_by_name_too(server: Server) -> None:
    many, one = server.post("/predict", [{"x": 5}, {"x": 6}]).json, server.post("/predict", {"x": 5}).json
    assert (len(many["predictions"]), "prediction" in many, one["predictions"] == [one["prediction"]]) == (
        2,
        False,
        True,
    )


def test_every_answer_says_who_answered_and_when(server: Server) -> None:
    answer = server.post("/predict", {"x": 5})
    named = [answer.headers["x-model"], answer.headers["x-model-version"], answer.headers["x-prediction-id"]]
    assert named == [answer.json["model"], answer.json["model_version"], answer.json["prediction_id"]]
    assert {"timestamp", "model", "model_version", "prediction_id"} <= answer.json.keys()


@pytest.mark.parametrize("case", ["numbers", "mixed"])
def test_two_classes_are_told_apart_at_the_threshold_of_the_contract(
    server: Server, results: Callable[..., Path], case: str
) -> None:
    contract = read_contract(results(case))
    records = contract["example"]["records"]
    answer = server.post(f"/models/{case}/predict", records).json
    expected = open_model(results(case)).predict_proba(make_frame(contract, records))[:, 1]
    assert np.abs(np.array(answer["probabilities"]) - expected).max() < 1e-5
    assert answer["predictions"] == [int(share >= contract["threshold"]) for share in answer["probabilities"]]
    assert answer["threshold"] == contract["threshold"]


def test_the_documentation_has_both_ways_to_decide_beside_each_other(
    server: Server, results: Callable[..., Path]
) -> None:
    paths = server.get("/openapi.json").json["paths"]
    threshold = f"{read_contract(results('numbers'))['threshold']:.4g}"
    said = [paths[path]["post"]["summary"] for path in ("/models/numbers/predict",)]
    assert [f"1 from {threshold} on, the threshold" in one and "0.5 on" in one for one in said] == [True]
    assert "threshold" not in paths["/models/line/predict"]["post"]["summary"]
    assert "threshold" not in server.post("/models/line/predict", {"x": 5}).json
    assert list(paths)[:2] == ["/predict", "/invocations"]


def test_large_batches_answer_as_single_records_do(server: Server, results: Callable[..., Path]) -> None:
    records = read_contract(results("numbers"))["example"]["records"]
    singles = [server.post("/models/numbers/predict", record).json["probability"] for record in records]
    batch = server.post("/models/numbers/predict", records * 400).json["probabilities"]
    assert batch == singles * 400


def test_invocations_answer_what_mlflow_serves_for_the_same_model(
    start: Callable[..., Server], results: Callable[..., Path], tmp_path: Path
) -> None:
    # MLflow's own server code reads the same bodies and asks the same fitted pipeline.
    from mlflow.models import infer_signature
    from mlflow.pyfunc import scoring_server

    contract = read_contract(results("numbers"))
    model, records = open_model(results("numbers")), contract["example"]["records"]
    frame = make_frame(contract, records)
    schema = infer_signature(frame).inputs
    columns = list(contract["inputs"])
    rows = [[record[name] for name in columns] for record in records]
    bodies: dict[str, Any] = {
        "dataframe_split": {"columns": columns, "data": rows},
        "dataframe_records": records,
        "instances": records,
        "inputs": {name: [record[name] for record in records] for name in columns},
    }
    server = start("numbers")
    for form, data in bodies.items():
        theirs = scoring_server.infer_and_parse_data({form: data}, schema)
        table = pd.DataFrame(theirs).astype(np.float64)[columns]
        expected = {"predictions": model.predict(table).tolist()}
        assert (form, server.post("/invocations", {form: data}).json) == (form, expected)
    text = pd.DataFrame(records).to_csv(index=False)
    theirs = scoring_server.parse_csv_input(StringIO(text)).astype(np.float64)[columns]
    ours = server.ask("POST", "/invocations", text, {"Content-Type": "text/csv; charset=utf-8"}).json
    assert ours == {"predictions": model.predict(theirs).tolist()}


def test_invocations_pass_over_columns_that_the_model_does_not_take(server: Server) -> None:
    table = {"columns": ["id", "x"], "data": [["a", 5], ["b", 6]]}
    assert len(server.post("/invocations", {"dataframe_split": table}).json["predictions"]) == 2


@pytest.mark.parametrize("inputs", [[5, 6], [[5], [6]], {"x": [5, 6]}, {"x": [[5], [6]]}, [{"x": 5}, {"x": 6}]])
def test_inputs_come_in_rows_in_columns_and_as_plain_cells(server: Server, inputs: Any) -> None:
    expected = server.post("/predict", [{"x": 5}, {"x": 6}]).json["predictions"]
    assert server.post("/invocations", {"inputs": inputs}).json == {"predictions": expected}


def test_a_text_is_given_to_the_nearest_label_with_all_that_is_known(
    server: Server, results: Callable[..., Path]
) -> None:
    text = "the sea was calm and the light upon the water lay like glass " * 8
    answer = server.post("/models/documents/predict", {"text": text}).json
    (details,) = answer["details"]
    model = open_model(results("documents"))
    style = model.ask(text, read_contract(results("documents"))["asking"]["chunk_chars"])
    distances = dict(zip(model.classes_.tolist(), style.distances.tolist(), strict=True))
    assert answer["prediction"] == "Ann"
    assert {row["label"]: row["distance"] for row in details["labels"]} == pytest.approx(distances)
    assert sum(row["probability"] for row in details["labels"]) == pytest.approx(1.0)
    assert [details["place"]["x"], details["place"]["y"]] == pytest.approx(style.point.tolist())
    assert details["verification"]["verdict"] in ("yes", "no", "undecided")


def test_a_text_with_nothing_to_count_is_refused(server: Server) -> None:
    answer = server.post("/models/documents/predict", {"text": ""})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "text")


def test_an_answer_that_takes_too_long_is_given_up_and_the_next_one_comes(start: Callable[..., Server]) -> None:
    server = start("documents", "line", API_TIMEOUT="0.5")
    texts = [{"text": "the sea was calm and the light upon the water lay like glass " * 20}] * 400
    slow = server.post("/predict", texts)
    assert (slow.status, slow.json["type"], slow.headers["retry-after"]) == (503, "urn:relay:problem:too-slow", "5")
    wait_for(lambda: server.post("/models/line/predict", {"x": 5}).status == 200, "the next answer")


def test_rows_to_try_come_from_the_processed_dataset(start: Callable[..., Server]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    server = start("line")
    missing = server.get("/data/sample?rows=2")
    (server.data / "processed").mkdir()
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "y": [3.0, 5.0, 7.0]}), server.data / "processed" / "line.parquet")
    there = server.get("/data/sample?rows=2")
    assert (missing.status, "python -m preprocess line" in missing.json["detail"]) == (503, True)
    rows = [{"x": 1.0, "y": 3.0}, {"x": 2.0, "y": 5.0}]
    assert there.json == {"recipe": "line", "source": "file", "rows": 3, "sample": rows}
