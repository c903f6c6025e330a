"""Questions of the deployment and of the page bear the marks by which the monitor leaves them out."""

import io
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from page.predict.api import Api
from relay.monitoring.marks import OWN_QUESTION, TRIAL, find_reason, mark_request

ROOT = Path(__file__).resolve().parents[3]


def test_a_marked_request_is_left_out_with_its_reason() -> None:
    assert [find_reason(client) for client in ("a", mark_request(OWN_QUESTION, "a"), mark_request(TRIAL, "a"))] == [
        "",
        "own questions",
        "trials",
    ]


def test_the_deployment_marks_its_questions() -> None:
    # Its image holds no other code of ours, so the words stand there a second time.
    source = (ROOT / "services" / "airflow" / "tasks.py").read_text(encoding="utf-8")
    assert f'check_example(contract, f"{OWN_QUESTION}' in source


def test_what_a_person_tries_on_the_page_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Answer(io.BytesIO):
        headers = MappingProxyType({"X-Prediction-Logged": "true"})

    def answer(request: Any, timeout: float) -> Answer:
        asked.append(request)
        return Answer(
            b'{"model": "loans", "model_version": "1", "predictions": [1], "prediction_id": "a", "predictions": [1]}'
        )

    monkeypatch.setattr("page.predict.api.urlopen", answer)
    Api("http://127.0.0.1:1", "loans").answer([{"x": 1}])
    (client,) = (asked[0].get_header(name) for name in ("X-request-id",))
    assert (find_reason(client), len(client) <= 64) == ("trials", True)
