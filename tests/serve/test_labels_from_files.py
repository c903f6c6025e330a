"""`python -m monitor labels`: a file of labels goes to the API, as often as one likes."""

import json
from pathlib import Path
from typing import Any

import pytest
from log_places import Place
from projects import MIXED
from serving import Server

from monitor.__main__ import main


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "mixed.toml"
    path.write_text(MIXED, encoding="utf-8")
    return str(path)


def send(server: Server, recipe: str, path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    code = main(["labels", recipe, str(path), "--api", f"http://127.0.0.1:{server.port}", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_file_is_sent_twice_and_adds_each_label_once(
    served: tuple[Server, Place], recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, place = served
    (record, *_) = server.get("/models/mixed").json["example"]["records"]
    keys = range(70_000, 70_300)
    answer = server.post("/models/mixed/predict", [{**record, "row": key} for key in keys])
    id_ = answer.json["prediction_id"]
    path = tmp_path / "truth.csv"
    path.write_text("row,bought,more\n" + "".join(f"{key},{key % 2},x\n" for key in keys))
    code, first = send(server, recipe, path, capsys)
    assert (code, first["labels"], first["added"], first["model"]) == (0, 300, 300, "mixed")
    code, again = send(server, recipe, path, capsys)
    assert (code, again["added"], again["known"]) == (0, 0, 300)
    found = f"select count(*), min(source), max(source) from labels where prediction_id = '{id_}'"
    assert place.query(found) == [(300, "monitor labels", "monitor labels")]


def test_what_is_refused_is_listed_by_its_line_and_ends_with_1(
    served: tuple[Server, Place], recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, _ = served
    path = tmp_path / "truth.jsonl"
    path.write_text('{"key": 99001, "value": 1}\n\n{"key": 99002, "value": 7}\n')
    code, found = send(server, recipe, path, capsys)
    assert (code, found["refused"], found["reasons"]) == (1, 2, {"unknown-key": 2})
    assert [one["line"] for one in found["refused_lines"]] == [1, 3]
    assert main(["labels", recipe, str(path), "--api", f"http://127.0.0.1:{server.port}"]) == 1
    said = capsys.readouterr().out
    url = f"http://127.0.0.1:{server.port}"
    assert (found["api"], f"2 labels for mixed at {url}: 2 refused." in said) == (url, True)
    assert "row 3: found no record of mixed" in said


def test_an_api_that_is_not_there_is_said(recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("key,value\n1,1\n")
    assert main(["labels", recipe, str(path), "--api", "http://127.0.0.1:1", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], "adds no label twice" in error["next"]) == ("api_away", True)
