"""What was refused for its data is counted beside the answers, by version and column."""

import json
import time
from collections import Counter
from typing import Any

from log_places import Place
from patience import HANG_SECONDS
from serving import Server

from relay.monitoring.marks import OWN_QUESTION, TRIAL


def read_refused(place: Place, begun: float, requests: int) -> tuple[Counter[str], int, int]:
    """Columns, requests and records, once so many requests are there."""
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        rows = place.query(
            f"select requests, records, by_column, model, version, kind from refused where at_unix >= {begun!r}"
        )
        if sum(row[0] for row in rows) >= requests:
            break
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)
    assert {row[3:] for row in rows} == {("mixed", "1", "invalid-records")}
    columns: Counter[str] = Counter()
    for row in rows:
        columns.update(json.loads(row[2]))
    return columns, sum(row[0] for row in rows), sum(row[1] for row in rows)


def test_refused_records_are_counted_by_column_and_marked_ones_are_not(served: tuple[Server, Place]) -> None:
    server, place = served
    (record, *_) = server.get("/models/mixed").json["example"]["records"]

    def ask(body: Any, client: str = "") -> int:
        headers = {"X-Request-ID": client} if client else {}
        return server.post("/models/mixed/predict", body, headers).status

    time.sleep(2.5)  # what other tests of this server were refused is in the log by then
    begun = time.time()
    wrong = {**record, "age-in_years": "old", "income": "much"}
    assert ask(record) == 200
    for _ in range(3):
        assert ask([record, wrong, {**record, "age-in_years": None}, {**record, "made up": 1}]) == 422
    assert ask(wrong) == 422
    assert ask(wrong, f"{TRIAL}1") == 422
    assert ask(wrong, f"{OWN_QUESTION}1") == 422
    assert server.ask("POST", "/models/mixed/predict", "no JSON").status == 400
    assert ask({"values": 1}) == 422
    assert [ask([1, None, []]), ask(5)] == [422, 422]
    columns, requests, records = read_refused(place, begun, 7)
    assert (requests, records) == (7, 3 * 3 + 1 + 1 + 3 + 1)
    assert columns["age-in_years"] == 3 * 2 + 1 + 1
    assert (columns["income"], columns["(other)"]) == (3 + 1 + 1, 3 + 1 + 3 + 1)
