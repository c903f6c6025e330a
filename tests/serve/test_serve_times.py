"""The API of a model with an input of type time and a positive class that comes first in the alphabet."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from projects import make_project, mark_split
from serving import Server, lay_version

from model.training.result import render_files

LOANS = """
title = "Loans by date"
[columns]
lent_at = { type = "time", role = "input" }
paid_at = { type = "time", role = "input", null = true }
loan = { type = "category", role = "target" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
positive = "bad"
"""
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server of a model by which early loans are bad."""
    folder = tmp_path_factory.mktemp("loans")
    days = np.arange(200)
    columns = {
        "lent_at": [START + timedelta(days=int(day)) for day in days],
        "paid_at": [None] * 200,
        "loan": np.where(days < 60, "bad", "good").tolist(),
        "split": mark_split(200),
    }
    made = make_project(folder, LOANS, columns, "loans")
    (folder / "results").mkdir()
    for name, content in render_files(made.train()).items():
        (folder / "results" / name).write_bytes(content)
    lay_version(folder / "served", folder / "results", "1")
    started = Server(folder / "served", ("loans",)).start()
    yield started
    started.stop()


def test_moments_in_any_spelling_are_one_moment_and_the_positive_class_is_last(server: Server) -> None:
    texts = ["2024-01-10", "2024-01-10T00:00:00Z", "2024-01-10 02:00:00+02:00", "2024-07-01T00:00Z"]
    answer = server.post("/predict", [{"lent_at": text, "paid_at": ""} for text in texts])
    assert answer.status == 200, answer.body
    found = answer.json
    assert found["predictions"] == ["bad", "bad", "bad", "good"]
    early, *same, late = found["probabilities"]
    assert same == [early, early]
    assert early > 0.9 > 0.1 > late
    plain = server.post("/invocations", {"dataframe_records": [{"lent_at": texts[0], "paid_at": None}]})
    assert plain.json["predictions"] == ["bad"]


def test_a_number_is_no_moment(server: Server) -> None:
    answer = server.post("/predict", {"lent_at": 1704844800, "paid_at": None})
    assert answer.status == 422
    assert "lent_at is 1704844800, expected a date, or a date and time" in answer.json["detail"]


def test_the_description_says_what_a_time_is(server: Server) -> None:
    record = server.get("/openapi.json").json["paths"]["/predict"]["post"]
    text = str(record)
    assert "2024-05-31T12:30:00Z (UTC where no zone is given)" in text
